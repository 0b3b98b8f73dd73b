/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairing.h"

#define NO_DATAGRAMS "a tunnel leg needs a session that takes DATAGRAM frames"
#define MANY_TUNNELS "one of the sessions has as many tunnel legs as it may have"

static bool is_full(const struct peer *peer)
{
    const struct cv_capsule_order *order = &peer->session->record.order;

    return order->pairs + peer->making >= order->pairs_max;
}

uint8_t pairing_leg_kind(uint8_t legs)
{
    return (legs & CV_LEG_KIND_UDP) != 0 ? CV_LEG_KIND_UDP : CV_LEG_KIND_TUNNEL;
}

static bool may_tunnel(const struct peer *peer)
{
    return peer->session->record.payload_bytes > 0;
}

/* NONE: the peer can have one more leg of this kind. */
static enum cv_session_error leg_hindrance(const struct peer *peer, uint8_t kind, const char **why)
{
    if (kind == CV_LEG_KIND_UDP)
        return CV_SESSION_ERROR_NONE;
    if (!may_tunnel(peer)) {
        *why = NO_DATAGRAMS;
        return CV_SESSION_ERROR_NO_COMMON_LEG;
    }
    if (!channels_left(peer->channels)) {
        *why = MANY_TUNNELS;
        return CV_SESSION_ERROR_TOO_MANY_PAIRS;
    }
    return CV_SESSION_ERROR_NONE;
}

enum cv_session_error pairing_offer_hindrance(const struct peer *asker, const struct peer *target,
                                              uint8_t kind, const char **why)
{
    enum cv_session_error error;

    if (target == NULL) {
        *why = "no session of this peer here";
        return CV_SESSION_ERROR_NO_SUCH_PEER;
    }
    if (target == asker) {
        *why = "a peer cannot be paired with itself";
        return CV_SESSION_ERROR_NOT_ALLOWED;
    }
    if (asker->session->record.order.going_away || target->session->record.order.going_away) {
        *why = "the relay is sending its peers away";
        return CV_SESSION_ERROR_GOING_AWAY;
    }
    if ((target->session->record.order.legs & CV_LEG_KIND_UDP) == 0 &&
        ((target->session->record.order.legs & CV_LEG_KIND_TUNNEL) == 0 || !may_tunnel(target))) {
        *why = "the other peer can use no kind of leg";
        return CV_SESSION_ERROR_NO_COMMON_LEG;
    }
    error = leg_hindrance(asker, kind, why);
    if (error != CV_SESSION_ERROR_NONE)
        return error;
    if (is_full(asker) || is_full(target)) {
        *why = is_full(asker) ? "you are at your limit of pairs" : "the other peer is at its limit of pairs";
        return CV_SESSION_ERROR_TOO_MANY_PAIRS;
    }
    if (target->session->record.order.offers >= asker->all->services->config->session_offers) {
        *why = "too many offers wait for the other peer's answer";
        return CV_SESSION_ERROR_BUSY;
    }
    return CV_SESSION_ERROR_NONE;
}

enum cv_session_error pairing_hindrance(const struct peer *asker, uint8_t askers_kind,
                                        const struct peer *answerer, uint8_t answerers_kind, const char **why)
{
    enum cv_session_error error;

    if (is_full(asker) || is_full(answerer)) {
        *why = "one of the peers is at its limit of pairs";
        return CV_SESSION_ERROR_TOO_MANY_PAIRS;
    }
    error = leg_hindrance(asker, askers_kind, why);
    return error != CV_SESSION_ERROR_NONE ? error : leg_hindrance(answerer, answerers_kind, why);
}
