/* SPDX-License-Identifier: BSD-3-Clause */
/* Several programs of one identity: which of them a request is for, who may ask, what others are told. */
#include "session_test.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP CV_LEG_KIND_UDP

/* Registers in session `number` with these services, whose names are separated by spaces. */
static void start_with(struct test_peer *peer, uint64_t number, const char *services)
{
    struct cv_capsule registration = peer_registration(peer, UDP);

    while (*services != '\0') {
        size_t bytes = strcspn(services, " ");

        cv_parameter_span(&registration.parameters, CV_PARAMETER_SERVICE, services, bytes);
        services += services[bytes] == ' ' ? bytes + 1 : bytes;
    }
    peer_ask(peer, number);
    assert_true(peer->session->admitted);
    peer_register_as(peer, &registration);
}

static void request(struct test_peer *peer, uint64_t number, const struct test_peer *other,
                    const char *service, const struct test_peer *instance)
{
    struct cv_capsule capsule = peer_pair_request(number, other, UDP);

    if (service != NULL)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE, service, strlen(service));
    if (instance != NULL)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_INSTANCE, instance->instance, CV_INSTANCE_BYTES);
    peer_say(peer, &capsule);
}

/* The request has gone to this one. It is refused again, so that the next one does not wait for it. */
static void goes_to(struct test_peer *asker, uint64_t number, struct test_peer *target)
{
    uint64_t offer = peer_hear_offer(target);

    peer_refuse(target, offer, CV_SESSION_ERROR_NOT_WANTED);
    peer_hear_refused(target, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_NOT_WANTED);
    peer_hear_refused(asker, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_NOT_WANTED);
}

static void what_registered_says(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;
    const struct cv_capsule *capsule;
    const uint64_t *numbers;

    bench->config.session_requests = 120;
    bench->config.session_messages = 60;
    bench->config.pair_rate_bytes_per_second = 12500;
    peer_new(&peer, bench, "ED25519");
    peer_ask(&peer, 1);
    peer_say(&peer, &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = UDP}});
    capsule = peer_hear(&peer, CV_CAPSULE_REGISTERED);
    numbers = capsule->parameters.numbers;
    assert_int_equal(capsule->registered.relay.port_be, htons(443));
    assert_int_equal(capsule->registered.relay.count, 1);
    assert_int_equal(capsule->registered.relay_port_first_be, htons(40000));
    assert_int_equal(capsule->registered.relay_port_last_be, htons(40063));
    assert_int_equal(capsule->parameters.spans[CV_PARAMETER_RESUMPTION_TOKEN].bytes,
                     CV_RESUMPTION_TOKEN_BYTES);
    assert_int_equal(numbers[CV_PARAMETER_RESUMPTION_TIME], 60);
    assert_false(cv_parameter_is_set(&capsule->parameters, CV_PARAMETER_RESUMED));
    assert_memory_equal(capsule->parameters.spans[CV_PARAMETER_TICKET].at, peer.session->state.ticket,
                        CV_TICKET_BYTES);
    assert_int_equal(numbers[CV_PARAMETER_KINDS], CV_LEG_KINDS);
    assert_int_equal(numbers[CV_PARAMETER_INSTANCES], 4);
    assert_true(numbers[CV_PARAMETER_TUNNEL_LEGS] > 0);
    assert_int_equal(numbers[CV_PARAMETER_RATE_BYTES], 12500);
    assert_int_equal(numbers[CV_PARAMETER_MESSAGES], 60);
    assert_int_equal(numbers[CV_PARAMETER_MESSAGE_BYTES], CV_CAPSULE_MESSAGE_MAX);
    assert_int_equal(numbers[CV_PARAMETER_REQUESTS], 120);
    peer_free(&peer);
}

