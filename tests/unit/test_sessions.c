/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is admitted, and what control makes of a control stream, whatever comes on it. */
#include "session_test.h"

#include "protocol/varint.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP CV_LEG_KIND_UDP

static void list_peer(struct cv_config_peers *peers, const struct test_peer *peer)
{
    peers->ids[peers->count++] = peer->id;
}

static void expect_event(struct test_client *client, const char *event, const struct test_peer *peer,
                         const char *reason)
{
    char text[CV_PEER_ID_TEXT];
    yyjson_val *params;
    yyjson_doc *doc = client_event(client, event, &params);

    if (peer != NULL)
        assert_string_equal(json_text(doc, "/params/peer"), cv_peer_id_print(&peer->id, text));
    if (reason != NULL)
        assert_string_equal(json_text(doc, "/params/reason"), reason);
    yyjson_doc_free(doc);
}

static void admits_every_key_type(void **state)
{
    static const char *const types[] = {"P-256", "ED25519", "RSA"};
    struct bench *bench = *state;
    struct test_client client;
    struct test_peer peer;

    client_open(&client, bench);
    client_do(&client, "events.subscribe", "{}");
    for (uint64_t i = 0; i < 3; i++) {
        peer_new(&peer, bench, types[i]);
        peer_ask(&peer, i + 1);
        assert_true(peer.session->admitted);
        assert_memory_equal(peer.session->state.tag, peer.id.bytes, CV_PEER_ID_BYTES);
        expect_event(&client, "session_up", &peer, NULL);
        fake_session_go(&bench->dataplane, peer.session);
        expect_event(&client, "session_closed", &peer, "peer");
        peer_free(&peer);
    }
    client_close(&client);
}

static void assert_decision(struct test_peer *peer, struct test_client *client, const char *reason)
{
    static uint64_t number = 100;

    peer_ask(peer, number++);
    if (reason == NULL) {
        assert_true(peer->session->admitted);
        expect_event(client, "session_up", peer, NULL);
    } else {
        assert_true(peer->session->refused);
        assert_int_equal(peer->session->code, CV_SESSION_ERROR_NOT_ADMITTED);
        expect_event(client, "session_refused", NULL, reason);
        expect_event(client, "session_closed", NULL, "refused");
    }
    fake_session_go(&peer->bench->dataplane, peer->session);
    if (reason == NULL)
        expect_event(client, "session_closed", peer, "peer");
}

static void policies(void **state)
{
    struct bench *bench = *state;
    struct cv_config *config = &bench->config;
    struct test_peer known, stranger, rotated, pretender;
    struct test_client client;

    client_open(&client, bench);
    client_do(&client, "events.subscribe", "{}");
    peer_new(&known, bench, "ED25519");
    peer_new(&stranger, bench, "P-256");
    peer_new(&rotated, bench, "P-256"); /* a new key, that the known one has signed */
    rotated.chain.count = 0;
    test_chain_add(&rotated.chain, rotated.key, known.key);
    test_chain_add(&rotated.chain, known.key, known.key);
    peer_new(&pretender, bench, "P-256"); /* shows the known certificate, without its signature */
    test_chain_add(&pretender.chain, known.key, known.key);

    config->session_policy = CV_SESSION_POLICY_ALLOW;
    assert_decision(&known, &client, "not_allowed");
    list_peer(&config->session_allow, &known);
    assert_decision(&known, &client, NULL);
    assert_decision(&rotated, &client, NULL);
    assert_decision(&stranger, &client, "not_allowed");
    assert_decision(&pretender, &client, "not_allowed");
    list_peer(&config->session_deny, &rotated);
    assert_decision(&rotated, &client, "denied");
    assert_decision(&known, &client, NULL);
    list_peer(&config->session_deny, &known);
    assert_decision(&known, &client, "denied");
    config->session_policy = CV_SESSION_POLICY_OPEN;
    assert_decision(&rotated, &client, "denied");
    assert_decision(&pretender, &client, NULL);
    assert_decision(&stranger, &client, NULL);
    config->session_policy = CV_SESSION_POLICY_DENY;
    assert_decision(&stranger, &client, "closed");

    config->session_policy = CV_SESSION_POLICY_OPEN;
    stranger.chain.bytes[5] ^= 0xff;
    assert_decision(&stranger, &client, "malformed_chain");
    stranger.chain.count = 0;
    for (unsigned i = 0; i < 9; i++)
        test_chain_add(&stranger.chain, stranger.key, stranger.key);
    assert_decision(&stranger, &client, "chain_too_long");
    peer_free(&known);
    peer_free(&stranger);
    peer_free(&rotated);
    peer_free(&pretender);
    client_close(&client);
}

