/* SPDX-License-Identifier: BSD-3-Clause */
/* A session's life: packets in, packets out, time, and how it ends. */
#include "parts.h"
#include "quic_path.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND NGTCP2_SECONDS

void cv_peer_config_default(struct cv_peer_config *config)
{
    *config = (struct cv_peer_config){
        .legs = CV_LEG_KINDS,
        .quic_version = 1,
        .handshake_ns = 10 * SECOND,
        .idle_ns = 60 * SECOND,
        .keep_alive_ns = 25 * SECOND,
        .control_window_bytes = 16384,
        .queue_bytes = 131072,
        .queue_ns = 50 * NGTCP2_MILLISECONDS,
        .payload_bytes = CV_PEER_PAYLOAD_MAX,
    };
}

static bool is_sound(const struct cv_peer_config *config)
{
    return config->tls != NULL && config->callbacks != NULL && config->callbacks->capsule != NULL &&
           config->callbacks->ended != NULL && (config->legs & ~CV_LEG_KINDS) == 0 &&
           (config->quic_version == 1 || config->quic_version == 2) && config->handshake_ns > 0 &&
           config->control_window_bytes > 0 && config->payload_bytes >= CV_PEER_PAYLOAD_MIN &&
           config->payload_bytes <= CV_PEER_PAYLOAD_MAX && cv_ip_may_be_peer(&config->relay.ip) &&
           config->relay.port_be != 0 && config->local.port_be != 0 &&
           cv_ip_is_v4(&config->local.ip) == cv_ip_is_v4(&config->relay.ip);
}

int cv_peer_create(struct cv_peer **out, const struct cv_peer_config *config, uint64_t now_ns)
{
    struct cv_peer *peer;
    int result;

    *out = NULL;
    if (!is_sound(config))
        return -EINVAL;
    peer = calloc(1, sizeof(*peer));
    if (peer == NULL)
        return -ENOMEM;
    peer->config = *config;
    if (config->relay_id != NULL)
        peer->relay_id = *config->relay_id;
    peer->queue.room = config->queue_bytes;
    peer->now_ns = now_ns;
    control_init(&peer->control);
    result = connection_create(peer);
    if (result != 0 || !tls_start(peer)) {
        cv_peer_destroy(peer);
        return result == NGTCP2_ERR_NOMEM ? -ENOMEM : -EIO;
    }
    *out = peer;
    return 0;
}

void cv_peer_destroy(struct cv_peer *peer)
{
    if (peer == NULL)
        return;
    tls_stop(peer);
    ngtcp2_conn_del(peer->conn);
    queue_free(&peer->queue);
    free(peer);
}

/* ---- The end ---- */

void end_pending(struct cv_peer *peer, bool application, uint64_t code, const char *sentence)
{
    if (peer->end.set)
        return;
    peer->end.set = true;
    peer->end.application = application;
    peer->end.code = code;
    snprintf(peer->end.sentence, sizeof(peer->end.sentence), "%s", sentence != NULL ? sentence : "");
    peer->idle = false;
}

void cv_peer_close(struct cv_peer *peer, uint64_t code, const char *sentence)
{
    end_pending(peer, true, code, sentence);
}

static void ended(struct cv_peer *peer, const struct cv_peer_end *end)
{
    if (peer->is_ended)
        return;
    peer->is_ended = true;
    queue_free(&peer->queue);
    peer->config.callbacks->ended(peer->config.user, end);
}

static void ended_by_relay(struct cv_peer *peer)
{
    const ngtcp2_ccerr *error = ngtcp2_conn_get_ccerr(peer->conn);
    char sentence[CV_PEER_SENTENCE_BYTES] = "";
    struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_RELAY, .sentence = sentence};

    if (peer->reset) {
        end.sentence = "the relay does not know this session: stateless reset";
    } else {
        end.application = error->type == NGTCP2_CCERR_TYPE_APPLICATION;
        end.code = error->error_code;
        if (error->reasonlen < sizeof(sentence) &&
            cv_utf8_is_line((const char *)error->reason, error->reasonlen) && error->reasonlen > 0)
            memcpy(sentence, error->reason, error->reasonlen);
    }
    ended(peer, &end);
}

static void ended_by_time(struct cv_peer *peer, const char *sentence)
{
    const struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_TIME, .sentence = sentence};

    ended(peer, &end);
}

/* After a call into ngtcp2 that failed. */
static void failed(struct cv_peer *peer, int result)
{
    switch (result) {
    case NGTCP2_ERR_DRAINING:
        ended_by_relay(peer);
        break;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION: {
        const struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_RELAY,
                                        .sentence = "the relay speaks other versions of QUIC"};
        ended(peer, &end);
        break;
    }
    case NGTCP2_ERR_IDLE_CLOSE:
        ended_by_time(peer, "nothing was heard of the relay for the idle time");
        break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    case NGTCP2_ERR_DROP_CONN:
        ended_by_time(peer, "the handshake with the relay took too long");
        break;
    case NGTCP2_ERR_CRYPTO:
        end_pending(peer, false, NGTCP2_CRYPTO_ERROR | ngtcp2_conn_get_tls_alert(peer->conn),
                    "TLS with the relay failed");
        break;
    default:
        end_pending(peer, false, ngtcp2_err_infer_quic_transport_error_code(result), ngtcp2_strerror(result));
    }
}

