/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The rings between the threads that have to do with sessions. A worker has one of each; the handshake thread has no
 * use for datagrams and handed.
 *
 *      packets     from workers               packets whose connection ID names this shard, or no worker's session
 *      datagrams   from workers               payloads for tunnel legs of this shard (tunnel.h)
 *      handed      from the handshake thread  sessions that are done; packets to send; buffers to free
 *      orders      from the keeper            control's messages
 *      events      to the keeper              messages to control
 *
 * The handshake thread sleeps and can be preempted. So that no worker ever waits for it, it is the only producer of
 * the rings that it writes to, and packet buffers are freed by workers only.
 */
#include "shared/message.h"

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

struct cv_session;

struct cv_session_rings {
    struct rte_ring *packets;   /* struct rte_mbuf *, marked as rx_packet.h says */
    struct rte_ring *datagrams; /* struct rte_mbuf * */
    struct rte_ring *handed;    /* struct cv_handed */
    struct rte_ring *orders;    /* struct cv_message */
    struct rte_ring *events;    /* struct cv_message */
};

enum cv_handed_kind {
    CV_HANDED_SESSION, /* it is the worker's now */
    CV_HANDED_SEND,    /* a packet, to leave by mbuf->port */
    CV_HANDED_PACKET,  /* a packet that came for a session which the worker has by now */
    CV_HANDED_LEG,  /* a packet that the worker took for a session's beginning, but is its address's leg's */
    CV_HANDED_FREE, /* a buffer to be freed */
};

/* What the handshake thread hands to a worker. */
struct cv_handed {
    _Alignas(16) union { /* as rte_ring takes elements of 16 bytes to lie */
        struct cv_session *session;
        struct rte_mbuf *mbuf; /* in all other kinds */
    };
    uint8_t kind; /* enum cv_handed_kind */
    uint8_t drop; /* FREE: enum cv_drop, the reason to count; CONSUMED: none */
    uint8_t reserved[6];
};

_Static_assert(sizeof(struct cv_handed) == 16, "rte_ring moves elements of 16 bytes as such");

/* Bytes that the rings of so many workers and of the handshake thread take. */
size_t cv_session_rings_bytes(uint32_t workers);

/* `rings` has workers + 1 entries of zeros, the handshake thread's last. 0 or -ENOMEM. */
int cv_session_rings_create(struct cv_session_rings *rings, uint32_t workers);

/* Frees them, and the buffers in them. The threads have ended. */
void cv_session_rings_destroy(struct cv_session_rings *rings, uint32_t workers);

/* False: no room. */
static inline bool cv_hand(struct rte_ring *handed, const struct cv_handed *what)
{
    return rte_ring_sp_enqueue_elem(handed, (void *)(uintptr_t)what, sizeof(*what)) == 0;
}

static inline unsigned cv_take_handed(struct rte_ring *handed, struct cv_handed *list, unsigned max)
{
    return rte_ring_sc_dequeue_burst_elem(handed, list, sizeof(*list), max, NULL);
}
