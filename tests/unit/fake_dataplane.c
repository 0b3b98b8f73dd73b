/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_dataplane.h"
#include "fake_session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define BURST 64

void fake_start(struct fake_dataplane *fake)
{
    assert_null(fake->link);
    fake->count = 0;
    if (fake->pairs == NULL)
        fake->pairs = calloc(FAKE_PAIRS, sizeof(*fake->pairs));
    assert_non_null(fake->pairs);
    assert_int_equal(cv_control_link_open(&fake->link, fake->path, 2, 1), 0);
    cv_control_link_shared(fake->link)->keeper->pairs_max = fake->room;
}

void fake_kill(struct fake_dataplane *fake)
{
    if (fake->link != NULL)
        cv_control_link_close(fake->link);
    fake->link = NULL;
    fake_sessions_free(fake);
    free(fake->pairs);
    fake->pairs = NULL;
    fake->count = 0;
}

struct fake_pair *fake_find(struct fake_dataplane *fake, uint64_t pair)
{
    for (uint32_t i = 0; i < fake->count; i++) {
        if (fake->pairs[i].config.pair == pair)
            return &fake->pairs[i];
    }
    return NULL;
}

void fake_forget(struct fake_dataplane *fake, uint64_t pair)
{
    struct fake_pair *found = fake_find(fake, pair);

    assert_non_null(found);
    fake->count--;
    *found = fake->pairs[fake->count];
}

void fake_invent(struct fake_dataplane *fake, uint64_t pair)
{
    struct fake_pair *made = &fake->pairs[fake->count++];

    memset(made, 0, sizeof(*made));
    made->config.pair = pair;
    made->state.pair = pair;
    for (unsigned leg = 0; leg < 2; leg++) {
        made->state.legs[leg].bind = CV_BIND_TOKEN;
        made->state.legs[leg].relay_port = 40000;
    }
}

static void set_leg(struct fake_pair *pair, unsigned leg, const struct cv_leg_config *config)
{
    struct cv_leg_state *state = &pair->state.legs[leg];

    pair->config.legs[leg] = *config;
    pair->used[leg] = false;
    memset(state, 0, sizeof(*state));
    state->bind = config->bind;
    state->relay_port = config->relay_port;
    state->session = config->bind == CV_BIND_TUNNEL ? config->session : 0;
    state->channel = config->bind == CV_BIND_TUNNEL ? config->channel : 0;
    if (config->bind == CV_BIND_TOKEN)
        memcpy(state->token, config->token, CV_TOKEN_BYTES);
    state->seen_ms_ago = UINT32_MAX;
    state->address = config->bind == CV_BIND_FIXED ? config->address : config->last;
}

static void put(struct fake_dataplane *fake, const struct cv_pair_config *config)
{
    struct fake_pair *pair = fake_find(fake, config->pair);

    if (pair == NULL) {
        assert_true(fake->count < FAKE_PAIRS);
        pair = &fake->pairs[fake->count++];
        memset(pair, 0, sizeof(*pair));
    }
    pair->config = *config;
    pair->state.pair = config->pair;
    pair->state.idle_s = config->idle_s;
    pair->state.rate_bytes_per_second = config->rate_bytes_per_second;
    for (unsigned leg = 0; leg < 2; leg++)
        set_leg(pair, leg, &config->legs[leg]);
}

static void send_state(struct fake_dataplane *fake, const struct cv_message *request,
                       const struct fake_pair *pair)
{
    struct cv_message message = {.type = CV_MESSAGE_PAIR_STATE, .sequence = request->sequence};

    message.state = pair->state;
    assert_true(cv_control_link_send(fake->link, &message));
}

static void dump(struct fake_dataplane *fake, const struct cv_message *request)
{
    struct cv_message end = {.type = CV_MESSAGE_DUMP_END, .sequence = request->sequence};

    for (uint32_t i = 0; i < fake->count; i++)
        send_state(fake, request, &fake->pairs[i]);
    end.count = fake->count;
    assert_true(cv_control_link_send(fake->link, &end));
    fake->dumps++;
}

static bool same_leg(const struct cv_leg_config *one, const struct cv_leg_config *other)
{
    return one->bind == other->bind && one->session == other->session && one->channel == other->channel &&
           memcmp(one->token, other->token, sizeof(one->token)) == 0;
}

/* Whether a leg of another pair has this channel of this session. */
static bool is_taken(const struct fake_dataplane *fake, uint64_t pair, const struct cv_leg_config *leg)
{
    for (uint32_t i = 0; i < fake->count; i++) {
        const struct cv_pair_config *other = &fake->pairs[i].config;

        if (other->pair != pair && (same_leg(&other->legs[0], leg) || same_leg(&other->legs[1], leg)))
            return true;
    }
    return false;
}

/* Whether a leg can be one of this pair's. */
static int check_leg(struct fake_dataplane *fake, uint64_t pair, const struct cv_leg_config *leg)
{
    if (leg->bind != CV_BIND_TUNNEL)
        return 0;
    if (!fake_session_is_open(fake, leg->session))
        return -ENOTCONN;
    return is_taken(fake, pair, leg) ? -EADDRINUSE : 0;
}