static void observed_addresses(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;
    const struct cv_capsule *capsule;

    peer_start(&peer, bench, 1, UDP);
    fake_session_move(&bench->dataplane, peer.session, "203.0.113.9:1000");
    capsule = peer_hear(&peer, CV_CAPSULE_OBSERVED_ADDRESS);
    assert_true(cv_address_equal(&capsule->observed.peer, &peer.session->state.address));
    assert_true(cv_address_equal(&capsule->observed.relay, &peer.session->state.local));
    /* Of the other family: the relay's address is another one, too. */
    assert_int_equal(cv_address_parse("[2001:db8::1]:443", &peer.session->state.local), 0);
    fake_session_move(&bench->dataplane, peer.session, "[2001:db8::9]:1000");
    capsule = peer_hear(&peer, CV_CAPSULE_OBSERVED_ADDRESS);
    assert_int_equal(capsule->observed.probe, 0);
    assert_true(cv_address_equal(&capsule->observed.peer, &peer.session->state.address));
    assert_true(cv_address_equal(&capsule->observed.relay, &peer.session->state.local));
    peer_free(&peer);
}

static void who_does_not_register_is_closed(void **state)
{
    struct bench *bench = *state;
    struct test_peer silent, registered;

    bench->config.session_register_s = 1;
    peer_new(&silent, bench, "ED25519");
    peer_ask(&silent, 1);
    peer_start(&registered, bench, 2, 0);
    fake_session_move(&bench->dataplane, silent.session, "203.0.113.9:1000"); /* tells it nothing yet */
    peer_wait_closed(&silent, CV_SESSION_ERROR_TOO_LATE);
    assert_false(fake_session_hear(silent.session));
    peer_quiet(&registered);
    peer_free(&silent);
    peer_free(&registered);
}

/* The same instance with the same leaf. With another leaf it is another one, unless it shows the token. */
static void the_newest_session_of_an_instance_stays(void **state)
{
    struct bench *bench = *state;
    struct test_peer first, second, rotated;

    peer_start(&first, bench, 1, UDP);
    second = first;
    peer_ask(&second, 2);
    peer_quiet(&first); /* asking alone throws nobody out */
    peer_register(&second, UDP);
    peer_wait_closed(&first, CV_SESSION_ERROR_REPLACED);

    peer_new(&rotated, bench, "P-256");
    peer_rotate(&rotated, &first);
    memcpy(rotated.instance, second.instance, sizeof(rotated.instance));
    peer_ask(&rotated, 3);
    peer_register(&rotated, UDP);
    peer_quiet(&second);
    memcpy(rotated.token, second.token, sizeof(rotated.token));
    peer_resume(&rotated, 4, UDP);
    assert_int_equal(rotated.resumed, 0);
    peer_wait_closed(&second, CV_SESSION_ERROR_REPLACED);
    peer_free(&first);
    peer_free(&rotated);
}

/* Two leaves of one issuer are two peers. */
static void an_issuer_in_common_is_no_identity(void **state)
{
    struct bench *bench = *state;
    struct test_peer issuer, one, other;
    const struct cv_capsule *capsule;

    peer_new(&issuer, bench, "ED25519");
    peer_new(&one, bench, "ED25519");
    peer_new(&other, bench, "ED25519");
    peer_rotate(&one, &issuer);
    peer_rotate(&other, &issuer);
    memcpy(other.instance, one.instance, sizeof(other.instance));
    peer_ask(&one, 1);
    peer_register(&one, UDP);
    peer_ask(&other, 2);
    peer_register(&other, UDP);
    peer_quiet(&one);
    peer_request(&one, 1, &other, UDP);
    capsule = peer_hear(&other, CV_CAPSULE_PAIR_OFFER);
    assert_true(cv_peer_id_equal(&capsule->offer.other.ids.list[0], &one.id));
    peer_free(&issuer);
    peer_free(&one);
    peer_free(&other);
}

