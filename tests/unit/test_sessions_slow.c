/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers that ask and do not listen: what waits for them in control is bounded, and harms nobody else. */
#include "session_test.h"

#include "protocol/varint.h"
#include "sessions/keep.h"
#include "sessions/stream_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP          CV_LEG_KIND_UDP
#define TUNNEL       CV_LEG_KIND_TUNNEL
#define BATCH        20
#define REQUESTS_MAX 3000 /* their answers are more than any outbox holds */

static const struct session *session_of(const struct test_peer *peer)
{
    const struct session *session =
        session_find(peer->bench->control->sessions, peer->session->state.session);

    assert_non_null(session);
    assert_true(session->outbox.bytes <= session->outbox.room);
    assert_true(session->outbox.room <= OUTBOX_BYTES_MAX);
    return session;
}

/* Requests that are refused at once, each with a sentence. */
static uint64_t ask_batch(struct test_peer *peer, uint64_t request)
{
    static const struct test_peer nobody;

    for (unsigned i = 0; i < BATCH; i++)
        peer_request(peer, ++request, &nobody, UDP);
    bench_turn(peer->bench);
    return request;
}

/* Asks until what it says is not read on. */
static uint64_t ask_until_held(struct test_peer *peer, uint64_t request)
{
    while (session_of(peer)->unread == NULL) {
        assert_true(request < REQUESTS_MAX);
        request = ask_batch(peer, request);
    }
    return request;
}

/* The data plane takes none of the answers: what asks for more of them waits, and gets no credit. */
static void answers_that_nobody_takes(void **state)
{
    struct bench *bench = *state;
    struct test_peer slow;
    uint64_t request, consumed;

    peer_start(&slow, bench, 1, UDP);
    bench->dataplane.mute = true;
    request = ask_until_held(&slow, 0);
    consumed = session_of(&slow)->record.consumed;
    for (unsigned i = 0; i < 5; i++)
        request = ask_batch(&slow, request);
    assert_in_range(session_of(&slow)->outbox.bytes, OUTBOX_BYTES_MAX / 2, OUTBOX_BYTES_MAX / 2 + 1024);
    assert_int_equal(session_of(&slow)->record.consumed, consumed);
    bench->dataplane.mute = false;
    for (uint64_t i = 1; i <= request; i++)
        peer_hear_refused(&slow, CV_ORIGIN_REQUEST, i, CV_SESSION_ERROR_NO_SUCH_PEER);
    session_settle(bench);
    assert_null(session_of(&slow)->unread);
    assert_int_equal(slow.session->state.credited, slow.session->state.received);
    peer_free(&slow);
}