/* Each with a session, and pairs, of its own; also with each other. */
static void side_by_side(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, one, two;
    uint64_t pair;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&one, bench, 2, UDP);
    two = peer_sibling(&one);
    peer_ask(&two, 3);
    peer_register(&two, UDP);
    peer_quiet(&one);
    (void)peer_pair(&one, 1, &alice);
    (void)peer_pair(&two, 1, &alice);
    request(&one, 2, &two, NULL, &two);
    peer_accept(&two, peer_hear_offer(&two), UDP);
    pair = peer_hear_made(&one, CV_ORIGIN_REQUEST, 2).made.pair;
    assert_int_equal(peer_hear(&two, CV_CAPSULE_PAIR_MADE)->made.pair, pair);
    request(&one, 3, &one, NULL, &one);
    peer_hear_refused(&one, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_NOT_ALLOWED);
    assert_int_equal(bench->dataplane.count, 3);
    peer_free(&alice);
    peer_free(&one);
}

static void the_newest_that_offers_it(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, plain, chat, both;

    peer_start(&alice, bench, 1, UDP);
    peer_new(&plain, bench, "ED25519");
    chat = peer_sibling(&plain);
    both = peer_sibling(&plain);
    start_with(&plain, 2, "");
    start_with(&chat, 3, "chat");
    start_with(&both, 4, "files chat");
    request(&alice, 1, &plain, "chat", NULL);
    goes_to(&alice, 1, &both);
    request(&alice, 2, &plain, "files", NULL);
    goes_to(&alice, 2, &both);
    request(&alice, 3, &plain, NULL, NULL); /* who has no services takes what names none */
    goes_to(&alice, 3, &plain);
    request(&alice, 4, &plain, NULL, &chat);
    goes_to(&alice, 4, &chat);
    request(&alice, 5, &plain, "files", &chat); /* the instance decides */
    goes_to(&alice, 5, &chat);
    request(&alice, 6, &plain, "video", NULL);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 6, CV_SESSION_ERROR_NO_SUCH_SERVICE);
    request(&alice, 7, &plain, "cha", NULL);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 7, CV_SESSION_ERROR_NO_SUCH_SERVICE);
    request(&alice, 8, &plain, NULL, &alice);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 8, CV_SESSION_ERROR_NO_SUCH_PEER);
    fake_session_go(&bench->dataplane, both.session);
    fake_session_go(&bench->dataplane, plain.session);
    for (int i = 0; i < 10; i++)
        bench_turn(bench);
    request(&alice, 9, &plain, "chat", NULL);
    goes_to(&alice, 9, &chat);
    request(&alice, 10, &plain, NULL, NULL); /* or else the newest of all */
    goes_to(&alice, 10, &chat);
    peer_free(&alice);
    peer_free(&plain);
}

/* Newest is who registered last, not whose instance was made last; that is kept over a restart of control. */
static void the_newest_after_it_came_back(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, first, second;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&first, bench, 2, UDP);
    (void)peer_pair(&first, 1, &alice);
    second = peer_sibling(&first);
    peer_ask(&second, 3);
    peer_register(&second, UDP);
    request(&alice, 1, &first, NULL, NULL);
    goes_to(&alice, 1, &second);
    fake_session_lose(&bench->dataplane, first.session, CV_SESSION_END_IDLE);
    peer_resume(&first, 4, UDP);
    (void)peer_hear_made(&first, CV_ORIGIN_RESUMED, 0);
    request(&alice, 2, &first, NULL, NULL);
    goes_to(&alice, 2, &first);
    session_restart_control(bench);
    request(&alice, 3, &first, NULL, NULL);
    goes_to(&alice, 3, &first);
    peer_free(&alice);
    peer_free(&first);
}

