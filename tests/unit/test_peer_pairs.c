/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairs that peers make by peer ID: asked for, offered, accepted, refused, and ended in every way. */
#include "session_test.h"

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

static void start_both(void **state)
{
    peer_start(&alice, *state, 1, UDP);
    peer_start(&bob, *state, 2, UDP | TUNNEL);
}

static void free_both(void)
{
    peer_free(&alice);
    peer_free(&bob);
}

static bool has_no_pairs(void *context)
{
    const struct bench *bench = context;

    return bench->dataplane.count == 0;
}

static void wait_removed(struct bench *bench)
{
    uint64_t pairs;

    bench_wait(bench, has_no_pairs, bench, "the data plane to have no pair");
    assert_int_equal(store_count_pairs(bench->control->services.store, &pairs), 0);
    assert_int_equal(pairs, 0);
}

static void from_request_to_close(void **state)
{
    struct bench *bench = *state;
    const struct cv_capsule *made;
    const struct fake_pair *pair;
    struct cv_capsule first;
    uint64_t offer;

    start_both(state);
    peer_request(&alice, 7, &bob, UDP);
    made = peer_hear(&bob, CV_CAPSULE_PAIR_OFFER);
    assert_true(cv_peer_id_equal(&made->offer.other.ids.list[0], &alice.id));
    assert_int_equal(made->offer.answer_s, 30);
    offer = made->number;
    peer_accept(&bob, offer, UDP);
    first = *peer_hear(&alice, CV_CAPSULE_PAIR_MADE);
    made = peer_hear(&bob, CV_CAPSULE_PAIR_MADE);
    assert_int_equal(first.made.origin, CV_ORIGIN_REQUEST);
    assert_int_equal(first.number, 7);
    assert_int_equal(made->made.origin, CV_ORIGIN_OFFER);
    assert_int_equal(made->number, offer);
    assert_int_equal(first.made.pair, made->made.pair);
    assert_int_equal(first.made.leg.kind, UDP);
    assert_int_equal(first.made.leg.udp.relay.count, 1);

    pair = fake_find(&bench->dataplane, made->made.pair);
    assert_non_null(pair);
    assert_int_equal(pair->config.legs[0].relay_port, ntohs(made->made.leg.udp.relay.port_be));
    assert_int_equal(pair->config.idle_s, 120);
    assert_memory_equal(pair->config.legs[0].token, first.made.leg.udp.token, CV_TOKEN_BYTES);
    assert_memory_equal(pair->config.legs[1].token, made->made.leg.udp.token, CV_TOKEN_BYTES);
    assert_memory_not_equal(first.made.leg.udp.token, made->made.leg.udp.token, CV_TOKEN_BYTES);
    for (unsigned leg = 0; leg < 2; leg++) {
        const struct test_peer *peer = leg == 0 ? &alice : &bob;

        assert_int_equal(pair->config.legs[leg].proof, CV_PROOF_NEEDED);
        assert_int_equal(pair->config.legs[leg].one_use, 1);
        assert_memory_equal(&pair->config.legs[leg].vouched, &peer->session->state.address.ip,
                            sizeof(struct cv_ip));
    }
    peer_hear_other_leg(&alice, first.made.pair, UDP, 0);
    peer_hear_other_leg(&bob, first.made.pair, UDP, 0);

    peer_close(&bob, first.made.pair);
    peer_hear_closed(&bob, first.made.pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&alice, first.made.pair, CV_SESSION_ERROR_PEER_CLOSED);
    wait_removed(bench);
    peer_close(&alice, first.made.pair); /* it has crossed */
    peer_quiet(&alice);
    free_both();
}

static void two_pairs_of_the_same_peers_have_two_ports(void **state)
{
    struct bench *bench = *state;
    uint64_t one, other;

    start_both(state);
    one = peer_pair(&alice, 1, &bob);
    other = peer_pair(&bob, 1, &alice);
    assert_int_not_equal(one, other);
    assert_int_not_equal(fake_find(&bench->dataplane, one)->config.legs[0].relay_port,
                         fake_find(&bench->dataplane, other)->config.legs[0].relay_port);
    free_both();
}

