/* SPDX-License-Identifier: BSD-3-Clause */
#include "initial.h"

#include "connection.h"
#include "ending.h"
#include "leg_initials.h"
#include "reading.h"
#include "routes.h"
#include "slots.h"
#include "stateless.h"
#include "tls.h"
#include "trace.h"

#include <stdlib.h>

/*
 * Entries of the ring to worker 0, which frees the buffers, that one packet may take: a flight of a leg's that is late, its
 * own flight, and an answer to each packet of that.
 */
#define ROOM (3 * CV_LEG_FLIGHT_MAX)

bool cv_initial_has_room(const struct cv_handshakes *handshakes)
{
    return rte_ring_free_count(handshakes->shard->all->rings[0].handed) >= ROOM;
}

/* A new session, which reads the packet. */
static enum cv_drop start(struct cv_handshakes *handshakes, const struct cv_initial *initial)
{
    struct cv_shard *shard = handshakes->shard;
    enum cv_drop reason = cv_handshakes_room(handshakes, &initial->rx->address);
    struct cv_session *session;

    if (reason != CV_DROP_COUNT)
        return reason;
    session = cv_slot_take(shard, initial->rx->shard_id);
    if (session == NULL)
        return CV_DROP_SESSION_FULL;
    session->local = initial->rx->local;
    session->address = initial->rx->address;
    session->handshake = calloc(1, sizeof(*session->handshake));
    if (shard->all->traces != NULL)
        cv_traces_begin(shard->all->traces, session);
    if (session->handshake != NULL)
        cv_handshake_begin(handshakes, session, &initial->header->dcid, &initial->rx->address);
    if (session->handshake == NULL || cv_connection_create(session, initial) != 0 ||
        !cv_tls_start(session, shard->all->tls)) {
        cv_session_end(shard, session, CV_SESSION_END_NO_ROOM, NGTCP2_INTERNAL_ERROR, false);
        return CV_DROP_SESSION_FULL;
    }
    cv_routes_learn(session, initial->rx);
    cv_session_read(shard, session, initial->rx);
    return CV_DROP_CONSUMED;
}

static enum cv_drop take_initial(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx)
{
    ngtcp2_pkt_hd header;
    struct cv_initial initial = {.header = &header, .rx = rx};

    if (rx->bytes < CV_INITIAL_BYTES_MIN || ngtcp2_accept(&header, rx->payload, rx->bytes) != 0)
        return CV_DROP_SESSION_BAD;
    initial.original_dcid = header.dcid;
    if (!cv_retry_token_good(handshakes, &initial) && cv_handshakes_want_retry(handshakes))
        return cv_stateless_retry(handshakes, &initial);
    return start(handshakes, &initial);
}

static enum cv_drop take_known(struct cv_handshakes *handshakes, struct cv_session *session,
                               const struct cv_rx_packet *rx)
{
    const struct cv_handed handed = {.mbuf = rx->mbuf, .kind = CV_HANDED_PACKET};

    /* A worker's since a moment ago: the packet follows it by the same ring. */
    if (atomic_load_explicit(&session->slot_state, memory_order_acquire) != CV_SLOT_HANDSHAKE)
        return cv_hand(handshakes->shard->all->rings[session->shard_id].handed, &handed)
                   ? CV_DROP_COUNT
                   : CV_DROP_SESSION_QUEUE;
    cv_session_read(handshakes->shard, session, rx);
    return CV_DROP_CONSUMED;
}

static struct cv_session *find_session(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx,
                                       const ngtcp2_version_cid *ids)
{
    struct cv_session *session = NULL;
    struct cv_cid cid;

    if (cv_cid_decode(handshakes->shard->codec, ids->dcid, ids->dcidlen, &cid))
        session = cv_session_at(handshakes->shard->all, cid.slot, cid.generation);
    return session != NULL ? session : cv_handshakes_find(handshakes, ids->dcid, ids->dcidlen, &rx->address);
}

/* The reason for a drop; CONSUMED if none, CV_DROP_COUNT if the mbuf went on to a worker. */
static enum cv_drop take(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx)
{
    struct cv_session *session;
    ngtcp2_version_cid ids;
    int result = ngtcp2_pkt_decode_version_cid(&ids, rx->payload, rx->bytes, CV_ISSUED_CID_BYTES);

    if (result == NGTCP2_ERR_VERSION_NEGOTIATION)
        return cv_stateless_version(handshakes, rx, &ids);
    if (result != 0)
        return CV_DROP_SESSION_BAD;
    session = find_session(handshakes, rx, &ids);
    if (session != NULL)
        return take_known(handshakes, session, rx);
    if (ids.version == 0)
        return cv_stateless_reset(handshakes, rx, &ids);
    return take_initial(handshakes, rx);
}

static void give_back(struct cv_handshakes *handshakes, struct rte_mbuf *mbuf, enum cv_drop reason)
{
    const struct cv_handed handed = {.mbuf = mbuf, .kind = CV_HANDED_FREE, .drop = (uint8_t)reason};

    /* There is room: no other thread fills that ring, and a worker that stands still gets no more. */
    (void)cv_hand(handshakes->shard->all->rings[0].handed, &handed);
}

static void take_and_give_back(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx)
{
    enum cv_drop reason = take(handshakes, rx);

    if (reason != CV_DROP_COUNT)
        give_back(handshakes, rx->mbuf, reason);
}

/* ---- From addresses that have a leg ---- */

static void pass_flight(struct cv_handshakes *handshakes, const struct cv_leg_flight *flight)
{
    for (uint32_t i = 0; i < flight->count; i++) {
        const struct cv_handed handed = {.mbuf = flight->mbufs[i], .kind = CV_HANDED_LEG};
        struct cv_rx_packet rx;

        cv_rx_packet_read(flight->mbufs[i], &rx);
        if (flight->is_session)
            take_and_give_back(handshakes, &rx);
        else if (!cv_hand(handshakes->shard->all->rings[rx.shard_id].handed, &handed))
            give_back(handshakes, rx.mbuf, CV_DROP_SESSION_QUEUE);
    }
}

static void expire(struct cv_handshakes *handshakes, bool room)
{
    struct cv_leg_flight flight;

    while (cv_initial_has_room(handshakes) &&
           cv_leg_initials_late(handshakes->leg_initials, handshakes->shard->now_ns, room, &flight))
        pass_flight(handshakes, &flight);
}

void cv_initial_expire(struct cv_handshakes *handshakes)
{
    expire(handshakes, false);
}

/* An Initial of version 1 or 2: the worker has seen to that. */
static void take_of_leg(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx)
{
    struct cv_leg_flight flight;
    ngtcp2_version_cid ids;

    if (ngtcp2_pkt_decode_version_cid(&ids, rx->payload, rx->bytes, CV_ISSUED_CID_BYTES) == 0 &&
        find_session(handshakes, rx, &ids) != NULL) {
        take_and_give_back(handshakes, rx);
        return;
    }
    expire(handshakes, true);
    if (cv_leg_initials_read(handshakes->leg_initials, handshakes->shard->crypto, rx,
                             handshakes->shard->now_ns, &flight))
        pass_flight(handshakes, &flight);
}

void cv_initial_receive(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx)
{
    if (rx->of_leg)
        take_of_leg(handshakes, rx);
    else
        take_and_give_back(handshakes, rx);
}
