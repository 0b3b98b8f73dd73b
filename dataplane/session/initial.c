/* SPDX-License-Identifier: BSD-3-Clause */
#include "initial.h"

#include "connection.h"
#include "ending.h"
#include "reading.h"
#include "routes.h"
#include "slots.h"
#include "stateless.h"
#include "tls.h"
#include "trace.h"

#include <stdlib.h>

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

enum cv_drop cv_initial_receive(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx)
{
    struct cv_session *session = NULL;
    ngtcp2_version_cid ids;
    struct cv_cid cid;
    int result = ngtcp2_pkt_decode_version_cid(&ids, rx->payload, rx->bytes, CV_ISSUED_CID_BYTES);

    if (result == NGTCP2_ERR_VERSION_NEGOTIATION)
        return cv_stateless_version(handshakes, rx, &ids);
    if (result != 0)
        return CV_DROP_SESSION_BAD;
    if (cv_cid_decode(handshakes->shard->codec, ids.dcid, ids.dcidlen, &cid))
        session = cv_session_at(handshakes->shard->all, cid.slot, cid.generation);
    if (session == NULL)
        session = cv_handshakes_find(handshakes, ids.dcid, ids.dcidlen, &rx->address);
    if (session != NULL)
        return take_known(handshakes, session, rx);
    if (ids.version == 0)
        return cv_stateless_reset(handshakes, rx, &ids);
    return take_initial(handshakes, rx);
}
