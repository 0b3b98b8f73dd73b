/* SPDX-License-Identifier: BSD-3-Clause */
/* MESSAGE from one instance to another, what limits them, and probes. */
#include "session_test.h"

#include "sessions/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP CV_LEG_KIND_UDP

static struct test_peer alice, bob;

/* Sessions 1 and 2. */
static int set_up(void **state)
{
    if (session_set_up(state) != 0)
        return -1;
    peer_start(&alice, *state, 1, UDP);
    peer_start(&bob, *state, 2, UDP);
    return 0;
}

static int tear_down(void **state)
{
    peer_free(&alice);
    peer_free(&bob);
    return bench_tear_down(state);
}

static struct cv_capsule message(uint64_t number, const struct test_peer *to, const void *text, size_t bytes)
{
    return (struct cv_capsule){.type = CV_CAPSULE_MESSAGE,
                               .number = number,
                               .message = {.peer = to->id, .text = {.at = text, .bytes = (uint16_t)bytes}}};
}

static void send_text(struct test_peer *peer, uint64_t number, const struct test_peer *to, const char *text)
{
    const struct cv_capsule capsule = message(number, to, text, strlen(text));

    peer_say(peer, &capsule);
}

static void hear_done(struct test_peer *peer, uint64_t number)
{
    assert_int_equal(peer_hear(peer, CV_CAPSULE_DONE)->number, number);
}

static const struct cv_capsule *hear_text(struct test_peer *peer, const char *text)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_MESSAGE_FROM);

    assert_int_equal(capsule->message_from.text.bytes, strlen(text));
    assert_memory_equal(capsule->message_from.text.at, text, strlen(text));
    return capsule;
}

static void is_passed_on(void **state)
{
    struct bench *bench = *state;
    const struct cv_other_peer *from;
    struct test_peer rotated;

    peer_new(&rotated, bench, "P-256");
    peer_rotate(&rotated, &alice);
    peer_ask(&rotated, 3);
    peer_register(&rotated, UDP);
    send_text(&rotated, 1, &bob, "ready");
    hear_done(&rotated, 1);
    from = &hear_text(&bob, "ready")->message_from.other;
    assert_true(cv_peer_id_equal(&from->asked, &bob.id));
    assert_memory_equal(from->instance, rotated.instance, CV_INSTANCE_BYTES);
    assert_int_equal(from->ids.count, 2);
    assert_true(cv_peer_id_equal(&from->ids.list[0], &rotated.id));
    assert_true(cv_peer_id_equal(&from->ids.list[1], &alice.id));
    assert_false(cv_parameter_is_set(&bob.session->capsule.parameters, CV_PARAMETER_SERVICE));
    assert_int_equal(bench->dataplane.puts, 0);
    peer_free(&rotated);
}

static void as_long_as_may_be(void **state)
{
    struct bench *bench = *state;
    char text[CV_CAPSULE_MESSAGE_MAX + 1];
    struct cv_capsule capsule;
    uint8_t bytes[9 + 1 + CV_PEER_ID_BYTES + 2 + 1025] = {0x80, 0x29, 0xe2, 0x05, 0x44, 0x24, 2};

    memset(text, 'm', sizeof(text));
    text[CV_CAPSULE_MESSAGE_MAX] = '\0';
    text[5] = '\0'; /* whatever its bytes are */
    capsule = message(1, &bob, text, CV_CAPSULE_MESSAGE_MAX);
    peer_say(&alice, &capsule);
    hear_done(&alice, 1);
    assert_int_equal(peer_hear(&bob, CV_CAPSULE_MESSAGE_FROM)->message_from.text.bytes,
                     CV_CAPSULE_MESSAGE_MAX);
    assert_memory_equal(bob.session->capsule.message_from.text.at, text, CV_CAPSULE_MESSAGE_MAX);

    /* One byte more: 1,060 bytes of value. */
    memcpy(bytes + 7, bob.id.bytes, CV_PEER_ID_BYTES);
    bytes[39] = 0x44;
    bytes[40] = 0x01;
    alice.session->unchecked = true;
    fake_session_bytes(&bench->dataplane, alice.session, bytes, 6 + 1060);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_BAD_REQUEST);
    peer_quiet(&bob);
}

