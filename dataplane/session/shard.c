/* SPDX-License-Identifier: BSD-3-Clause */
#include "shard.h"

#include "keys.h"
#include "owner.h"
#include "prefetch.h"
#include "publish.h"
#include "tell.h"
#include "tunnel.h"

#define RING_BURST CV_BURST

static bool is_long_header(const uint8_t *payload)
{
    return (payload[0] & 0x80) != 0;
}

/* Where a connection ID of our length must stand (RFC 8999); NULL: there is none. */
static const uint8_t *issued_cid(const struct cv_arrival *arrival)
{
    if (!is_long_header(arrival->payload))
        return arrival->bytes > CV_ISSUED_CID_BYTES ? arrival->payload + 1 : NULL;
    if (arrival->bytes < 6 + CV_ISSUED_CID_BYTES || arrival->payload[5] != CV_ISSUED_CID_BYTES)
        return NULL;
    return arrival->payload + 6;
}

static void pass_on(struct cv_session_owner *owner, struct rte_ring *ring, struct rte_mbuf *mbuf)
{
    if (rte_ring_mp_enqueue(ring, mbuf) != 0)
        cv_drop(&owner->relay->context, mbuf, CV_DROP_SESSION_QUEUE);
}

/* What is known of a burst of packets to the listening port. */
struct burst {
    uint32_t count;
    struct cv_arrival arrivals[CV_BURST];
    struct cv_session *sessions[CV_BURST]; /* NULL: gone elsewhere, or dealt with */
    uint8_t ids[CV_BURST][CV_ISSUED_CID_BYTES];
};

/* Takes a packet in, unless it is none. */
static void take_in(struct cv_session_owner *owner, struct burst *burst, struct rte_mbuf *mbuf)
{
    struct cv_arrival *arrival = &burst->arrivals[burst->count];
    const uint8_t *id;

    cv_arrival_read(mbuf, arrival);
    if (unlikely(arrival->bytes == 0 || (arrival->payload[0] & 0xc0) == 0)) {
        cv_drop(&owner->relay->context, mbuf, CV_DROP_SESSION_BAD);
        return;
    }
    id = issued_cid(arrival);
    if (unlikely(id == NULL)) {
        pass_on(owner, cv_handshake_rings(owner->all)->packets, mbuf);
        return;
    }
    memcpy(burst->ids[burst->count++], id, CV_ISSUED_CID_BYTES);
}

/* The session that is this worker's to read for, or NULL when the packet went to who may know it. */
static struct cv_session *find_session(struct cv_session_owner *owner, const struct cv_cid *cid,
                                       struct rte_mbuf *mbuf)
{
    struct cv_sessions *all = owner->all;
    struct cv_session *session;

    if (cid->generation != 0 && cid->shard != owner->shard && cid->shard < all->workers) {
        pass_on(owner, all->rings[cid->shard].packets, mbuf);
        return NULL;
    }
    session = cid->generation != 0 ? cv_session_at(all, cid->slot, cid->generation) : NULL;
    if (session != NULL && atomic_load_explicit(&session->place, memory_order_acquire) == CV_PLACE_WORKER)
        return session;
    pass_on(owner, cv_handshake_rings(all)->packets, mbuf);
    return NULL;
}

