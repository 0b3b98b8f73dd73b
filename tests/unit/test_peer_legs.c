/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs of peers' pairs, and other ones in place of them. */
#include "session_test.h"

#include "peers/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP    CV_LEG_KIND_UDP
#define TUNNEL CV_LEG_KIND_TUNNEL
#define LISTEN CV_LEG_KIND_LISTEN
#define ANY    CV_LEG_KINDS

#define AWAY "203.0.113.5:6000" /* an address that is not the session's */

static struct test_peer alice, bob;

/* Sessions 1 and 2. */
static int set_up(void **state)
{
    if (session_set_up(state) != 0)
        return -1;
    peer_start(&alice, *state, 1, ANY);
    peer_start(&bob, *state, 2, ANY);
    return 0;
}

static int tear_down(void **state)
{
    peer_free(&alice);
    peer_free(&bob);
    return bench_tear_down(state);
}

static struct fake_pair *find(struct bench *bench, uint64_t pair)
{
    struct fake_pair *found = fake_find(&bench->dataplane, pair);

    assert_non_null(found);
    return found;
}

/* LEG_MADE of this request: a copy. */
static struct cv_capsule hear_leg(struct test_peer *peer, uint64_t request, uint64_t pair, uint64_t kind)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_LEG_MADE);

    assert_int_equal(capsule->number, request);
    assert_int_equal(capsule->leg_made.pair, pair);
    assert_int_equal(capsule->leg_made.leg.kind, kind);
    return *capsule;
}

/* What the peer was told of a UDP leg is what the data plane has. */
static void check_leg(const struct cv_capsule_leg *told, const struct cv_leg_config *leg)
{
    assert_int_equal(leg->bind, CV_BIND_TOKEN);
    assert_int_equal(leg->one_use, 1);
    assert_int_equal(leg->proof, CV_PROOF_NEEDED);
    assert_int_equal(ntohs(told->udp.relay.port_be), leg->relay_port);
    assert_memory_equal(told->udp.token, leg->token, CV_TOKEN_BYTES);
}

static void hear_token(struct test_peer *peer, uint64_t pair, unsigned leg)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_LEG_TOKEN);

    assert_int_equal(capsule->leg_token.pair, pair);
    assert_memory_equal(capsule->leg_token.token, find(peer->bench, pair)->config.legs[leg].token,
                        CV_TOKEN_BYTES);
    assert_false(find(peer->bench, pair)->used[leg]);
}

static void udp_to_tunnel(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    peer_request_leg(&alice, 2, pair, TUNNEL);
    assert_int_equal(hear_leg(&alice, 2, pair, TUNNEL).leg_made.leg.channel, 1);
    peer_hear_other_leg(&bob, pair, TUNNEL, 1199); /* in use from here on */
    assert_int_equal(find(bench, pair)->config.legs[0].session, 1);
    assert_int_equal(find(bench, pair)->config.legs[1].bind, CV_BIND_TOKEN);
    session_settle(bench);
    peer_quiet(&alice);
    peer_quiet(&bob);
    assert_int_equal(peer_make(&alice, 3, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2);
    peer_close(&bob, pair);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_NONE);
}

/* The old leg is the pair's until the new one is bound. */
static void tunnel_to_udp(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, UDP).pair;
    struct cv_capsule made;
    struct pair_record record;

    peer_request_leg(&alice, 2, pair, UDP);
    made = hear_leg(&alice, 2, pair, UDP);
    peer_quiet(&bob);
    check_leg(&made.leg_made.leg, &find(bench, pair)->next[0]);
    assert_int_equal(find(bench, pair)->config.legs[0].bind, CV_BIND_TUNNEL);
    assert_int_equal(store_get_pair(bench->control->services.store, pair, &record), 0);
    assert_int_equal(record.legs[0].bind, CV_BIND_TUNNEL);
    fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
    peer_hear_other_leg(&bob, pair, UDP, 0);
    hear_token(&alice, pair, 0);
    peer_quiet(&alice);
    assert_int_equal(store_get_pair(bench->control->services.store, pair, &record), 0);
    assert_int_equal(record.legs[0].bind, CV_BIND_TOKEN);
    assert_int_equal(ntohs(record.legs[0].last.port_be), 7000);
}

