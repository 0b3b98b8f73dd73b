/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * From leg to leg: what a worker does with a packet whose leg is known. Meter, route, rewrite, count; then
 * it is queued for its port, or put where the worker finds what goes on in a tunnel: forwarding knows
 * nothing of sessions.
 */
#include "relay.h"

/* Payloads of one burst that leave by tunnel legs. */
struct cv_tunnel_burst {
    uint32_t count;
    struct {
        struct rte_mbuf *mbuf; /* its data is the UDP payload, with the headers' room before it */
        struct cv_tunnel tunnel;
    } list[CV_BURST];
};

/*
 * Forwards or drops each packet; the mbufs are gone afterwards, but for those that were added to
 * `tunnelled`, which has room for them. `found` packets came from their leg's own address; those that only
 * a claim names (found false) do not count as a sign of life of that address.
 */
void cv_forward(struct cv_relay *relay, struct cv_packet **packets, uint32_t count, bool found,
                struct cv_tunnel_burst *tunnelled);
