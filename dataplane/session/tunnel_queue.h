/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Datagrams that wait for a tunnel leg until the congestion window lets them out: one queue per leg, at most
 * CV_TUNNEL_WAIT_NS and CV_TUNNEL_WAITING datagrams, nor more than the worker has room left for. Then the oldest is
 * dropped, as tunnel_queue. The legs of a session take turns: its queues are a circle, of which `session->tunnels` is
 * the last.
 */
#include "packet/context.h"
#include "relay/pair.h"
#include "session.h"

#define CV_TUNNEL_WAIT_NS 50000000
#define CV_TUNNEL_WAITING 1024
#define CV_TUNNEL_QUEUES  2048 /* of a worker, besides one for each session */

/* What is known of a datagram that waits: in the headroom of its own buffer, which nobody else uses then. */
struct cv_tunnel_wait {
    struct rte_mbuf *next;
    uint64_t since_ns;
    struct cv_tunnel to;
};

static inline struct cv_tunnel_wait *cv_tunnel_wait_of(const struct rte_mbuf *mbuf)
{
    return mbuf->buf_addr;
}

/* Datagrams that wait for one leg; in use only while there are any. */
struct cv_tunnel_queue {
    struct cv_tunnel_queue *next; /* of the same session, in a circle; or in the list of free ones */
    struct rte_mbuf *first, *last;
    uint32_t count;
    uint16_t channel;
};

/* What waits for the tunnel legs of all sessions of a worker. */
struct cv_tunnels {
    struct cv_tunnel_queue *free;
    uint32_t free_count;
    uint32_t waiting; /* datagrams */
    uint32_t room;
};

/* Bytes for `cv_tunnels_init`. */
size_t cv_tunnels_bytes(uint32_t queues);

/* `mbufs`: how many may wait in all legs together. */
void cv_tunnels_init(struct cv_tunnels *tunnels, void *memory, uint32_t queues, uint32_t mbufs);

/* Behind the others of its leg, which cv_tunnel_wait_of(mbuf)->to names. Drops what there is no room for. */
void cv_tunnel_queue_put(struct cv_tunnels *tunnels, struct cv_session *session, struct rte_mbuf *mbuf,
                         uint64_t now_ns, struct cv_context *context);

/* Takes the first of the queue after `before`, and the queue away when it was the only one. */
struct rte_mbuf *cv_tunnel_queue_take(struct cv_tunnels *tunnels, struct cv_session *session,
                                      struct cv_tunnel_queue *before);

/* Drops what has waited too long. Before the session writes. */
void cv_tunnel_queue_expire(struct cv_tunnels *tunnels, struct cv_session *session, uint64_t now_ns,
                            struct cv_context *context);

/* When there will be something to expire; CV_TIMER_NEVER. */
uint64_t cv_tunnel_queue_due_ns(const struct cv_session *session);

/* Drops all that waits: the session ends. */
void cv_tunnel_queue_drop_all(struct cv_tunnels *tunnels, struct cv_session *session,
                              struct cv_context *context);
