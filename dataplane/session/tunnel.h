/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Tunnel legs: UDP payloads in the DATAGRAM frames of a session (lib/protocol/datagram.h).
 *
 *      DATAGRAM -> cv_tunnel_receive -> the other leg, of either kind
 *      the other leg -> cv_tunnel_send_burst -> queue of the leg -> cv_tunnel_write -> DATAGRAM
 *                             \-> ring -> the worker that has the session
 *
 * What the congestion window does not let out waits, in one queue per leg: at most CV_TUNNEL_WAIT_NS and
 * CV_TUNNEL_WAITING datagrams, nor more than the worker has room left for. Then the oldest is dropped, as
 * tunnel_queue. The legs of a session take turns.
 * There is no pacing: the QUIC connection inside the tunnel has its own, and what it sends would only wait
 * twice.
 */
#include "owner.h"
#include "protocol/datagram.h"
#include "relay/forward.h"

#define CV_TUNNEL_WAIT_NS 50000000
#define CV_TUNNEL_WAITING 1024
#define CV_TUNNEL_QUEUES  2048 /* of a worker, besides one for each session */

/* Datagrams that wait for one leg; in use only while there are any. */
struct cv_tunnel_queue {
    struct cv_tunnel_queue *next; /* of the same session, in a circle; or in the list of free ones */
    struct rte_mbuf *first, *last;
    uint32_t count;
    uint16_t channel;
};

/* Bytes for `cv_tunnels_init`. */
size_t cv_tunnels_bytes(uint32_t queues);

/* `mbufs`: how many may wait in all legs of this owner together. */
void cv_tunnels_init(struct cv_tunnels *tunnels, void *memory, uint32_t queues, uint32_t mbufs);

/* A DATAGRAM frame of a session of the calling worker: to the other leg, or dropped. */
void cv_tunnel_receive(struct cv_session *session, const struct cv_datagram *datagram);

/*
 * To tunnel legs, of whichever worker. The mbufs have the headroom that they were allocated with, and are gone
 * afterwards. `owner` is the calling worker's; NULL: there are no sessions, and so no such legs.
 */
void cv_tunnel_send_burst(struct cv_session_owner *owner, struct cv_context *context,
                          const struct cv_tunnel_burst *burst);

/* What other workers sent. Returns how many. */
uint32_t cv_tunnel_take_sent(struct cv_session_owner *owner);

/* Drops what has waited too long. Before the session writes. */
void cv_tunnel_expire(struct cv_session_owner *owner, struct cv_session *session);

/*
 * Puts datagrams that wait into one packet. Its bytes, or an error of ngtcp2; 0: the window is closed.
 * NGTCP2_ERR_WRITE_MORE: nothing waits any more, and what is in `mbuf` may take more frames before the packet
 * is finished.
 */
ngtcp2_ssize cv_tunnel_write(struct cv_session_owner *owner, struct cv_session *session, ngtcp2_path *path,
                             ngtcp2_pkt_info *info, struct rte_mbuf *mbuf);

/* When cv_tunnel_expire will have something to drop; CV_TIMER_NEVER. */
uint64_t cv_tunnel_due_ns(const struct cv_session *session);

/* Frees all that waits: the session ends. Not counted when the owner has no worker any more. */
void cv_tunnel_forget(struct cv_session_owner *owner, struct cv_session *session);
