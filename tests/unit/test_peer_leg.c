/* SPDX-License-Identifier: BSD-3-Clause */
/* A UDP leg of culvert-peer's, and a socket that is the relay's port: tokens, challenges, payloads. */
#include "peer/leg.h"
#include "peer/udp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define WAIT_MS 5000

static struct {
    struct session_socket session;
    struct leg *leg;
    int relay_fd;
    struct cv_address relay, peer; /* where the last datagram came from */
    uint8_t datagram[64];
    unsigned payloads, bounds, challenges;
    uint8_t payload[64], challenge[CV_CHALLENGE_BYTES];
    size_t payload_bytes;
} rig;

/* ---- The leg's user ---- */

static void on_payload(void *user, struct leg *leg, const uint8_t *payload, size_t bytes)
{
    assert_ptr_equal(user, &rig);
    assert_ptr_equal(leg, rig.leg);
    assert_true(bytes <= sizeof(rig.payload));
    memcpy(rig.payload, payload, bytes);
    rig.payload_bytes = bytes;
    rig.payloads++;
}

static void on_bound(void *user, struct leg *leg)
{
    (void)user;
    assert_ptr_equal(leg, rig.leg);
    rig.bounds++;
}

static void on_challenge(void *user, const uint8_t *challenge)
{
    (void)user;
    memcpy(rig.challenge, challenge, sizeof(rig.challenge));
    rig.challenges++;
}

static const struct leg_callbacks callbacks = {on_payload, on_bound, on_challenge};

/* ---- The relay ---- */

static struct cv_capsule_leg told(uint8_t token)
{
    struct cv_capsule_leg leg = {
        .kind = CV_LEG_KIND_UDP,
        .udp = {.relay = {.port_be = rig.relay.port_be, .count = 1, .ips = {rig.relay.ip}}}};

    memset(leg.udp.token, token, sizeof(leg.udp.token));
    return leg;
}

/* The next datagram that the leg sends: its bytes. */
static size_t take(void)
{
    for (unsigned i = 0; i < WAIT_MS; i++) {
        ssize_t bytes = udp_receive(rig.relay_fd, rig.datagram, sizeof(rig.datagram), &rig.peer, NULL);

        if (bytes >= 0)
            return (size_t)bytes;
        (void)event_base_loop(rig.session.base, EVLOOP_NONBLOCK);
        usleep(1000);
    }
    fail_msg("the leg sends nothing");
    return 0;
}

static void take_token(uint8_t token)
{
    assert_int_equal(take(), CV_TOKEN_BYTES);
    for (unsigned i = 0; i < CV_TOKEN_BYTES; i++)
        assert_int_equal(rig.datagram[i], token);
}

/* To where the last datagram came from, until the leg has dealt with it. */
static void give(const uint8_t *bytes, size_t count)
{
    unsigned before = rig.payloads + rig.challenges;

    assert_int_equal(udp_send(rig.relay_fd, bytes, count, &rig.peer, 0), count);
    for (unsigned i = 0; i < WAIT_MS && rig.payloads + rig.challenges == before; i++) {
        (void)event_base_loop(rig.session.base, EVLOOP_NONBLOCK);
        usleep(1000);
    }
    assert_int_equal(rig.payloads + rig.challenges, before + 1);
}

static int set_up(void **state)
{
    struct cv_capsule_leg leg;

    (void)state;
    memset(&rig, 0, sizeof(rig));
    assert_int_equal(cv_address_parse("127.0.0.1:0", &rig.relay), 0);
    rig.relay_fd = udp_open(&rig.relay, NULL);
    assert_true(rig.relay_fd >= 0);
    assert_int_equal(udp_local(rig.relay_fd, &rig.relay), 0);
    rig.session = (struct session_socket){.base = event_base_new(), .relay = rig.relay};
    leg = told(1);
    return leg_open(&rig.leg, &rig.session, &leg, &callbacks, &rig);
}

static int tear_down(void **state)
{
    (void)state;
    leg_close(rig.leg);
    event_base_free(rig.session.base);
    close(rig.relay_fd);
    return 0;
}

/* ---- Tests ---- */

static void sends_its_token_until_something_comes(void **state)
{
    (void)state;
    take_token(1);
    take_token(1); /* a second later */
    assert_false(leg_is_bound(rig.leg));
    give((const uint8_t *)"hello", 5);
    assert_int_equal(rig.payload_bytes, 5);
    assert_memory_equal(rig.payload, "hello", 5);
    assert_true(leg_is_bound(rig.leg));
    give((const uint8_t *)"again", 5);
    assert_int_equal(rig.bounds, 1);
}

