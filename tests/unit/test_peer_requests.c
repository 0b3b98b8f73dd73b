/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests for pairs: what they carry, how they cross, and which end alone because they are wrong. */
#include "session_test.h"

#include "protocol/capsule_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define UDP    CV_LEG_KIND_UDP
#define TUNNEL CV_LEG_KIND_TUNNEL
#define ANY    CV_LEG_KINDS

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

static void say_with(struct test_peer *peer, struct cv_capsule capsule, const char *service, const char *data)
{
    if (service != NULL)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE, service, strlen(service));
    if (data != NULL)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_DATA, data, strlen(data));
    peer_say(peer, &capsule);
}

static void request_with(struct test_peer *peer, uint64_t number, const struct test_peer *other,
                         const char *service, const char *data)
{
    say_with(peer, peer_pair_request(number, other, ANY), service, data);
}

/* NULL: the parameter is not there. */
static void check_span(const struct cv_capsule *capsule, enum cv_parameter parameter, const char *expected)
{
    const struct cv_span *span = &capsule->parameters.spans[parameter];

    assert_int_equal(cv_parameter_is_set(&capsule->parameters, parameter), expected != NULL);
    if (expected == NULL)
        return;
    assert_int_equal(span->bytes, strlen(expected));
    assert_memory_equal(span->at, expected, span->bytes);
}

static void check_carries(const struct cv_capsule *capsule, const char *service, const char *data)
{
    check_span(capsule, CV_PARAMETER_SERVICE, service);
    check_span(capsule, CV_PARAMETER_DATA, data);
}

/* ---- What they carry ---- */

static void data_goes_along(void **state)
{
    struct bench *bench = *state;
    const struct cv_capsule accept = {.type = CV_CAPSULE_PAIR_ACCEPT, .accept = {.legs = UDP}};
    struct cv_capsule answer = accept;
    struct test_peer carol;
    struct cv_capsule registration;

    peer_new(&carol, bench, "ED25519");
    registration = peer_registration(&carol, UDP);
    cv_parameter_span(&registration.parameters, CV_PARAMETER_SERVICE, "chat", 4);
    peer_ask(&carol, 3);
    peer_register_as(&carol, &registration);
    request_with(&alice, 7, &carol, "chat", "room 12");
    check_carries(peer_hear(&carol, CV_CAPSULE_PAIR_OFFER), "chat", "room 12");
    answer.number = carol.session->capsule.number;
    session_restart_control(bench); /* kept as well */
    say_with(&carol, answer, NULL, "seat 3");
    check_carries(peer_hear(&alice, CV_CAPSULE_PAIR_MADE), "chat", "seat 3");
    check_carries(peer_hear(&carol, CV_CAPSULE_PAIR_MADE), "chat", NULL);
    peer_free(&carol);
}

static void as_much_as_may_be(void **state)
{
    char data[CV_DATA_BYTES_MAX + 1];
    struct cv_capsule answer = {.type = CV_CAPSULE_PAIR_ACCEPT, .accept = {.legs = UDP}};

    (void)state;
    memset(data, 'd', CV_DATA_BYTES_MAX);
    data[CV_DATA_BYTES_MAX] = '\0';
    request_with(&alice, 1, &bob, NULL, data);
    check_carries(peer_hear(&bob, CV_CAPSULE_PAIR_OFFER), NULL, data);
    answer.number = bob.session->capsule.number;
    say_with(&bob, answer, NULL, data);
    check_carries(peer_hear(&alice, CV_CAPSULE_PAIR_MADE), NULL, data);
}

static void data_of_a_refusal(void **state)
{
    struct cv_capsule answer = {.type = CV_CAPSULE_PAIR_REFUSE, .refuse = {.code = CV_SESSION_ERROR_BUSY}};

    (void)state;
    peer_request(&alice, 1, &bob, UDP);
    answer.number = peer_hear_offer(&bob);
    say_with(&bob, answer, NULL, "locked");
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_BUSY);
    check_span(&alice.session->capsule, CV_PARAMETER_DATA, "locked");
    peer_hear_refused(&bob, CV_ORIGIN_OFFER, answer.number, CV_SESSION_ERROR_BUSY);
}

/* Random, the same at both ends, and another one for each pair. */
static void pair_ids(void **state)
{
    struct bench *bench = *state;
    struct test_pair pairs[3];

    (void)bench;
    for (uint64_t i = 0; i < 3; i++)
        pairs[i] = peer_make(&alice, i + 1, UDP, &bob, UDP); /* looks at both ends */
    for (unsigned i = 0; i < 3; i++)
        assert_memory_not_equal(pairs[i].made[0].made.id, pairs[(i + 1) % 3].made[0].made.id,
                                CV_PAIR_ID_BYTES);
}