/* With kind 1 alone another port than the one that it has. */
static void udp_to_another_port(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, UDP);
    struct cv_capsule made;

    fake_bind(&bench->dataplane, pair.pair, 0, "198.51.100.1:7000");
    hear_token(&alice, pair.pair, 0);
    for (uint64_t request = 2; request < 5; request++) {
        uint16_t before = find(bench, pair.pair)->config.legs[0].relay_port;

        peer_request_leg(&alice, request, pair.pair, UDP);
        made = hear_leg(&alice, request, pair.pair, UDP);
        check_leg(&made.leg_made.leg, &find(bench, pair.pair)->next[0]);
        assert_int_not_equal(ntohs(made.leg_made.leg.udp.relay.port_be), before);
        fake_bind(&bench->dataplane, pair.pair, 0, "198.51.100.1:7001");
        hear_token(&alice, pair.pair, 0);
    }
    peer_quiet(&bob); /* nothing that matters to it has changed */
    assert_int_equal(find(bench, pair.pair)->config.legs[1].relay_port, 40000); /* the other leg stays */
}

static void udp_to_the_listening_port(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair = peer_make(&alice, 1, UDP, &bob, LISTEN);
    struct cv_capsule made;

    assert_int_equal(pair.made[1].made.leg.udp.relay.port_be, htons(443));
    peer_request_leg(&alice, 2, pair.pair, LISTEN | TUNNEL); /* the first there is of 1, 4, 2 */
    made = hear_leg(&alice, 2, pair.pair, LISTEN);
    assert_int_equal(made.leg_made.leg.udp.relay.port_be, htons(443));
    fake_bind(&bench->dataplane, pair.pair, 0, "198.51.100.1:4433");
    peer_hear_other_leg(&bob, pair.pair, LISTEN, 0);
    hear_token(&alice, pair.pair, 0);
    peer_request_leg(&alice, 3, pair.pair, UDP); /* back again: the lowest port that is free */
    made = hear_leg(&alice, 3, pair.pair, UDP);
    assert_int_equal(made.leg_made.leg.udp.relay.port_be, htons(40000));
}

/* Its own leg, whichever side that is. */
static void the_answerers_leg(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    peer_request_leg(&bob, 1, pair, TUNNEL);
    (void)hear_leg(&bob, 1, pair, TUNNEL);
    peer_hear_other_leg(&alice, pair, TUNNEL, 1199);
    assert_int_equal(find(bench, pair)->config.legs[1].session, 2);
    assert_int_equal(find(bench, pair)->config.legs[0].bind, CV_BIND_TOKEN);
}