/* Each in a session of its own: bytes after a REGISTER, and what the session is closed as. */
static void offences_close_by_name(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        enum cv_session_error code;
    } cases[] = {
        {"\x80\x29\xe1\xf0\x14\x00\x01iiiiiiiiiiiiiiii\x00\x00", 25,
         CV_SESSION_ERROR_OUT_OF_ORDER}, /* REGISTER again */
        {"\x80\x29\xe1\xf0\x14\x00\x01iiiiiiiiiiiiiiii\x03\x00", 25,
         CV_SESSION_ERROR_MALFORMED},                                    /* no such rule of who may ask */
        {"\x80\x29\xe1\xf1\x2f", 5, CV_SESSION_ERROR_WRONG_SIDE},        /* REGISTERED */
        {"\x80\x29\xe1\xf3\x50\x01", 6, CV_SESSION_ERROR_OVERSIZED},     /* 4,097 bytes */
        {"\x80\x29\xe1\xf3\x00", 5, CV_SESSION_ERROR_MALFORMED},         /* PAIR_REQUEST of nothing */
        {"\x80\x29\xe1\xf5\x02\x00\x01", 7, CV_SESSION_ERROR_MALFORMED}, /* offer 0 */
        {"\x80\x29\xe1\xf9\x01\x00", 6, CV_SESSION_ERROR_MALFORMED},     /* pair 0 */
        {"\x80\x29\xe1\xf9\x03\x01\x29\x00", 8,
         CV_SESSION_ERROR_NOT_UNDERSTOOD}, /* of which it cannot be said whose fault it is */
        {"\x80\x29\xe1\xff\x03\x02\x01\x01\x80\x29\xe1\xff\x03\x02\x01\x01", 16,
         CV_SESSION_ERROR_OUT_OF_ORDER}, /* LEG_REQUEST 2 and 2 again */
    };
    struct bench *bench = *state;

    for (uint64_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_peer peer;

        peer_start(&peer, bench, i + 1, UDP);
        fake_session_bytes(&bench->dataplane, peer.session, cases[i].bytes, cases[i].count);
        peer_wait_closed(&peer, cases[i].code);
        fake_session_go(&bench->dataplane, peer.session);
        peer_free(&peer);
    }
}

/* An answer without an offer, PAIR_CLOSE without a pair, a challenge that is nobody's: they have crossed. */
static void what_names_nothing_is_ignored(void **state)
{
    static const uint8_t bytes[] =
        "\x80\x29\xe1\xf5\x02\x01\x01\x80\x29\xe1\xf6\x03\x02\x4c\x13\x80\x29\xe1\xf9\x01\x01"
        "\x80\x29\xe2\x03\x14\x05\0\0\0\0\0\0\0\x07rrrrrrrrrrr";
    struct bench *bench = *state;
    struct test_peer peer;

    peer_start(&peer, bench, 1, UDP);
    fake_session_bytes(&bench->dataplane, peer.session, bytes, sizeof(bytes) - 1);
    peer_quiet(&peer);
    assert_int_equal(peer.session->state.credited, peer.session->state.received);
    assert_int_equal(bench->dataplane.proves, 0);
    peer_free(&peer);
}

static void a_request_before_register_is_out_of_order(void **state)
{
    struct test_peer peer;

    peer_new(&peer, *state, "ED25519");
    peer_ask(&peer, 1);
    peer.session->unchecked = true;
    peer_request(&peer, 1, &peer, UDP);
    peer_wait_closed(&peer, CV_SESSION_ERROR_OUT_OF_ORDER);
    peer_free(&peer);
}

static bool is_credited(void *context)
{
    const struct test_peer *peer = context;

    return peer->session->state.credited == peer->session->state.received;
}

/* Capsules that nobody knows, of all lengths and in all pieces, are credited and mean nothing. */
static void unknown_capsules_are_passed_over(void **state)
{
    static const uint8_t zeroes[20000];
    struct bench *bench = *state;
    struct test_peer peer;
    uint8_t header[1 + CV_VARINT_BYTES] = {0x17};

    peer_start(&peer, bench, 1, UDP);
    for (size_t length = 0; length < sizeof(zeroes); length = 3 * length + 1) {
        size_t bytes = 1 + cv_varint_write(header + 1, CV_VARINT_BYTES, length);

        for (size_t i = 0; i < bytes; i++)
            fake_session_bytes(&bench->dataplane, peer.session, header + i, 1);
        if (length > 0)
            fake_session_bytes(&bench->dataplane, peer.session, zeroes, length);
        bench_wait(bench, is_credited, &peer, "credit for an unknown capsule");
    }
    peer_request(&peer, 1, &peer, UDP);
    peer_hear_refused(&peer, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NOT_ALLOWED);
    peer_free(&peer);
}