/* Sixteen services of 64 bytes are kept over a restart of control, as is what they are called. */
static void services_are_kept(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;
    struct cv_capsule registration;
    char names[CV_SERVICES_MAX][CV_SERVICE_BYTES_MAX + 1];
    const struct cv_capsule *capsule;

    peer_start(&alice, bench, 1, UDP);
    peer_new(&bob, bench, "ED25519");
    registration = peer_registration(&bob, UDP);
    for (unsigned i = 0; i < CV_SERVICES_MAX; i++) {
        memset(names[i], 'a' + (int)i, CV_SERVICE_BYTES_MAX);
        names[i][CV_SERVICE_BYTES_MAX] = '\0';
        cv_parameter_span(&registration.parameters, CV_PARAMETER_SERVICE, names[i], CV_SERVICE_BYTES_MAX);
    }
    peer_ask(&bob, 2);
    peer_register_as(&bob, &registration);
    session_restart_control(bench);
    for (unsigned i = 0; i < 3; i++) {
        request(&alice, i + 1, &bob, names[7 * i], NULL);
        capsule = peer_hear(&bob, CV_CAPSULE_PAIR_OFFER);
        assert_int_equal(capsule->parameters.spans[CV_PARAMETER_SERVICE].bytes, CV_SERVICE_BYTES_MAX);
        assert_memory_equal(capsule->parameters.spans[CV_PARAMETER_SERVICE].at, names[7 * i],
                            CV_SERVICE_BYTES_MAX);
    }
    peer_free(&alice);
    peer_free(&bob);
}

static void as_many_as_may_be(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob[5];
    uint64_t pairs[2];

    bench->config.session_instances = 3;
    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob[0], bench, 2, UDP);
    for (unsigned i = 1; i < 5; i++)
        bob[i] = peer_sibling(&bob[0]);
    for (unsigned i = 1; i < 3; i++) {
        peer_ask(&bob[i], 2 + i);
        peer_register(&bob[i], UDP);
    }
    for (unsigned i = 0; i < 2; i++)
        pairs[i] = peer_pair(&bob[i], 1, &alice);
    peer_ask(&bob[3], 5);
    peer_say(&bob[3], &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = UDP}});
    peer_wait_closed(&bob[3], CV_SESSION_ERROR_TOO_MANY_INSTANCES);
    peer_quiet(&bob[0]);

    /* Those that are away count as well, but give way, the one first that has been away for longest. */
    for (unsigned i = 2; i > 0; i--) {
        fake_session_lose(&bench->dataplane, bob[i - 1].session, CV_SESSION_END_IDLE);
        for (int turn = 0; turn < 20; turn++)
            bench_turn(bench);
    }
    peer_quiet(&alice);
    peer_ask(&bob[3], 6);
    peer_register(&bob[3], UDP);
    peer_hear_closed(&alice, pairs[1], CV_SESSION_ERROR_PEER_GONE);
    peer_ask(&bob[4], 7);
    peer_register(&bob[4], UDP);
    peer_hear_closed(&alice, pairs[0], CV_SESSION_ERROR_PEER_GONE);
    peer_ask(&bob[0], 8);
    peer_say(&bob[0], &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = UDP}});
    peer_wait_closed(&bob[0], CV_SESSION_ERROR_TOO_MANY_INSTANCES);
    peer_free(&alice);
    peer_free(&bob[0]);
}

/* A certificate that comes again counts once, for who has it and for who it is shown to. */
static void repeats_in_a_chain(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob[5];
    const struct cv_capsule *offer;

    peer_start(&alice, bench, 1, UDP);
    peer_new(&bob[0], bench, "ED25519");
    for (unsigned i = 0; i < 2; i++)
        test_chain_add(&bob[0].chain, bob[0].key, bob[0].key);
    for (unsigned i = 0; i < 5; i++) {
        if (i > 0)
            bob[i] = peer_sibling(&bob[0]);
        peer_ask(&bob[i], 2 + i);
        if (i < 4)
            peer_register(&bob[i], UDP);
        if (i == 2)
            session_restart_control(bench);
    }
    peer_say(&bob[4], &(struct cv_capsule){.type = CV_CAPSULE_REGISTER, .registration = {.legs = UDP}});
    peer_wait_closed(&bob[4], CV_SESSION_ERROR_TOO_MANY_INSTANCES);
    request(&bob[3], 1, &alice, NULL, NULL);
    offer = peer_hear(&alice, CV_CAPSULE_PAIR_OFFER);
    assert_int_equal(offer->offer.other.ids.count, 1);
    peer_free(&alice);
    peer_free(&bob[0]);
}

