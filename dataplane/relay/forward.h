/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * From leg to leg: what a worker does with a packet whose leg is known. Meter, route, rewrite, count,
 * transmit.
 */
#include "packet.h"
#include "rewrite.h"
#include "shard/worker.h"

/*
 * Forwards or drops each packet; the mbufs are gone afterwards. `found` packets came from their leg's own
 * address; those that only a claim names (found false) do not count as a sign of life of that address.
 */
void cv_forward(struct cv_worker *worker, struct cv_packet **packets, uint32_t count, bool found);

/* ---- For what comes out of a tunnel leg ---- */

/*
 * Whether the leg's other side takes a payload of so many bytes now: CV_DROP_COUNT with the route filled,
 * else the reason why not. A sign of life of the leg.
 */
enum cv_drop cv_leg_pass(struct cv_worker *worker, uint32_t leg, uint16_t payload_bytes,
                         struct cv_route *route);

/* The next hop of a route that does not go into a tunnel; NULL: there is none that can be used. */
const struct cv_next_hop *cv_route_hop(const struct cv_worker *worker, const struct cv_route *route);

/* The payload has been passed on. */
void cv_leg_count(struct cv_worker *worker, uint32_t leg, uint16_t payload_bytes);