/* The packet that says why. */
static ngtcp2_ssize write_last(struct cv_peer *peer, ngtcp2_path *path, ngtcp2_pkt_info *info,
                               uint8_t *packet, size_t room)
{
    const uint8_t *reason = (const uint8_t *)peer->end.sentence;
    size_t reason_bytes = strlen(peer->end.sentence);
    struct cv_peer_end end = {.by = CV_PEER_ENDED_BY_US,
                              .application = peer->end.application,
                              .code = peer->end.code,
                              .sentence = peer->end.sentence};
    ngtcp2_ccerr error;
    ngtcp2_ssize bytes;

    ngtcp2_ccerr_default(&error);
    if (peer->end.application)
        ngtcp2_ccerr_set_application_error(&error, peer->end.code, reason, reason_bytes);
    else
        ngtcp2_ccerr_set_transport_error(&error, peer->end.code, reason, reason_bytes);
    bytes = ngtcp2_conn_write_connection_close(peer->conn, path, info, packet, room, &error, peer->now_ns);
    ended(peer, &end);
    return bytes > 0 ? bytes : 0;
}

/* ---- Packets ---- */

void cv_peer_receive(struct cv_peer *peer, const struct cv_address *local, const struct cv_address *remote,
                     uint8_t ecn, const uint8_t *packet, size_t bytes, uint64_t now_ns)
{
    const ngtcp2_pkt_info info = {.ecn = ecn};
    ngtcp2_path_storage path;
    int result;

    if (peer->is_ended || peer->end.set)
        return;
    peer->now_ns = now_ns;
    peer->ecn = ecn;
    peer->idle = false;
    peer->stats.rx_pkts++;
    peer->stats.rx_bytes += bytes;
    cv_path_fill(&path, local, remote);
    result = ngtcp2_conn_read_pkt(peer->conn, &path.path, &info, packet, bytes, now_ns);
    if (result != 0)
        failed(peer, result);
    else if (peer->confirmed && peer->ssl != NULL)
        tls_stop(peer);
}

/* QUIC allows it when the one before has been confirmed, and some time after. */
static void update_keys(struct cv_peer *peer)
{
    uint64_t every = peer->config.key_update_pkts;

    if (every == 0 || peer->pkts_since_key_update < every ||
        ngtcp2_conn_initiate_key_update(peer->conn, peer->now_ns) != 0)
        return;
    peer->pkts_since_key_update = 0;
    peer->stats.key_updates++;
}

static ngtcp2_ssize write_any(struct cv_peer *peer, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                              size_t room)
{
    ngtcp2_ssize bytes = 0;

    if (!peer->end.set && peer->stats.handshake_done) {
        if (peer->control.id < 0)
            control_open(peer);
        update_keys(peer);
    }
    if (!peer->end.set) {
        bytes = write_packet(peer, path, info, packet, room);
        if (bytes < 0)
            failed(peer, (int)bytes);
    }
    return peer->end.set && !peer->is_ended ? write_last(peer, path, info, packet, room) : bytes;
}

size_t cv_peer_write(struct cv_peer *peer, struct cv_peer_way *way, uint8_t *packet, size_t room,
                     uint64_t now_ns)
{
    ngtcp2_pkt_info info = {0};
    ngtcp2_path_storage path;
    ngtcp2_ssize bytes;

    if (peer->idle || peer->is_ended)
        return 0;
    peer->now_ns = now_ns;
    ngtcp2_path_storage_zero(&path);
    bytes = write_any(peer, &path.path, &info, packet, room);
    if (bytes <= 0) {
        peer->idle = true;
        if (peer->unpaced)
            ngtcp2_conn_update_pkt_tx_time(peer->conn, now_ns);
        peer->unpaced = false;
        return 0;
    }
    peer->unpaced = true;
    peer->pkts_since_key_update++;
    peer->stats.tx_pkts++;
    peer->stats.tx_bytes += (uint64_t)bytes;
    way->ecn = (uint8_t)info.ecn;
    if (!cv_path_local(&path.path, &way->local))
        way->local = peer->config.local;
    if (!cv_path_remote(&path.path, &way->remote))
        way->remote = peer->config.relay;
    return (size_t)bytes;
}

/* ---- Time ---- */

uint64_t cv_peer_deadline_ns(const struct cv_peer *peer)
{
    return peer->is_ended ? UINT64_MAX : ngtcp2_conn_get_expiry(peer->conn);
}

void cv_peer_expire(struct cv_peer *peer, uint64_t now_ns)
{
    int result;

    if (peer->is_ended || peer->end.set)
        return;
    peer->now_ns = now_ns;
    peer->idle = false;
    result = ngtcp2_conn_handle_expiry(peer->conn, now_ns);
    if (result != 0)
        failed(peer, result);
}

/* ---- The rest ---- */

int cv_peer_move(struct cv_peer *peer, const struct cv_address *local, uint64_t now_ns)
{
    ngtcp2_path_storage path;
    int result;

    if (peer->is_ended || peer->end.set)
        return -ENOTCONN;
    cv_path_fill(&path, local, &peer->config.relay);
    peer->now_ns = now_ns;
    peer->idle = false;
    result = ngtcp2_conn_initiate_immediate_migration(peer->conn, &path.path, now_ns);
    if (result == 0)
        peer->config.local = *local;
    return result == 0 ? 0 : result == NGTCP2_ERR_INVALID_ARGUMENT ? -EINVAL : -EAGAIN;
}

void cv_peer_stats(const struct cv_peer *peer, struct cv_peer_stats *stats)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info(peer->conn, &info);
    *stats = peer->stats;
    stats->lost_pkts = info.pkt_lost;
    stats->smoothed_rtt_ns = info.smoothed_rtt;
    stats->window_bytes = info.cwnd;
    stats->payload_bytes = (uint16_t)ngtcp2_conn_get_path_max_tx_udp_payload_size(peer->conn);
}
