/* SPDX-License-Identifier: BSD-3-Clause */
#include "shard.h"

#include "keys.h"
#include "owner.h"
#include "publish.h"
#include "tell.h"
#include "tunnel.h"

#define RING_BURST 64

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

static void pass_on(struct cv_worker *worker, struct rte_ring *ring, struct rte_mbuf *mbuf)
{
    if (rte_ring_mp_enqueue(ring, mbuf) != 0)
        cv_drop(worker, mbuf, CV_DROP_SESSION_QUEUE);
}

/* To the session, or to who may know it. */
static void take(struct cv_worker *worker, struct rte_mbuf *mbuf)
{
    struct cv_session_owner *owner = worker->sessions;
    struct cv_sessions *all = owner->all;
    struct cv_session *session;
    struct cv_arrival arrival;
    const uint8_t *id;
    struct cv_cid cid;

    cv_arrival_read(mbuf, &arrival);
    if (arrival.bytes == 0 || (arrival.payload[0] & 0xc0) == 0) {
        cv_drop(worker, mbuf, CV_DROP_SESSION_BAD);
        return;
    }
    id = issued_cid(&arrival);
    if (id == NULL || !cv_cid_decode(owner->codec, id, CV_ISSUED_CID_BYTES, &cid)) {
        pass_on(worker, cv_handshake_rings(all)->packets, mbuf);
        return;
    }
    if (cid.shard != owner->shard && cid.shard < all->workers) {
        pass_on(worker, all->rings[cid.shard].packets, mbuf);
        return;
    }
    session = cv_session_at(all, cid.slot, cid.generation);
    if (session == NULL || atomic_load_explicit(&session->place, memory_order_acquire) != CV_PLACE_WORKER) {
        pass_on(worker, cv_handshake_rings(all)->packets, mbuf);
        return;
    }
    cv_owner_read(owner, session, &arrival);
    rte_pktmbuf_free(mbuf);
}

void cv_shard_take(struct cv_worker *worker, const struct cv_packet *packet)
{
    cv_arrival_keep(packet, worker->sessions->shard);
    worker->stats->session_rx_pkts++;
    take(worker, packet->mbuf);
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

static void take_returned(struct cv_worker *worker, void *entry)
{
    enum cv_returned kind = (enum cv_returned)((uintptr_t)entry & 3);
    void *what = (uint8_t *)entry - kind;
    struct rte_mbuf *mbuf = what;

    switch (kind) {
    case CV_RETURNED_SESSION:
        adopt(worker->sessions, what);
        break;
    case CV_RETURNED_SEND:
        worker->stats->session_tx_pkts++;
        cv_transmit(worker, mbuf->port, mbuf);
        break;
    case CV_RETURNED_PACKET:
        take(worker, mbuf);
        break;
    case CV_RETURNED_FREE:
        if (mbuf->hash.usr == CV_DROP_CONSUMED)
            rte_pktmbuf_free(mbuf);
        else
            cv_drop(worker, mbuf, (uint8_t)mbuf->hash.usr);
        break;
    }
}

uint32_t cv_shard_turn(struct cv_worker *worker)
{
    struct cv_session_owner *owner = worker->sessions;
    void *entries[RING_BURST];
    unsigned returned, packets;
    uint32_t done;

    cv_owner_look_at_clock(owner);
    returned = rte_ring_sc_dequeue_burst(owner->rings->returned, entries, RING_BURST, NULL);
    for (unsigned i = 0; i < returned; i++)
        take_returned(worker, entries[i]);
    packets = rte_ring_sc_dequeue_burst(owner->rings->packets, entries, RING_BURST, NULL);
    for (unsigned i = 0; i < packets; i++)
        take(worker, entries[i]);
    done = returned + packets + cv_tunnel_take_sent(owner) + cv_owner_take_orders(owner) +
           cv_owner_turn(owner) + cv_owner_tell(owner);
    if (unlikely(owner->dump.active))
        cv_owner_go_on_with_dump(owner);
    cv_owner_publish(owner);
    return done;
}