static void to_a_service_and_to_an_instance(void **state)
{
    struct bench *bench = *state;
    struct test_peer chat = peer_sibling(&bob);
    struct cv_capsule capsule, registration = peer_registration(&chat, UDP);

    cv_parameter_span(&registration.parameters, CV_PARAMETER_SERVICE, "chat", 4);
    peer_ask(&chat, 3);
    peer_register_as(&chat, &registration);
    capsule = message(1, &bob, "a", 1);
    cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE, "chat", 4);
    peer_say(&alice, &capsule);
    hear_done(&alice, 1);
    (void)hear_text(&chat, "a");
    assert_int_equal(chat.session->capsule.parameters.spans[CV_PARAMETER_SERVICE].bytes, 4);
    send_text(&alice, 2, &bob, "b"); /* to who has registered without services */
    hear_done(&alice, 2);
    (void)hear_text(&bob, "b");
    capsule = message(3, &bob, "c", 1);
    cv_parameter_span(&capsule.parameters, CV_PARAMETER_INSTANCE, chat.instance, CV_INSTANCE_BYTES);
    peer_say(&alice, &capsule);
    hear_done(&alice, 3);
    (void)hear_text(&chat, "c");
    send_text(&chat, 1, &bob, "d"); /* also to another instance of the same peer */
    hear_done(&chat, 1);
    (void)hear_text(&bob, "d");
    capsule = message(4, &bob, "e", 1);
    cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE, "video", 5);
    peer_say(&alice, &capsule);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 4, CV_SESSION_ERROR_NO_SUCH_SERVICE);
    peer_quiet(&bob);
    peer_quiet(&chat);
    assert_int_equal(bench->dataplane.puts, 0);
}

static void refusals(void **state)
{
    struct bench *bench = *state;
    struct test_peer nobody;
    struct test_client client;

    peer_new(&nobody, bench, "ED25519");
    send_text(&alice, 1, &nobody, "x");
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_SUCH_PEER);
    send_text(&alice, 2, &alice, "x");
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NOT_WANTED);
    peer_say(&bob, &(struct cv_capsule){.type = CV_CAPSULE_REACHABLE,
                                        .number = 1,
                                        .reachable = {.by = CV_REACHABLE_BY_NOBODY}});
    hear_done(&bob, 1);
    send_text(&alice, 3, &bob, "x");
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_NOT_WANTED);
    send_text(&bob, 2, &alice, "x");
    hear_done(&bob, 2);
    (void)hear_text(&alice, "x");
    client_open(&client, bench);
    client_do(&client, "session.drain", "{\"after_s\":600}");
    client_close(&client);
    (void)peer_hear(&alice, CV_CAPSULE_GO_AWAY);
    (void)peer_hear(&bob, CV_CAPSULE_GO_AWAY);
    send_text(&bob, 3, &alice, "x");
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_GOING_AWAY);
    peer_free(&nobody);
}

/* One who is away for a while is not there. */
static void who_is_away_gets_none(void **state)
{
    struct bench *bench = *state;

    (void)peer_pair(&bob, 1, &alice);
    fake_session_lose(&bench->dataplane, bob.session, CV_SESSION_END_IDLE);
    session_settle(bench);
    send_text(&alice, 1, &bob, "x");
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_SUCH_PEER);
}

static void too_fast(void **state)
{
    struct bench *bench = *state;
    const struct cv_capsule *capsule;

    bench->config.session_messages = 2;
    for (uint64_t number = 1; number < 3; number++) {
        send_text(&alice, number, &bob, "x");
        hear_done(&alice, number);
        (void)hear_text(&bob, "x");
    }
    send_text(&alice, 3, &bob, "x");
    capsule = peer_hear(&alice, CV_CAPSULE_LIMITED);
    assert_int_equal(capsule->limited.what, CV_LIMITED_MESSAGES);
    assert_int_equal(capsule->limited.pair, 0);
    assert_in_range(capsule->limited.for_ms, 10000, 30000);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_TOO_MANY);
    send_text(&alice, 4, &bob, "x");
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 4, CV_SESSION_ERROR_TOO_MANY);
    send_text(&bob, 1, &alice, "x"); /* each has its own */
    hear_done(&bob, 1);
    (void)hear_text(&alice, "x");
    peer_quiet(&bob);
}

/* Where the operator has none passed on. */
static void none_at_all(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    const struct cv_capsule *capsule;

    bench->config.session_messages = 0;
    send_text(&alice, 1, &bob, "x");
    (void)peer_hear(&alice, CV_CAPSULE_LIMITED);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_TOO_MANY);
    peer_quiet(&bob);
    peer_new(&carol, bench, "ED25519");
    peer_ask(&carol, 3);
    peer_say(&carol, &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = UDP}});
    capsule = peer_hear(&carol, CV_CAPSULE_REGISTERED);
    assert_int_equal(capsule->parameters.numbers[CV_PARAMETER_MESSAGES], 0);
    assert_int_equal(capsule->parameters.numbers[CV_PARAMETER_MESSAGE_BYTES], 0);
    peer_free(&carol);
}

