/* SPDX-License-Identifier: BSD-3-Clause */
#include "connection.h"

#include "await_admission.h"
#include "ending.h"
#include "keys.h"
#include "memory.h"
#include "protocol/datagram.h"
#include "protocol/session_error.h"
#include "quic_path.h"
#include "schedule.h"
#include "stream.h"
#include "tls.h"
#include "trace.h"
#include "tunnel.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

#define ACTIVE_CIDS        8 /* but see offer_fewer_cids */
#define DATAGRAM_BYTES_MAX 65535
#define SECOND             NGTCP2_SECONDS

/* ---- Callbacks ---- */

static void on_random(uint8_t *out, size_t bytes, const ngtcp2_rand_ctx *context)
{
    struct cv_session *session = context->native_handle;

    cv_cid_random(session->shard->codec, out, bytes);
}

static void new_cid(struct cv_session *session, ngtcp2_cid *cid, uint8_t token[CV_RESET_TOKEN_BYTES])
{
    struct cv_cid fields = {session->shard_id, session->next_cid++, session->slot, session->generation};

    cid->datalen = CV_ISSUED_CID_BYTES;
    cv_cid_encode(session->shard->codec, &fields, cid->data);
    cv_cid_reset_token(session->shard->codec, cid->data, token);
}

static int on_new_cid(ngtcp2_conn *conn, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token, size_t bytes,
                      void *user)
{
    (void)conn;
    (void)bytes;
    new_cid(user, cid, token->data);
    return 0;
}

static int on_path_challenge(ngtcp2_conn *conn, ngtcp2_path_challenge_data *data, void *user)
{
    struct cv_session *session = user;

    (void)conn;
    cv_cid_random(session->shard->codec, data->data, sizeof(data->data));
    return 0;
}

static int on_crypto_data(ngtcp2_conn *conn, ngtcp2_encryption_level level, uint64_t offset,
                          const uint8_t *data, size_t bytes, void *user)
{
    struct cv_session *session = user;

    (void)conn;
    (void)level;
    (void)offset;
    return cv_tls_receive(session, data, bytes) ? 0 : NGTCP2_ERR_CRYPTO;
}

