/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a peer's session says to a relay, and what it makes of what a relay says. The relay's QUIC is the data
 * plane's; its control is here, and writes whatever a test wants onto the control stream.
 */
#include "peer_rig.h"

#include <errno.h>
#include <string.h>

#define TOKEN       "0123456789abcdef0123456789ABCDEF"
#define PAIR        7
#define OFFER       3
#define UNKNOWN     0x3f1 /* a parameter that must be understood */
#define PASSED_OVER 0x3f2 /* and one that need not */

static const struct cv_peer_id other = {{1, 2, 3}};
static const uint8_t instance[CV_INSTANCE_BYTES] = {9, 8, 7};

static struct cv_other_peer other_peer(void)
{
    return (struct cv_other_peer){.asked = other, .ids = {.list = &other, .count = 1}};
}

static struct cv_capsule an_offer(void)
{
    return (struct cv_capsule){
        .type = CV_CAPSULE_PAIR_OFFER, .number = OFFER, .offer = {.answer_s = 10, .other = other_peer()}};
}

/* For OFFER, with a tunnel leg. */
static struct cv_capsule a_made(void)
{
    return (struct cv_capsule){.type = CV_CAPSULE_PAIR_MADE,
                               .number = OFFER,
                               .made = {.origin = CV_ORIGIN_OFFER,
                                        .pair = PAIR,
                                        .role = CV_ROLE_LISTENS,
                                        .other = other_peer(),
                                        .leg = {.kind = CV_LEG_KIND_TUNNEL, .channel = 5}}};
}

/* PAIR is there. */
static void open_paired(void)
{
    struct cv_capsule offer = an_offer(), made = a_made();

    peer_rig_register();
    peer_rig_say(&offer, 0);
    (void)peer_rig_wait_user(CV_CAPSULE_PAIR_OFFER);
    assert_int_equal(cv_peer_accept(peer_rig.peer, OFFER, CV_LEG_KIND_TUNNEL, NULL), 0);
    (void)peer_rig_wait_relay(CV_CAPSULE_PAIR_ACCEPT);
    peer_rig_forget();
    peer_rig_say(&made, 0);
    (void)peer_rig_wait_user(CV_CAPSULE_PAIR_MADE);
    peer_rig_forget();
}

static void assert_span(const struct cv_capsule *capsule, enum cv_parameter parameter, const void *bytes,
                        size_t count)
{
    assert_true(cv_parameter_is_set(&capsule->parameters, parameter));
    assert_int_equal(capsule->parameters.spans[parameter].bytes, count);
    assert_memory_equal(capsule->parameters.spans[parameter].at, bytes, count);
}

/* ---- REGISTER ---- */

static void registers_as_it_was_told(void **state)
{
    static const char *const services[] = {"files", "chat"};
    struct cv_peer_config config = peer_rig_config();
    const struct cv_capsule *capsule;

    (void)state;
    config.legs = CV_LEG_KIND_UDP | CV_LEG_KIND_LISTEN;
    memcpy(config.instance, instance, sizeof(config.instance));
    config.services = services;
    config.service_count = 2;
    config.reachable = (struct cv_reachable){.by = CV_REACHABLE_BY_LISTED, .peers = {&other, 1}};
    config.resume = (const uint8_t *)TOKEN;
    capsule = peer_rig_open(&config);
    assert_int_equal(capsule->registration.legs, CV_LEG_KIND_UDP | CV_LEG_KIND_LISTEN);
    assert_memory_equal(capsule->registration.instance, instance, CV_INSTANCE_BYTES);
    assert_int_equal(capsule->registration.reachable.by, CV_REACHABLE_BY_LISTED);
    assert_int_equal(capsule->registration.reachable.peers.count, 1);
    assert_memory_equal(capsule->registration.reachable.peers.list, &other, sizeof(other));
    assert_int_equal(capsule->parameters.service_count, 2);
    assert_memory_equal(capsule->parameters.services[1].at, "chat", 4);
    assert_span(capsule, CV_PARAMETER_RESUME, TOKEN, CV_RESUMPTION_TOKEN_BYTES);
    peer_rig_close();
}

static void makes_an_instance_of_its_own(void **state)
{
    const struct cv_peer_config config = peer_rig_config();
    static const uint8_t none[CV_INSTANCE_BYTES];
    uint8_t first[CV_INSTANCE_BYTES];

    (void)state;
    memcpy(first, peer_rig_open(&config)->registration.instance, sizeof(first));
    peer_rig_close();
    assert_memory_not_equal(first, none, sizeof(first));
    assert_memory_not_equal(first, peer_rig_open(&config)->registration.instance, sizeof(first));
    assert_false(cv_parameter_is_set(&peer_rig.by_relay[0].capsule.parameters, CV_PARAMETER_RESUME));
    peer_rig_close();
}

