/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

int session_set_up(void **state)
{
    struct bench *bench;

    if (bench_set_up(state) != 0)
        return -1;
    bench = *state;
    bench->config.session_policy = CV_SESSION_POLICY_OPEN;
    bench->config.session_pairs = 8;
    bench->config.session_offers = 4;
    bench->config.session_register_s = 10;
    bench->config.session_answer_s = 30;
    bench->config.session_instances = 4;
    bench->config.session_resume_s = 60;
    bench->config.session_requests = 1000000;
    bench->config.session_messages = 1000000;
    bench->config.listen_port = 443;
    bench_attach(bench);
    return 0;
}

void session_settle(struct bench *bench)
{
    for (unsigned i = 0; i < 30; i++)
        bench_turn(bench);
}

static bool is_in_line(void *context)
{
    const struct bench *bench = context;

    return dataplane_attached(bench->control->services.dataplane) &&
           !sync_running(bench->control->pairs->sync) &&
           dataplane_in_flight(bench->control->services.dataplane) == 0;
}

void session_restart_control(struct bench *bench)
{
    bench_kill_control(bench);
    bench_turn(bench); /* the data plane notices */
    bench_start_control(bench);
    bench_wait(bench, is_in_line, bench, "an attachment");
}

void session_restart_dataplane(struct bench *bench)
{
    fake_kill(&bench->dataplane);
    session_settle(bench);
    fake_start(&bench->dataplane);
    bench_wait(bench, is_in_line, bench, "an attachment");
}

void peer_new(struct test_peer *peer, struct bench *bench, const char *key_type)
{
    static uint64_t instances;

    memset(peer, 0, sizeof(*peer));
    peer->bench = bench;
    peer->key = test_key(key_type);
    peer->id = test_id(peer->key);
    test_chain_add(&peer->chain, peer->key, peer->key);
    instances++;
    memcpy(peer->instance, &instances, sizeof(instances));
}

void peer_free(struct test_peer *peer)
{
    EVP_PKEY_free(peer->key);
    peer->key = NULL;
}

struct test_peer peer_sibling(const struct test_peer *peer)
{
    static uint8_t siblings;
    struct test_peer made = *peer;

    made.session = NULL;
    made.instance[CV_INSTANCE_BYTES - 1] = ++siblings;
    return made;
}

void peer_rotate(struct test_peer *peer, const struct test_peer *older)
{
    peer->chain.count = 0;
    test_chain_add(&peer->chain, peer->key, older->key);
    test_chain_add(&peer->chain, older->key, older->key);
}

static bool is_decided(void *context)
{
    const struct test_peer *peer = context;

    return peer->session->admitted || peer->session->refused;
}

void peer_ask(struct test_peer *peer, uint64_t number)
{
    peer->session = fake_session_ask(&peer->bench->dataplane, number, peer->chain.bytes, peer->chain.count);
    bench_wait(peer->bench, is_decided, peer, "the decision about a session");
}

struct cv_capsule peer_registration(const struct test_peer *peer, uint8_t legs)
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_REGISTER, .registration = {.legs = legs}};

    memcpy(capsule.registration.instance, peer->instance, CV_INSTANCE_BYTES);
    return capsule;
}

static void take_registered(struct test_peer *peer)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_REGISTERED);
    const struct cv_parameters *parameters = &capsule->parameters;

    assert_true(cv_peer_id_equal(&capsule->registered.own, &peer->id));
    assert_int_equal(capsule->registered.idle_s, 120);
    assert_true(cv_parameter_is_set(parameters, CV_PARAMETER_RESUMPTION_TOKEN));
    assert_memory_not_equal(parameters->spans[CV_PARAMETER_RESUMPTION_TOKEN].at, peer->token,
                            sizeof(peer->token));
    memcpy(peer->token, parameters->spans[CV_PARAMETER_RESUMPTION_TOKEN].at, sizeof(peer->token));
    peer->resumed = parameters->numbers[CV_PARAMETER_RESUMED]; /* 0: it is not there */
    if (peer->resumed <= peer->bench->config.session_pairs)
        assert_int_equal(capsule->registered.pairs, peer->bench->config.session_pairs);
}