static void refused_before_it_is_offered(void **state)
{
    struct bench *bench = *state;
    struct test_peer nobody, carol, dave;

    start_both(state);
    peer_new(&nobody, bench, "ED25519");
    peer_request(&alice, 1, &nobody, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_request(&alice, 2, &alice, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NOT_ALLOWED);
    peer_start(&carol, bench, 3, 0);
    peer_request(&alice, 3, &carol, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_NO_COMMON_LEG);
    peer_new(&dave, bench, "P-256"); /* connected, and not registered */
    peer_ask(&dave, 4);
    peer_request(&alice, 4, &dave, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 4, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_quiet(&bob);
    peer_free(&nobody);
    peer_free(&carol);
    peer_free(&dave);
    free_both();
}

static void refused_by_the_other_peer(void **state)
{
    static const struct {
        uint64_t says;
        enum cv_session_error gives;
    } cases[] = {
        {CV_SESSION_ERROR_BUSY, CV_SESSION_ERROR_BUSY},
        {CV_SESSION_ERROR_NO_COMMON_LEG, CV_SESSION_ERROR_NO_COMMON_LEG},
        {CV_SESSION_ERROR_OPERATOR, CV_SESSION_ERROR_NOT_WANTED}, /* not one for this place */
        {12345, CV_SESSION_ERROR_NOT_WANTED},
    };

    start_both(state);
    for (uint64_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t offer;

        peer_request(&alice, i + 1, &bob, UDP);
        offer = peer_hear_offer(&bob);
        peer_refuse(&bob, offer, cases[i].says);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, i + 1, cases[i].gives);
        peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, cases[i].gives);
    }
    free_both();
}

static void an_offer_ends_when_its_time_is_over(void **state)
{
    struct bench *bench = *state;
    uint64_t offer;

    bench->config.session_answer_s = 1;
    start_both(state);
    peer_request(&alice, 1, &bob, UDP);
    offer = peer_hear_offer(&bob);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_ANSWER);
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_NO_ANSWER);
    peer_accept(&bob, offer, UDP); /* it has crossed */
    peer_quiet(&alice);
    peer_quiet(&bob);
    assert_int_equal(bench->dataplane.puts, 0);
    free_both();
}

static void limits(void **state)
{
    struct bench *bench = *state;
    uint64_t offers[4];

    bench->config.session_pairs = 2;
    start_both(state);
    for (uint64_t i = 0; i < 4; i++) {
        peer_request(&alice, i + 1, &bob, UDP);
        offers[i] = peer_hear_offer(&bob);
    }
    peer_request(&alice, 5, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 5, CV_SESSION_ERROR_BUSY);
    for (unsigned i = 0; i < 2; i++) {
        peer_accept(&bob, offers[i], UDP);
        (void)peer_hear_made(&alice, CV_ORIGIN_REQUEST, i + 1);
        (void)peer_hear_made(&bob, CV_ORIGIN_OFFER, offers[i]);
    }
    peer_accept(&bob, offers[2], UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_TOO_MANY_PAIRS);
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offers[2], CV_SESSION_ERROR_TOO_MANY_PAIRS);
    peer_request(&bob, 1, &alice, UDP);
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_TOO_MANY_PAIRS);
    free_both();
}

static void a_data_plane_without_room(void **state)
{
    struct bench *bench = *state;
    uint64_t offer, pairs;

    bench->dataplane.put_error = -ENOSPC;
    start_both(state);
    peer_request(&alice, 1, &bob, UDP);
    offer = peer_hear_offer(&bob);
    peer_accept(&bob, offer, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_RELAY_FULL);
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_RELAY_FULL);
    assert_int_equal(store_count_pairs(bench->control->services.store, &pairs), 0);
    assert_int_equal(pairs, 0);
    free_both();
}

