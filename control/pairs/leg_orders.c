/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg_orders.h"

#include "base/log.h"
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A LEG_TOKEN, LEG_VOUCH or LEG_PROVE on its way. */
struct leg_order {
    struct request request;
    struct commit_waiter waiter;
    struct pairs *pairs;
    void (*told)(void *context, uint64_t pair, unsigned leg, const uint8_t token[CV_TOKEN_BYTES]);
    void *context;
};

static void log_refusal(const struct request *request, int error)
{
    if (error != 0 && error != -ECONNRESET)
        log_debug("%s of pair %" PRIu64 ": %s", cv_message_name(request->message.type),
                  request->message.leg_order.pair, cv_result_text(error));
}

static void on_ordered(struct request *request, int error, const struct cv_pair_state *state)
{
    (void)state;
    log_refusal(request, error);
    free(request);
}

/* Frees `order` when it cannot be sent. */
static void send_order(struct leg_order *order)
{
    if (dataplane_request(order->pairs->services->dataplane, &order->request) != 0)
        free(order);
}

static struct leg_order *make(struct pairs *pairs, enum cv_message_type type, uint64_t pair, unsigned leg)
{
    struct leg_order *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        log_error("out of memory: pair %" PRIu64 " goes without a %s", pair, cv_message_name(type));
        return NULL;
    }
    made->pairs = pairs;
    made->request.message.type = (uint16_t)type;
    made->request.message.leg_order.pair = pair;
    made->request.message.leg_order.leg = (uint8_t)leg;
    made->request.done = on_ordered;
    return made;
}

void leg_vouch(struct pairs *pairs, uint64_t pair, unsigned leg, const struct cv_ip *ip)
{
    struct leg_order *order = make(pairs, CV_MESSAGE_LEG_VOUCH, pair, leg);

    (void)store_set_vouched(pairs->services->store, pair, leg, ip);
    if (order == NULL)
        return;
    order->request.message.leg_order.vouched = *ip;
    send_order(order);
}

void leg_prove(struct pairs *pairs, uint64_t pair, unsigned leg, const uint8_t challenge[CV_CHALLENGE_BYTES])
{
    struct leg_order *order = make(pairs, CV_MESSAGE_LEG_PROVE, pair, leg);

    if (order == NULL)
        return;
    memcpy(order->request.message.leg_order.challenge, challenge, CV_CHALLENGE_BYTES);
    send_order(order);
}

/* A leg that has had yet another token since is none of this order's. */
static bool has_token(struct store *store, const struct cv_leg_order *order)
{
    struct pair_record record;

    return pair_record_find(store, order->pair, &record) &&
           memcmp(record.legs[order->leg].token, order->token, CV_TOKEN_BYTES) == 0;
}

/* The data plane has the token; or it is lost, and the pair will be put with it. */
static void on_renewed(struct request *request, int error, const struct cv_pair_state *state)
{
    struct leg_order *order = (struct leg_order *)(void *)request;
    struct store *store = order->pairs->services->store;
    const struct cv_leg_order *sent = &request->message.leg_order;

    (void)state;
    log_refusal(request, error);
    if ((error == 0 || error == -ECONNRESET) && has_token(store, sent)) {
        (void)store_set_token(store, sent->pair, sent->leg, sent->token, false);
        order->told(order->context, sent->pair, sent->leg, sent->token);
    }
    free(order);
}

static void on_kept(struct commit_waiter *waiter, int error)
{
    struct leg_order *order =
        (struct leg_order *)(void *)((char *)waiter - offsetof(struct leg_order, waiter));

    if (error != 0)
        free(order);
    else
        send_order(order);
}

void leg_renew_token(struct pairs *pairs, uint64_t pair, unsigned leg,
                     void (*told)(void *context, uint64_t pair, unsigned leg,
                                  const uint8_t token[CV_TOKEN_BYTES]),
                     void *context)
{
    struct store *store = pairs->services->store;
    struct leg_order *order = make(pairs, CV_MESSAGE_LEG_TOKEN, pair, leg);
    struct leg_record made;

    if (order == NULL)
        return;
    order->request.done = on_renewed;
    order->told = told;
    order->context = context;
    if (leg_record_make_token(&made) != 0 || store_set_token(store, pair, leg, made.token, true) != 0) {
        free(order);
        return;
    }
    memcpy(order->request.message.leg_order.token, made.token, CV_TOKEN_BYTES);
    order->waiter.done = on_kept;
    commits_wait(pairs->services->commits, &order->waiter);
}