static int check_put(struct fake_dataplane *fake, const struct cv_pair_config *config)
{
    const struct fake_pair *known = fake_find(fake, config->pair);
    int error = 0;

    for (unsigned leg = 0; leg < 2 && error == 0; leg++) {
        if (known != NULL && !same_leg(&known->config.legs[leg], &config->legs[leg]))
            return -EEXIST;
        error = check_leg(fake, config->pair, &config->legs[leg]);
    }
    return error;
}

static void handle_put(struct fake_dataplane *fake, const struct cv_message *request)
{
    int error = fake->put_error;

    if (error == 0)
        error = check_put(fake, &request->put);
    if (fake->room != 0 && fake->count >= fake->room && fake_find(fake, request->put.pair) == NULL)
        error = -ENOSPC;
    if (error == 0)
        put(fake, &request->put);
    fake_answer(fake, request, error);
}

/* ---- Legs ---- */

/* Without control there it is for the next dump. */
static void tell(struct fake_dataplane *fake, const struct cv_message *event)
{
    if (cv_control_link_room(fake->link) > 0)
        assert_true(fake_tell(fake, event));
}

static void tell_changed(struct fake_dataplane *fake, const struct fake_pair *pair, uint8_t leg)
{
    const struct cv_leg_state *state = &pair->state.legs[leg];
    struct cv_message event = {.type = CV_MESSAGE_LEG_CHANGED};

    event.leg.pair = pair->config.pair;
    event.leg.leg = leg;
    event.leg.cause = CV_MOVE_CHANGE;
    event.leg.bind = state->bind;
    event.leg.proof = state->proof;
    event.leg.relay_port = state->relay_port;
    event.leg.address = state->address;
    memcpy(event.leg.token, state->token, CV_TOKEN_BYTES);
    tell(fake, &event);
}

static void handle_change(struct fake_dataplane *fake, const struct cv_message *request)
{
    const struct cv_leg_change *change = &request->change;
    struct fake_pair *pair = fake_find(fake, change->pair);
    int error = pair == NULL ? -ENOENT : fake->change_error;

    fake->changes++;
    if (error == 0)
        error = check_leg(fake, change->pair, &change->to);
    fake_answer(fake, request, error);
    if (error != 0)
        return;
    if (change->to.bind == CV_BIND_TUNNEL) {
        set_leg(pair, change->leg, &change->to);
        tell_changed(fake, pair, change->leg);
        return;
    }
    pair->next[change->leg] = change->to;
    pair->state.legs[change->leg].changing = 1;
}

static void handle_leg_order(struct fake_dataplane *fake, const struct cv_message *request)
{
    const struct cv_leg_order *order = &request->leg_order;
    struct fake_pair *pair = fake_find(fake, order->pair);
    int error = pair == NULL ? -ENOENT : 0;

    if (request->type == CV_MESSAGE_LEG_TOKEN) {
        fake->tokens++;
        if (error == 0)
            error = pair->config.legs[order->leg].bind == CV_BIND_TOKEN ? fake->token_error : -EINVAL;
        if (error == 0) {
            memcpy(pair->config.legs[order->leg].token, order->token, CV_TOKEN_BYTES);
            memcpy(pair->state.legs[order->leg].token, order->token, CV_TOKEN_BYTES);
            pair->used[order->leg] = false;
        }
    } else if (request->type == CV_MESSAGE_LEG_VOUCH) {
        fake->vouches++;
        if (error == 0)
            pair->config.legs[order->leg].vouched = order->vouched;
        if (error == 0 && pair->state.legs[order->leg].changing)
            pair->next[order->leg].vouched = order->vouched;
    } else {
        fake->proves++;
        if (error == 0)
            pair->proven[order->leg] = *order;
        if (error == 0)
            error = fake->prove_error;
    }
    fake_answer(fake, request, error);
}

static void handle(struct fake_dataplane *fake, const struct cv_message *request)
{
    struct fake_pair *pair;

    switch (request->type) {
    case CV_MESSAGE_PAIR_PUT:
        fake->puts++;
        handle_put(fake, request);
        break;
    case CV_MESSAGE_PAIR_DELETE:
        fake->deletes++;
        pair = fake_find(fake, request->pair);
        if (pair != NULL)
            fake_forget(fake, request->pair);
        fake_answer(fake, request, pair != NULL ? 0 : -ENOENT);
        break;
    case CV_MESSAGE_PAIR_GET:
        pair = fake_find(fake, request->pair);
        if (pair != NULL)
            send_state(fake, request, pair);
        else
            fake_answer(fake, request, -ENOENT);
        break;
    case CV_MESSAGE_PAIR_DUMP:
        dump(fake, request);
        break;
    case CV_MESSAGE_LEG_CHANGE:
        handle_change(fake, request);
        break;
    case CV_MESSAGE_LEG_TOKEN:
    case CV_MESSAGE_LEG_VOUCH:
    case CV_MESSAGE_LEG_PROVE:
        handle_leg_order(fake, request);
        break;
    case CV_MESSAGE_LOG_LEVEL:
        fake->log_level = request->log_level;
        fake_answer(fake, request, 0);
        break;
    default:
        if (fake_session_handle(fake, request))
            break;
        fail_msg("control sent a %s", cv_message_name(request->type));
    }
}