static void register_has_limits(void **state)
{
    static struct cv_peer_id many[CV_CAPSULE_LISTED_MAX];
    static char long_name[CV_SERVICE_BYTES_MAX + 2];
    const char *services[CV_SERVICES_MAX];
    struct cv_peer_config config = peer_rig_config();

    (void)state;
    memset(long_name, 'x', CV_SERVICE_BYTES_MAX + 1);
    for (unsigned i = 0; i < CV_SERVICES_MAX; i++)
        services[i] = long_name + 1;
    config.services = services;
    config.service_count = CV_SERVICES_MAX;
    (void)peer_rig_open(&config);
    peer_rig_close();
    config.reachable =
        (struct cv_reachable){.by = CV_REACHABLE_BY_LISTED, .peers = {many, CV_CAPSULE_LISTED_MAX}};
    assert_int_equal(cv_peer_create(&peer_rig.peer, &config, peer_rig_now()),
                     -EINVAL); /* more than a capsule holds */
    config.service_count = 0;
    (void)peer_rig_open(&config);
    peer_rig_close();
    services[0] = long_name;
    config.service_count = 1;
    assert_int_equal(cv_peer_create(&peer_rig.peer, &config, peer_rig_now()), -EINVAL);
    services[0] = "";
    assert_int_equal(cv_peer_create(&peer_rig.peer, &config, peer_rig_now()), -EINVAL);
    config.service_count = CV_SERVICES_MAX + 1;
    assert_int_equal(cv_peer_create(&peer_rig.peer, &config, peer_rig_now()), -EINVAL);
}

/* ---- Requests ---- */

static void requests_say_whom_they_mean(void **state)
{
    const struct cv_span data = {(const uint8_t *)"hello", 5};
    const struct cv_peer_aim aim = {.service = "files", .instance = instance, .data = &data};
    const struct cv_capsule *capsule;
    uint64_t request = 0, next = 0;

    (void)state;
    peer_rig_register();
    assert_int_equal(cv_peer_request(peer_rig.peer, &other, CV_LEG_KIND_UDP, &aim, &request), 0);
    capsule = peer_rig_wait_relay(CV_CAPSULE_PAIR_REQUEST);
    assert_int_equal(capsule->number, request);
    assert_memory_equal(&capsule->request.peer, &other, sizeof(other));
    assert_int_equal(capsule->request.legs, CV_LEG_KIND_UDP);
    assert_span(capsule, CV_PARAMETER_SERVICE, "files", 5);
    assert_span(capsule, CV_PARAMETER_INSTANCE, instance, sizeof(instance));
    assert_span(capsule, CV_PARAMETER_DATA, "hello", 5);
    peer_rig_forget();
    assert_int_equal(cv_peer_message(peer_rig.peer, &other, "hi", 2, NULL, &next), 0);
    capsule = peer_rig_wait_relay(CV_CAPSULE_MESSAGE);
    assert_true(next > request); /* requests of all kinds share one row of numbers */
    assert_int_equal(capsule->number, next);
    assert_int_equal(capsule->message.text.bytes, 2);
    assert_memory_equal(capsule->message.text.at, "hi", 2);
    peer_rig_forget();
    request = next;
    assert_int_equal(cv_peer_change_leg(peer_rig.peer, PAIR, CV_LEG_KIND_LISTEN, &next), 0);
    capsule = peer_rig_wait_relay(CV_CAPSULE_LEG_REQUEST);
    assert_true(next > request);
    assert_int_equal(capsule->leg_request.pair, PAIR);
    assert_int_equal(capsule->leg_request.legs, CV_LEG_KIND_LISTEN);
    peer_rig_forget();
    assert_int_equal(
        cv_peer_set_reachable(peer_rig.peer, &(struct cv_reachable){.by = CV_REACHABLE_BY_NOBODY}, &next), 0);
    assert_int_equal(peer_rig_wait_relay(CV_CAPSULE_REACHABLE)->reachable.by, CV_REACHABLE_BY_NOBODY);
    peer_rig_close();
}

