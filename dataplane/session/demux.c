/* SPDX-License-Identifier: BSD-3-Clause */
#include "demux.h"

#include "peer_probe.h"
#include "prefetch.h"
#include "reading.h"

#include <string.h>

static bool is_long_header(const uint8_t *payload)
{
    return (payload[0] & 0x80) != 0;
}

/* Where a connection ID of our length must stand (RFC 8999); NULL: there is none. */
static const uint8_t *issued_cid(const struct cv_rx_packet *rx)
{
    if (!is_long_header(rx->payload))
        return rx->bytes > CV_ISSUED_CID_BYTES ? rx->payload + 1 : NULL;
    if (rx->bytes < 6 + CV_ISSUED_CID_BYTES || rx->payload[5] != CV_ISSUED_CID_BYTES)
        return NULL;
    return rx->payload + 6;
}

static void pass_on(struct cv_shard *shard, struct rte_ring *ring, struct rte_mbuf *mbuf)
{
    if (rte_ring_mp_enqueue(ring, mbuf) != 0)
        cv_drop(&shard->relay->context, mbuf, CV_DROP_SESSION_QUEUE);
}

/* What is known of a burst of packets to the listening port. */
struct burst {
    uint32_t count;
    struct cv_rx_packet packets[CV_BURST];
    struct cv_session *sessions[CV_BURST]; /* NULL: gone elsewhere, or dealt with */
    uint8_t ids[CV_BURST][CV_ISSUED_CID_BYTES];
};

/* Not QUIC's: a probe that another worker received, for a session of ours. */
static void take_other(struct cv_shard *shard, const struct cv_rx_packet *rx)
{
    if (rx->bytes > 0 && cv_is_peer_probe(rx->bytes, rx->payload[0]))
        cv_peer_probe_take(shard, rx);
    else
        cv_drop(&shard->relay->context, rx->mbuf, CV_DROP_SESSION_BAD);
}

/* Adds a packet, unless it is none of QUIC's or has no connection ID of ours. */
static void add(struct cv_shard *shard, struct burst *burst, struct rte_mbuf *mbuf)
{
    struct cv_rx_packet *rx = &burst->packets[burst->count];
    const uint8_t *id;

    cv_rx_packet_read(mbuf, rx);
    if (unlikely(rx->bytes == 0 || (rx->payload[0] & 0xc0) == 0)) {
        take_other(shard, rx);
        return;
    }
    id = issued_cid(rx);
    if (unlikely(id == NULL)) {
        pass_on(shard, cv_handshake_rings(shard->all)->packets, mbuf);
        return;
    }
    memcpy(burst->ids[burst->count++], id, CV_ISSUED_CID_BYTES);
}

/* The session that is this worker's to read for, or NULL when the packet went to who may know it. */
static struct cv_session *find_session(struct cv_shard *shard, const struct cv_cid *cid,
                                       struct rte_mbuf *mbuf)
{
    struct cv_sessions *all = shard->all;
    struct cv_session *session;

    if (cid->generation != 0 && cid->shard != shard->id && cid->shard < all->workers) {
        pass_on(shard, all->rings[cid->shard].packets, mbuf);
        return NULL;
    }
    session = cid->generation != 0 ? cv_session_at(all, cid->slot, cid->generation) : NULL;
    if (session != NULL && atomic_load_explicit(&session->slot_state, memory_order_acquire) == CV_SLOT_WORKER)
        return session;
    pass_on(shard, cv_handshake_rings(all)->packets, mbuf);
    return NULL;
}

static void find_sessions(struct cv_shard *shard, struct burst *burst)
{
    struct cv_cid cids[CV_BURST];

    cv_cid_decode_many(shard->codec, burst->ids, burst->count, cids);
    for (uint32_t i = 0; i < burst->count; i++)
        if (cids[i].slot < shard->all->max)
            rte_prefetch0(&shard->all->slots[cids[i].slot]);
    for (uint32_t i = 0; i < burst->count; i++)
        burst->sessions[i] = find_session(shard, &cids[i], burst->packets[i].mbuf);
}

/* The first of another session than `session`, from `i` on; NULL. */
static const struct cv_session *next_session(const struct burst *burst, const struct cv_session *session,
                                             uint32_t i)
{
    for (; i < burst->count; i++)
        if (burst->sessions[i] != NULL && burst->sessions[i] != session)
            return burst->sessions[i];
    return NULL;
}

/* All packets of one session, then all of the next: its state is fetched from memory once. */
static void read_sessions(struct cv_shard *shard, struct burst *burst)
{
    for (uint32_t i = 0; i < burst->count; i++) {
        struct cv_session *session = burst->sessions[i];
        const struct cv_session *next = session != NULL ? next_session(burst, session, i + 1) : NULL;

        if (next != NULL)
            cv_session_prefetch(next);
        for (uint32_t j = i; session != NULL && j < burst->count; j++) {
            if (burst->sessions[j] != session)
                continue;
            cv_session_read(shard, session, &burst->packets[j]);
            rte_pktmbuf_free(burst->packets[j].mbuf);
            burst->sessions[j] = NULL;
        }
    }
}

void cv_demux(struct cv_shard *shard, struct rte_mbuf **mbufs, uint32_t count)
{
    struct burst burst;

    burst.count = 0;
    for (uint32_t i = 0; i < count; i++)
        add(shard, &burst, mbufs[i]);
    find_sessions(shard, &burst);
    read_sessions(shard, &burst);
}