/* The limit is each leaf's: an issuer's leaves do not use up each other's, nor the issuer's. */
static void an_issuers_leaves_count_apart(void **state)
{
    struct bench *bench = *state;
    struct test_peer issuer, leaves[3];

    bench->config.session_instances = 1;
    peer_start(&issuer, bench, 1, UDP);
    for (unsigned i = 0; i < 3; i++) {
        peer_new(&leaves[i], bench, "ED25519");
        peer_rotate(&leaves[i], &issuer);
        memcpy(leaves[i].instance, issuer.instance, CV_INSTANCE_BYTES);
        peer_ask(&leaves[i], 2 + i);
        peer_register(&leaves[i], UDP);
    }
    peer_quiet(&issuer);
    for (unsigned i = 0; i < 3; i++) {
        peer_quiet(&leaves[i]);
        peer_free(&leaves[i]);
    }
    peer_free(&issuer);
}

/* The issuer's ID leads to the issuer if it is there, or else to the leaf that registered last. */
static void found_by_their_issuer(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, issuer, leaves[2];

    peer_start(&alice, bench, 1, UDP);
    peer_new(&issuer, bench, "ED25519");
    for (unsigned i = 0; i < 2; i++) {
        peer_new(&leaves[i], bench, "ED25519");
        peer_rotate(&leaves[i], &issuer);
        peer_ask(&leaves[i], 2 + i);
        peer_register(&leaves[i], UDP);
    }
    request(&alice, 1, &issuer, NULL, NULL);
    goes_to(&alice, 1, &leaves[1]);
    request(&alice, 2, &leaves[0], NULL, NULL);
    goes_to(&alice, 2, &leaves[0]);
    peer_ask(&issuer, 4);
    peer_register(&issuer, UDP);
    request(&alice, 3, &issuer, NULL, NULL);
    goes_to(&alice, 3, &issuer);
    request(&alice, 4, &issuer, "chat", NULL); /* the issuer is there, and does not offer it */
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 4, CV_SESSION_ERROR_NO_SUCH_SERVICE);
    fake_session_go(&bench->dataplane, issuer.session);
    for (int i = 0; i < 10; i++)
        bench_turn(bench);
    request(&alice, 5, &issuer, NULL, NULL);
    goes_to(&alice, 5, &leaves[1]);
    peer_free(&alice);
    peer_free(&issuer);
    peer_free(&leaves[0]);
    peer_free(&leaves[1]);
}

/* First the identity, then which of its instances: one without services is no reason to take another leaf. */
static void the_leaf_that_registered_last(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, issuer, leaves[2], plain;

    peer_start(&alice, bench, 1, UDP);
    peer_new(&issuer, bench, "ED25519");
    for (unsigned i = 0; i < 2; i++) {
        peer_new(&leaves[i], bench, "ED25519");
        peer_rotate(&leaves[i], &issuer);
    }
    plain = peer_sibling(&leaves[1]);
    start_with(&leaves[0], 2, "");
    start_with(&leaves[1], 3, "chat");
    request(&alice, 1, &issuer, NULL, NULL);
    goes_to(&alice, 1, &leaves[1]);
    start_with(&plain, 4, "");
    fake_session_go(&bench->dataplane, leaves[1].session);
    session_settle(bench);
    start_with(&leaves[1], 5, "chat");
    request(&alice, 2, &issuer, NULL, NULL); /* of that leaf, who has no services */
    goes_to(&alice, 2, &plain);
    request(&alice, 3, &issuer, "chat", NULL);
    goes_to(&alice, 3, &leaves[1]);
    request(&alice, 4, &issuer, NULL, &leaves[0]);
    goes_to(&alice, 4, &leaves[0]);
    request(&alice, 5, &issuer, "files", NULL);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 5, CV_SESSION_ERROR_NO_SUCH_SERVICE);
    fake_session_go(&bench->dataplane, leaves[0].session);
    session_settle(bench);
    start_with(&leaves[0], 6, "files");
    request(&alice, 6, &issuer, "chat", NULL); /* the last that offers it */
    goes_to(&alice, 6, &leaves[1]);
    session_restart_control(bench);
    request(&alice, 7, &issuer, NULL, NULL);
    goes_to(&alice, 7, &leaves[0]);
    peer_free(&alice);
    peer_free(&issuer);
    peer_free(&leaves[0]);
    peer_free(&leaves[1]);
}

