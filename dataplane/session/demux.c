/* SPDX-License-Identifier: BSD-3-Clause */
#include "demux.h"

#include "peer_probe.h"
#include "prefetch.h"
#include "reading.h"

#include <string.h>

_Static_assert(CV_AFTER_FIRST_BYTES == CV_ISSUED_CID_BYTES, "the parser has them at hand");

/* Bytes of a long header before its connection ID (RFC 8999): the last is the ID's length. */
#define BEFORE_ID 6

/* The two bits of which at least one is set in the first byte of QUIC's packets, but for greased ones (RFC 9287). */
#define QUIC_BITS 0xc0

/* Where a connection ID of our length must stand (RFC 8999); NULL: there is none. */
static inline const uint8_t *issued_cid_at(const uint8_t *payload, uint16_t bytes)
{
    if (bytes <= CV_ISSUED_CID_BYTES || (payload[0] & QUIC_BITS) == 0)
        return NULL;
    if ((payload[0] & 0x80) == 0)
        return payload + 1;
    if (bytes < BEFORE_ID + CV_ISSUED_CID_BYTES || payload[BEFORE_ID - 1] != CV_ISSUED_CID_BYTES)
        return NULL;
    return payload + BEFORE_ID;
}

static inline const uint8_t *issued_cid(const struct cv_packet *packet)
{
    return issued_cid_at(cv_packet_payload(packet), packet->payload_bytes);
}

static void pass_on(struct cv_shard *shard, struct rte_ring *ring, struct rte_mbuf *mbuf)
{
    if (rte_ring_mp_enqueue(ring, mbuf) != 0)
        cv_drop(&shard->relay->context, mbuf, CV_DROP_SESSION_QUEUE);
}

void cv_demux_to_handshakes(struct cv_shard *shard, struct rte_mbuf *mbuf)
{
    struct cv_rx_packet rx;

    cv_rx_packet_read(mbuf, &rx);
    if (unlikely(rx.bytes == 0 || (rx.payload[0] & QUIC_BITS) == 0))
        cv_drop(&shard->relay->context, mbuf, CV_DROP_SESSION_BAD);
    else
        pass_on(shard, cv_handshake_rings(shard->all)->packets, mbuf);
}

/* ---- Which are sessions' ---- */

static bool is_ours(const struct cv_sessions *all, const struct cv_cid *cid)
{
    return cid->generation != 0 && (cv_session_at(all, cid->slot, cid->generation) != NULL ||
                                    (cid->slot == CV_CID_SLOT_RETRY && cid->generation == 1));
}

static void prefetch_slots(const struct cv_sessions *all, uint8_t (*ids)[CV_ISSUED_CID_BYTES],
                           uint64_t issued)
{
    for (; issued != 0; issued &= issued - 1) {
        struct cv_cid cid = cv_cid_of(ids[__builtin_ctzll(issued)]);

        if (cid.slot < all->max)
            rte_prefetch0(&all->slots[cid.slot]);
    }
}

/* Of those for which `issued` has a bit. */
static uint32_t take_named(struct cv_shard *shard, struct cv_packet **packets,
                           uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count, uint64_t issued,
                           struct cv_named_burst *named)
{
    uint32_t rest = 0;

    prefetch_slots(shard->all, ids, issued);
    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];
        struct cv_cid cid = cv_cid_of(ids[i]);

        if ((issued & UINT64_C(1) << i) == 0 || issued_cid(packet) == NULL || !is_ours(shard->all, &cid)) {
            packets[rest++] = packet;
            continue;
        }
        cv_rx_packet_mark(packet, shard->id, false);
        named->cids[named->count] = cid;
        named->mbufs[named->count++] = packet->mbuf;
    }
    return rest;
}

uint32_t cv_demux_sort(struct cv_shard *shard, struct cv_packet **packets,
                       uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count, struct cv_named_burst *named)
{
    uint64_t issued;

    /* What is too short for an ID has what was there before, and is asked again in take_named. */
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *id = unlikely(packets[i]->first_byte & 0x80) ? issued_cid(packets[i]) : NULL;

        if (unlikely(id != NULL))
            memcpy(ids[i], id, CV_ISSUED_CID_BYTES);
    }
    issued = cv_cid_decode_mask(shard->codec, ids, count);
    if (likely(issued == 0))
        return count;
    return take_named(shard, packets, ids, count, issued, named);
}

/* ---- To their sessions ---- */

struct burst {
    uint32_t count;
    struct cv_rx_packet packets[CV_BURST];
    struct cv_session *sessions[CV_BURST]; /* NULL: gone elsewhere, or dealt with */
};

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
    cv_demux_to_handshakes(shard, mbuf);
    return NULL;
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

void cv_demux_named(struct cv_shard *shard, const struct cv_named_burst *named)
{
    struct burst burst;

    burst.count = 0;
    for (uint32_t i = 0; i < named->count; i++) {
        struct cv_session *session = find_session(shard, &named->cids[i], named->mbufs[i]);

        if (session == NULL)
            continue;
        cv_rx_packet_read(named->mbufs[i], &burst.packets[burst.count]);
        burst.sessions[burst.count++] = session;
    }
    read_sessions(shard, &burst);
}

/* Not QUIC's: a probe that another worker received, for a session of ours. */
static void take_other(struct cv_shard *shard, const struct cv_rx_packet *rx)
{
    if (rx->bytes > 0 && cv_is_peer_probe(rx->bytes, rx->payload[0]))
        cv_peer_probe_take(shard, rx);
    else
        cv_drop(&shard->relay->context, rx->mbuf, CV_DROP_SESSION_BAD);
}

void cv_demux(struct cv_shard *shard, struct rte_mbuf **mbufs, uint32_t count)
{
    uint8_t ids[CV_BURST][CV_ISSUED_CID_BYTES];
    struct cv_named_burst named;

    named.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct cv_rx_packet rx;
        const uint8_t *id;

        cv_rx_packet_read(mbufs[i], &rx);
        id = issued_cid_at(rx.payload, rx.bytes);
        if (unlikely(rx.bytes == 0 || (rx.payload[0] & QUIC_BITS) == 0)) {
            take_other(shard, &rx);
            continue;
        }
        if (unlikely(id == NULL)) {
            cv_demux_to_handshakes(shard, mbufs[i]);
            continue;
        }
        memcpy(ids[named.count], id, CV_ISSUED_CID_BYTES);
        named.mbufs[named.count++] = mbufs[i];
    }
    cv_cid_decode_many(shard->codec, ids, named.count, named.cids);
    for (uint32_t i = 0; i < named.count; i++)
        if (named.cids[i].slot < shard->all->max)
            rte_prefetch0(&shard->all->slots[named.cids[i].slot]);
    cv_demux_named(shard, &named);
}