/* ---- Crossing ---- */

static const struct test_peer *lower(void)
{
    return memcmp(alice.id.bytes, bob.id.bytes, CV_PEER_ID_BYTES) < 0 ? &alice : &bob;
}

static void check_crossed(struct test_peer *peer, const struct test_peer *other, uint64_t request,
                          uint64_t *pair, uint8_t id[CV_PAIR_ID_BYTES], const char *data)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_PAIR_MADE);

    assert_int_equal(capsule->made.origin, CV_ORIGIN_REQUEST);
    assert_int_equal(capsule->number, request);
    assert_int_equal(capsule->made.role, lower() == peer ? CV_ROLE_DIALS : CV_ROLE_LISTENS);
    assert_true(cv_peer_id_equal(&capsule->made.other.asked, &other->id)); /* that it asked for itself */
    assert_memory_equal(capsule->made.other.instance, other->instance, CV_INSTANCE_BYTES);
    check_span(capsule, CV_PARAMETER_DATA, data);
    *pair = capsule->made.pair;
    memcpy(id, capsule->made.id, CV_PAIR_ID_BYTES);
    assert_int_equal(peer_hear(peer, CV_CAPSULE_OTHER_LEG)->other_leg.pair, *pair);
}

/* One pair; both requests end in it, and the offer is over. */
static void hear_crossed(struct bench *bench, uint64_t first, uint64_t offer, uint64_t second)
{
    uint8_t ids[2][CV_PAIR_ID_BYTES];
    uint64_t pairs[2];

    peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_CROSSED);
    check_crossed(&alice, &bob, first, &pairs[0], ids[0], "from bob");
    check_crossed(&bob, &alice, second, &pairs[1], ids[1], "from alice");
    assert_int_equal(pairs[0], pairs[1]);
    assert_memory_equal(ids[0], ids[1], CV_PAIR_ID_BYTES);
    session_settle(bench);
    assert_int_equal(bench->dataplane.count, 1);
    peer_quiet(&alice);
    peer_quiet(&bob);
    peer_close(&alice, pairs[0]);
    peer_hear_closed(&alice, pairs[0], CV_SESSION_ERROR_NONE);
    peer_hear_closed(&bob, pairs[0], CV_SESSION_ERROR_PEER_CLOSED);
    session_settle(bench);
}

static void requests_cross(void **state)
{
    uint64_t offer;

    request_with(&alice, 1, &bob, NULL, "from alice");
    offer = peer_hear_offer(&bob);
    request_with(&bob, 1, &alice, NULL, "from bob");
    hear_crossed(*state, 1, offer, 1);
}

/* Both on their way before anybody has heard of the other's. */
static void requests_at_the_same_time(void **state)
{
    struct bench *bench = *state;

    request_with(&alice, 1, &bob, NULL, "from alice");
    request_with(&bob, 1, &alice, NULL, "from bob");
    hear_crossed(bench, 1, peer_hear_offer(&bob), 1);
}

static void killed_while_requests_cross(void **state)
{
    struct bench *bench = *state;
    uint64_t request = 0;

    for (unsigned turns = 0; turns < 14; turns++) {
        uint64_t offer;

        request++;
        request_with(&alice, request, &bob, NULL, "from alice");
        offer = peer_hear_offer(&bob);
        request_with(&bob, request, &alice, NULL, "from bob");
        bench->dataplane.mute = turns % 2 == 1;
        for (unsigned i = 0; i < turns / 2; i++)
            bench_turn(bench);
        bench_kill_control(bench);
        bench_turn(bench);
        bench->dataplane.mute = false;
        bench_start_control(bench);
        hear_crossed(bench, request, offer, request);
    }
}

