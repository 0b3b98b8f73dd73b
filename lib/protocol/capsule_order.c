/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rule may ask what has ever happened, and what capsules of the same side have made of it since. It may not
 * ask that the other side has not ended something: that news can be on its way.
 */
#include "capsule_order.h"

static const char *on_register(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (order->registering)
        return "REGISTER comes only once";
    order->registering = true;
    order->legs = capsule->registration.legs;
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
    return NULL;
}

static const char *on_request(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (capsule->request.request <= order->last_request)
        return "PAIR_REQUEST with a number that is not above the last";
    if ((capsule->request.legs & ~order->legs) != 0)
        return "PAIR_REQUEST for a kind of leg that REGISTER did not name";
    if (order->requests == CV_CAPSULE_OPEN_MAX)
        return "PAIR_REQUEST while as many wait as may";
    order->last_request = capsule->request.request;
    order->requests++;
    return NULL;
}

static const char *on_offer(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    if (order->going_away)
        return "PAIR_OFFER after GO_AWAY";
    if (capsule->offer.offer <= order->last_offer)
        return "PAIR_OFFER with a number that is not above the last";
    if (order->legs == 0)
        return "PAIR_OFFER to a peer that REGISTERed no kind of leg";
    if (order->offers == CV_CAPSULE_OPEN_MAX)
        return "PAIR_OFFER while as many wait as may";
    order->last_offer = capsule->offer.offer;
    order->offers++;
    order->answers_left++;
    return NULL;
}

/* PAIR_ACCEPT with its leg, PAIR_REFUSE with none. */
static const char *on_answer(struct cv_capsule_order *order, uint64_t offer, uint8_t leg)
{
    if (offer > order->last_offer)
        return "answer to an offer that was never made";
    if (order->answers_left == 0)
        return "more answers than offers";
    if ((leg & ~order->legs) != 0)
        return "PAIR_ACCEPT with a kind of leg that REGISTER did not name";
    order->answers_left--;
    if (leg != 0)
        order->accepted++;
    return NULL;
}

/* PAIR_MADE and REFUSED: one of them ends each request and each offer. */
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

static const char *on_made(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    bool offered = capsule->made.origin == CV_ORIGIN_OFFER;
    const char *wrong;

    if (order->pairs >= order->pairs_max)
        return "PAIR_MADE beyond the limit of pairs in REGISTERED";
    if ((capsule->made.leg & ~order->legs) != 0)
        return "PAIR_MADE with a kind of leg that REGISTER did not name";
    if (offered && order->accepted == 0)
        return "PAIR_MADE for an offer without PAIR_ACCEPT";
    wrong = decide(order, capsule->made.origin, capsule->made.number);
    if (wrong != NULL)
        return wrong;
    order->accepted -= offered;
    order->pairs++;
    order->closes_left++;
    order->has_tunnel |= capsule->made.leg == CV_LEG_KIND_TUNNEL;
    return NULL;
}

static const char *on_close(struct cv_capsule_order *order)
{
    if (order->closes_left == 0)
        return "more PAIR_CLOSE than PAIR_MADE";
    order->closes_left--;
    return NULL;
}

static const char *on_closed(struct cv_capsule_order *order)
{
    if (order->pairs == 0)
        return "more PAIR_CLOSED than PAIR_MADE";
    order->pairs--;
    return NULL;
}

static const char *on_go_away(struct cv_capsule_order *order)
{
    if (order->going_away)
        return "GO_AWAY comes only once";
    order->going_away = true;
    return NULL;
}

static const char *once_registered(struct cv_capsule_order *order, const struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_PAIR_REQUEST:
        return on_request(order, capsule);
    case CV_CAPSULE_PAIR_OFFER:
        return on_offer(order, capsule);
    case CV_CAPSULE_PAIR_ACCEPT:
        return on_answer(order, capsule->accept.offer, capsule->accept.leg);
    case CV_CAPSULE_PAIR_REFUSE:
        return on_answer(order, capsule->refuse.offer, 0);
    case CV_CAPSULE_PAIR_MADE:
        return on_made(order, capsule);
    case CV_CAPSULE_REFUSED:
        return decide(order, capsule->refused.origin, capsule->refused.number);
    case CV_CAPSULE_PAIR_CLOSE:
        return on_close(order);
    case CV_CAPSULE_PAIR_CLOSED:
        return on_closed(order);
    case CV_CAPSULE_TUNNEL_LIMIT:
        return order->has_tunnel ? NULL : "TUNNEL_LIMIT before any tunnel leg";
    default:
        return NULL; /* OBSERVED_ADDRESS */
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
    if (capsule->type == CV_CAPSULE_GO_AWAY)
        return on_go_away(order);
    if (!order->registered)
        return "only GO_AWAY may come before REGISTERED";
    return once_registered(order, capsule);
}