/* ---- Who may ask ---- */

static void reach(struct test_peer *peer, uint64_t number, uint64_t by, const struct test_peer *listed)
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_REACHABLE, .number = number, .reachable = {.by = by}};

    if (listed != NULL)
        capsule.reachable.peers = (struct cv_peer_ids){.list = &listed->id, .count = 1};
    peer_say(peer, &capsule);
}

static void hear_done(struct test_peer *peer, uint64_t number)
{
    assert_int_equal(peer_hear(peer, CV_CAPSULE_DONE)->number, number);
}

static void reachable_by_those_listed(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob, rotated;

    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP);
    peer_new(&rotated, bench, "P-256"); /* a new leaf of alice's */
    peer_rotate(&rotated, &alice);
    peer_ask(&rotated, 3);
    peer_register(&rotated, UDP);
    reach(&bob, 1, CV_REACHABLE_BY_NOBODY, NULL);
    hear_done(&bob, 1);
    peer_request(&alice, 1, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NOT_WANTED);
    reach(&bob, 2, CV_REACHABLE_BY_LISTED, &alice);
    hear_done(&bob, 2);
    peer_request(&alice, 2, &bob, UDP);
    goes_to(&alice, 2, &bob);
    peer_request(&rotated, 1, &bob, UDP); /* any ID of its chain */
    goes_to(&rotated, 1, &bob);
    reach(&bob, 3, CV_REACHABLE_BY_LISTED, &rotated);
    hear_done(&bob, 3);
    peer_request(&alice, 3, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 3, CV_SESSION_ERROR_NOT_WANTED);
    session_restart_control(bench);
    peer_request(&alice, 4, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 4, CV_SESSION_ERROR_NOT_WANTED);
    peer_request(&rotated, 2, &bob, UDP);
    goes_to(&rotated, 2, &bob);
    reach(&bob, 4, CV_REACHABLE_BY_ANYONE, NULL);
    hear_done(&bob, 4);
    peer_request(&alice, 5, &bob, UDP);
    goes_to(&alice, 5, &bob);
    peer_free(&alice);
    peer_free(&bob);
    peer_free(&rotated);
}

/* From the beginning: as REGISTER says. What is offered already stays, and so may one's own requests. */
static void reachable_from_register_on(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;
    struct cv_capsule registration;
    uint64_t offer;

    peer_start(&alice, bench, 1, UDP);
    peer_new(&bob, bench, "ED25519");
    registration = peer_registration(&bob, UDP);
    registration.registration.reachable.by = CV_REACHABLE_BY_NOBODY;
    peer_ask(&bob, 2);
    peer_register_as(&bob, &registration);
    peer_request(&alice, 1, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NOT_WANTED);
    (void)peer_pair(&bob, 1, &alice);
    reach(&bob, 2, CV_REACHABLE_BY_ANYONE, NULL);
    hear_done(&bob, 2);
    peer_request(&alice, 2, &bob, UDP);
    offer = peer_hear_offer(&bob);
    reach(&bob, 3, CV_REACHABLE_BY_NOBODY, NULL);
    hear_done(&bob, 3);
    peer_accept(&bob, offer, UDP);
    (void)peer_hear_made(&bob, CV_ORIGIN_OFFER, offer);
    (void)peer_hear_made(&alice, CV_ORIGIN_REQUEST, 2);
    peer_free(&alice);
    peer_free(&bob);
}

/* Where the operator wants lists nobody is reachable by anyone, whatever he asks for. */
static void the_operator_wants_lists(void **state)
{
    struct bench *bench = *state;
    struct test_peer alice, bob;

    bench->config.session_reachable = CV_SESSION_REACHABLE_LISTED;
    peer_start(&alice, bench, 1, UDP);
    peer_start(&bob, bench, 2, UDP); /* it said: anyone */
    peer_request(&alice, 1, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NOT_WANTED);
    reach(&bob, 1, CV_REACHABLE_BY_LISTED, &alice);
    hear_done(&bob, 1);
    reach(&bob, 2, CV_REACHABLE_BY_ANYONE, NULL);
    peer_hear_refused(&bob, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NOT_ALLOWED);
    peer_request(&alice, 2, &bob, UDP); /* nothing has changed */
    goes_to(&alice, 2, &bob);
    peer_free(&alice);
    peer_free(&bob);
}

