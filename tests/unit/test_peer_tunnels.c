/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnel legs: which kind a leg gets, their channels, what fits into them, and how they end. */
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

static struct test_peer alice, bob;

/* Sessions 1 and 2. */
static int set_up(void **state)
{
    if (session_set_up(state) != 0)
        return -1;
    peer_start(&alice, *state, 1, UDP | TUNNEL);
    peer_start(&bob, *state, 2, UDP | TUNNEL);
    return 0;
}

static int tear_down(void **state)
{
    peer_free(&alice);
    peer_free(&bob);
    return bench_tear_down(state);
}

static const struct cv_pair_config *config_of(struct bench *bench, uint64_t pair)
{
    const struct fake_pair *found = fake_find(&bench->dataplane, pair);

    assert_non_null(found);
    return &found->config;
}

/* PAIR_MADE and the data plane agree on a tunnel leg. */
static void check_tunnel(const struct cv_capsule *made, const struct cv_leg_config *leg, uint64_t session,
                         uint16_t channel)
{
    assert_int_equal(made->made.leg.kind, TUNNEL);
    assert_int_equal(made->made.leg.channel, channel);
    assert_int_equal(leg->bind, CV_BIND_TUNNEL);
    assert_int_equal(leg->relay_port, 0);
    assert_int_equal(leg->session, session);
    assert_int_equal(leg->channel, channel);
}

static void check_udp(const struct cv_capsule *made, const struct cv_pair_config *config, unsigned leg)
{
    assert_int_equal(made->made.leg.kind, UDP);
    assert_int_equal(ntohs(made->made.leg.udp.relay.port_be), config->legs[leg].relay_port);
    assert_int_equal(config->legs[leg].bind, CV_BIND_TOKEN);
    assert_memory_equal(config->legs[leg].token, made->made.leg.udp.token, CV_TOKEN_BYTES);
}

static void udp_and_tunnel(void **state)
{
    struct test_pair pair = peer_make(&alice, 1, UDP | TUNNEL, &bob, TUNNEL);
    const struct cv_pair_config *config = config_of(*state, pair.pair);

    assert_int_equal(config->legs[0].relay_port, 40000);
    check_udp(&pair.made[0], config, 0);
    check_tunnel(&pair.made[1], &config->legs[1], 2, 1);
    assert_int_equal(alice.session->capsule.other_leg.payload_bytes, 1199); /* what the channel leaves */
    assert_int_equal(bob.session->capsule.other_leg.payload_bytes, CV_CAPSULE_PAYLOAD_MAX);
}

static void tunnel_and_udp(void **state)
{
    struct test_pair pair = peer_make(&alice, 1, TUNNEL, &bob, UDP);
    const struct cv_pair_config *config = config_of(*state, pair.pair);

    assert_int_equal(config->legs[1].relay_port, 40000);
    check_tunnel(&pair.made[0], &config->legs[0], 1, 1);
    assert_int_equal(bob.session->capsule.other_leg.payload_bytes, 1199);
    check_udp(&pair.made[1], config, 1);
}

/* Also to each other twice: they need no port, and each pair has its own channels. */
static void tunnel_and_tunnel(void **state)
{
    struct bench *bench = *state;

    for (uint16_t i = 1; i <= 4; i++) {
        struct test_pair pair = i % 2 == 1 ? peer_make(&alice, i, TUNNEL, &bob, TUNNEL)
                                           : peer_make(&bob, i, TUNNEL, &alice, TUNNEL);
        const struct cv_pair_config *config = config_of(bench, pair.pair);

        check_tunnel(&pair.made[0], &config->legs[0], i % 2 == 1 ? 1 : 2, i);
        check_tunnel(&pair.made[1], &config->legs[1], i % 2 == 1 ? 2 : 1, i);
        assert_int_equal(alice.session->capsule.other_leg.payload_bytes, 1199);
        assert_int_equal(bob.session->capsule.other_leg.payload_bytes, 1199);
    }
    assert_int_equal(bench->dataplane.count, 4);
}

