/* SPDX-License-Identifier: BSD-3-Clause */
#include "writing.h"

#include "ending.h"
#include "prefetch.h"
#include "round_trip.h"
#include "schedule.h"
#include "sending.h"
#include "stream.h"
#include "timers.h"
#include "tunnel.h"

#define WRITES_PER_TURN   16  /* packets of one session */
#define PACKETS_PER_TURN  128 /* of all: so long the next burst may have to wait */
#define SESSIONS_PER_TURN 256
#define VECTORS           8

void cv_session_measure(struct cv_session *session)
{
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params(session->conn);
    size_t path = ngtcp2_conn_get_path_max_tx_udp_payload_size(session->conn);
    size_t headers = 1 + ngtcp2_conn_get_dcid(session->conn)->datalen + 4 + CV_AEAD_TAG_BYTES + 3;

    session->path_bytes = (uint16_t)path;
    session->datagram_bytes = 0;
    if (peer != NULL && peer->max_datagram_frame_size > 3 && path > headers)
        session->datagram_bytes =
            (uint16_t)RTE_MIN(path - headers, (size_t)(peer->max_datagram_frame_size - 3));
}

/* The path's size has changed: it was probed, or it is another path. */
static void notice_size(struct cv_shard *shard, struct cv_session *session)
{
    if (likely(cv_send_path_bytes(session) == session->path_bytes || session->phase != CV_SESSION_OPEN))
        return;
    cv_session_measure(session);
    cv_schedule_event(shard, session, CV_EVENT_LIMIT);
}

/* As the configuration wants it; ngtcp2 minds what QUIC demands. Tried again when it is too early. */
static void change_keys(struct cv_shard *shard, struct cv_session *session)
{
    uint32_t every = shard->all->config->session.key_update_pkts;

    if (likely(every == 0) || session->tx_pkts - session->keys_tx_pkts < every ||
        shard->kind == CV_SHARD_HANDSHAKE)
        return;
    if (ngtcp2_conn_initiate_key_update(session->conn, shard->now_ns) == 0)
        session->keys_tx_pkts = session->tx_pkts;
}

/* Writes one packet into `mbuf`: its bytes, 0 when there is nothing to send, or an error. */
static ngtcp2_ssize write_one(struct cv_shard *shard, struct cv_session *session, ngtcp2_path_storage *path,
                              ngtcp2_pkt_info *info, struct rte_mbuf *mbuf)
{
    struct cv_control_stream *stream = &session->stream;
    ngtcp2_vec vectors[VECTORS];
    bool blocked = stream->blocked || ngtcp2_conn_get_max_data_left(session->conn) == 0;
    size_t count = blocked ? 0 : cv_stream_unsent(session, vectors, VECTORS);
    ngtcp2_ssize bytes, taken = -1;

    if (count == 0 && session->tunnels != NULL) {
        bytes = cv_tunnel_write(shard, session, &path->path, info, mbuf);
        if (bytes != 0 && bytes != NGTCP2_ERR_WRITE_MORE)
            return bytes;
    }
    bytes =
        ngtcp2_conn_writev_stream(session->conn, &path->path, info, rte_pktmbuf_mtod(mbuf, uint8_t *),
                                  cv_send_room(shard, session, mbuf), &taken, NGTCP2_WRITE_STREAM_FLAG_NONE,
                                  count > 0 ? 0 : -1, vectors, count, shard->now_ns);
    if (taken > 0)
        cv_stream_sent(session, (size_t)taken);
    if (bytes == NGTCP2_ERR_STREAM_DATA_BLOCKED || bytes == NGTCP2_ERR_STREAM_NOT_FOUND ||
        bytes == NGTCP2_ERR_STREAM_SHUT_WR) {
        stream->blocked = true;
        return write_one(shard, session, path, info, mbuf);
    }
    return bytes;
}

/* Returns how many packets. */
static unsigned write_session(struct cv_shard *shard, struct cv_session *session)
{
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_ssize bytes = 0;
    unsigned count = 0;

    session->unanswered = 0;
    notice_size(shard, session);
    cv_round_trip_notice(session, shard->now_ns);
    if (unlikely(session->ping))
        cv_round_trip_ping(session);
    if (session->tunnels != NULL)
        cv_tunnel_queue_expire(&shard->tunnels, session, shard->now_ns, &shard->relay->context);
    for (; count < WRITES_PER_TURN; count++) {
        struct rte_mbuf *mbuf = cv_send_buffer(shard);
        uint16_t carried = cv_send_path_bytes(session);

        if (mbuf == NULL) {
            bytes = 1; /* to be tried again in the next turn */
            break;
        }
        ngtcp2_path_storage_zero(&path);
        bytes = write_one(shard, session, &path, &info, mbuf);
        if (bytes <= 0) {
            cv_send_keep(shard, mbuf);
            break;
        }
        if (unlikely(bytes > carried))
            cv_path_probe_sent(&session->probe, carried, session->rx_pkts, shard->now_ns);
        cv_send_written(shard, session, &path.path, info.ecn, mbuf, (uint16_t)bytes);
    }
    if (bytes < 0) {
        cv_session_fail(shard, session, (int)bytes);
        return count;
    }
    if (unlikely(session->ping))
        cv_round_trip_pinged(session);
    change_keys(shard, session);
    cv_timers_arm(shard, session);
    if (bytes > 0 || session->ping)
        cv_schedule_write(shard, session);
    return count;
}

uint32_t cv_sessions_write(struct cv_shard *shard)
{
    struct cv_session *session = NULL, *last;
    unsigned packets = 0;
    uint32_t done = 0;

    cv_schedule_late_acks(shard);
    last = TAILQ_LAST(&shard->writing, cv_session_list);
    while (done < SESSIONS_PER_TURN && packets < PACKETS_PER_TURN && session != last) {
        session = cv_schedule_take(shard);
        done++;
        if (session != last)
            cv_session_prefetch(TAILQ_FIRST(&shard->writing));
        if (session->conn != NULL)
            packets += write_session(shard, session);
        if (session->conn != NULL)
            cv_session_end_marked(shard, session);
    }
    return done;
}
