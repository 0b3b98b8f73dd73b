/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

#include "connection.h"
#include "control.h"
#include "ending.h"
#include "quic_path.h"
#include "state.h"
#include "write.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* Unless it has one. */
static bool choose_instance(struct cv_peer_config *config)
{
    static const uint8_t none[CV_INSTANCE_BYTES];

    return memcmp(config->instance, none, sizeof(none)) != 0 ||
           RAND_bytes(config->instance, sizeof(config->instance)) == 1;
}

int cv_peer_create(struct cv_peer **out, const struct cv_peer_config *config, uint64_t now_ns)
{
    struct cv_peer *peer;
    int result;

    *out = NULL;
    if (!cv_peer_config_is_sound(config))
        return -EINVAL;
    peer = calloc(1, sizeof(*peer));
    if (peer == NULL)
        return -ENOMEM;
    peer->config = *config;
    peer->queue.room = config->queue_bytes;
    peer->now_ns = now_ns;
    control_init(&peer->control);
    if (!choose_instance(&peer->config)) {
        free(peer);
        return -EIO;
    }
    if (!control_may_register(peer)) {
        free(peer);
        return -EINVAL;
    }
    result = connection_create(peer);
    if (result != 0 || !handshake_start(&peer->handshake, config->tls, peer->conn, config->relay_id)) {
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
    handshake_stop(&peer->handshake);
    ngtcp2_conn_del(peer->conn);
    queue_free(&peer->queue);
    free(peer);
}

void cv_peer_close(struct cv_peer *peer, uint64_t code, const char *sentence)
{
    ending_begin(peer, true, code, sentence);
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
        ending_failed(peer, result);
    else if (peer->confirmed && peer->handshake.ssl != NULL)
        handshake_stop(&peer->handshake);
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
            ending_failed(peer, (int)bytes);
    }
    return peer->end.set && !peer->is_ended ? ending_write(peer, path, info, packet, room) : bytes;
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
        ending_failed(peer, result);
}

/* ---- What a peer does ---- */

size_t cv_peer_room_bytes(const struct cv_peer *peer, uint64_t channel)
{
    if (!peer->stats.registered || peer->is_ended || channel > CV_CHANNEL_MAX)
        return 0;
    return cv_datagram_room(write_datagram_room(peer), (uint32_t)channel);
}

int cv_peer_send(struct cv_peer *peer, uint64_t channel, const uint8_t *payload, size_t bytes,
                 uint64_t now_ns)
{
    uint8_t header[CV_CHANNEL_BYTES];
    size_t header_bytes;

    if (!cv_peer_is_registered(peer))
        return -ENOTCONN;
    header_bytes = channel <= CV_CHANNEL_MAX ? cv_datagram_header(header, (uint32_t)channel) : 0;
    if (header_bytes == 0)
        return -EINVAL;
    if (bytes > cv_peer_room_bytes(peer, channel))
        return -EMSGSIZE;
    if (!queue_push(&peer->queue, header, header_bytes, payload, bytes, now_ns))
        return -ENOBUFS;
    peer->idle = false;
    return 0;
}

uint32_t cv_peer_queued(const struct cv_peer *peer)
{
    return peer->queue.count;
}

void cv_peer_read_control(struct cv_peer *peer, bool on)
{
    control_read(peer, on);
}

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