static void refusals(void **state)
{
    static const struct {
        int error;
        enum cv_session_error code;
    } cases[] = {{-ENOSPC, CV_SESSION_ERROR_RELAY_FULL}, {-EADDRINUSE, CV_SESSION_ERROR_INTERNAL}};
    struct bench *bench = *state;
    struct test_peer carol, dave;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair, other;
    struct leg_record next;

    peer_start(&carol, bench, 3, UDP | TUNNEL);
    peer_start(&dave, bench, 4, UDP);
    other = peer_pair(&carol, 1, &dave);
    peer_request_leg(&carol, 2, pair, TUNNEL); /* somebody else's */
    peer_hear_refused(&carol, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NO_SUCH_PAIR);
    peer_request_leg(&carol, 3, 99, TUNNEL);
    peer_hear_refused(&carol, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_NO_SUCH_PAIR);
    peer_request_leg(&dave, 1, other, TUNNEL | LISTEN); /* not in REGISTER */
    peer_hear_refused(&dave, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_COMMON_LEG);
    fake_session_limit(&bench->dataplane, carol.session, 0);
    peer_hear_limit(&carol, 0);
    peer_request_leg(&carol, 4, other, TUNNEL);
    peer_hear_refused(&carol, CV_ORIGIN_REQUEST, 4, CV_SESSION_ERROR_NO_COMMON_LEG);
    for (unsigned i = 0; i < 2; i++) {
        bench->dataplane.change_error = cases[i].error;
        peer_request_leg(&alice, 2 + i, pair, TUNNEL);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2 + i, cases[i].code);
        assert_int_equal(store_get_next_leg(bench->control->services.store, pair, 0, &next), -ENOENT);
    }
    bench->dataplane.change_error = 0;
    peer_quiet(&bob);
    assert_int_equal(find(bench, pair)->config.legs[0].bind, CV_BIND_TOKEN);
    peer_request_leg(&alice, 4, pair, TUNNEL); /* channels 1 and 2 have come back, and rest */
    assert_int_equal(hear_leg(&alice, 4, pair, TUNNEL).leg_made.leg.channel, 3);
    peer_free(&carol);
    peer_free(&dave);
}

static void no_port_and_no_channel(void **state)
{
    struct bench *bench = *state;
    struct session *session = session_find(bench->control->sessions, 1);
    uint64_t pair;

    bench->config.relay_port_last = bench->config.relay_port_first;
    pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;
    peer_request_leg(&alice, 2, pair, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_RELAY_FULL);
    for (uint16_t channel = 1; channel <= CHANNELS_MAX; channel++)
        assert_true(channels_mark(&peer_of(session)->channels, channel));
    peer_request_leg(&alice, 3, pair, TUNNEL);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_TOO_MANY_PAIRS);
    peer_quiet(&bob);
}

/* A kind that cannot be had, for its ports are taken, is passed over for the next one. */
static void the_first_that_can_be_had(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    struct test_pair pair;

    bench->config.relay_port_last = bench->config.relay_port_first;
    peer_start(&carol, bench, 3, ANY);
    pair = peer_make(&alice, 1, UDP, &bob, UDP);
    peer_request_leg(&alice, 2, pair.pair, ANY);
    (void)hear_leg(&alice, 2, pair.pair, LISTEN);
    peer_request_leg(&alice, 3, pair.pair, UDP | TUNNEL);
    assert_int_equal(hear_leg(&alice, 3, pair.pair, TUNNEL).leg_made.leg.channel, 1);
    peer_hear_other_leg(&bob, pair.pair, TUNNEL, 1199);
    pair = peer_make(&alice, 4, ANY, &bob, ANY); /* bob's port is taken, alice's is not */
    assert_int_equal(pair.made[0].made.leg.kind, UDP);
    assert_int_equal(pair.made[1].made.leg.kind, LISTEN);
    pair = peer_make(&alice, 5, ANY, &bob, UDP | TUNNEL); /* both are */
    assert_int_equal(pair.made[0].made.leg.kind, LISTEN);
    assert_int_equal(pair.made[1].made.leg.channel, 1); /* none was tried before */
    pair = peer_make(&alice, 6, ANY, &carol, UDP);
    assert_int_equal(pair.made[0].made.leg.kind, LISTEN);
    assert_int_equal(pair.made[1].made.leg.udp.relay.port_be, htons(40000));
    peer_request(&alice, 7, &bob, ANY);
    peer_accept(&bob, peer_hear_offer(&bob), UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 7, CV_SESSION_ERROR_RELAY_FULL);
    assert_int_equal(peer_hear(&bob, CV_CAPSULE_REFUSED)->refused.code, CV_SESSION_ERROR_RELAY_FULL);
    peer_free(&carol);
}

