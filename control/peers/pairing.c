/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairing.h"

#define NO_COMMON_LEG "none of these kinds of leg was registered, or is to be had here"
#define NO_DATAGRAMS  "a tunnel leg needs a session that takes DATAGRAM frames"
#define MANY_TUNNELS  "one of the sessions has as many tunnel legs as it may have"

static bool is_full(const struct peer *peer)
{
    const struct cv_capsule_order *order = &peer->session->record.order;

    return order->pairs + peer->making >= order->pairs_max;
}

static bool may_tunnel(const struct peer *peer)
{
    return peer->session->payload_bytes > 0;
}

uint8_t pairing_leg_kind(const struct peer *peer, uint64_t legs)
{
    uint64_t common = legs & peer->record.legs;

    if ((common & CV_LEG_KIND_UDP) != 0)
        return CV_LEG_KIND_UDP;
    if ((common & CV_LEG_KIND_LISTEN) != 0)
        return CV_LEG_KIND_LISTEN;
    return (common & CV_LEG_KIND_TUNNEL) != 0 && may_tunnel(peer) && channels_left(peer->channels)
               ? CV_LEG_KIND_TUNNEL
               : 0;
}

enum cv_session_error pairing_leg_hindrance(const struct peer *peer, uint64_t legs, const char **why)
{
    if (pairing_leg_kind(peer, legs) != 0)
        return CV_SESSION_ERROR_NONE;
    if ((legs & peer->record.legs & CV_LEG_KIND_TUNNEL) == 0) {
        *why = NO_COMMON_LEG;
        return CV_SESSION_ERROR_NO_COMMON_LEG;
    }
    *why = may_tunnel(peer) ? MANY_TUNNELS : NO_DATAGRAMS;
    return may_tunnel(peer) ? CV_SESSION_ERROR_TOO_MANY_PAIRS : CV_SESSION_ERROR_NO_COMMON_LEG;
}

static bool lists(const struct instance_record *record, const struct chain *chain)
{
    for (unsigned i = 0; i < record->listed_count; i++) {
        if (chain_has(chain, &record->listed[i]))
            return true;
    }
    return false;
}

bool pairing_is_reachable(const struct peer *target, const struct peer *asker)
{
    switch (target->record.reachable) {
    case CV_REACHABLE_BY_ANYONE:
        return true;
    case CV_REACHABLE_BY_LISTED:
        return lists(&target->record, &asker->record.chain);
    default:
        return false;
    }
}

enum cv_session_error pairing_offer_hindrance(const struct peer *asker, uint64_t legs,
                                              const struct peer *target, const char **why)
{
    enum cv_session_error error;

    if (target == asker) {
        *why = "an instance cannot be paired with itself";
        return CV_SESSION_ERROR_NOT_ALLOWED;
    }
    if (target->session->record.order.going_away) {
        *why = "the relay is sending its peers away";
        return CV_SESSION_ERROR_GOING_AWAY;
    }
    if (!pairing_is_reachable(target, asker)) {
        *why = "the other peer does not want this pair";
        return CV_SESSION_ERROR_NOT_WANTED;
    }
    if ((target->record.legs & (CV_LEG_KIND_UDP | CV_LEG_KIND_LISTEN)) == 0 &&
        ((target->record.legs & CV_LEG_KIND_TUNNEL) == 0 || !may_tunnel(target))) {
        *why = "the other peer can use no kind of leg";
        return CV_SESSION_ERROR_NO_COMMON_LEG;
    }
    error = pairing_leg_hindrance(asker, legs, why);
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
    if (!session_has_room_for_others(target->session)) {
        *why = "too much waits for the other peer already";
        return CV_SESSION_ERROR_BUSY;
    }
    return CV_SESSION_ERROR_NONE;
}

enum cv_session_error pairing_hindrance(const struct peer *asker, uint64_t askers_legs,
                                        const struct peer *answerer, uint64_t answerers_legs,
                                        const char **why)
{
    enum cv_session_error error;

    if (is_full(asker) || is_full(answerer)) {
        *why = "one of the peers is at its limit of pairs";
        return CV_SESSION_ERROR_TOO_MANY_PAIRS;
    }
    error = pairing_leg_hindrance(asker, askers_legs, why);
    return error != CV_SESSION_ERROR_NONE ? error : pairing_leg_hindrance(answerer, answerers_legs, why);
}