static void find_sessions(struct cv_session_owner *owner, struct burst *burst)
{
    struct cv_cid cids[CV_BURST];

    cv_cid_decode_many(owner->codec, burst->ids, burst->count, cids);
    for (uint32_t i = 0; i < burst->count; i++)
        if (cids[i].slot < owner->all->max)
            rte_prefetch0(&owner->all->slots[cids[i].slot]);
    for (uint32_t i = 0; i < burst->count; i++)
        burst->sessions[i] = find_session(owner, &cids[i], burst->arrivals[i].mbuf);
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
static void read_sessions(struct cv_session_owner *owner, struct burst *burst)
{
    for (uint32_t i = 0; i < burst->count; i++) {
        struct cv_session *session = burst->sessions[i];
        const struct cv_session *next = session != NULL ? next_session(burst, session, i + 1) : NULL;

        if (next != NULL)
            cv_session_prefetch(next);
        for (uint32_t j = i; session != NULL && j < burst->count; j++) {
            if (burst->sessions[j] != session)
                continue;
            cv_owner_read(owner, session, &burst->arrivals[j]);
            rte_pktmbuf_free(burst->arrivals[j].mbuf);
            burst->sessions[j] = NULL;
        }
    }
}

/* Each packet to its session, or to who may know that. */
static void take(struct cv_session_owner *owner, struct rte_mbuf **mbufs, uint32_t count)
{
    struct burst burst;

    burst.count = 0;
    for (uint32_t i = 0; i < count; i++)
        take_in(owner, &burst, mbufs[i]);
    find_sessions(owner, &burst);
    read_sessions(owner, &burst);
}

void cv_shard_take(struct cv_session_owner *owner, struct cv_packet *const *packets, uint32_t count)
{
    struct rte_mbuf *mbufs[CV_BURST];

    for (uint32_t i = 0; i < count; i++) {
        cv_arrival_keep(packets[i], owner->shard);
        mbufs[i] = packets[i]->mbuf;
    }
    owner->relay->context.stats->session_rx_pkts += count;
    take(owner, mbufs, count);
}

static void adopt(struct cv_session_owner *owner, struct cv_session *session)
{
    owner->now_ns = RTE_MAX(owner->now_ns, session->given_ns);
    cv_owner_adopt(owner, session);
    owner->suites[session->suite]++;
    cv_keys_take(session, owner->crypto, session->moving);
    cv_arena_free(&session->arena, session->moving);
    session->moving = NULL;
    session->phase = CV_SESSION_OPEN;
    cv_session_measure(session);
    atomic_store_explicit(&session->place, CV_PLACE_WORKER, memory_order_release);
    cv_owner_mark_telling(owner, session, CV_TELL_UP | (session->stream.in_bytes > 0 ? CV_TELL_DATA : 0));
}

static void take_returned(struct cv_session_owner *owner, void *entry)
{
    enum cv_returned kind = (enum cv_returned)((uintptr_t)entry & 3);
    void *what = (uint8_t *)entry - kind;
    struct rte_mbuf *mbuf = what;

    switch (kind) {
    case CV_RETURNED_SESSION:
        adopt(owner, what);
        break;
    case CV_RETURNED_SEND:
        owner->relay->context.stats->session_tx_pkts++;
        cv_transmit(&owner->relay->context, mbuf->port, mbuf);
        break;
    case CV_RETURNED_PACKET:
        take(owner, &mbuf, 1);
        break;
    case CV_RETURNED_FREE:
        if (mbuf->hash.usr == CV_DROP_CONSUMED)
            rte_pktmbuf_free(mbuf);
        else
            cv_drop(&owner->relay->context, mbuf, (uint8_t)mbuf->hash.usr);
        break;
    }
}

uint32_t cv_shard_turn(struct cv_session_owner *owner)
{
    void *entries[RING_BURST];
    unsigned returned, packets;
    uint32_t done;

    cv_owner_look_at_clock(owner);
    returned = rte_ring_sc_dequeue_burst(owner->rings->returned, entries, RING_BURST, NULL);
    for (unsigned i = 0; i < returned; i++)
        take_returned(owner, entries[i]);
    packets = rte_ring_sc_dequeue_burst(owner->rings->packets, entries, RING_BURST, NULL);
    if (packets > 0)
        take(owner, (struct rte_mbuf **)entries, packets);
    done = returned + packets + cv_tunnel_take_sent(owner) + cv_owner_take_orders(owner) +
           cv_owner_turn(owner) + cv_owner_tell(owner);
    if (unlikely(owner->dump.active))
        cv_owner_go_on_with_dump(owner);
    cv_owner_publish(owner);
    return done;
}