/* Until a change is complete another request starts over. */
static void another_request_starts_over(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, UDP).pair;
    struct cv_capsule made;

    peer_request_leg(&alice, 2, pair, UDP);
    (void)hear_leg(&alice, 2, pair, UDP);
    peer_request_leg(&alice, 3, pair, LISTEN);
    made = hear_leg(&alice, 3, pair, LISTEN);
    check_leg(&made.leg_made.leg, &find(bench, pair)->next[0]);
    peer_request_leg(&alice, 4, pair, TUNNEL);
    assert_int_equal(hear_leg(&alice, 4, pair, TUNNEL).leg_made.leg.channel, 2);
    session_settle(bench);
    peer_quiet(&bob);
}

/* Two requests at once: both are answered, and what the data plane has last is what the store has. */
static void two_requests_at_once(void **state)
{
    static const uint8_t kinds[][2] = {
        {TUNNEL, UDP}, {UDP, TUNNEL}, {TUNNEL, TUNNEL}, {UDP, LISTEN}, {TUNNEL, LISTEN}};
    struct bench *bench = *state;
    uint64_t request = 1, requests[2];

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t pair = peer_make(&alice, request++, i % 2 == 0 ? UDP : TUNNEL, &bob, UDP).pair;
        struct pair_record record;
        struct cv_capsule made[2];

        bench->dataplane.mute = true;
        for (unsigned j = 0; j < 2; j++) {
            requests[j] = request++;
            peer_request_leg(&alice, requests[j], pair, kinds[i][j]);
            session_settle(bench);
        }
        bench->dataplane.mute = false;
        for (unsigned j = 0; j < 2; j++)
            made[j] = hear_leg(&alice, requests[j], pair, kinds[i][j]);
        session_settle(bench);
        if (kinds[i][1] == TUNNEL) {
            const struct cv_leg_config *leg = &find(bench, pair)->config.legs[0];

            assert_int_equal(leg->channel, made[1].leg_made.leg.channel);
        } else {
            check_leg(&made[1].leg_made.leg, &find(bench, pair)->next[0]);
            fake_bind(&bench->dataplane, pair, 0, "198.51.100.1:7000");
            hear_token(&alice, pair, 0);
        }
        session_settle(bench);
        assert_int_equal(store_get_pair(bench->control->services.store, pair, &record), 0);
        assert_int_equal(record.legs[0].bind, find(bench, pair)->config.legs[0].bind);
        assert_int_equal(record.legs[0].relay_port, find(bench, pair)->config.legs[0].relay_port);
        assert_int_equal(record.legs[0].channel, kinds[i][1] == TUNNEL ? made[1].leg_made.leg.channel : 0);
        while (fake_session_hear(bob.session))
            assert_int_equal(bob.session->capsule.type, CV_CAPSULE_OTHER_LEG);
        assert_int_equal(bob.session->capsule.other_leg.kind, kinds[i][1]); /* as it is at last */
        peer_close(&alice, pair);
        peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
        peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
        session_settle(bench);
    }
}