/* Only UDP legs use ports: with a single one, each peer has one such leg, and tunnel legs as it likes. */
static void ports_are_for_udp_legs(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    uint64_t offer;

    bench->config.relay_port_last = bench->config.relay_port_first;
    peer_start(&carol, bench, 3, UDP | TUNNEL);
    (void)peer_make(&alice, 1, UDP, &bob, TUNNEL);
    (void)peer_make(&carol, 1, UDP, &bob, TUNNEL);
    (void)peer_make(&bob, 1, UDP, &alice, TUNNEL);
    (void)peer_make(&alice, 2, TUNNEL, &bob, TUNNEL);
    peer_request(&alice, 3, &bob, UDP);
    offer = peer_hear_offer(&bob);
    peer_accept(&bob, offer, TUNNEL);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_RELAY_FULL);
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_RELAY_FULL);
    assert_int_equal(bench->dataplane.count, 4);
    peer_free(&carol);
}

/* A session whose peer takes no DATAGRAM frames. */
static void no_tunnel_leg_without_datagrams(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    uint64_t offer;

    fake_session_limit(&bench->dataplane, bob.session, 0);
    peer_hear_limit(&bob, 0);
    (void)peer_make(&bob, 1, UDP | TUNNEL, &alice, TUNNEL); /* a UDP leg was named, too */
    peer_request(&bob, 2, &alice, TUNNEL);
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NO_COMMON_LEG);
    peer_request(&alice, 1, &bob, TUNNEL);
    offer = peer_hear_offer(&bob);
    peer_accept(&bob, offer, TUNNEL);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_COMMON_LEG);
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_NO_COMMON_LEG);
    (void)peer_make(&alice, 2, TUNNEL, &bob, UDP);

    peer_start(&carol, bench, 3, TUNNEL);
    fake_session_limit(&bench->dataplane, carol.session, 0);
    peer_hear_limit(&carol, 0);
    peer_request(&alice, 3, &carol, UDP | TUNNEL);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_NO_COMMON_LEG);
    peer_quiet(&carol);
    peer_free(&carol);
}

/* Both close at the same time. */
static void closes_cross(void **state)
{
    uint64_t pair = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL).pair;

    (void)state;
    peer_close(&alice, pair);
    peer_close(&bob, pair);
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
    peer_quiet(&alice);
    peer_quiet(&bob);
}

/* One for the session, and to the other end of each of its tunnel legs what can be passed on by it. */
static void limits_are_told_when_they_change(void **state)
{
    struct bench *bench = *state;
    struct test_pair pair, second;

    fake_session_limit(&bench->dataplane, bob.session, 1300); /* before any tunnel leg */
    peer_hear_limit(&bob, 1300);
    pair = peer_make(&alice, 1, UDP, &bob, TUNNEL);
    assert_int_equal(alice.session->capsule.other_leg.payload_bytes, 1299);
    (void)peer_make(&alice, 2, TUNNEL, &bob, UDP);
    second = peer_make(&bob, 1, TUNNEL, &alice, UDP);
    fake_session_limit(&bench->dataplane, bob.session, 1400);
    peer_hear_limit(&bob, 1400);
    peer_hear_other_leg(&alice, second.pair, TUNNEL, 1399); /* in any order */
    peer_hear_other_leg(&alice, pair.pair, TUNNEL, 1399);
    fake_session_limit(&bench->dataplane, bob.session, 1400); /* the same again */
    peer_quiet(&bob);
    peer_quiet(&alice);
    fake_session_limit(&bench->dataplane, bob.session, UINT16_MAX);
    peer_hear_limit(&bob, UINT16_MAX);
    peer_hear_other_leg(&alice, second.pair, TUNNEL, CV_CAPSULE_PAYLOAD_MAX);
    peer_hear_other_leg(&alice, pair.pair, TUNNEL, CV_CAPSULE_PAYLOAD_MAX);
    peer_close(&bob, pair.pair);
    peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_PEER_CLOSED);
    fake_session_limit(&bench->dataplane, bob.session, 0);
    peer_hear_limit(&bob, 0);
    peer_hear_other_leg(&alice, second.pair, TUNNEL, 0);
    fake_session_limit(&bench->dataplane, alice.session, 900);
    peer_hear_limit(&alice, 900);
    assert_int_equal(peer_hear(&bob, CV_CAPSULE_OTHER_LEG)->other_leg.payload_bytes, 899);
    peer_quiet(&bob);
    peer_quiet(&alice);
}