void fake_turn(struct fake_dataplane *fake)
{
    struct cv_message messages[BURST];
    uint32_t taken = 0;
    uint32_t count;

    if (fake->link == NULL)
        return;
    if (cv_control_link_serve(fake->link))
        memset(&fake->session_dump, 0, sizeof(fake->session_dump)); /* of a control that has left */
    while (!fake->mute && (fake->per_turn == 0 || taken < fake->per_turn)) {
        uint32_t most = fake->per_turn == 0 ? BURST : fake->per_turn - taken;

        count = cv_control_link_receive(fake->link, messages, most < BURST ? most : BURST);
        if (count == 0)
            break;
        for (uint32_t i = 0; i < count; i++)
            handle(fake, &messages[i]);
        taken += count;
    }
    fake_session_dump(fake);
    cv_control_link_flush(fake->link);
}

bool fake_tell_pair(struct fake_dataplane *fake, enum cv_message_type type, uint64_t pair)
{
    struct cv_message event = {.type = (uint16_t)type, .pair = pair};

    return fake_tell(fake, &event);
}

bool fake_tell_leg(struct fake_dataplane *fake, enum cv_message_type type, uint64_t pair, uint8_t leg,
                   const char *address, const char *previous)
{
    struct cv_message event = {.type = (uint16_t)type};
    struct fake_pair *found = fake_find(fake, pair);

    event.leg.pair = pair;
    event.leg.leg = leg;
    event.leg.cause = CV_MOVE_CONNECTION_ID;
    assert_int_equal(cv_address_parse(address, &event.leg.address), 0);
    if (previous != NULL)
        assert_int_equal(cv_address_parse(previous, &event.leg.previous), 0);
    if (found != NULL && type != CV_MESSAGE_LEG_UNBOUND)
        found->state.legs[leg].address = event.leg.address;
    if (found != NULL && type == CV_MESSAGE_LEG_UNBOUND)
        memset(&found->state.legs[leg].address, 0, sizeof(found->state.legs[leg].address));
    return fake_tell(fake, &event);
}

void fake_bind(struct fake_dataplane *fake, uint64_t number, uint8_t leg, const char *address)
{
    struct fake_pair *pair = fake_find(fake, number);
    struct cv_message event = {.type = CV_MESSAGE_LEG_BOUND};
    struct cv_leg_state *state;

    assert_non_null(pair);
    state = &pair->state.legs[leg];
    event.leg.previous = state->address;
    if (state->changing) {
        set_leg(pair, leg, &pair->next[leg]);
        assert_int_equal(cv_address_parse(address, &state->address), 0);
        tell_changed(fake, pair, leg);
    } else {
        assert_int_equal(state->bind, CV_BIND_TOKEN);
        assert_false(pair->used[leg]);
        assert_int_equal(cv_address_parse(address, &state->address), 0);
        if (!cv_ip_is_zero(&event.leg.previous.ip))
            event.type = CV_MESSAGE_LEG_MOVED;
        event.leg.pair = number;
        event.leg.leg = leg;
        event.leg.cause = CV_MOVE_TOKEN;
        event.leg.bind = CV_BIND_TOKEN;
        event.leg.relay_port = state->relay_port;
        event.leg.address = state->address;
        tell(fake, &event);
    }
    pair->used[leg] = pair->config.legs[leg].one_use != 0;
}

void fake_tell_limited(struct fake_dataplane *fake, uint64_t number, uint8_t leg, uint32_t budget_ms)
{
    struct cv_message event = {.type = CV_MESSAGE_LEG_LIMITED,
                               .leg = {.pair = number, .leg = leg, .budget_ms = budget_ms}};

    assert_true(fake_tell(fake, &event));
}

void fake_tell_proof(struct fake_dataplane *fake, uint64_t number, uint8_t leg, enum cv_leg_proof proof)
{
    struct fake_pair *pair = fake_find(fake, number);
    struct cv_message event = {.type = proof == CV_LEG_PROOF_PROVEN ? CV_MESSAGE_LEG_PROVEN
                                                                    : CV_MESSAGE_LEG_UNPROVEN};

    assert_non_null(pair);
    pair->state.legs[leg].proof = (uint8_t)proof;
    event.leg.pair = number;
    event.leg.leg = leg;
    event.leg.proof = (uint8_t)proof;
    event.leg.bind = pair->state.legs[leg].bind;
    event.leg.relay_port = pair->state.legs[leg].relay_port;
    event.leg.address = pair->state.legs[leg].address;
    assert_true(fake_tell(fake, &event));
}