/* The leg before is bound when the next one is asked for already: it is that one, and not the next. */
static void a_request_crosses_the_leg_before(void **state)
{
    static const uint8_t kinds[] = {UDP, LISTEN};
    struct bench *bench = *state;

    for (unsigned i = 0; i < sizeof(kinds); i++) {
        struct test_pair pair = peer_make(&alice, 10 * i + 1, UDP, &bob, UDP);
        struct cv_capsule made[2];
        struct pair_record record;

        peer_request_leg(&alice, 10 * i + 2, pair.pair, kinds[i]);
        made[0] = hear_leg(&alice, 10 * i + 2, pair.pair, kinds[i]);
        session_settle(bench);
        peer_request_leg(&alice, 10 * i + 3, pair.pair, kinds[i]);
        fake_bind(&bench->dataplane, pair.pair, 0, "198.51.100.1:7000");
        if (kinds[i] != UDP)
            peer_hear_other_leg(&bob, pair.pair, kinds[i], 0);
        made[1] = hear_leg(&alice, 10 * i + 3, pair.pair, kinds[i]);
        if (kinds[i] == UDP)
            assert_int_not_equal(made[0].leg_made.leg.udp.relay.port_be,
                                 made[1].leg_made.leg.udp.relay.port_be);
        peer_quiet(&alice); /* no LEG_TOKEN, which would be the next leg's */
        check_leg(&made[0].leg_made.leg, &find(bench, pair.pair)->config.legs[0]);
        check_leg(&made[1].leg_made.leg, &find(bench, pair.pair)->next[0]);
        assert_int_equal(store_get_pair(bench->control->services.store, pair.pair, &record), 0);
        assert_memory_equal(record.legs[0].token, made[0].leg_made.leg.udp.token, CV_TOKEN_BYTES);
        assert_int_equal(record.legs[0].listen, kinds[i] == LISTEN);
        session_restart_control(bench); /* all is as the store has it */
        assert_true(find(bench, pair.pair)->state.legs[0].changing);
        fake_bind(&bench->dataplane, pair.pair, 0, "198.51.100.1:7001");
        peer_hear_other_leg(&bob, pair.pair, kinds[i], 0);
        hear_token(&alice, pair.pair, 0);
        assert_int_equal(store_get_pair(bench->control->services.store, pair.pair, &record), 0);
        assert_int_equal(record.legs[0].relay_port, ntohs(made[1].leg_made.leg.udp.relay.port_be));
        assert_int_equal(ntohs(record.legs[0].last.port_be), 7001);
        assert_int_equal(bench->dataplane.puts, i + 1);
    }
}

/* Both change theirs at the same time. */
static void both_sides_at_once(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    bench->dataplane.mute = true;
    peer_request_leg(&alice, 2, pair, TUNNEL);
    peer_request_leg(&bob, 1, pair, TUNNEL);
    session_settle(bench);
    bench->dataplane.mute = false;
    session_settle(bench);
    assert_int_equal(find(bench, pair)->config.legs[0].session, 1);
    assert_int_equal(find(bench, pair)->config.legs[1].session, 2);
    (void)hear_leg(&alice, 2, pair, TUNNEL);
    peer_hear_other_leg(&alice, pair, TUNNEL, 1199);
    peer_hear_other_leg(&bob, pair, TUNNEL, 1199);
    (void)hear_leg(&bob, 1, pair, TUNNEL);
}

static void the_pair_ends_meanwhile(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    bench->dataplane.mute = true;
    peer_request_leg(&alice, 2, pair, TUNNEL);
    session_settle(bench);
    peer_close(&bob, pair);
    session_settle(bench);
    bench->dataplane.mute = false;
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_PEER_CLOSED);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NO_SUCH_PAIR);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_NONE);
    session_settle(bench);
    assert_int_equal(bench->dataplane.count, 0);
    assert_int_equal(peer_make(&alice, 3, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2); /* 1 rests */

    pair = peer_make(&alice, 4, TUNNEL, &bob, UDP).pair; /* while it waits to be bound */
    peer_request_leg(&alice, 5, pair, UDP);
    (void)hear_leg(&alice, 5, pair, UDP);
    peer_close(&alice, pair);
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
    (void)peer_make(&alice, 6, UDP, &bob, UDP);
}

/* A leg of a session that is lost meanwhile; who comes back has the leg that the pair had. */
static void the_session_is_lost_meanwhile(void **state)
{
    struct bench *bench = *state;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;

    bench->dataplane.mute = true;
    peer_request_leg(&alice, 2, pair, TUNNEL);
    session_settle(bench);
    fake_session_lose(&bench->dataplane, alice.session, CV_SESSION_END_IDLE);
    session_settle(bench);
    bench->dataplane.mute = false;
    session_settle(bench);
    peer_quiet(&bob);
    peer_resume(&alice, 3, ANY);
    assert_int_equal(alice.resumed, 1);
    assert_int_equal(peer_hear_made(&alice, CV_ORIGIN_RESUMED, 0).made.leg.kind, UDP);
    peer_request_leg(&alice, 1, pair, TUNNEL);
    (void)hear_leg(&alice, 1, pair, TUNNEL);
    peer_hear_other_leg(&bob, pair, TUNNEL, 1199);
}

