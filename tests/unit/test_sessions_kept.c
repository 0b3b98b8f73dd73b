/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control is restarted, or loses the data plane for a while, and its sessions go on as if nothing had been.
 */
#include "session_test.h"

#include "protocol/capsule_value.h"
#include "protocol/varint.h"
#include "sessions/keep.h"
#include "sessions/stream_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP CV_LEG_KIND_UDP

static bool is_attached(void *context)
{
    const struct bench *bench = context;

    return dataplane_attached(bench->control->services.dataplane);
}

static void restart(struct bench *bench)
{
    bench_stop_control(bench);
    bench_turn(bench); /* the data plane notices */
    bench_start_control(bench);
    bench_wait(bench, is_attached, bench, "an attachment");
}

static void a_restart_is_not_noticed(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;
    uint64_t pair, offer;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP);
    pair = peer_pair(&alice, 1, &bob);
    peer_request(&alice, 2, &bob, UDP);
    offer = peer_hear_offer(&bob);
    restart(bench);
    peer_quiet(&alice);
    peer_quiet(&bob);
    peer_accept(&bob, offer, UDP);
    (void)peer_hear_made(&alice, CV_ORIGIN_REQUEST, 2);
    (void)peer_hear_made(&bob, CV_ORIGIN_OFFER, offer);
    assert_int_not_equal(peer_pair(&bob, 1, &alice), pair);
    peer_close(&alice, pair);
    peer_hear_closed(&alice, pair, CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_CLOSED);
    assert_int_equal(bench->dataplane.count, 2);
    peer_free(&alice);
    peer_free(&bob);
}

static void what_came_meanwhile_is_dealt_with(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;
    uint64_t offer;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP);
    bench_stop_control(bench);
    bench_turn(bench);
    alice.session->state.address.port_be ^= 1;
    /* Said while nobody listens: the data plane keeps it. */
    {
        const struct cv_capsule request = peer_pair_request(1, &bob, UDP);
        int bytes = cv_capsule_write(&request, alice.session->in + alice.session->state.received, 279);

        assert_true(bytes > 0);
        assert_null(cv_capsule_order_next(&alice.session->order, &request));
        alice.session->state.received += (uint64_t)bytes;
    }
    bench_start_control(bench);
    (void)peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
    offer = peer_hear_offer(&bob);
    fake_session_go(&bench->dataplane, alice.session);
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_PEER_GONE);
    peer_free(&alice);
    peer_free(&bob);
}

/* A peer that asks while control is not there, and one that went while it was not: it may come back. */
static void sessions_that_came_and_went_meanwhile(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob, carol;
    uint64_t pair;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP);
    pair = peer_pair(&alice, 1, &bob);
    peer_request(&alice, 2, &bob, UDP);
    (void)peer_hear(&bob, CV_CAPSULE_PAIR_OFFER);
    bench_stop_control(bench);
    bench_turn(bench);
    alice.session->closed = true; /* without a word */
    peer_new(&carol, bench, "RSA");
    carol.session = NULL;
    bench_start_control(bench);
    bench_wait(bench, is_attached, bench, "an attachment");
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, bob.session->order.last_offer, CV_SESSION_ERROR_PEER_GONE);
    peer_quiet(&bob);
    peer_ask(&carol, 3);
    peer_register(&carol, UDP);
    peer_ask(&alice, 4);
    peer_register(&alice, UDP); /* without its token: it gives the pair up */
    peer_hear_closed(&bob, pair, CV_SESSION_ERROR_PEER_GONE);
    peer_free(&alice);
    peer_free(&bob);
    peer_free(&carol);
}

static bool is_credited(void *context)
{
    const struct test_peer *peer = context;

    return peer->session->state.credited == peer->session->state.received;
}

static void within_an_unknown_capsule(void **state)
{
    static const uint8_t zeroes[700];
    struct bench *bench = *state;
    struct test_peer peer;
    uint8_t header[1 + CV_VARINT_BYTES] = {0x17};
    size_t bytes = 1 + cv_varint_write(header + 1, CV_VARINT_BYTES, sizeof(zeroes));

    peer_start(&peer, bench, 1, UDP);
    fake_session_bytes(&bench->dataplane, peer.session, header, bytes);
    fake_session_bytes(&bench->dataplane, peer.session, zeroes, 300);
    bench_wait(bench, is_credited, &peer, "credit");
    restart(bench);
    fake_session_bytes(&bench->dataplane, peer.session, zeroes + 300, sizeof(zeroes) - 300);
    peer_request(&peer, 1, &peer, UDP);
    peer_hear_refused(&peer, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NOT_ALLOWED);
    peer_free(&peer);
}

/* Half a capsule has no credit: the data plane gives it again. */
static void within_a_known_capsule(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;
    const struct cv_capsule request = peer_pair_request(1, &(struct test_peer){0}, UDP);
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];
    int count = cv_capsule_write(&request, bytes, sizeof(bytes));

    assert_true(count > 20);
    peer_start(&peer, bench, 1, UDP);
    bench_wait(bench, is_credited, &peer, "credit");
    assert_null(cv_capsule_order_next(&peer.session->order, &request));
    fake_session_bytes(&bench->dataplane, peer.session, bytes, 20);
    peer_quiet(&peer);
    assert_int_equal(peer.session->state.credited, peer.session->state.received - 20);
    restart(bench);
    fake_session_bytes(&bench->dataplane, peer.session, bytes + 20, (size_t)count - 20);
    peer_hear_refused(&peer, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_free(&peer);
}