/* Those that name other things do not: each is offered. */
static void different_services_do_not_cross(void **state)
{
    struct bench *bench = *state;
    struct test_peer peers[2];
    uint64_t offers[2];

    for (unsigned i = 0; i < 2; i++) {
        struct cv_capsule registration;

        peer_new(&peers[i], bench, "ED25519");
        registration = peer_registration(&peers[i], UDP);
        cv_parameter_span(&registration.parameters, CV_PARAMETER_SERVICE, "chat", 4);
        cv_parameter_span(&registration.parameters, CV_PARAMETER_SERVICE, "files", 5);
        peer_ask(&peers[i], 10 + i);
        peer_register_as(&peers[i], &registration);
    }
    say_with(&peers[0], peer_pair_request(1, &peers[1], UDP), "chat", NULL);
    offers[0] = peer_hear_offer(&peers[1]);
    say_with(&peers[1], peer_pair_request(1, &peers[0], UDP), "files", NULL);
    offers[1] = peer_hear_offer(&peers[0]);
    say_with(&peers[1], peer_pair_request(2, &peers[0], UDP), NULL, NULL);
    (void)peer_hear_offer(&peers[0]);
    peer_accept(&peers[1], offers[0], UDP);
    (void)peer_hear_made(&peers[0], CV_ORIGIN_REQUEST, 1);
    (void)peer_hear_made(&peers[1], CV_ORIGIN_OFFER, offers[0]);
    peer_accept(&peers[0], offers[1], UDP);
    (void)peer_hear_made(&peers[1], CV_ORIGIN_REQUEST, 1);
    (void)peer_hear_made(&peers[0], CV_ORIGIN_OFFER, offers[1]);
    assert_int_equal(bench->dataplane.count, 2);
    peer_free(&peers[0]);
    peer_free(&peers[1]);
}

/* Nor does one whose legs cannot be made: it is refused, and so is the one that waited. */
static void crossing_in_vain(void **state)
{
    struct bench *bench = *state;
    struct test_peer carol;
    uint64_t offer;

    peer_start(&carol, bench, 3, UDP);
    peer_request(&alice, 1, &carol, ANY);
    offer = peer_hear_offer(&carol);
    peer_request(&carol, 1, &alice, TUNNEL); /* that it did not register for */
    peer_hear_refused(&carol, CV_ORIGIN_OFFER, offer, CV_SESSION_ERROR_CROSSED);
    peer_hear_refused(&carol, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_COMMON_LEG);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NO_COMMON_LEG);
    peer_quiet(&alice);
    peer_quiet(&carol);
    peer_free(&carol);
}

/* ---- What is wrong with one ends that one ---- */

/* PAIR_REQUEST 1 for bob with `legs`, and these bytes after it. */
static void say_request_and(struct bench *bench, uint64_t number, const char *more, size_t bytes)
{
    const struct cv_capsule request = peer_pair_request(number, &bob, UDP);
    uint8_t capsule[CV_CAPSULE_BYTES_MAX];
    int count = cv_capsule_write(&request, capsule, sizeof(capsule));

    assert_true(count > 0 && capsule[4] + bytes < 64);
    capsule[4] = (uint8_t)(capsule[4] + bytes);
    memcpy(capsule + count, more, bytes);
    fake_session_bytes(&bench->dataplane, alice.session, capsule, (size_t)count + bytes);
}

static void bad_requests_end_alone(void **state)
{
    static const struct {
        const char *more;
        size_t bytes;
    } cases[] = {
        {"\x02\x00", 2},     /* a service without a name */
        {"\x02\x01\x07", 3}, /* one that is no line of text */
        {"\x06\x01\x07", 3}, /* an instance of one byte */
        {"\x02\x01"
         "a\x02\x01"
         "b",
         6},         /* two services */
        {"\x08", 1}, /* cut short */
        {"\x08\x05"
         "abc",
         5}, /* longer than the capsule */
    };
    struct bench *bench = *state;
    uint64_t number = 0;

    alice.session->unchecked = true;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say_request_and(bench, ++number, cases[i].more, cases[i].bytes);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_BAD_REQUEST);
    }
    /* Of 33 bytes: its number can be read. */
    fake_session_bytes(&bench->dataplane, alice.session,
                       "\x80\x29\xe1\xf3\x21\x40\x40"
                       "0123456789012345678901234567890",
                       38);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 64, CV_SESSION_ERROR_BAD_REQUEST);
    peer_quiet(&bob);
    say_request_and(bench, 65,
                    "\x04\x01"
                    "x\x40\x52\x00",
                    6); /* what means nothing here is passed over */
    (void)peer_hear_offer(&bob);
}

static void parameters_that_are_not_understood(void **state)
{
    struct bench *bench = *state;

    alice.session->unchecked = true;
    say_request_and(bench, 1, "\x2b\x00", 2);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_NOT_UNDERSTOOD);
    assert_int_equal(alice.session->capsule.parameters.numbers[CV_PARAMETER_PARAMETER], 0x2b);
    say_request_and(bench, 2,
                    "\x7f\xff\x03"
                    "abc",
                    6);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 2, CV_SESSION_ERROR_NOT_UNDERSTOOD);
    assert_int_equal(alice.session->capsule.parameters.numbers[CV_PARAMETER_PARAMETER], 0x3fff);
    say_request_and(bench, 3, "\x2c\x00", 2); /* an even one */
    (void)peer_hear_offer(&bob);
}