/* OTHER_LEG never comes before its PAIR_MADE, and has the newest number anyway. */
static void a_limit_while_the_pair_is_made(void **state)
{
    struct bench *bench = *state;
    uint64_t offer, pair;

    peer_request(&alice, 1, &bob, TUNNEL);
    offer = peer_hear_offer(&bob);
    bench->dataplane.mute = true;
    peer_accept(&bob, offer, TUNNEL);
    for (unsigned i = 0; i < 20; i++)
        bench_turn(bench);
    fake_session_limit(&bench->dataplane, alice.session, 1402);
    for (unsigned i = 0; i < 5; i++)
        bench_turn(bench);
    bench->dataplane.mute = false;
    pair = peer_hear_made(&alice, CV_ORIGIN_REQUEST, 1).made.pair;
    assert_int_equal(alice.session->capsule.other_leg.payload_bytes, 1199);
    assert_int_equal(peer_hear_made(&bob, CV_ORIGIN_OFFER, offer).made.pair, pair);
    assert_int_equal(bob.session->capsule.other_leg.payload_bytes, 1199);
    peer_hear_limit(&alice, 1402);
    assert_int_equal(peer_hear(&bob, CV_CAPSULE_OTHER_LEG)->other_leg.payload_bytes, 1401);
    peer_quiet(&alice);
    peer_quiet(&bob);
}

/* A DATAGRAM that crosses PAIR_CLOSED must not end in the next pair. */
static void a_channel_is_not_used_again_at_once(void **state)
{
    for (uint16_t i = 1; i <= 70; i++) {
        struct test_pair pair = peer_make(&alice, i, TUNNEL, &bob, UDP);

        check_tunnel(&pair.made[0], &config_of(*state, pair.pair)->legs[0], 1, i);
        assert_int_equal(bob.session->capsule.other_leg.payload_bytes, i < 64 ? 1199 : 1198);
        peer_close(&alice, pair.pair);
        peer_hear_closed(&alice, pair.pair, CV_SESSION_ERROR_NONE);
        peer_hear_closed(&bob, pair.pair, CV_SESSION_ERROR_PEER_CLOSED);
    }
}

static void a_session_with_all_its_channels_in_use(void **state)
{
    struct bench *bench = *state;
    struct session *session = session_find(bench->control->sessions, 2);
    uint64_t offer;

    for (uint16_t channel = 1; channel <= CHANNELS_MAX; channel++)
        assert_true(channels_mark(&peer_of(session)->channels, channel));
    peer_request(&bob, 1, &alice, TUNNEL);
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_TOO_MANY_PAIRS);
    peer_request(&alice, 1, &bob, TUNNEL);
    offer = peer_hear_offer(&bob);
    peer_accept(&bob, offer, TUNNEL);
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_TOO_MANY_PAIRS);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_TOO_MANY_PAIRS);
    (void)peer_make(&alice, 2, TUNNEL, &bob, UDP);
}

/* Refused by the data plane; afterwards all is as before, but that the channels have been used. */
static void refused_by_the_data_plane(void **state)
{
    static const struct {
        int error;
        enum cv_session_error code;
    } cases[] = {
        {-ENOSPC, CV_SESSION_ERROR_RELAY_FULL},
        {-ENOTCONN, CV_SESSION_ERROR_PEER_GONE},
        {-EADDRINUSE, CV_SESSION_ERROR_INTERNAL},
    };
    struct bench *bench = *state;
    uint64_t request = 0, pairs;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t offer;

        bench->dataplane.put_error = cases[i].error;
        peer_request(&alice, ++request, &bob, TUNNEL);
        offer = peer_hear_offer(&bob);
        peer_accept(&bob, offer, TUNNEL);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, request, cases[i].code);
        peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, cases[i].code);
        assert_int_equal(store_count_pairs(bench->control->services.store, &pairs), 0);
        assert_int_equal(pairs, 0);
    }
    bench->dataplane.put_error = 0;
    assert_int_equal(peer_make(&alice, ++request, TUNNEL, &bob, TUNNEL).made[0].made.leg.channel, 4);
}

static bool has_no_pairs(void *context)
{
    const struct bench *bench = context;

    return bench->dataplane.count == 0;
}

