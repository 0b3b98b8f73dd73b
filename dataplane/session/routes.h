/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * How a session's packets reach its peer: back the way that the peer's own came, for each path that ngtcp2
 * may write to. A packet proves nothing before ngtcp2 has accepted it, for whoever has seen one of a session
 * can send more with its connection ID, from any address and any station of the link. So only accepted
 * packets change routes. Owner only.
 */
#include "port/local.h"
#include "rx_packet.h"
#include "session.h"

/* The way back to where a packet came from. */
void cv_session_route_learn(struct cv_session_route *route, const struct cv_rx_packet *rx);

/*
 * Puts Ethernet, IP and UDP headers before the payload that the mbuf holds, checksums included, and sets
 * mbuf->port. The mbuf has CV_WRAPPING_BYTES_MAX (packet/wrap.h) bytes of headroom.
 */
void cv_session_route_wrap(const struct cv_session_route *route, const struct cv_locals *locals,
                           uint16_t listen_port_be, uint8_t ecn, struct rte_mbuf *mbuf);

/* The route of a path; NULL: it was forgotten for newer ones. */
struct cv_session_route *cv_routes_find(const struct cv_locals *locals, struct cv_session *session,
                                        const ngtcp2_path *path);

/* Makes the way that this packet came the route of its path. The proven path is never forgotten for it. */
void cv_routes_learn(struct cv_session *session, const struct cv_rx_packet *rx);

/*
 * Around ngtcp2_conn_read_pkt: whether the packet came another way than the route of its path says, and if so
 * how many packets ngtcp2 has accepted so far.
 */
struct cv_routes_look {
    bool news;
    uint64_t accepted_pkts;
};

struct cv_routes_look cv_routes_look(struct cv_session *session, const struct cv_rx_packet *rx);

/* Learns the route if the packet was accepted. */
void cv_routes_learn_accepted(struct cv_session *session, const struct cv_rx_packet *rx,
                              const struct cv_routes_look *look);