/* One of each kind, wrong after its number, and with a parameter that must be understood. */
static void every_kind_of_request(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        bool not_understood;
    } cases[] = {
        {"\x80\x29\xe1\xff\x03\x01\x00\x01", 8, false}, /* LEG_REQUEST of pair 0 */
        {"\x80\x29\xe1\xff\x05\x02\x01\x01\x2b\x00", 10, true},
        {"\x80\x29\xe2\x04\x03\x03\x03\x00", 8, false}, /* REACHABLE by 3 */
        {"\x80\x29\xe2\x04\x03\x04\x00\x01", 8, false}, /* with a list that is not there */
        {"\x80\x29\xe2\x04\x05\x05\x00\x00\x2b\x00", 10, true},
        {"\x80\x29\xe2\x05\x23\x06IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII\x00\x00", 40,
         false}, /* an empty MESSAGE */
        {"\x80\x29\xe2\x05\x25\x07IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII\x01m\x2b\x00", 42, true},
        {"\x80\x29\xe2\x08\x03\x08\x01\x03", 8, false}, /* FILTER_TEST from 3 */
        {"\x80\x29\xe2\x0a\x03\x09\x00\x00", 8, false}, /* NAME_RELEASE of no name */
        {"\x80\x29\xe2\x15\x02\x0a\x00", 7, false},     /* CODE_CLOSE of rendezvous 0 */
    };
    struct bench *bench = *state;

    alice.session->unchecked = true;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_session_bytes(&bench->dataplane, alice.session, cases[i].bytes, cases[i].count);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, i + 1,
                          cases[i].not_understood ? CV_SESSION_ERROR_NOT_UNDERSTOOD
                                                  : CV_SESSION_ERROR_BAD_REQUEST);
        if (cases[i].not_understood)
            assert_int_equal(alice.session->capsule.parameters.numbers[CV_PARAMETER_PARAMETER], 0x2b);
    }
    peer_quiet(&alice);
    peer_quiet(&bob);
}

/* An answer to an offer that is wrong after its number ends that offer for both: to who asked it is a refusal. */
static void bad_answers(void **state)
{
    static const struct {
        const char *bytes; /* with offer 1 */
        size_t count;
        enum cv_session_error code;
    } cases[] = {
        {"\x80\x29\xe1\xf5\x04\x01\x01\x08\x07", 9, CV_SESSION_ERROR_BAD_REQUEST},
        {"\x80\x29\xe1\xf5\x04\x01\x01\x2b\x00", 9, CV_SESSION_ERROR_NOT_UNDERSTOOD},
        {"\x80\x29\xe1\xf6\x05\x01\x4c\x13\x08\x07", 10, CV_SESSION_ERROR_BAD_REQUEST},
        {"\x80\x29\xe1\xf6\x05\x01\x4c\x13\x2b\x00", 10, CV_SESSION_ERROR_NOT_UNDERSTOOD},
    };
    struct bench *bench = *state;

    bob.session->unchecked = true;
    for (uint64_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[16];
        uint64_t offer;

        peer_request(&alice, i + 1, &bob, UDP);
        offer = peer_hear_offer(&bob);
        assert_true(offer < 64);
        memcpy(bytes, cases[i].bytes, cases[i].count);
        bytes[5] = (uint8_t)offer;
        fake_session_bytes(&bench->dataplane, bob.session, bytes, cases[i].count);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, i + 1, CV_SESSION_ERROR_NOT_WANTED);
        peer_hear_refused(&bob, CV_ORIGIN_OFFER, offer, cases[i].code);
        if (cases[i].code == CV_SESSION_ERROR_NOT_UNDERSTOOD)
            assert_int_equal(bob.session->capsule.parameters.numbers[CV_PARAMETER_PARAMETER], 0x2b);
        fake_session_bytes(&bench->dataplane, bob.session, bytes,
                           cases[i].count); /* and once more: ignored */
    }
    peer_quiet(&alice);
    peer_quiet(&bob);
}