static void requests_have_limits(void **state)
{
    static const uint8_t bytes[CV_CAPSULE_MESSAGE_MAX + 1];
    const struct cv_span data = {bytes, CV_DATA_BYTES_MAX + 1};
    const struct cv_peer_aim aim = {.data = &data};
    uint64_t request;

    (void)state;
    peer_rig_register();
    assert_int_equal(cv_peer_message(peer_rig.peer, &other, bytes, sizeof(bytes), NULL, &request), -EINVAL);
    assert_int_equal(cv_peer_message(peer_rig.peer, &other, bytes, 0, NULL, &request), -EINVAL);
    assert_int_equal(cv_peer_request(peer_rig.peer, &other, CV_LEG_KIND_UDP, &aim, &request), -EINVAL);
    assert_int_equal(cv_peer_change_leg(peer_rig.peer, 0, CV_LEG_KIND_UDP, &request), -EINVAL);
    assert_int_equal(cv_peer_message(peer_rig.peer, &other, bytes, CV_CAPSULE_MESSAGE_MAX, NULL, &request),
                     0);
    assert_int_equal(peer_rig_wait_relay(CV_CAPSULE_MESSAGE)->number,
                     1); /* what was not said has no number */
    peer_rig_close();
}

static void answers_challenges(void **state)
{
    static const uint8_t challenge[CV_CHALLENGE_BYTES] = {CV_DATAGRAM_CHALLENGE, 1, 2, 3};

    (void)state;
    peer_rig_register();
    assert_int_equal(cv_peer_answer_challenge(peer_rig.peer, challenge), 0);
    assert_memory_equal(peer_rig_wait_relay(CV_CAPSULE_CHALLENGE_ANSWER)->challenge, challenge,
                        sizeof(challenge));
    peer_rig_close();
}

static void makes_probes(void **state)
{
    const struct cv_peer_config config = peer_rig_config();
    const struct cv_capsule without_ticket = peer_rig_registered();
    uint8_t datagram[CV_PROBE_BYTES];

    (void)state;
    peer_rig_register();
    assert_int_equal(cv_peer_probe(peer_rig.peer, 0x01022a, datagram), 0);
    assert_memory_equal(datagram, "\x04\x01\x02\x2a" PEER_RIG_TICKET, sizeof(datagram));
    assert_int_equal(cv_peer_probe(peer_rig.peer, 0, datagram), -EINVAL);
    assert_int_equal(cv_peer_probe(peer_rig.peer, CV_PROBE_NUMBER_MAX + 1, datagram), -EINVAL);
    peer_rig_close();
    (void)peer_rig_open(&config);
    peer_rig_say(&without_ticket, 0);
    (void)peer_rig_wait_user(CV_CAPSULE_REGISTERED);
    assert_int_equal(cv_peer_probe(peer_rig.peer, 1, datagram), -ENOTCONN);
    peer_rig_close();
}

/* ---- What cannot be read or understood ---- */

static void refuses_an_offer_alone(void **state)
{
    const struct cv_span data = {(const uint8_t *)"no", 2};
    struct cv_capsule offer = an_offer();
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];
    size_t count;

    (void)state;
    peer_rig_register();
    peer_rig_say(&offer, UNKNOWN);
    assert_int_equal(peer_rig_wait_relay(CV_CAPSULE_PAIR_REFUSE)->refuse.code,
                     CV_SESSION_ERROR_NOT_UNDERSTOOD);
    assert_int_equal(peer_rig.by_relay[0].capsule.number, OFFER);
    peer_rig_forget();
    offer.number++;
    count = peer_rig_write(&offer, 0, bytes);
    bytes[4 + 2 + 1] = 0; /* behind type, length and number: no time to answer */
    peer_rig_say_bytes(bytes, count);
    assert_int_equal(peer_rig_wait_relay(CV_CAPSULE_PAIR_REFUSE)->refuse.code, CV_SESSION_ERROR_BAD_REQUEST);
    assert_int_equal(peer_rig.by_relay[0].capsule.number, offer.number);
    assert_int_equal(peer_rig.by_user_count, 0);
    peer_rig_forget();
    offer.number++;
    peer_rig_say(&offer, PASSED_OVER);
    assert_int_equal(peer_rig_wait_user(CV_CAPSULE_PAIR_OFFER)->number, offer.number);
    assert_int_equal(cv_peer_refuse(peer_rig.peer, offer.number, CV_SESSION_ERROR_BUSY, &data), 0);
    assert_int_equal(peer_rig_wait_relay(CV_CAPSULE_PAIR_REFUSE)->refuse.code, CV_SESSION_ERROR_BUSY);
    assert_span(&peer_rig.by_relay[0].capsule, CV_PARAMETER_DATA, "no", 2);
    peer_rig_close();
}