/* Answers that were kept, and pushed into a ring that nobody read before control was gone. */
static void answers_that_got_lost_are_sent_again(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP);
    bench->dataplane.mute = true;
    peer_request(&alice, 1, &bob, UDP);
    peer_request(&alice, 2, &alice, UDP);
    for (unsigned i = 0; i < 20; i++)
        bench_turn(bench);
    bench_stop_control(bench);
    bench_turn(bench);
    bench->dataplane.mute = false;
    bench_start_control(bench);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NOT_ALLOWED);
    (void)peer_hear(&bob, CV_CAPSULE_PAIR_OFFER);
    peer_quiet(&alice);
    peer_quiet(&bob);
    peer_free(&alice);
    peer_free(&bob);
}

/* Who waits for a commit and then has something to say to a session. */
struct late_writer {
    struct commit_waiter waiter;
    struct session *session;
    bool done;
};

static void write_late(struct commit_waiter *waiter, int error)
{
    struct late_writer *writer = (struct late_writer *)(void *)waiter;

    assert_int_equal(error, 0);
    session_write_observed(writer->session, 0, &writer->session->address, &writer->session->local);
    sessions_keep(writer->session->all);
    writer->done = true;
}

/* What is written in the turn of a commit, before the sessions hear of it, is not committed yet, and is not sent with it. */
static void what_is_written_after_a_commit_waits_for_the_next(void **state)
{
    struct bench *bench = *state;
    struct late_writer writer = {.waiter = {.done = write_late}};
    struct test_peer alice;

    peer_start(&alice, bench, 1, UDP);
    peer_quiet(&alice);
    writer.session = session_find(bench->control->sessions, 1);
    commits_wait(bench->control->services.commits, &writer.waiter);
    session_write_observed(writer.session, 0, &writer.session->address, &writer.session->local);
    sessions_keep(bench->control->sessions);
    while (!writer.done)
        bench_turn(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    bench_start_control(bench);
    bench_wait(bench, is_attached, bench, "an attachment");
    session_settle(bench);
    assert_true(fake_session_is_open(&bench->dataplane, 1));
    (void)peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
    peer_quiet(&alice);
    peer_free(&alice);
}

static bool has_a_pair(void *context)
{
    const struct bench *bench = context;

    return bench->dataplane.count == 1;
}

/* Killed when the pair was in the store and in the data plane, and before anybody was told. */
static void a_pair_that_nobody_was_told_of(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;
    uint64_t offer, pair;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP);
    peer_request(&alice, 1, &bob, UDP);
    offer = peer_hear_offer(&bob);
    bench->dataplane.mute = true; /* PAIR_PUT is not answered */
    peer_accept(&bob, offer, UDP);
    for (unsigned i = 0; i < 100; i++)
        bench_turn(bench);
    bench_kill_control(bench);
    bench_turn(bench);
    bench->dataplane.mute = false;
    bench_start_control(bench);
    pair = peer_hear_made(&alice, CV_ORIGIN_REQUEST, 1).made.pair;
    assert_int_equal(peer_hear_made(&bob, CV_ORIGIN_OFFER, offer).made.pair, pair);
    bench_wait(bench, has_a_pair, bench, "the data plane to have the pair");
    assert_non_null(fake_find(&bench->dataplane, pair));
    peer_free(&alice);
    peer_free(&bob);
}

static void a_session_that_the_store_does_not_know_is_closed(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;
    char saved[200];

    bench_save_store(bench, saved, sizeof(saved));
    peer_start(&alice, bench, 1, UDP);
    peer_new(&bob, bench, "P-256");
    bench_stop_control(bench);
    bench_restore_store(bench, saved);
    bench_turn(bench);
    bench_start_control(bench);
    peer_wait_closed(&alice, CV_SESSION_ERROR_INTERNAL);
    peer_ask(&bob, 2);
    peer_register(&bob, UDP);
    peer_free(&alice);
    peer_free(&bob);
}

static bool is_gone(void *context)
{
    struct bench *bench = context;
    uint64_t pairs = 1;

    return store_count_pairs(bench->control->services.store, &pairs) == 0 && pairs == 1;
}

/* Sessions end with the data plane, and so do their pairs, if none waits; an operator's pairs stay. */
static void another_run_of_the_data_plane(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;
    struct test_client client;
    yyjson_doc *doc;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP);
    (void)peer_pair(&alice, 1, &bob);
    bench->config.session_resume_s = 0;
    client_open(&client, bench);
    (void)client_add(&client, "carol", "dave");
    fake_kill(&bench->dataplane);
    for (unsigned i = 0; i < 20; i++)
        bench_turn(bench);
    fake_start(&bench->dataplane);
    bench_wait(bench, is_gone, bench, "the peers' pair to go");
    doc = client_call(&client, "session.list", "{}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/sessions")), 0);
    yyjson_doc_free(doc);
    bench_wait(bench, is_attached, bench, "an attachment");
    peer_ask(&alice, 1);
    peer_register(&alice, UDP);
    client_close(&client);
    peer_free(&alice);
    peer_free(&bob);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, session_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_restart_is_not_noticed),
        TEST(what_came_meanwhile_is_dealt_with),
        TEST(sessions_that_came_and_went_meanwhile),
        TEST(within_an_unknown_capsule),
        TEST(within_a_known_capsule),
        TEST(answers_that_got_lost_are_sent_again),
        TEST(what_is_written_after_a_commit_waits_for_the_next),
        TEST(a_pair_that_nobody_was_told_of),
        TEST(a_session_that_the_store_does_not_know_is_closed),
        TEST(another_run_of_the_data_plane),
    };

    return cmocka_run_group_tests_name("sessions_kept", tests, NULL, NULL);
}
