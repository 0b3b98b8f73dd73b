/* SPDX-License-Identifier: BSD-3-Clause */
#include "ending.h"

#include "handshakes.h"
#include "protocol/session_error.h"
#include "schedule.h"
#include "sending.h"
#include "slots.h"
#include "trace.h"

void cv_session_mark_end(struct cv_session *session, enum cv_session_end end, uint64_t code, bool application)
{
    if (session->ending)
        return;
    session->ending = true;
    session->end = (uint8_t)end;
    session->end_code = code;
    session->end_application = application;
}

bool cv_session_end_marked(struct cv_shard *shard, struct cv_session *session)
{
    if (!session->ending)
        return false;
    cv_session_end(shard, session, session->end, session->end_code, session->end_application);
    return true;
}

static void send_close(struct cv_shard *shard, struct cv_session *session)
{
    struct rte_mbuf *mbuf = cv_send_buffer(shard);
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_ccerr error;
    ngtcp2_ssize bytes;

    if (mbuf == NULL)
        return;
    ngtcp2_ccerr_default(&error);
    if (session->end_application)
        ngtcp2_ccerr_set_application_error(&error, session->end_code, NULL, 0);
    else
        ngtcp2_ccerr_set_transport_error(&error, session->end_code, NULL, 0);
    ngtcp2_path_storage_zero(&path);
    bytes = ngtcp2_conn_write_connection_close(session->conn, &path.path, &info,
                                               rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_tailroom(mbuf),
                                               &error, shard->now_ns);
    if (bytes > 0)
        cv_send_written(shard, session, &path.path, 0, mbuf, (uint16_t)bytes);
    else
        cv_send_keep(shard, mbuf);
}

void cv_session_end(struct cv_shard *shard, struct cv_session *session, enum cv_session_end end,
                    uint64_t code, bool application)
{
    cv_session_mark_end(session, end, code, application);
    if (session->conn != NULL) {
        if (session->end != CV_SESSION_END_PEER && session->end != CV_SESSION_END_IDLE)
            send_close(shard, session);
        ngtcp2_conn_del(session->conn);
        session->conn = NULL;
    }
    if (session->trace != NULL)
        cv_trace_leave(session);
    if (session->handshake != NULL)
        cv_handshake_forget(session);
    if (session->tunnels != NULL)
        cv_tunnel_queue_drop_all(&shard->tunnels, session, &shard->relay->context);
    cv_arena_destroy(&session->arena, &shard->pages);
    session->stream = (struct cv_control_stream){0};
    cv_timer_heap_set(&shard->timers, &session->timer, CV_TIMER_NEVER);
    if (session->announced) {
        session->events = 0;
        cv_schedule_event(shard, session, CV_EVENT_CLOSED);
    } else {
        cv_slot_free(shard, session);
    }
}

void cv_session_fail(struct cv_shard *shard, struct cv_session *session, int result)
{
    const ngtcp2_ccerr *error;

    switch (result) {
    case NGTCP2_ERR_DRAINING:
        error = ngtcp2_conn_get_ccerr(session->conn);
        cv_session_end(shard, session, CV_SESSION_END_PEER, error->error_code,
                       error->type == NGTCP2_CCERR_TYPE_APPLICATION);
        break;
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_DROP_CONN:
        cv_session_end(shard, session, CV_SESSION_END_IDLE, 0, false);
        break;
    case NGTCP2_ERR_NOMEM:
        cv_session_end(shard, session, CV_SESSION_END_NO_ROOM, CV_SESSION_ERROR_RELAY_FULL, true);
        break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        cv_session_end(shard, session, CV_SESSION_END_HANDSHAKE, NGTCP2_NO_ERROR, false);
        break;
    case NGTCP2_ERR_CRYPTO:
        cv_session_end(shard, session, CV_SESSION_END_PROTOCOL,
                       NGTCP2_CRYPTO_ERROR | ngtcp2_conn_get_tls_alert(session->conn), false);
        break;
    default:
        cv_session_end(shard, session, CV_SESSION_END_PROTOCOL,
                       ngtcp2_err_infer_quic_transport_error_code(result), false);
    }
}
