/* SPDX-License-Identifier: BSD-3-Clause */
#include "connection.h"

#include "control.h"
#include "ending.h"
#include "protocol/datagram.h"
#include "protocol/session_error.h"
#include "quic_path.h"
#include "tag.h"

#include <openssl/rand.h>
#include <string.h>

#define ACTIVE_CIDS        8
#define FIRST_DCID_BYTES   18
#define DATAGRAM_BYTES_MAX 65535

/* ---- Connection IDs ---- */

static bool own_cid(const struct cv_peer *peer, ngtcp2_cid *cid)
{
    cid->datalen = CV_PEER_OWN_CID_BYTES;
    cv_peer_tag_write(cid->data, peer->config.tag);
    return RAND_bytes(cid->data + CV_PEER_TAG_BYTES, CV_PEER_OWN_CID_BYTES - CV_PEER_TAG_BYTES) == 1;
}

/* ---- Callbacks ---- */

static void on_random(uint8_t *out, size_t bytes, const ngtcp2_rand_ctx *context)
{
    (void)context;
    (void)RAND_bytes(out, (int)bytes);
}

static int on_new_cid(ngtcp2_conn *conn, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token, size_t bytes,
                      void *user)
{
    (void)conn;
    (void)bytes;
    return own_cid(user, cid) && RAND_bytes(token->data, sizeof(token->data)) == 1
               ? 0
               : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_retry(ngtcp2_conn *conn, const ngtcp2_pkt_hd *header, void *user)
{
    ((struct cv_peer *)user)->stats.retried = true;
    return ngtcp2_crypto_recv_retry_cb(conn, header, user);
}

static int on_handshake_completed(ngtcp2_conn *conn, void *user)
{
    struct cv_peer *peer = user;

    peer->stats.handshake_done = true;
    peer->stats.quic_version = ngtcp2_conn_get_negotiated_version(conn) == NGTCP2_PROTO_VER_V2 ? 2 : 1;
    return 0;
}

static int on_handshake_confirmed(ngtcp2_conn *conn, void *user)
{
    (void)conn;
    ((struct cv_peer *)user)->confirmed = true;
    return 0;
}

/* After the handshake the relay has nothing to say here: it sends no session tickets. */
static int on_crypto_data(ngtcp2_conn *conn, ngtcp2_encryption_level level, uint64_t offset,
                          const uint8_t *data, size_t bytes, void *user)
{
    if (((struct cv_peer *)user)->handshake.ssl == NULL) {
        ngtcp2_conn_set_tls_alert(conn, SSL_AD_UNEXPECTED_MESSAGE);
        return NGTCP2_ERR_CRYPTO;
    }
    return ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, bytes, user);
}