/* Whatever comes after REGISTER: the session is closed by one of the names for it, or goes on. */
static void garbage_is_survived(void **state)
{
    struct bench *bench = *state;
    unsigned seed = 1;

    for (uint64_t i = 1; i <= 100; i++) {
        const uint32_t type = 0x29e1f0 + (uint32_t)(i % 39);
        uint8_t bytes[400];
        struct test_peer peer;

        peer_start(&peer, bench, i, UDP);
        for (size_t j = 0; j < sizeof(bytes); j++)
            bytes[j] = (uint8_t)rand_r(&seed);
        if (i % 2 == 0) { /* at least one known type */
            bytes[0] = 0x80;
            bytes[1] = (uint8_t)(type >> 16);
            bytes[2] = (uint8_t)(type >> 8);
            bytes[3] = (uint8_t)type;
        }
        peer.session->unchecked = true;
        fake_session_bytes(&bench->dataplane, peer.session, bytes, sizeof(bytes));
        for (unsigned turn = 0; turn < 6; turn++)
            bench_turn(bench);
        if (peer.session->closed)
            assert_true((cv_session_error_where(peer.session->code) & CV_IN_SESSION) != 0 &&
                        peer.session->code != CV_SESSION_ERROR_INTERNAL);
        fake_session_go(&bench->dataplane, peer.session);
        peer_free(&peer);
    }
}

/* A data plane that takes little per turn: nothing is lost, and nothing sent twice. */
static void a_full_ring_is_waited_for(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;

    peer_start(&peer, bench, 1, UDP);
    for (uint64_t round = 0; round < 40; round++) {
        for (uint64_t i = 1; i <= 32; i++)
            peer_request(&peer, 32 * round + i, &peer, UDP);
        bench->dataplane.mute = true;
        for (unsigned i = 0; i < 5; i++)
            bench_turn(bench);
        bench->dataplane.mute = false;
        bench->dataplane.per_turn = 3;
        for (uint64_t i = 1; i <= 32; i++)
            peer_hear_refused(&peer, CV_ORIGIN_REQUEST, 32 * round + i, CV_SESSION_ERROR_NOT_ALLOWED);
        bench->dataplane.per_turn = 0;
    }
    peer_free(&peer);
}

static void methods(void **state)
{
    struct bench *bench = *state;
    struct test_peer peers[3];
    struct test_client client;
    char text[CV_PEER_ID_TEXT];
    yyjson_doc *doc;

    client_open(&client, bench);
    for (uint64_t i = 0; i < 3; i++)
        peer_start(&peers[i], bench, 10 * (3 - i), UDP);
    doc = client_call(&client, "session.list", "{\"limit\":2}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/sessions")), 2);
    assert_int_equal(json_number(doc, "/result/sessions/0/session"), 10);
    assert_int_equal(json_number(doc, "/result/sessions/1/session"), 20);
    assert_int_equal(json_number(doc, "/result/next"), 20);
    yyjson_doc_free(doc);
    doc = client_call(&client, "session.list", "{\"cursor\":20}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/sessions")), 1);
    assert_string_equal(json_text(doc, "/result/sessions/0/peer"), cv_peer_id_print(&peers[0].id, text));
    assert_true(json_null(doc, "/result/next"));
    yyjson_doc_free(doc);

    (void)peer_pair(&peers[0], 1, &peers[1]);
    doc = client_call(&client, "session.get", "{\"session\":30}");
    assert_string_equal(json_text(doc, "/result/phase"), "open");
    assert_string_equal(json_text(doc, "/result/address"), "198.51.100.30:4433");
    assert_int_equal(json_number(doc, "/result/pairs"), 1);
    assert_int_equal(json_number(doc, "/result/payload_bytes"), 1200);
    assert_string_equal(json_text(doc, "/result/legs/0"), "udp");
    assert_int_equal(json_number(doc, "/result/round_trip_us"), 20030);
    assert_int_equal(json_number(doc, "/result/round_trip_ms_ago"), 1500);
    yyjson_doc_free(doc);

    client_do(&client, "session.close", "{\"session\":30}");
    peer_wait_closed(&peers[0], CV_SESSION_ERROR_OPERATOR);
    (void)peer_hear(&peers[1], CV_CAPSULE_PAIR_CLOSED);
    client_refused(&client, "session.close", "{\"session\":30}", "not_found");
    client_refused(&client, "session.get", "{\"session\":30}", "not_found");
    client_refused(&client, "session.list", "{\"limit\":0}", "invalid");
    client_refused(&client, "session.get", "{}", "invalid");
    for (unsigned i = 0; i < 3; i++)
        peer_free(&peers[i]);
    client_close(&client);
}

