/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rule may ask what has ever happened, and what capsules of the same side have made of it since. It may
 * not ask that the other side has not ended something: that news can be on its way.
 */
#include "capsule_order.h"

static const char *on_register(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (order->registering)
        return "REGISTER comes only once";
    order->registering = true;
    order->legs = (uint8_t)capsule->registration.legs;
    return NULL;
}

static const char *on_registered(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (order->registered)
        return "REGISTERED comes only once";
    if (order->going_away)
        return "REGISTERED after GO_AWAY";
    order->registered = true;
    order->pairs_max = capsule->registered.pairs;
    order->resumed = capsule->parameters.numbers[CV_PARAMETER_RESUMED];
    return NULL;
}

/* Of any kind: they share one row of numbers. */
static const char *on_request(struct cv_capsule_order *order, uint64_t number)
{
    if (number <= order->last_request)
        return "a request with a number that is not above the last";
    order->last_request = number;
    order->requests++;
    return NULL;
}

static const char *on_offer(struct cv_capsule_order *order, uint64_t number)
{
    if (order->going_away)
        return "PAIR_OFFER after GO_AWAY";
    if (number <= order->last_offer)
        return "PAIR_OFFER with a number that is not above the last";
    if (order->legs == 0)
        return "PAIR_OFFER to a peer that REGISTERed no kind of leg";
    if (order->offers == CV_CAPSULE_OPEN_MAX)
        return "PAIR_OFFER while as many wait as may";
    order->last_offer = number;
    order->offers++;
    return NULL;
}

/* One capsule ends each request and each offer. */
static const char *decide(struct cv_capsule_order *order, uint8_t origin, uint64_t number)
{
    bool requested = origin == CV_ORIGIN_REQUEST;
    uint32_t *open = requested ? &order->requests : &order->offers;

    if (number > (requested ? order->last_request : order->last_offer))
        return requested ? "decision about a request that was never made"
                         : "decision about an offer that was never made";
    if (*open == 0)
        return requested ? "more decisions than requests" : "more decisions than offers";
    --*open;
    return NULL;
}

static const char *on_resumed(struct cv_capsule_order *order)
{
    if (order->resumed == 0)
        return "more PAIR_MADE of a resumed session than REGISTERED said";
    order->resumed--;
    order->pairs++;
    return NULL;
}

/* A kind that we do not know is for who asked for it to judge. */
static bool is_registered(const struct cv_capsule_order *order, uint64_t kind)
{
    return !cv_leg_kind_is_known(kind) || (kind & order->legs) != 0;
}

static const char *on_made(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    bool offered = capsule->made.origin == CV_ORIGIN_OFFER;
    const char *wrong;

    if (order->pairs >= order->pairs_max)
        return "PAIR_MADE beyond the limit of pairs in REGISTERED";
    if (!is_registered(order, capsule->made.leg.kind))
        return "PAIR_MADE with a kind of leg that REGISTER did not name";
    if (capsule->made.origin == CV_ORIGIN_RESUMED)
        return on_resumed(order);
    if (offered && order->accepted == 0)
        return "PAIR_MADE for an offer without PAIR_ACCEPT";
    wrong = decide(order, capsule->made.origin, capsule->number);
    if (wrong != NULL)
        return wrong;
    order->accepted -= offered;
    order->pairs++;
    return NULL;
}

static const char *on_closed(struct cv_capsule_order *order)
{
    if (order->pairs == 0)
        return "more PAIR_CLOSED than PAIR_MADE";
    order->pairs--;
    return NULL;
}

static const char *on_leg_made(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (!is_registered(order, capsule->leg_made.leg.kind))
        return "LEG_MADE with a kind of leg that REGISTER did not name";
    return decide(order, CV_ORIGIN_REQUEST, capsule->number);
}

static const char *on_stay(struct cv_capsule_order *order)
{
    if (!order->going_away)
        return "STAY without GO_AWAY";
    order->going_away = false;
    return NULL;
}

static const char *once_registered(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (cv_capsule_begins(capsule->type) == CV_BEGINS_WITH_REQUEST)
        return on_request(order, capsule->number);
    switch (capsule->type) {
    case CV_CAPSULE_PAIR_OFFER:
        return on_offer(order, capsule->number);
    case CV_CAPSULE_PAIR_ACCEPT:
        order->accepted++;
        return NULL;
    case CV_CAPSULE_PAIR_MADE:
        return on_made(order, capsule);
    case CV_CAPSULE_REFUSED:
        return decide(order, capsule->refused.origin, capsule->number);
    case CV_CAPSULE_PAIR_CLOSED:
        return on_closed(order);
    case CV_CAPSULE_LEG_MADE:
        return on_leg_made(order, capsule);
    case CV_CAPSULE_DONE:
    case CV_CAPSULE_NAME_CLAIMED:
    case CV_CAPSULE_CERTIFICATE:
    case CV_CAPSULE_CODE_OPENED:
        return decide(order, CV_ORIGIN_REQUEST, capsule->number);
    case CV_CAPSULE_CODE_JOINED:
        return capsule->number == 0 ? NULL : decide(order, CV_ORIGIN_REQUEST, capsule->number);
    case CV_CAPSULE_STAY:
        return on_stay(order);
    default:
        return NULL;
    }
}

const char *cv_capsule_order_next(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (capsule->type == CV_CAPSULE_REGISTER)
        return on_register(order, capsule);
    if (!order->registering)
        return "REGISTER comes first";
    if (capsule->type == CV_CAPSULE_REGISTERED)
        return on_registered(order, capsule);
    if (capsule->type == CV_CAPSULE_GO_AWAY) {
        order->going_away = true;
        return NULL;
    }
    if (!order->registered)
        return "only GO_AWAY may come before REGISTERED";
    return once_registered(order, capsule);
}

const char *cv_capsule_order_refuse(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (!order->registering)
        return "REGISTER comes first";
    if (!order->registered)
        return "only GO_AWAY may come before REGISTERED";
    switch (cv_capsule_begins(capsule->type)) {
    case CV_BEGINS_WITH_REQUEST:
        return on_request(order, capsule->number);
    case CV_BEGINS_WITH_OFFER:
        return capsule->type == CV_CAPSULE_PAIR_OFFER ? on_offer(order, capsule->number) : NULL;
    case CV_BEGINS_WITH_NOTHING:
        break;
    }
    return NULL;
}
