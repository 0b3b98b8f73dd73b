/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A packet on the listening port on its way through rings: what the parser found out about it travels in the
 * mbuf's own fields, so that it is parsed once.
 */
#include "packet/packet.h"
#include "port/local.h"
#include "quic_path.h"
#include "session.h"

struct cv_arrival {
    struct rte_mbuf *mbuf;
    struct cv_address address; /* where it came from */
    uint8_t local;             /* index of our address */
    uint8_t ecn;               /* of its IP header */
    uint16_t shard;            /* of the worker that received it */
    const uint8_t *payload;
    uint16_t bytes;
};

/* Before the mbuf goes anywhere. */
void cv_arrival_keep(const struct cv_packet *packet, uint16_t shard);

/* After that; the payload stays in the mbuf. */
void cv_arrival_read(struct rte_mbuf *mbuf, struct cv_arrival *arrival);

/* The way back to where it came from. */
void cv_route_learn(struct cv_session_route *route, const struct cv_arrival *arrival);

/* Whether a route of the same path says just that. */
bool cv_route_is(const struct cv_session_route *route, const struct cv_arrival *arrival);

/*
 * Puts Ethernet, IP and UDP headers before the payload that the mbuf holds, checksums included, and sets
 * mbuf->port. The mbuf has CV_WRAPPING_BYTES_MAX (packet/wrap.h) bytes of headroom.
 */
void cv_route_wrap(const struct cv_session_route *route, const struct cv_locals *locals,
                   uint16_t listen_port_be, uint8_t ecn, struct rte_mbuf *mbuf);