/* Nobody registers, is admitted or offered anything; who was told goes at the end, or is told to stay. */
static void drain(void **state)
{
    struct bench *bench = *state;
    struct test_peer peers[2], late, unregistered;
    const struct cv_capsule *capsule;
    struct test_client client;

    client_open(&client, bench);
    peer_start(&peers[0], bench, 1, UDP);
    peer_start(&peers[1], bench, 2, UDP);
    peer_new(&unregistered, bench, "ED25519");
    peer_ask(&unregistered, 3);
    client_refused(&client, "session.resume", "{}", "not_found");
    client_refused(&client, "session.drain", "{\"after_s\":86401}", "invalid");
    client_do(&client, "session.drain", "{\"after_s\":600}");
    client_refused(&client, "session.drain", "{}", "exists");
    for (unsigned i = 0; i < 2; i++) {
        capsule = peer_hear(&peers[i], CV_CAPSULE_GO_AWAY);
        assert_in_range(capsule->go_away.seconds, 590, 600);
        assert_int_equal(capsule->go_away.relay.count, 0);
    }
    peer_request(&peers[0], 1, &peers[1], UDP);
    peer_hear_refused(&peers[0], CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_GOING_AWAY);
    peer_say(&unregistered, &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = UDP}});
    (void)peer_hear(&unregistered, CV_CAPSULE_GO_AWAY);
    peer_new(&late, bench, "ED25519");
    peer_ask(&late, 4);
    assert_true(late.session->refused);
    assert_int_equal(late.session->code, CV_SESSION_ERROR_GOING_AWAY);
    peer_free(&late);

    client_do(&client, "session.resume", "{}");
    for (unsigned i = 0; i < 2; i++)
        (void)peer_hear(&peers[i], CV_CAPSULE_STAY);
    peer_wait_closed(&unregistered, CV_SESSION_ERROR_GOING_AWAY); /* it never was a guest */
    peer_start(&late, bench, 5, UDP);
    (void)peer_pair(&late, 1, &peers[0]); /* as if GO_AWAY had never come */
    client_do(&client, "session.drain", "{\"after_s\":1}");
    capsule = peer_hear(&late, CV_CAPSULE_GO_AWAY);
    assert_int_equal(capsule->go_away.seconds, 1);
    (void)peer_hear(&peers[0], CV_CAPSULE_GO_AWAY);
    peer_wait_closed(&late, CV_SESSION_ERROR_GOING_AWAY);
    for (unsigned i = 0; i < 2; i++) {
        peer_wait_closed(&peers[i], CV_SESSION_ERROR_GOING_AWAY);
        peer_free(&peers[i]);
    }
    peer_free(&late);
    peer_free(&unregistered);
    client_close(&client);
}

/* Control forgets it when it is restarted: who was told to go is told to stay, and who never was a guest is closed. */
static void a_restart_calls_a_drain_off(void **state)
{
    struct bench *bench = *state;
    struct test_peer peers[2], unregistered;
    struct test_client client;

    client_open(&client, bench);
    for (uint64_t i = 0; i < 2; i++)
        peer_start(&peers[i], bench, i + 1, UDP);
    peer_new(&unregistered, bench, "ED25519");
    peer_ask(&unregistered, 3);
    client_do(&client, "session.drain", "{\"after_s\":600}");
    client_close(&client);
    for (unsigned i = 0; i < 2; i++)
        (void)peer_hear(&peers[i], CV_CAPSULE_GO_AWAY);
    peer_say(&unregistered, &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = UDP}});
    (void)peer_hear(&unregistered, CV_CAPSULE_GO_AWAY);
    session_settle(bench);
    session_restart_control(bench);
    for (unsigned i = 0; i < 2; i++)
        (void)peer_hear(&peers[i], CV_CAPSULE_STAY);
    peer_wait_closed(&unregistered, CV_SESSION_ERROR_GOING_AWAY);
    (void)peer_pair(&peers[0], 1, &peers[1]);
    for (unsigned i = 0; i < 2; i++)
        peer_free(&peers[i]);
    peer_free(&unregistered);
}