/* Others' messages fill half of what may wait for a peer, and no more: its own things have room. */
static void busy_when_too_much_waits(void **state)
{
    struct bench *bench = *state;
    static const uint8_t text[CV_CAPSULE_MESSAGE_MAX];
    const struct session *session = session_find(bench->control->sessions, 2);
    uint64_t number = 0, done = 0;
    const struct cv_capsule *capsule;

    bench->dataplane.mute = true;
    while (session->outbox.bytes <= OUTBOX_BYTES_MAX / 2) {
        struct cv_capsule long_one = message(++number, &bob, text, sizeof(text));

        assert_true(number < 40);
        peer_say(&alice, &long_one);
        session_settle(bench);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct cv_capsule long_one = message(++number, &bob, text, sizeof(text));

        peer_say(&alice, &long_one);
        session_settle(bench);
    }
    assert_true(session->outbox.bytes < OUTBOX_BYTES_MAX / 2 + 2 * CV_CAPSULE_MESSAGE_MAX);
    bench->dataplane.mute = false;
    for (; done < number - 3; done++)
        hear_done(&alice, done + 1);
    for (; done < number; done++)
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, done + 1, CV_SESSION_ERROR_BUSY);
    for (done = 0; done < number - 3; done++) {
        capsule = peer_hear(&bob, CV_CAPSULE_MESSAGE_FROM);
        assert_int_equal(capsule->message_from.text.bytes, sizeof(text));
    }
    peer_quiet(&bob);
}

/* What was said to be on its way is: it waits in the store with the rest of the control stream. */
static void killed_on_the_way(void **state)
{
    struct bench *bench = *state;

    for (uint64_t turns = 0; turns < 10; turns++) {
        send_text(&alice, turns + 1, &bob, "x");
        bench->dataplane.mute = turns % 2 == 1;
        for (unsigned i = 0; i < turns / 2; i++)
            bench_turn(bench);
        bench_kill_control(bench);
        bench_turn(bench);
        bench->dataplane.mute = false;
        bench_start_control(bench);
        hear_done(&alice, turns + 1);
        (void)hear_text(&bob, "x");
        peer_quiet(&alice);
        peer_quiet(&bob);
    }
}

/* ---- Probes ---- */

static void probes(void **state)
{
    struct bench *bench = *state;
    struct test_peer unregistered;
    const struct cv_capsule *capsule;
    struct cv_address address;

    fake_session_probe(&bench->dataplane, alice.session, 42, "203.0.113.7:5000", "192.0.2.1:40000");
    capsule = peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
    assert_int_equal(capsule->observed.probe, 42);
    assert_int_equal(cv_address_parse("203.0.113.7:5000", &address), 0);
    assert_true(cv_address_equal(&capsule->observed.peer, &address));
    assert_int_equal(cv_address_parse("192.0.2.1:40000", &address), 0);
    assert_true(cv_address_equal(&capsule->observed.relay, &address));
    fake_session_probe(&bench->dataplane, alice.session, 0, "203.0.113.7:5000", "192.0.2.1:40000");
    peer_quiet(&alice); /* 0 would be the session's own */
    fake_session_probe(&bench->dataplane, alice.session, 0xffffff, "[2001:db8::7]:5000", "[2001:db8::1]:443");
    assert_int_equal(peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS)->observed.probe, 0xffffff);
    peer_new(&unregistered, bench, "ED25519");
    peer_ask(&unregistered, 3);
    fake_session_probe(&bench->dataplane, unregistered.session, 1, "203.0.113.7:5000", "192.0.2.1:40000");
    session_settle(bench);
    assert_false(fake_session_hear(unregistered.session));
    peer_quiet(&bob);
    peer_free(&unregistered);
}

/* As many as are told of in a second are not too many. With more the peer learns that. */
static void too_many_probes(void **state)
{
    struct bench *bench = *state;
    uint32_t number = 0;

    while (number < 64)
        fake_session_probe(&bench->dataplane, alice.session, ++number, "203.0.113.7:5000", "192.0.2.1:443");
    for (uint32_t i = 0; i < number; i++)
        (void)peer_hear(&alice, CV_CAPSULE_OBSERVED_ADDRESS);
    peer_quiet(&alice);
    while (number < 64 + 100) {
        fake_session_probe(&bench->dataplane, alice.session, ++number, "203.0.113.7:5000", "192.0.2.1:443");
        if (number % 32 == 0)
            bench_turn(bench);
        while (fake_session_hear(alice.session)) {
            if (alice.session->capsule.type == CV_CAPSULE_LIMITED) {
                assert_int_equal(alice.session->capsule.limited.what, CV_LIMITED_PROBES);
                return;
            }
            assert_int_equal(alice.session->capsule.type, CV_CAPSULE_OBSERVED_ADDRESS);
        }
    }
    session_settle(bench);
    while (fake_session_hear(alice.session)) {
        if (alice.session->capsule.type == CV_CAPSULE_LIMITED)
            return;
    }
    fail_msg("nobody was told");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_passed_on), TEST(as_long_as_may_be),        TEST(to_a_service_and_to_an_instance),
        TEST(refusals),     TEST(who_is_away_gets_none),    TEST(too_fast),
        TEST(none_at_all),  TEST(busy_when_too_much_waits), TEST(killed_on_the_way),
        TEST(probes),       TEST(too_many_probes),
    };

    return cmocka_run_group_tests_name("peer_messages", tests, NULL, NULL);
}