static void a_session_ends_and_takes_its_pairs_along(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    uint64_t pair, offer;

    start_both(state);
    peer_start(&carol, bench, 3, UDP);
    pair = peer_pair(&alice, 1, &bob);
    peer_request(&alice, 2, &carol, UDP);
    offer = peer_hear_offer(&carol);
    peer_request(&bob, 1, &alice, UDP);
    (void)peer_hear_offer(&alice);
    fake_session_go(&bench->dataplane, alice.session);
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_PEER_GONE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
    peer_hear_refused(&carol, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_PEER_GONE);
    wait_removed(bench);
    peer_free(&carol);
    free_both();
}

static void a_session_ends_while_its_pair_is_being_made(void **state)
{
    struct bench *bench = *state;

    start_both(state);
    peer_request(&alice, 1, &bob, UDP);
    peer_accept(&bob, peer_hear_offer(&bob), UDP);
    bench->dataplane.mute = true;
    for (int i = 0; i < 10; i++)
        bench_turn(bench);
    fake_session_go(&bench->dataplane, bob.session);
    for (int i = 0; i < 10; i++)
        bench_turn(bench);
    bench->dataplane.mute = false;
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_PEER_GONE);
    wait_removed(bench);
    free_both();
}

static void idle_and_deleted_pairs_are_closed(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    char params[64];
    uint64_t pair;

    start_both(state);
    pair = peer_pair(&alice, 1, &bob);
    fake_forget(&bench->dataplane, pair);
    assert_true(fake_tell_pair(&bench->dataplane, CV_MESSAGE_PAIR_EXPIRED, pair));
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_IDLE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_IDLE);

    pair = peer_pair(&alice, 2, &bob);
    client_open(&client, bench);
    (void)snprintf(params, sizeof(params), "{\"pair\":%" PRIu64 "}", pair);
    client_do(&client, "pair.delete", params);
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_OPERATOR);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_OPERATOR);
    client_close(&client);
    free_both();
}

static void others_pairs_cannot_be_closed(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol, dave;
    uint64_t pair;

    start_both(state);
    peer_start(&carol, bench, 3, UDP);
    peer_start(&dave, bench, 4, UDP);
    pair = peer_pair(&alice, 1, &bob);
    (void)peer_pair(&carol, 1, &dave);
    peer_close(&carol, pair);
    peer_quiet(&alice);
    peer_quiet(&carol);
    assert_non_null(fake_find(&bench->dataplane, pair));
    peer_free(&carol);
    peer_free(&dave);
    free_both();
}

/* A new leaf that the old key has signed: found by both IDs. */
static void found_by_any_id_of_its_chain(void **state)
{
    struct bench *bench = *state;
    struct test_peer old, rotated;

    peer_start(&alice, bench, 1, UDP);
    peer_new(&old, bench, "RSA");
    peer_new(&rotated, bench, "P-256");
    peer_rotate(&rotated, &old);
    peer_ask(&rotated, 2);
    peer_register(&rotated, UDP);
    peer_request(&alice, 1, &old, UDP);
    (void)peer_hear_offer(&rotated);
    peer_request(&alice, 2, &rotated, UDP);
    (void)peer_hear_offer(&rotated);
    peer_request(&rotated, 1, &old, UDP);
    peer_hear_refused(&rotated, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NOT_ALLOWED);
    peer_free(&old);
    peer_free(&rotated);
    peer_free(&alice);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, session_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(from_request_to_close),
        TEST(two_pairs_of_the_same_peers_have_two_ports),
        TEST(refused_before_it_is_offered),
        TEST(refused_by_the_other_peer),
        TEST(an_offer_ends_when_its_time_is_over),
        TEST(limits),
        TEST(a_data_plane_without_room),
        TEST(a_session_ends_and_takes_its_pairs_along),
        TEST(a_session_ends_while_its_pair_is_being_made),
        TEST(idle_and_deleted_pairs_are_closed),
        TEST(others_pairs_cannot_be_closed),
        TEST(found_by_any_id_of_its_chain),
    };

    return cmocka_run_group_tests_name("peer_pairs", tests, NULL, NULL);
}