/* Nothing that a peer could ask for is begun any more, not even where another peer asks for the same. */
static void a_drain_refuses_requests_of_every_kind(void **state)
{
    struct bench *bench = *state;
    struct test_peer peers[2];
    struct test_client client;
    uint64_t pair;

    client_open(&client, bench);
    for (uint64_t i = 0; i < 2; i++)
        peer_start(&peers[i], bench, i + 1, UDP);
    pair = peer_pair(&peers[0], 1, &peers[1]);
    peer_request(&peers[0], 2, &peers[1], UDP);
    (void)peer_hear_offer(&peers[1]);
    client_do(&client, "session.drain", "{\"after_s\":600}");
    client_close(&client);
    for (unsigned i = 0; i < 2; i++)
        (void)peer_hear(&peers[i], CV_CAPSULE_GO_AWAY);
    peer_request(&peers[1], 1, &peers[0], UDP); /* it would cross */
    peer_hear_refused(&peers[1], CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_GOING_AWAY);
    peer_request_leg(&peers[1], 2, pair, UDP);
    peer_hear_refused(&peers[1], CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_GOING_AWAY);
    peer_say(&peers[1], &(struct cv_capsule){.type = CV_CAPSULE_REACHABLE, .number = 3});
    peer_hear_refused(&peers[1], CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_GOING_AWAY);
    peer_quiet(&peers[0]);
    for (unsigned i = 0; i < 2; i++)
        peer_free(&peers[i]);
}

/* Where to go, and whose relay that is. */
static void drain_to_another_relay(void **state)
{
    static const char *const bad[] = {
        "{\"to\":\"192.0.2.9:443\"}", "{\"relay\":\"%s\"}", "{\"to\":\"192.0.2.9:0\",\"relay\":\"%s\"}",
        "{\"to\":\"192.0.2.9\",\"relay\":\"%s\"}", "{\"to\":\"192.0.2.9:443\",\"relay\":\"abc\"}"};
    struct bench *bench = *state;
    struct test_peer peer, relay;
    const struct cv_capsule *capsule;
    struct test_client client;
    char id[CV_PEER_ID_TEXT], params[256];

    client_open(&client, bench);
    peer_start(&peer, bench, 1, UDP);
    peer_new(&relay, bench, "P-256");
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *at = strstr(bad[i], "%s");

        (void)snprintf(params, sizeof(params), "%.*s%s%s",
                       (int)(at == NULL ? strlen(bad[i]) : (size_t)(at - bad[i])), bad[i],
                       at == NULL ? "" : cv_peer_id_print(&relay.id, id), at == NULL ? "" : at + 2);
        client_refused(&client, "session.drain", params, "invalid");
    }
    (void)snprintf(params, sizeof(params), "{\"after_s\":60,\"to\":\"192.0.2.9:4433\",\"relay\":\"%s\"}",
                   cv_peer_id_print(&relay.id, id));
    client_do(&client, "session.drain", params);
    capsule = peer_hear(&peer, CV_CAPSULE_GO_AWAY);
    assert_int_equal(capsule->go_away.relay.count, 1);
    assert_int_equal(capsule->go_away.relay.port_be, htons(4433));
    assert_memory_equal(capsule->parameters.spans[CV_PARAMETER_RELAY_ID].at, relay.id.bytes,
                        CV_PEER_ID_BYTES);
    client_do(&client, "session.resume", "{}");
    (void)peer_hear(&peer, CV_CAPSULE_STAY);
    client_do(&client, "session.drain", "{}"); /* and the next one knows nothing of it */
    capsule = peer_hear(&peer, CV_CAPSULE_GO_AWAY);
    assert_int_equal(capsule->go_away.relay.count, 0);
    assert_false(cv_parameter_is_set(&capsule->parameters, CV_PARAMETER_RELAY_ID));
    peer_free(&peer);
    peer_free(&relay);
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, session_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(admits_every_key_type),
        TEST(policies),
        TEST(observed_addresses),
        TEST(who_does_not_register_is_closed),
        TEST(the_newest_session_of_an_instance_stays),
        TEST(an_issuer_in_common_is_no_identity),
        TEST(offences_close_by_name),
        TEST(what_names_nothing_is_ignored),
        TEST(a_request_before_register_is_out_of_order),
        TEST(unknown_capsules_are_passed_over),
        TEST(garbage_is_survived),
        TEST(a_full_ring_is_waited_for),
        TEST(methods),
        TEST(drain),
        TEST(drain_to_another_relay),
        TEST(a_restart_calls_a_drain_off),
        TEST(a_drain_refuses_requests_of_every_kind),
    };

    return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
