/* SPDX-License-Identifier: BSD-3-Clause */
#include "demux.h"

#include "prefetch.h"
#include "reading.h"

#include <string.h>

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

/* That most packets have: with a short header, and long enough. */
static inline bool is_plain_short(const struct cv_packet *packet)
{
    return (packet->first_byte & QUIC_BITS) == 0x40 && packet->payload_bytes > CV_ISSUED_CID_BYTES;
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

/* A long header's ID may be of a session that is not there yet: a Retry chose it. A short one's is random, when it is not
 * ours, again with each packet: it has to name a session that is there. */
static bool is_ours(const struct cv_sessions *all, const struct cv_cid *cid, uint8_t first_byte)
{
    return cid->generation != 0 &&
           ((first_byte & 0x80) != 0 || cv_session_at(all, cid->slot, cid->generation) != NULL);
}

/* Those for which `issued` has a bit, each in the order of those packets that have an ID of our length. */
static uint32_t take_named(struct cv_shard *shard, struct cv_packet **packets, uint32_t count,
                           uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint64_t issued, struct cv_named_burst *named)
{
    uint32_t with_id = 0, rest = 0;

    for (uint64_t bits = issued; bits != 0; bits &= bits - 1) {
        struct cv_cid cid = cv_cid_of(ids[__builtin_ctzll(bits)]);

        if (cid.slot < shard->all->max)
            rte_prefetch0(&shard->all->slots[cid.slot]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct cv_packet *packet = packets[i];

        if (issued_cid(packet) != NULL && (issued & UINT64_C(1) << with_id++) != 0) {
            struct cv_cid cid = cv_cid_of(ids[with_id - 1]);

            if (is_ours(shard->all, &cid, packet->first_byte)) {
                cv_rx_packet_mark(packet, shard->id, false);
                named->cids[named->count] = cid;
                named->mbufs[named->count++] = packet->mbuf;
                continue;
            }
        }
        packets[rest++] = packet;
    }
    return rest;
}

uint32_t cv_demux_sort(struct cv_shard *shard, struct cv_packet **packets, uint32_t count,
                       struct cv_named_burst *named)
{
    uint8_t ids[CV_BURST][CV_ISSUED_CID_BYTES];
    uint32_t with_id = 0;
    uint64_t issued;

    for (uint32_t i = 0; i < count; i++) {
        const struct cv_packet *packet = packets[i];
        const uint8_t *id = cv_packet_payload(packet) + 1;

        if (unlikely(!is_plain_short(packet)) && (id = issued_cid(packet)) == NULL)
            continue;
        memcpy(ids[with_id++], id, CV_ISSUED_CID_BYTES);
    }
    issued = cv_cid_decode_mask(shard->codec, ids, with_id);
    if (likely(issued == 0))
        return count;
    return take_named(shard, packets, count, ids, issued, named);
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