void peer_register_as(struct test_peer *peer, const struct cv_capsule *registration)
{
    const struct cv_capsule *capsule;

    peer_say(peer, registration);
    take_registered(peer);
    capsule = peer_hear(peer, CV_CAPSULE_OBSERVED_ADDRESS);
    assert_int_equal(capsule->observed.probe, 0);
    assert_true(cv_address_equal(&capsule->observed.peer, &peer->session->state.address));
    assert_true(cv_address_equal(&capsule->observed.relay, &peer->session->state.local));
    if (peer->session->state.payload_bytes > 0)
        peer_hear_limit(peer, peer->session->state.payload_bytes);
}

void peer_register(struct test_peer *peer, uint8_t legs)
{
    const struct cv_capsule registration = peer_registration(peer, legs);

    peer_register_as(peer, &registration);
}

void peer_resume(struct test_peer *peer, uint64_t number, uint8_t legs)
{
    struct cv_capsule registration = peer_registration(peer, legs);
    uint8_t token[CV_RESUMPTION_TOKEN_BYTES];

    memcpy(token, peer->token, sizeof(token));
    cv_parameter_span(&registration.parameters, CV_PARAMETER_RESUME, token, sizeof(token));
    peer_ask(peer, number);
    assert_true(peer->session->admitted);
    peer_register_as(peer, &registration);
}

void peer_start(struct test_peer *peer, struct bench *bench, uint64_t number, uint8_t legs)
{
    peer_new(peer, bench, "ED25519");
    peer_ask(peer, number);
    assert_true(peer->session->admitted);
    peer_register(peer, legs);
}

void peer_say(struct test_peer *peer, const struct cv_capsule *capsule)
{
    fake_session_say(&peer->bench->dataplane, peer->session, capsule);
}

static bool has_capsule(void *context)
{
    struct test_peer *peer = context;

    if (peer->session->closed)
        fail_msg("control closed the session as %s", cv_session_error_name(peer->session->code));
    return fake_session_hear(peer->session);
}

const struct cv_capsule *peer_hear(struct test_peer *peer, enum cv_capsule_type type)
{
    bench_wait(peer->bench, has_capsule, peer, cv_capsule_name(type));
    assert_string_equal(cv_capsule_name(peer->session->capsule.type), cv_capsule_name(type));
    return &peer->session->capsule;
}

void peer_hear_limit(struct test_peer *peer, uint64_t frame_bytes)
{
    assert_int_equal(peer_hear(peer, CV_CAPSULE_TUNNEL_LIMIT)->tunnel_limit.frame_bytes, frame_bytes);
}

void peer_hear_other_leg(struct test_peer *peer, uint64_t pair, enum cv_leg_kind kind, uint64_t payload_bytes)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_OTHER_LEG);

    assert_int_equal(capsule->other_leg.pair, pair);
    assert_int_equal(capsule->other_leg.kind, kind);
    assert_int_equal(capsule->other_leg.payload_bytes,
                     kind == CV_LEG_KIND_TUNNEL ? payload_bytes : CV_CAPSULE_PAYLOAD_MAX);
}

void peer_hear_refused(struct test_peer *peer, enum cv_pair_origin origin, uint64_t number,
                       enum cv_session_error code)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_REFUSED);

    assert_int_equal(capsule->refused.origin, origin);
    assert_int_equal(capsule->number, number);
    assert_string_equal(cv_session_error_name(capsule->refused.code), cv_session_error_name(code));
    assert_true(capsule->refused.sentence_bytes > 5);
}

void peer_hear_closed(struct test_peer *peer, uint64_t pair, enum cv_session_error code)
{
    const struct cv_capsule *capsule = peer_hear(peer, CV_CAPSULE_PAIR_CLOSED);

    assert_int_equal(capsule->closed.pair, pair);
    assert_string_equal(cv_session_error_name(capsule->closed.code), cv_session_error_name(code));
}

void peer_quiet(struct test_peer *peer)
{
    for (int i = 0; i < 20; i++)
        bench_turn(peer->bench);
    if (fake_session_hear(peer->session))
        fail_msg("unexpected: %s", cv_capsule_name(peer->session->capsule.type));
    assert_false(peer->session->closed);
}

static bool is_closed(void *context)
{
    const struct test_peer *peer = context;

    return peer->session->closed;
}