/* What only later relays do. */
static void later_capsules(void **state)
{
    static const uint8_t text[] = "abc";
    static const struct cv_span span = {.at = text, .bytes = 3};
    struct cv_capsule capsules[] = {
        {.type = CV_CAPSULE_FILTER_TEST, .filter_test = {.probe = 42, .from = 2}},
        {.type = CV_CAPSULE_NAME_CLAIM, .name = {.name = span, .seconds = 60}},
        {.type = CV_CAPSULE_NAME_RELEASE, .name = {.name = span}},
        {.type = CV_CAPSULE_ENROL, .enrol = {.code = span, .request = span}},
        {.type = CV_CAPSULE_CODE_OPEN, .rendezvous = {.seconds = 60}},
        {.type = CV_CAPSULE_CODE_JOIN, .rendezvous = {.text = span}},
        {.type = CV_CAPSULE_CODE_MESSAGE, .rendezvous = {.rendezvous = 1, .text = span}},
        {.type = CV_CAPSULE_CODE_CLOSE, .rendezvous = {.rendezvous = 1}},
    };

    (void)state;
    for (uint64_t i = 0; i < sizeof(capsules) / sizeof(capsules[0]); i++) {
        capsules[i].number = i + 1;
        peer_say(&alice, &capsules[i]);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, i + 1, CV_SESSION_ERROR_NOT_OFFERED);
    }
}

/* ---- Too many ---- */

/* More than 64 that wait: the next one is refused, until one of them has ended. */
static void too_many_that_wait(void **state)
{
    struct bench *bench = *state;
    uint64_t number, first = 0;

    bench->config.session_offers = CV_CAPSULE_OPEN_MAX;
    for (number = 1; number <= CV_CAPSULE_OPEN_MAX; number++) {
        peer_request(&alice, number, &bob, UDP);
        if (first == 0)
            first = peer_hear_offer(&bob);
        else
            (void)peer_hear_offer(&bob);
    }
    peer_request(&alice, number, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_TOO_MANY);
    peer_say(&alice, &(struct cv_capsule){.type = CV_CAPSULE_REACHABLE, .number = ++number});
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_TOO_MANY);
    peer_quiet(&bob);
    peer_refuse(&bob, first, CV_SESSION_ERROR_BUSY);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, 1, CV_SESSION_ERROR_BUSY);
    peer_say(&alice, &(struct cv_capsule){.type = CV_CAPSULE_REACHABLE, .number = ++number});
    assert_int_equal(peer_hear(&alice, CV_CAPSULE_DONE)->number, number);
}

/* Faster than it may: it is told so once a second, and each of them is refused, of whatever kind. */
static void requests_too_fast(void **state)
{
    struct bench *bench = *state;
    const struct cv_capsule *capsule;
    struct test_peer nobody;
    uint64_t number;

    bench->config.session_requests = 3;
    peer_new(&nobody, bench, "ED25519");
    for (number = 1; number <= 3; number++) {
        peer_request(&alice, number, &nobody, UDP);
        peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_NO_SUCH_PEER);
    }
    peer_request(&alice, number, &bob, UDP);
    capsule = peer_hear(&alice, CV_CAPSULE_LIMITED);
    assert_int_equal(capsule->limited.what, CV_LIMITED_REQUESTS);
    assert_int_equal(capsule->limited.pair, 0);
    assert_in_range(capsule->limited.for_ms, 10000, 20000);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_TOO_MANY);
    peer_request(&alice, ++number, &bob, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_TOO_MANY);
    peer_quiet(&bob);
    (void)peer_pair(&bob, 1, &alice); /* others may */
    peer_request_leg(&alice, ++number, alice.session->capsule.other_leg.pair, UDP);
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_TOO_MANY);
    peer_say(&alice, &(struct cv_capsule){.type = CV_CAPSULE_REACHABLE, .number = ++number});
    peer_hear_refused(&alice, CV_ORIGIN_REQUEST, number, CV_SESSION_ERROR_TOO_MANY);
    peer_quiet(&bob);
    peer_free(&nobody);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(data_goes_along),
        TEST(as_much_as_may_be),
        TEST(data_of_a_refusal),
        TEST(pair_ids),
        TEST(requests_cross),
        TEST(requests_at_the_same_time),
        TEST(killed_while_requests_cross),
        TEST(different_services_do_not_cross),
        TEST(crossing_in_vain),
        TEST(bad_requests_end_alone),
        TEST(parameters_that_are_not_understood),
        TEST(every_kind_of_request),
        TEST(bad_answers),
        TEST(later_capsules),
        TEST(too_many_that_wait),
        TEST(requests_too_fast),
    };

    return cmocka_run_group_tests_name("peer_requests", tests, NULL, NULL);
}
