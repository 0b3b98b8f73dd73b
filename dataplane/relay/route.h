/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Where what came from a leg goes to, and whether it may go there now: the question that each packet asks,
 * whether it came in a datagram of its own or out of a tunnel.
 */
#include "relay.h"
#include "shared/drop.h"

#include <rte_pause.h>

/* What one packet needs of its leg: a consistent copy (see cv_leg.sequence). */
struct cv_route {
    union { /* as in cv_leg */
        struct cv_ip destination;
        struct cv_tunnel tunnel_out;
    };
    uint16_t destination_port_be;
    uint16_t source_port_be; /* ours that it leaves from: the port of the other leg */
    uint16_t next_hop;
    uint8_t flags; /* enum cv_leg_flag */
    uint8_t local_out;
};

/*
 * Times a reader starts over before it gives up: the keeper changes a leg within some 50 ns, unless it is
 * preempted.
 */
#define CV_ROUTE_TRIES 100

/* False: the keeper was stopped in the middle of a change. */
static inline bool cv_route_read(const struct cv_leg *leg, struct cv_route *route)
{
    for (unsigned try = 0; try < CV_ROUTE_TRIES; try++) {
        uint8_t before = __atomic_load_n(&leg->sequence, __ATOMIC_ACQUIRE);

        route->destination = leg->destination;
        route->destination_port_be = leg->destination_port_be;
        route->source_port_be = leg->relay_port_be;
        route->next_hop = leg->next_hop;
        route->flags = leg->flags;
        route->local_out = leg->local_out;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (likely(!(before & 1) && before == __atomic_load_n(&leg->sequence, __ATOMIC_RELAXED)))
            return true;
        rte_pause();
    }
    return false;
}

/*
 * Whether so many bytes more may pass from leg `number` by a route with those flags and that next hop,
 * for legs that are CV_LEG_METERED: the pair may have a rate, the other leg an account (standing.h).
 * CV_DROP_COUNT, or the reason why not.
 */
enum cv_drop cv_leg_may_pass(const struct cv_relay *relay, uint32_t number, uint16_t payload_bytes,
                             uint8_t flags, uint16_t next_hop);

/*
 * Whether the other side of leg `number` takes a payload of so many bytes now: CV_DROP_COUNT with the route
 * filled, else the reason why not.
 */
static inline enum cv_drop cv_leg_route(const struct cv_relay *relay, const struct cv_leg *leg,
                                        uint32_t number, uint16_t payload_bytes, struct cv_route *route)
{
    if (unlikely(!cv_route_read(leg, route) || !(route->flags & CV_LEG_READY)))
        return CV_DROP_UNBOUND_LEG;
    /* A packet that catches the other leg just between two ports (change.h) may leave by the wrong one. */
    if (unlikely(route->flags & CV_LEG_OTHER_PORT))
        route->source_port_be = cv_leg_at(relay->table, number ^ 1)->relay_port_be;
    if (unlikely(route->flags & CV_LEG_METERED))
        return cv_leg_may_pass(relay, number, payload_bytes, route->flags, route->next_hop);
    return CV_DROP_COUNT;
}

/* The next hop of a route that does not go into a tunnel; NULL: there is none that can be used. */
static inline const struct cv_next_hop *cv_route_hop(const struct cv_relay *relay,
                                                     const struct cv_route *route)
{
    const struct cv_next_hop *hop = &relay->hops->list[route->next_hop];

    if (unlikely(route->next_hop == CV_NO_NEXT_HOP || !__atomic_load_n(&hop->usable, __ATOMIC_ACQUIRE)))
        return NULL;
    return hop;
}

/* A payload of the leg has been passed on. */
static inline void cv_leg_count(struct cv_leg *leg, uint16_t payload_bytes)
{
    leg->pkts++;
    leg->bytes += payload_bytes;
}