static int on_stream_data(ngtcp2_conn *conn, uint32_t flags, int64_t stream, uint64_t offset,
                          const uint8_t *data, size_t bytes, void *user, void *stream_user)
{
    (void)conn;
    (void)stream; /* there is only one: the relay may open none */
    (void)offset;
    (void)stream_user;
    control_receive(user, data, bytes);
    if ((flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0)
        ending_begin(user, true, CV_SESSION_ERROR_STREAM_CLOSED, "the relay has finished the control stream");
    return 0;
}

static int on_stream_acknowledged(ngtcp2_conn *conn, int64_t stream, uint64_t offset, uint64_t bytes,
                                  void *user, void *stream_user)
{
    struct cv_peer *peer = user;

    (void)conn;
    (void)stream;
    (void)stream_user;
    peer->control.acknowledged = offset + bytes;
    return 0;
}

static int on_stream_room(ngtcp2_conn *conn, int64_t stream, uint64_t bytes, void *user, void *stream_user)
{
    (void)conn;
    (void)stream;
    (void)bytes;
    (void)stream_user;
    ((struct cv_peer *)user)->control.blocked = false;
    return 0;
}

static int on_stop_sending(ngtcp2_conn *conn, int64_t stream, uint64_t code, void *user, void *stream_user)
{
    (void)conn;
    (void)stream;
    (void)code;
    (void)stream_user;
    ending_begin(user, true, CV_SESSION_ERROR_STREAM_CLOSED, "the relay has stopped the control stream");
    return 0;
}

static int on_stream_reset(ngtcp2_conn *conn, int64_t stream, uint64_t final_size, uint64_t code, void *user,
                           void *stream_user)
{
    (void)final_size;
    return on_stop_sending(conn, stream, code, user, stream_user);
}

static int on_datagram(ngtcp2_conn *conn, uint32_t flags, const uint8_t *data, size_t bytes, void *user)
{
    struct cv_peer *peer = user;
    struct cv_datagram datagram;

    (void)conn;
    (void)flags;
    if (cv_datagram_parse(data, bytes, &datagram) != 0) {
        ending_begin(peer, true, CV_SESSION_ERROR_BAD_DATAGRAM, "a DATAGRAM ends within its channel");
        return 0;
    }
    peer->stats.rx_datagrams++;
    if (peer->config.callbacks->datagram != NULL && !peer->end.set)
        peer->config.callbacks->datagram(peer->config.user, datagram.channel, datagram.payload,
                                         datagram.payload_bytes, peer->ecn);
    return 0;
}

static int on_stateless_reset(ngtcp2_conn *conn, const ngtcp2_pkt_stateless_reset2 *reset, void *user)
{
    (void)conn;
    (void)reset;
    ((struct cv_peer *)user)->reset = true;
    return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_crypto_data = on_crypto_data,
    .handshake_completed = on_handshake_completed,
    .handshake_confirmed = on_handshake_confirmed,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = on_stream_data,
    .acked_stream_data_offset = on_stream_acknowledged,
    .recv_retry = on_retry,
    .rand = on_random,
    .get_new_connection_id2 = on_new_cid,
    .update_key = ngtcp2_crypto_update_key_cb,
    .stream_reset = on_stream_reset,
    .extend_max_stream_data = on_stream_room,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .recv_datagram = on_datagram,
    .stream_stop_sending = on_stop_sending,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .recv_stateless_reset2 = on_stateless_reset,
    .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
};

/* ---- Set-up ---- */

/* Sizes that are probed for, in ascending order: what a DATAGRAM with 1,400 bytes needs, and all of 1,500. */
static const uint16_t probes[] = {1400, 1452, 1472};

static void fill_settings(ngtcp2_settings *settings, const struct cv_peer *peer)
{
    static const uint32_t versions[2][2] = {{NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2},
                                            {NGTCP2_PROTO_VER_V2, NGTCP2_PROTO_VER_V1}};
    const struct cv_peer_config *config = &peer->config;

    ngtcp2_settings_default(settings);
    settings->initial_ts = peer->now_ns;
    settings->handshake_timeout = config->handshake_ns;
    settings->max_tx_udp_payload_size = config->payload_bytes;
    settings->available_versions = versions[config->quic_version - 1];
    settings->available_versionslen = 2;
    while (settings->pmtud_probeslen < sizeof(probes) / sizeof(probes[0]) &&
           probes[settings->pmtud_probeslen] <= config->payload_bytes)
        settings->pmtud_probeslen++;
    settings->pmtud_probes = probes;
    settings->no_pmtud = config->no_probing || settings->pmtud_probeslen == 0;
}

static void fill_parameters(ngtcp2_transport_params *parameters, const struct cv_peer_config *config)
{
    ngtcp2_transport_params_default(parameters);
    parameters->initial_max_stream_data_bidi_local = config->control_window_bytes;
    parameters->initial_max_data = config->control_window_bytes;
    parameters->max_idle_timeout = config->idle_ns;
    parameters->active_connection_id_limit = ACTIVE_CIDS;
    parameters->max_datagram_frame_size = DATAGRAM_BYTES_MAX;
}

int connection_create(struct cv_peer *peer)
{
    const struct cv_peer_config *config = &peer->config;
    uint32_t version = config->quic_version == 2 ? NGTCP2_PROTO_VER_V2 : NGTCP2_PROTO_VER_V1;
    ngtcp2_cid own, first = {.datalen = FIRST_DCID_BYTES};
    ngtcp2_transport_params parameters;
    ngtcp2_path_storage path;
    ngtcp2_settings settings;
    int result;

    if (!own_cid(peer, &own) || RAND_bytes(first.data, FIRST_DCID_BYTES) != 1)
        return NGTCP2_ERR_INTERNAL;
    fill_settings(&settings, peer);
    fill_parameters(&parameters, config);
    cv_path_fill(&path, &config->local, &config->relay);
    result = ngtcp2_conn_client_new(&peer->conn, &first, &own, &path.path, version, &callbacks, &settings,
                                    &parameters, NULL, peer);
    if (result == 0 && config->keep_alive_ns > 0)
        ngtcp2_conn_set_keep_alive_timeout(peer->conn, config->keep_alive_ns);
    return result;
}