static void sends_payloads(void **state)
{
    (void)state;
    take_token(1);
    assert_int_equal(leg_send(rig.leg, (const uint8_t *)"hello", 5), 0);
    assert_int_equal(take(), 5);
    assert_memory_equal(rig.datagram, "hello", 5);
}

static void a_challenge_is_no_payload(void **state)
{
    const uint8_t challenge[CV_CHALLENGE_BYTES + 1] = {CV_DATAGRAM_CHALLENGE, 9, 8, 7};

    (void)state;
    take_token(1);
    give(challenge, CV_CHALLENGE_BYTES);
    assert_int_equal(rig.payloads, 0);
    assert_memory_equal(rig.challenge, challenge, CV_CHALLENGE_BYTES);
    assert_false(leg_is_bound(rig.leg)); /* nothing of the other peer's came */
    give(challenge, CV_CHALLENGE_BYTES + 1);
    assert_int_equal(rig.challenges, 1);
    assert_int_equal(rig.payloads, 1);
}

/* The other peer can send what looks like them. */
static void challenges_are_bounded(void **state)
{
    const uint8_t challenge[CV_CHALLENGE_BYTES] = {CV_DATAGRAM_CHALLENGE};

    (void)state;
    take_token(1);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(udp_send(rig.relay_fd, challenge, sizeof(challenge), &rig.peer, 0),
                         sizeof(challenge));
    assert_int_equal(udp_send(rig.relay_fd, "hello", 5, &rig.peer, 0), 5);
    while (rig.payloads == 0)
        (void)event_base_loop(rig.session.base, EVLOOP_ONCE);
    assert_in_range(rig.challenges, 1, 16); /* 8 in a second, and a second may have begun meanwhile */
}

static void the_newest_token_moves_it(void **state)
{
    uint8_t newest[CV_TOKEN_BYTES];
    struct cv_address first;

    (void)state;
    memset(newest, 2, sizeof(newest));
    take_token(1);
    first = rig.peer;
    leg_token(rig.leg, newest);
    assert_int_equal(rig.bounds, 1);
    assert_int_equal(leg_move(rig.leg), 0);
    take_token(2);
    assert_int_not_equal(rig.peer.port_be, first.port_be);
    first = rig.peer;
    leg_rebind(rig.leg); /* there is no newer one */
    take_token(2);
    assert_int_equal(rig.peer.port_be, first.port_be);
}

static void goes_on_in_another_session(void **state)
{
    struct cv_capsule_leg leg = told(3), tunnel = {.kind = CV_LEG_KIND_TUNNEL, .channel = 5};
    struct cv_address first;

    (void)state;
    take_token(1);
    first = rig.peer;
    leg_lose(rig.leg, &rig.session);
    assert_int_equal(leg_send(rig.leg, (const uint8_t *)"still", 5), 0);
    assert_int_equal(take(), 5);
    assert_int_equal(leg_resume(rig.leg, &rig.session, &tunnel), -EXDEV);
    assert_int_equal(leg_resume(rig.leg, &rig.session, &leg), 0);
    take_token(3);
    assert_int_equal(rig.peer.port_be, first.port_be); /* from the same socket */
}

static void a_tunnel_leg_needs_its_session(void **state)
{
    const struct cv_capsule_leg tunnel = {.kind = CV_LEG_KIND_TUNNEL, .channel = 5};
    struct session_socket other = {0};

    (void)state;
    leg_close(rig.leg);
    assert_int_equal(leg_open(&rig.leg, &rig.session, &tunnel, &callbacks, &rig), 0);
    assert_true(leg_is_bound(rig.leg));
    assert_true(leg_datagram(rig.leg, &rig.session, 5, (const uint8_t *)"hello", 5));
    assert_int_equal(rig.payloads, 1);
    assert_false(leg_datagram(rig.leg, &rig.session, 6, (const uint8_t *)"hello", 5));
    assert_false(leg_datagram(rig.leg, &other, 5, (const uint8_t *)"hello", 5));
    assert_int_equal(leg_move(rig.leg), -EINVAL);
    leg_lose(rig.leg, &other);
    assert_true(leg_datagram(rig.leg, &rig.session, 5, (const uint8_t *)"hello", 5));
    leg_lose(rig.leg, &rig.session);
    assert_int_equal(leg_send(rig.leg, (const uint8_t *)"hello", 5), -ENOTCONN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sends_its_token_until_something_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_payloads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_challenge_is_no_payload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(challenges_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_token_moves_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_in_another_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tunnel_leg_needs_its_session, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