static int on_stream_data(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t offset,
                          const uint8_t *data, size_t bytes, void *user, void *stream_user)
{
    struct cv_session *session = user;

    (void)conn;
    (void)stream_id;
    (void)offset;
    (void)stream_user;
    session->stream.open = true;
    if (!cv_stream_receive(session, data, bytes)) {
        cv_session_mark_end(session, CV_SESSION_END_NO_ROOM, CV_SESSION_ERROR_RELAY_FULL, true);
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    if (bytes > 0)
        cv_schedule_event(session->shard, session, CV_EVENT_DATA);
    if ((flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0)
        cv_session_mark_end(session, CV_SESSION_END_STREAM, CV_SESSION_ERROR_STREAM_CLOSED, true);
    return 0;
}

static int on_stream_acknowledged(ngtcp2_conn *conn, int64_t stream_id, uint64_t offset, uint64_t bytes,
                                  void *user, void *stream_user)
{
    (void)conn;
    (void)stream_id;
    (void)stream_user;
    cv_stream_acknowledged(user, offset + bytes);
    return 0;
}

static int on_stream_room(ngtcp2_conn *conn, int64_t stream_id, uint64_t bytes, void *user, void *stream_user)
{
    struct cv_session *session = user;

    (void)conn;
    (void)stream_id;
    (void)bytes;
    (void)stream_user;
    session->stream.blocked = false;
    return 0;
}

static int on_stream_close(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t code, void *user,
                           void *stream_user)
{
    (void)conn;
    (void)flags;
    (void)stream_id;
    (void)code;
    (void)stream_user;
    cv_session_mark_end(user, CV_SESSION_END_STREAM, CV_SESSION_ERROR_STREAM_CLOSED, true);
    return 0;
}

static int on_stream_reset(ngtcp2_conn *conn, int64_t stream_id, uint64_t final_size, uint64_t code,
                           void *user, void *stream_user)
{
    (void)final_size;
    return on_stream_close(conn, 0, stream_id, code, user, stream_user);
}

static int on_stop_sending(ngtcp2_conn *conn, int64_t stream_id, uint64_t code, void *user, void *stream_user)
{
    return on_stream_close(conn, 0, stream_id, code, user, stream_user);
}

static int on_datagram(ngtcp2_conn *conn, uint32_t flags, const uint8_t *data, size_t bytes, void *user)
{
    struct cv_session *session = user;
    struct cv_datagram datagram;

    (void)conn;
    (void)flags;
    if (cv_datagram_parse(data, bytes, &datagram) != 0)
        cv_session_mark_end(session, CV_SESSION_END_PROTOCOL, CV_SESSION_ERROR_BAD_DATAGRAM, true);
    else
        cv_tunnel_receive(session, &datagram);
    return 0;
}

/* What is validated may also be the path before, in case the peer comes back. */
static int on_path_validation(ngtcp2_conn *conn, uint32_t flags, const ngtcp2_path *path,
                              const ngtcp2_path *fallback, void *user)
{
    struct cv_session *session = user;

    (void)flags;
    (void)fallback;
    session->path_validating = ngtcp2_path_eq(path, ngtcp2_conn_get_path(conn)) != 0;
    return 0;
}

static int on_path_validated(ngtcp2_conn *conn, uint32_t flags, const ngtcp2_path *path,
                             const ngtcp2_path *fallback, ngtcp2_path_validation_result result, void *user)
{
    struct cv_session *session = user;

    (void)conn;
    (void)flags;
    (void)path;
    (void)fallback;
    session->path_validating = false;
    session->path_validated |= result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS;
    return 0;
}

static const ngtcp2_callbacks callbacks = {
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = on_crypto_data,
    .encrypt = cv_keys_encrypt,
    .decrypt = cv_keys_decrypt,
    .hp_mask = cv_keys_header_mask,
    .recv_stream_data = on_stream_data,
    .acked_stream_data_offset = on_stream_acknowledged,
    .extend_max_stream_data = on_stream_room,
    .stream_close = on_stream_close,
    .stream_reset = on_stream_reset,
    .stream_stop_sending = on_stop_sending,
    .rand = on_random,
    .get_new_connection_id2 = on_new_cid,
    .update_key = cv_keys_update,
    .begin_path_validation = on_path_validation,
    .path_validation = on_path_validated,
    .delete_crypto_aead_ctx = cv_keys_delete_aead,
    .delete_crypto_cipher_ctx = cv_keys_delete_header,
    .recv_datagram = on_datagram,
    .get_path_challenge_data2 = on_path_challenge,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .handshake_completed = cv_admission_begin,
};

/* ---- Set-up ---- */

/*
 * Sizes that are probed for, those over what our own MTU allows left out: ngtcp2 goes through them once, and
 * passes over what is decided by then. 1,452 is what a DATAGRAM with 1,400 bytes needs, and all of 1,500 with
 * IPv6, 1,472 with IPv4; the others are for paths through tunnels, 1,232 for the least that IPv6 must carry.
 */
static const uint16_t probes[] = {1400, 1452, 1472, 1432, 1372, 1332, 1280, 1232};

static void fill_settings(ngtcp2_settings *settings, struct cv_session *session,
                          const struct cv_initial *initial)
{
    static const uint32_t versions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
    const struct cv_sessions *all = session->shard->all;
    const struct cv_local *local = &all->locals->list[initial->rx->local];
    size_t headers = local->is_v6 ? 48 : 28;
    size_t largest = RTE_MAX(RTE_MIN((size_t)local->mtu - headers, (size_t)1472), (size_t)1200);

    ngtcp2_settings_default(settings);
    settings->initial_ts = session->shard->now_ns;
    settings->handshake_timeout = (ngtcp2_duration)all->config->session.handshake_s * SECOND;
    settings->max_tx_udp_payload_size = largest;
    settings->ack_thresh = 1; /* it is for us to say when an acknowledgement is due: schedule.c */
    settings->rand_ctx.native_handle = session;
    settings->qlog_write = session->trace != NULL ? cv_trace_event : NULL;
    settings->available_versions = versions;
    settings->available_versionslen = RTE_DIM(versions);
    settings->pmtud_probes = probes;
    settings->pmtud_probeslen = RTE_DIM(probes);
    if (initial->retried) {
        settings->token = initial->header->token;
        settings->tokenlen = initial->header->tokenlen;
        settings->token_type = NGTCP2_TOKEN_TYPE_RETRY;
    }
}

static void fill_parameters(ngtcp2_transport_params *parameters, const struct cv_session *session,
                            const struct cv_initial *initial)
{
    ngtcp2_transport_params_default(parameters);
    parameters->initial_max_stream_data_bidi_remote = CV_SESSION_WINDOW_BYTES;
    parameters->initial_max_data = CV_SESSION_WINDOW_BYTES;
    parameters->initial_max_streams_bidi = 1;
    parameters->max_idle_timeout = (ngtcp2_duration)session->shard->all->config->session.idle_s * SECOND;
    parameters->active_connection_id_limit = ACTIVE_CIDS;
    parameters->max_datagram_frame_size = DATAGRAM_BYTES_MAX;
    parameters->original_dcid = initial->original_dcid;
    parameters->original_dcid_present = 1;
    parameters->stateless_reset_token_present = 1;
    if (initial->retried) {
        parameters->retry_scid = initial->header->dcid;
        parameters->retry_scid_present = 1;
    }
}

int cv_connection_create(struct cv_session *session, const struct cv_initial *initial)
{
    struct cv_address local = cv_session_local(session->shard->all, initial->rx->local);
    ngtcp2_transport_params parameters;
    ngtcp2_path_storage path;
    ngtcp2_settings settings;
    ngtcp2_conn *conn;
    ngtcp2_cid own;
    int result;

    cv_session_memory_init(session);
    fill_settings(&settings, session, initial);
    fill_parameters(&parameters, session, initial);
    new_cid(session, &own, parameters.stateless_reset_token);
    cv_path_fill(&path, &local, &initial->rx->address);
    session->quic_version = initial->header->version;
    result = ngtcp2_conn_server_new(&conn, &initial->header->scid, &own, &path.path, initial->header->version,
                                    &callbacks, &settings, &parameters, &session->memory, session);
    if (result == 0)
        session->conn = conn; /* not before: see memory.c */
    return result;
}
