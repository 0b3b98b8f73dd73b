/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Tunnel legs: UDP payloads in the DATAGRAM frames of a session (lib/protocol/datagram.h).
 *
 *      DATAGRAM ---> cv_tunnel_receive ---> the other leg, of either kind
 *
 *      the other leg ---> cv_tunnel_send_burst ---+--> queue of the leg ---> cv_tunnel_write ---> DATAGRAM
 *                                                 |    (tunnel_queue.h)
 *                                                 +--> ring ---> the worker that has the session: the same
 *
 * There is no pacing: the QUIC connection inside the tunnel has its own, and what it sends would only wait twice.
 */
#include "protocol/datagram.h"
#include "relay/forward.h"
#include "shard.h"

/* A DATAGRAM frame of a session of the calling thread: to the other leg, or dropped. */
void cv_tunnel_receive(struct cv_session *session, const struct cv_datagram *datagram);

/*
 * To tunnel legs, of whichever worker. The mbufs have the headroom that they were allocated with, and are gone
 * afterwards. `shard` is the calling worker's; NULL: there are no sessions, and so no such legs.
 */
void cv_tunnel_send_burst(struct cv_shard *shard, struct cv_context *context,
                          const struct cv_tunnel_burst *burst);

/* What other workers sent. Returns how many. */
uint32_t cv_tunnel_take_sent(struct cv_shard *shard);

/*
 * Puts datagrams that wait into one packet. Its bytes, or an error of ngtcp2; 0: the window is closed.
 * NGTCP2_ERR_WRITE_MORE: nothing waits any more, and what is in `mbuf` may take more frames before the packet
 * is finished.
 */
ngtcp2_ssize cv_tunnel_write(struct cv_shard *shard, struct cv_session *session, ngtcp2_path *path,
                             ngtcp2_pkt_info *info, struct rte_mbuf *mbuf);