/* What waits is not lost with control: it has no credit, and the data plane tells of it again. */
static void killed_while_it_is_not_read_on(void **state)
{
    struct bench *bench = *state;
    struct test_peer slow;
    uint64_t request;

    peer_start(&slow, bench, 1, UDP);
    bench->dataplane.mute = true;
    request = ask_batch(&slow, ask_until_held(&slow, 0));
    bench_kill_control(bench);
    bench->dataplane.mute = false;
    bench_turn(bench);
    bench_start_control(bench);
    for (uint64_t i = 1; i <= request; i++)
        peer_hear_refused(&slow, CV_ORIGIN_REQUEST, i, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_quiet(&slow);
    peer_free(&slow);
}

static void let_time_pass(const struct test_peer *peer, uint64_t ms)
{
    session_find(peer->bench->control->sessions, peer->session->state.session)->moved_ms -= ms;
}

/* A peer that asks on and acknowledges nothing is waited for, and not for ever. */
static void a_peer_that_acknowledges_nothing(void **state)
{
    struct bench *bench = *state;
    struct test_peer slow, other;

    peer_start(&slow, bench, 1, UDP);
    peer_start(&other, bench, 2, UDP);
    bench->dataplane.late = true;
    (void)ask_until_held(&slow, 0);
    session_settle(bench);
    assert_int_equal(session_of(&slow)->phase, SESSION_OPEN);
    assert_true(slow.session->state.sent > CV_SESSION_WAITING_BYTES - CV_CAPSULE_BYTES_MAX);
    let_time_pass(&slow, 8000);
    assert_true(fake_session_hear(slow.session)); /* it acknowledges one */
    session_settle(bench);
    let_time_pass(&slow, 8000);
    session_settle(bench);
    assert_int_equal(session_of(&slow)->phase, SESSION_OPEN);
    let_time_pass(&slow, 10000);
    peer_wait_closed(&slow, CV_SESSION_ERROR_NOT_READING);
    bench->dataplane.late = false;
    peer_request(&other, 1, &slow, UDP);
    peer_hear_refused(&other, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_free(&slow);
    peer_free(&other);
}

/* As many short requests as may be on their way at once, each wrong after its number: their answers are ten times as long. */
static void a_flight_of_short_requests(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;
    uint8_t flight[CV_SESSION_WINDOW_BYTES];
    uint64_t request = 0;
    size_t bytes = 0;

    peer_start(&peer, bench, 1, UDP);
    peer.session->unchecked = true;
    while (bytes + 8 <= sizeof(flight)) {
        size_t number_bytes = cv_varint_size(++request);

        memcpy(flight + bytes, "\x80\x29\xe1\xf3", 4);
        flight[bytes + 4] = (uint8_t)number_bytes;
        bytes += 5 + cv_varint_write(flight + bytes + 5, number_bytes, request);
    }
    assert_true(request > 1000);
    fake_session_bytes(&bench->dataplane, peer.session, flight, bytes);
    for (uint64_t i = 1; i <= request; i++) {
        assert_true(session_of(&peer)->outbox.bytes <= OUTBOX_BYTES_MAX / 2 + 1024);
        peer_hear_refused(&peer, CV_ORIGIN_REQUEST, i, CV_SESSION_ERROR_BAD_REQUEST);
    }
    peer_quiet(&peer);
    assert_int_equal(peer.session->state.credited, peer.session->state.received);
    peer_free(&peer);
}

/* An offer of some length. */
static void request_with_data(struct test_peer *peer, uint64_t number, const struct test_peer *other)
{
    static const uint8_t data[CV_DATA_BYTES_MAX];
    struct cv_capsule request = peer_pair_request(number, other, UDP);

    cv_parameter_span(&request.parameters, CV_PARAMETER_DATA, data, sizeof(data));
    peer_say(peer, &request);
}

/* Offers that others make take half of what may wait for it: they are refused then, and it stays. */
static void offers_that_nobody_takes(void **state)
{
    struct bench *bench = *state;
    struct test_peer slow, other;
    uint64_t offers = 0, refused = 0;

    peer_start(&slow, bench, 1, UDP);
    peer_start(&other, bench, 2, UDP);
    slow.session->unchecked = true;
    bench->dataplane.mute = true;
    bench->config.session_offers = CV_CAPSULE_OPEN_MAX;
    while (offers < 40) {
        request_with_data(&other, ++offers, &slow);
        bench_turn(bench);
    }
    assert_in_range(session_of(&slow)->outbox.bytes, OUTBOX_BYTES_MAX / 2, OUTBOX_BYTES_MAX / 2 + 1024);
    bench->dataplane.mute = false;
    do {
        assert_int_equal(peer_hear(&other, CV_CAPSULE_REFUSED)->refused.code, CV_SESSION_ERROR_BUSY);
        refused++;
    } while (other.session->capsule.number < offers);
    for (; refused < offers; refused++)
        (void)peer_hear_offer(&slow);
    peer_quiet(&slow);
    peer_free(&slow);
    peer_free(&other);
}

/* How often, and to what, the other's leg changes is the other's affair: of that only the last is told when there is room. */
static void legs_that_change_while_it_does_not_read(void **state)
{
    struct bench *bench = *state;
    struct test_peer slow, other;
    uint64_t request = 1, pair;
    uint32_t before;

    peer_start(&slow, bench, 1, UDP);
    peer_start(&other, bench, 2, TUNNEL);
    pair = peer_make(&slow, 1, UDP, &other, TUNNEL).pair;
    for (unsigned i = 1; i <= 5; i++) { /* nothing that matters to who is at the other end */
        peer_request_leg(&other, i, pair, TUNNEL);
        (void)peer_hear(&other, CV_CAPSULE_LEG_MADE);
    }
    peer_quiet(&slow);
    bench->dataplane.mute = true;
    slow.session->unchecked = true;
    while (session_of(&slow)->outbox.bytes <= OUTBOX_BYTES_MAX / 2)
        request = ask_batch(&slow, request);
    before = session_of(&slow)->outbox.bytes;
    for (uint16_t bytes = FAKE_PAYLOAD_BYTES - 1; bytes > FAKE_PAYLOAD_BYTES - 100; bytes--) {
        fake_session_limit(&bench->dataplane, other.session, bytes);
        bench_turn(bench);
    }
    assert_int_equal(session_of(&slow)->outbox.bytes, before);
    bench->dataplane.mute = false;
    for (uint64_t i = 2; i <= request; i++)
        peer_hear_refused(&slow, CV_ORIGIN_REQUEST, i, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_hear_other_leg(&slow, pair, TUNNEL, FAKE_PAYLOAD_BYTES - 99 - 1);
    peer_quiet(&slow);
    peer_free(&slow);
    peer_free(&other);
}

/* A request that names this service. */
static void request_service(struct test_peer *peer, uint64_t number, const struct test_peer *other,
                            const char *service)
{
    struct cv_capsule request = peer_pair_request(number, other, UDP);

    cv_parameter_span(&request.parameters, CV_PARAMETER_SERVICE, service, strlen(service));
    peer_say(peer, &request);
}

static void register_for(struct test_peer *peer, const char *services)
{
    struct cv_capsule registration = peer_registration(peer, UDP);

    for (; *services != '\0'; services++)
        cv_parameter_span(&registration.parameters, CV_PARAMETER_SERVICE, services, 1);
    peer_register_as(peer, &registration);
}

/* Nothing more fits into its outbox, not even the shortest REFUSED. */
static void fill(struct test_peer *peer)
{
    struct session *session = session_find(peer->bench->control->sessions, peer->session->state.session);
    uint32_t before, one;

    do {
        before = session->outbox.bytes;
        session_write_observed(session, 0, &session->address, &session->local);
        one = session->outbox.bytes - before;
    } while (session->outbox.bytes + one <= OUTBOX_BYTES_MAX);
    sessions_keep(session->all);
    bench_turn(peer->bench);
    assert_int_equal(session->phase, SESSION_OPEN);
}

/*
 * Two peers that do not read have open offers to each other when one of them comes back: what ends the offers closes the
 * other's session, and what that ends is for the one that is just coming back.
 */
static void two_that_do_not_read_end_each_others_offers(void **state)
{
    struct bench *bench = *state;
    struct test_peer a, b, other, again;
    struct cv_capsule registration;

    peer_new(&a, bench, "ED25519");
    peer_ask(&a, 1);
    register_for(&a, "xy");
    peer_new(&b, bench, "ED25519");
    peer_ask(&b, 2);
    register_for(&b, "z");
    request_service(&a, 1, &b, "z");
    (void)peer_hear_offer(&b);
    request_service(&b, 1, &a, "x");
    (void)peer_hear_offer(&a);
    request_service(&b, 2, &a, "y");
    (void)peer_hear_offer(&a);
    again = a;
    peer_ask(&again, 3);
    bench->dataplane.mute = true;
    fill(&a);
    fill(&b);
    registration = peer_registration(&again, UDP);
    cv_parameter_span(&registration.parameters, CV_PARAMETER_RESUME, a.token, sizeof(a.token));
    peer_say(&again, &registration);
    session_settle(bench);
    assert_int_equal(session_of(&a)->close_code, CV_SESSION_ERROR_REPLACED);
    assert_int_equal(session_of(&b)->close_code, CV_SESSION_ERROR_NOT_READING);
    bench->dataplane.mute = false;
    (void)peer_hear(&again, CV_CAPSULE_REGISTERED);
    (void)peer_hear(&again, CV_CAPSULE_OBSERVED_ADDRESS);
    peer_hear_limit(&again, FAKE_PAYLOAD_BYTES);
    peer_start(&other, bench, 4, UDP);
    (void)peer_pair(&again, 1, &other);
    fake_session_go(&bench->dataplane, again.session);
    (void)peer_hear(&other, CV_CAPSULE_PAIR_CLOSED);
    peer_free(&a);
    peer_free(&b);
    peer_free(&other);
}

/* What the data plane has taken is forgotten: a long session needs no more than a short one. */
static void a_peer_that_listens_may_ask_for_ever(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;
    uint64_t request = 0, heard = 0;
    uint32_t most = 0;

    peer_start(&peer, bench, 1, UDP);
    while (peer.session->state.sent < 3 * OUTBOX_BYTES_MAX) {
        request = ask_batch(&peer, request);
        while (heard < request)
            peer_hear_refused(&peer, CV_ORIGIN_REQUEST, ++heard, CV_SESSION_ERROR_NO_SUCH_PEER);
        if (session_of(&peer)->outbox.bytes > most)
            most = session_of(&peer)->outbox.bytes;
    }
    assert_true(most < OUTBOX_BYTES_MAX / 2);
    peer_free(&peer);
}

/* A peer that acknowledges late gets what the data plane may hold of it, and the rest when it has. */
static void what_is_not_acknowledged_waits_here(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;
    uint64_t request = 0;

    peer_start(&peer, bench, 1, UDP);
    bench->dataplane.late = true;
    while (session_of(&peer)->outbox.bytes < OUTBOX_BYTES_MAX / 2) {
        assert_true(request < REQUESTS_MAX);
        request = ask_batch(&peer, request);
    }
    session_settle(bench);
    assert_true(peer.session->state.sent > CV_SESSION_WAITING_BYTES - CV_CAPSULE_BYTES_MAX);
    assert_true(session_of(&peer)->outbox.bytes > OUTBOX_BYTES_MAX / 3);
    for (uint64_t i = 1; i <= request; i++)
        peer_hear_refused(&peer, CV_ORIGIN_REQUEST, i, CV_SESSION_ERROR_NO_SUCH_PEER);
    peer_quiet(&peer);
    peer_free(&peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, session_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_that_nobody_takes),
        TEST(killed_while_it_is_not_read_on),
        TEST(a_peer_that_acknowledges_nothing),
        TEST(a_flight_of_short_requests),
        TEST(offers_that_nobody_takes),
        TEST(legs_that_change_while_it_does_not_read),
        TEST(two_that_do_not_read_end_each_others_offers),
        TEST(a_peer_that_listens_may_ask_for_ever),
        TEST(what_is_not_acknowledged_waits_here),
    };

    return cmocka_run_group_tests_name("sessions_slow", tests, NULL, NULL);
}