static void a_session_ends_and_takes_its_pairs_along(void **state)
{
    struct bench *bench = *state;
    uint64_t pairs[3];

    pairs[0] = peer_make(&alice, 1, TUNNEL, &bob, TUNNEL).pair;
    pairs[1] = peer_make(&bob, 1, UDP, &alice, TUNNEL).pair;
    pairs[2] = peer_make(&bob, 2, TUNNEL, &alice, UDP).pair;
    fake_session_go(&bench->dataplane, alice.session);
    peer_hear_closed(&bob, pairs[0], CV_SESSION_ERROR_PEER_GONE);
    for (unsigned i = 1; i < 3; i++)
        assert_int_equal(peer_hear(&bob, CV_CAPSULE_PAIR_CLOSED)->closed.code, CV_SESSION_ERROR_PEER_GONE);
    bench_wait(bench, has_no_pairs, bench, "the data plane to have no pair");
    peer_quiet(&bob);
    peer_free(&alice);
    peer_start(&alice, bench, 3, TUNNEL);
    assert_int_equal(peer_make(&bob, 3, TUNNEL, &alice, TUNNEL).made[0].made.leg.channel, 3);
}

/*
 * SESSION_CLOSED and the answer to PAIR_PUT cross: the data plane had the pair, or did not take it any
 * more.
 */
static void a_session_ends_while_its_pair_is_made(void **state)
{
    struct bench *bench = *state;

    peer_request(&alice, 1, &bob, TUNNEL);
    peer_accept(&bob, peer_hear_offer(&bob), TUNNEL);
    bench->dataplane.mute = true;
    for (int i = 0; i < 20; i++)
        bench_turn(bench);
    fake_session_go(&bench->dataplane, bob.session);
    bench->dataplane.mute = false;
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_PEER_GONE);
    bench_wait(bench, has_no_pairs, bench, "the data plane to have no pair");
    peer_quiet(&alice);
}

static void operators_see_them(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    char params[64];
    yyjson_doc *doc;
    uint64_t pair;

    (void)peer_make(&alice, 1, UDP, &bob, TUNNEL);
    pair = peer_make(&alice, 2, TUNNEL, &bob, TUNNEL).pair;
    client_open(&client, bench);
    (void)snprintf(params, sizeof(params), "{\"pair\":%" PRIu64 "}", pair);
    doc = client_call(&client, "pair.get", params);
    assert_true(json_null(doc, "/result/relay_port"));
    assert_string_equal(json_text(doc, "/result/legs/1/kind"), "tunnel");
    assert_string_equal(json_text(doc, "/result/legs/1/address"), "198.51.100.2:4433");
    assert_int_equal(json_number(doc, "/result/legs/1/session"), 2);
    assert_int_equal(json_number(doc, "/result/legs/1/channel"), 2);
    assert_int_equal(json_number(doc, "/result/legs/1/payload_bytes"), 1199);
    yyjson_doc_free(doc);
    doc = client_call(&client, "pair.list", "{}");
    assert_int_equal(json_number(doc, "/result/pairs/0/relay_port"), 40000);
    assert_string_equal(json_text(doc, "/result/pairs/0/legs/0/kind"), "udp");
    assert_string_equal(json_text(doc, "/result/pairs/0/legs/0/bind"), "token");
    assert_string_equal(json_text(doc, "/result/pairs/0/legs/1/kind"), "tunnel");
    assert_int_equal(json_number(doc, "/result/pairs/1/legs/0/session"), 1);
    yyjson_doc_free(doc);
    client_do(&client, "pair.delete", params);
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_OPERATOR);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_OPERATOR);
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(udp_and_tunnel),
        TEST(tunnel_and_udp),
        TEST(tunnel_and_tunnel),
        TEST(ports_are_for_udp_legs),
        TEST(no_tunnel_leg_without_datagrams),
        TEST(closes_cross),
        TEST(limits_are_told_when_they_change),
        TEST(a_limit_while_the_pair_is_made),
        TEST(a_channel_is_not_used_again_at_once),
        TEST(a_session_with_all_its_channels_in_use),
        TEST(refused_by_the_data_plane),
        TEST(a_session_ends_and_takes_its_pairs_along),
        TEST(a_session_ends_while_its_pair_is_made),
        TEST(operators_see_them),
    };

    return cmocka_run_group_tests_name("peer_tunnels", tests, NULL, NULL);
}