/* A pair that the data plane does not have gets its leg here, and is put with it. */
static void a_pair_that_waits_for_room(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, UDP).pair;

    client_open(&client, bench);
    (void)client_add(&client, "carol", "dave");
    bench->dataplane.mute = true;
    client_close(&client);
    fake_forget(&bench->dataplane, pair);
    bench->dataplane.mute = false;
    assert_int_equal(store_set_boot_id(bench->control->services.store, pair, 0), 0);
    bench->dataplane.put_error = -ENOSPC;
    assert_true(
        fake_tell(&bench->dataplane, &(struct cv_message){.type = CV_MESSAGE_EVENTS_LOST, .count = 1}));
    session_settle(bench);
    peer_request_leg(&alice, 2, pair, UDP);
    (void)hear_leg(&alice, 2, pair, UDP);
    peer_hear_other_leg(&bob, pair, UDP, 0); /* at once */
    bench->dataplane.put_error = 0;
    while (fake_find(&bench->dataplane, pair) == NULL)
        bench_turn(bench);
    assert_int_equal(find(bench, pair)->config.legs[0].bind, CV_BIND_TOKEN);
    peer_close(&alice, pair);
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
    assert_int_equal(peer_make(&alice, 3, TUNNEL, &bob, UDP).made[0].made.leg.channel, 2);
}

static void operators_see_the_change(void **state)
{
    struct bench *bench = *state;
    struct test_client watcher;
    uint64_t pair = peer_make(&alice, 1, UDP, &bob, UDP).pair;
    yyjson_val *params;
    yyjson_doc *doc;

    client_subscribe(&watcher, bench);
    peer_request_leg(&alice, 2, pair, LISTEN);
    (void)hear_leg(&alice, 2, pair, LISTEN);
    fake_bind(&bench->dataplane, pair, 0, AWAY);
    doc = client_event(&watcher, "leg_changed", &params);
    assert_int_equal(json_number(doc, "/params/pair"), pair);
    assert_string_equal(json_text(doc, "/params/leg"), "a");
    assert_string_equal(json_text(doc, "/params/kind"), "listen");
    assert_string_equal(json_text(doc, "/params/address"), AWAY);
    yyjson_doc_free(doc);
    doc = client_call(&watcher, "pair.list", "{}");
    assert_string_equal(json_text(doc, "/result/pairs/0/legs/0/kind"), "listen");
    assert_int_equal(json_number(doc, "/result/pairs/0/legs/0/relay_port"), 443);
    assert_int_equal(json_number(doc, "/result/pairs/0/legs/1/relay_port"), 40000);
    yyjson_doc_free(doc);
    client_close(&watcher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(udp_to_tunnel),
        TEST(tunnel_to_udp),
        TEST(udp_to_another_port),
        TEST(udp_to_the_listening_port),
        TEST(the_answerers_leg),
        TEST(refusals),
        TEST(no_port_and_no_channel),
        TEST(the_first_that_can_be_had),
        TEST(another_request_starts_over),
        TEST(two_requests_at_once),
        TEST(a_request_crosses_the_leg_before),
        TEST(both_sides_at_once),
        TEST(the_pair_ends_meanwhile),
        TEST(the_session_is_lost_meanwhile),
        TEST(a_pair_that_waits_for_room),
        TEST(operators_see_the_change),
    };

    return cmocka_run_group_tests_name("peer_legs", tests, NULL, NULL);
}