/* ---- What others are told ---- */

static void check_identity(const struct cv_other_peer *told, const struct test_peer *asked,
                           const struct test_peer *peer, const struct test_peer *older)
{
    assert_true(cv_peer_id_equal(&told->asked, &asked->id));
    assert_memory_equal(told->instance, peer->instance, CV_INSTANCE_BYTES);
    assert_int_equal(told->ids.count, older == NULL ? 1 : 2);
    assert_true(cv_peer_id_equal(&told->ids.list[0], &peer->id));
    if (older != NULL)
        assert_true(cv_peer_id_equal(&told->ids.list[1], &older->id));
}

/* All IDs of each, and the one that was asked for: in PAIR_OFFER and both PAIR_MADE. */
static void identity_is_whole(void **state)
{
    struct bench *bench = *state;
    struct test_peer older[2], peers[2];

    for (unsigned i = 0; i < 2; i++) {
        peer_new(&older[i], bench, "RSA");
        peer_new(&peers[i], bench, "P-256");
        peer_rotate(&peers[i], &older[i]);
        peer_ask(&peers[i], 1 + i);
        peer_register(&peers[i], UDP);
    }
    request(&peers[0], 1, &older[1], NULL, NULL);
    check_identity(&peer_hear(&peers[1], CV_CAPSULE_PAIR_OFFER)->offer.other, &older[1], &peers[0],
                   &older[0]);
    session_restart_control(bench); /* also when it is remembered only */
    peer_accept(&peers[1], peers[1].session->capsule.number, UDP);
    check_identity(&peer_hear(&peers[0], CV_CAPSULE_PAIR_MADE)->made.other, &older[1], &peers[1], &older[1]);
    check_identity(&peer_hear(&peers[1], CV_CAPSULE_PAIR_MADE)->made.other, &older[1], &peers[0], &older[0]);
    for (unsigned i = 0; i < 2; i++) {
        peer_free(&older[i]);
        peer_free(&peers[i]);
    }
}

static void shown_to_operators(void **state)
{
    struct bench *bench = *state;
    struct test_peer peer;
    struct test_client client;
    yyjson_doc *doc;

    peer_new(&peer, bench, "ED25519");
    memset(peer.instance, 0xa5, sizeof(peer.instance));
    start_with(&peer, 1, "files chat");
    client_open(&client, bench);
    doc = client_call(&client, "session.get", "{\"session\":1}");
    assert_string_equal(json_text(doc, "/result/instance"), "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
    assert_string_equal(json_text(doc, "/result/services/0"), "files");
    assert_string_equal(json_text(doc, "/result/services/1"), "chat");
    assert_string_equal(json_text(doc, "/result/reachable"), "anyone");
    yyjson_doc_free(doc);
    reach(&peer, 1, CV_REACHABLE_BY_NOBODY, NULL);
    hear_done(&peer, 1);
    doc = client_call(&client, "session.get", "{\"session\":1}");
    assert_string_equal(json_text(doc, "/result/reachable"), "nobody");
    yyjson_doc_free(doc);
    client_close(&client);
    peer_free(&peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, session_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_registered_says),      TEST(side_by_side),
        TEST(the_newest_that_offers_it), TEST(the_newest_after_it_came_back),
        TEST(services_are_kept),         TEST(as_many_as_may_be),
        TEST(repeats_in_a_chain),        TEST(an_issuers_leaves_count_apart),
        TEST(found_by_their_issuer),     TEST(the_leaf_that_registered_last),
        TEST(reachable_by_those_listed), TEST(reachable_from_register_on),
        TEST(the_operator_wants_lists),  TEST(identity_is_whole),
        TEST(shown_to_operators),
    };

    return cmocka_run_group_tests_name("peer_instances", tests, NULL, NULL);
}