void peer_wait_closed(struct test_peer *peer, enum cv_session_error code)
{
    bench_wait(peer->bench, is_closed, peer, "the end of a session");
    assert_string_equal(cv_session_error_name(peer->session->code), cv_session_error_name(code));
}

struct cv_capsule peer_pair_request(uint64_t request, const struct test_peer *other, uint8_t legs)
{
    return (struct cv_capsule){
        .type = CV_CAPSULE_PAIR_REQUEST, .number = request, .request = {.peer = other->id, .legs = legs}};
}

void peer_request(struct test_peer *peer, uint64_t request, const struct test_peer *other, uint8_t legs)
{
    const struct cv_capsule capsule = peer_pair_request(request, other, legs);

    peer_say(peer, &capsule);
}

uint64_t peer_hear_offer(struct test_peer *peer)
{
    return peer_hear(peer, CV_CAPSULE_PAIR_OFFER)->number;
}

void peer_accept(struct test_peer *peer, uint64_t offer, uint8_t legs)
{
    peer_say(peer,
             &(struct cv_capsule){.type = CV_CAPSULE_PAIR_ACCEPT, .number = offer, .accept = {.legs = legs}});
}

void peer_refuse(struct test_peer *peer, uint64_t offer, uint64_t code)
{
    peer_say(peer,
             &(struct cv_capsule){.type = CV_CAPSULE_PAIR_REFUSE, .number = offer, .refuse = {.code = code}});
}

void peer_close(struct test_peer *peer, uint64_t pair)
{
    peer_say(peer, &(struct cv_capsule){.type = CV_CAPSULE_PAIR_CLOSE, .close = {.pair = pair}});
}

void peer_request_leg(struct test_peer *peer, uint64_t request, uint64_t pair, uint8_t legs)
{
    peer_say(peer, &(struct cv_capsule){.type = CV_CAPSULE_LEG_REQUEST,
                                        .number = request,
                                        .leg_request = {.pair = pair, .legs = legs}});
}

struct cv_capsule peer_hear_made(struct test_peer *peer, enum cv_pair_origin origin, uint64_t number)
{
    struct cv_capsule made = *peer_hear(peer, CV_CAPSULE_PAIR_MADE);

    assert_int_equal(made.made.origin, origin);
    assert_int_equal(made.number, number);
    made.made.other.ids = (struct cv_peer_ids){0};
    memset(&made.parameters, 0, sizeof(made.parameters));
    assert_int_equal(peer_hear(peer, CV_CAPSULE_OTHER_LEG)->other_leg.pair, made.made.pair);
    return made;
}

struct test_pair peer_make(struct test_peer *peer, uint64_t request, uint8_t legs, struct test_peer *other,
                           uint8_t others_legs)
{
    const struct cv_capsule *capsule;
    struct test_pair pair;
    uint64_t offer;

    peer_request(peer, request, other, legs);
    capsule = peer_hear(other, CV_CAPSULE_PAIR_OFFER);
    assert_true(cv_peer_id_equal(&capsule->offer.other.ids.list[0], &peer->id));
    assert_memory_equal(capsule->offer.other.instance, peer->instance, CV_INSTANCE_BYTES);
    offer = capsule->number;
    peer_accept(other, offer, others_legs);
    pair.made[0] = peer_hear_made(peer, CV_ORIGIN_REQUEST, request);
    pair.made[1] = peer_hear_made(other, CV_ORIGIN_OFFER, offer);
    pair.pair = pair.made[0].made.pair;
    assert_int_equal(pair.made[1].made.pair, pair.pair);
    assert_memory_equal(pair.made[0].made.id, pair.made[1].made.id, CV_PAIR_ID_BYTES);
    assert_int_equal(pair.made[0].made.role, CV_ROLE_DIALS);
    assert_int_equal(pair.made[1].made.role, CV_ROLE_LISTENS);
    assert_int_equal(peer->session->capsule.other_leg.kind, pair.made[1].made.leg.kind);
    assert_int_equal(other->session->capsule.other_leg.kind, pair.made[0].made.leg.kind);
    return pair;
}

uint64_t peer_pair(struct test_peer *peer, uint64_t request, struct test_peer *other)
{
    return peer_make(peer, request, CV_LEG_KIND_UDP, other, CV_LEG_KIND_UDP).pair;
}