/* As a newer relay's could be: kind 8, of one byte as the channel was. */
static void say_unknown_kind(const struct cv_capsule *capsule)
{
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];
    size_t count = peer_rig_write(capsule, 0, bytes);

    assert_int_equal(bytes[count - 3], CV_LEG_KIND_TUNNEL);
    bytes[count - 3] = 8;
    peer_rig_say_bytes(bytes, count);
}

/* Shown to the user, without a leg. */
static void assert_closed_again(enum cv_capsule_type type)
{
    assert_int_equal(peer_rig_wait_relay(CV_CAPSULE_PAIR_CLOSE)->close.pair, PAIR);
    (void)peer_rig_wait_user(type);
    assert_int_equal(type == CV_CAPSULE_PAIR_MADE ? peer_rig.by_user[0].made.leg.kind
                                                  : peer_rig.by_user[0].leg_made.leg.kind,
                     0);
    assert_int_equal(peer_rig.ends, 0);
    peer_rig_close();
}

static void closes_a_pair_it_cannot_use(void **state)
{
    const struct cv_capsule offer = an_offer(), made = a_made();

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        peer_rig_register();
        peer_rig_say(&offer, 0);
        (void)peer_rig_wait_user(CV_CAPSULE_PAIR_OFFER);
        assert_int_equal(cv_peer_accept(peer_rig.peer, OFFER, CV_LEG_KIND_TUNNEL, NULL), 0);
        (void)peer_rig_wait_relay(CV_CAPSULE_PAIR_ACCEPT);
        peer_rig_forget();
        if (i == 0)
            say_unknown_kind(&made);
        else
            peer_rig_say(&made, UNKNOWN);
        assert_closed_again(CV_CAPSULE_PAIR_MADE);
    }
}

static void closes_a_pair_whose_leg_it_cannot_use(void **state)
{
    struct cv_capsule leg_made = {.type = CV_CAPSULE_LEG_MADE,
                                  .leg_made = {.pair = PAIR, .leg = {CV_LEG_KIND_TUNNEL, .channel = 6}}};

    (void)state;
    open_paired();
    assert_int_equal(cv_peer_change_leg(peer_rig.peer, PAIR, CV_LEG_KINDS, &leg_made.number), 0);
    (void)peer_rig_wait_relay(CV_CAPSULE_LEG_REQUEST);
    peer_rig_forget();
    say_unknown_kind(&leg_made);
    assert_closed_again(CV_CAPSULE_LEG_MADE);
}

static void ends_what_it_must_understand(void **state)
{
    const struct cv_capsule limit = {.type = CV_CAPSULE_TUNNEL_LIMIT, .tunnel_limit = {.frame_bytes = 1402}};

    (void)state;
    peer_rig_register();
    peer_rig_say(&limit, PASSED_OVER);
    assert_int_equal(peer_rig_wait_user(CV_CAPSULE_TUNNEL_LIMIT)->tunnel_limit.frame_bytes, 1402);
    peer_rig_say(&limit, UNKNOWN);
    peer_rig_wait_end(CV_SESSION_ERROR_NOT_UNDERSTOOD);
    peer_rig_close();
}

static void ends_what_it_cannot_read(void **state)
{
    const struct cv_capsule closed = {.type = CV_CAPSULE_PAIR_CLOSED,
                                      .closed = {.pair = PAIR, .code = CV_SESSION_ERROR_IDLE}};
    static const uint8_t malformed[] = {0x80, 0x29, 0xe1, 0xfb, 1, 0x40}; /* half a limit */

    (void)state;
    peer_rig_register();
    peer_rig_say_bytes(malformed, sizeof(malformed));
    peer_rig_wait_end(CV_SESSION_ERROR_MALFORMED);
    peer_rig_close();
    peer_rig_register();
    peer_rig_say(&closed, 0); /* of no pair that was made */
    peer_rig_wait_end(CV_SESSION_ERROR_OUT_OF_ORDER);
    peer_rig_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_as_it_was_told),
        cmocka_unit_test(makes_an_instance_of_its_own),
        cmocka_unit_test(register_has_limits),
        cmocka_unit_test(requests_say_whom_they_mean),
        cmocka_unit_test(requests_have_limits),
        cmocka_unit_test(answers_challenges),
        cmocka_unit_test(makes_probes),
        cmocka_unit_test(refuses_an_offer_alone),
        cmocka_unit_test(closes_a_pair_it_cannot_use),
        cmocka_unit_test(closes_a_pair_whose_leg_it_cannot_use),
        cmocka_unit_test(ends_what_it_must_understand),
        cmocka_unit_test(ends_what_it_cannot_read),
    };

    return cmocka_run_group_tests(tests, peer_rig_start, peer_rig_stop);
}
