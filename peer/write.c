/* SPDX-License-Identifier: BSD-3-Clause */
#include "write.h"

#include "control.h"

/* Around a DATAGRAM's content: first byte, packet number at its longest, AEAD tag; frame type and length. */
#define PACKET_OVERHEAD (1 + 4 + 16)
#define FRAME_OVERHEAD  3

size_t write_datagram_room(const struct cv_peer *peer)
{
    size_t overhead = PACKET_OVERHEAD + FRAME_OVERHEAD + ngtcp2_conn_get_dcid(peer->conn)->datalen;

    return ngtcp2_conn_get_path_max_tx_udp_payload_size(peer->conn) - overhead;
}

/* The datagram to send; those before it that have become too old, or too large for another path, go. */
static const struct queued_datagram *next_datagram(struct cv_peer *peer)
{
    uint64_t most_ns = peer->config.queue_ns;
    const struct queued_datagram *datagram;

    while ((datagram = queue_first(&peer->queue)) != NULL) {
        if (most_ns > 0 && peer->now_ns > datagram->since_ns && peer->now_ns - datagram->since_ns > most_ns)
            peer->stats.dropped_late++;
        else if (datagram->bytes > write_datagram_room(peer))
            peer->stats.dropped_large++;
        else
            return datagram;
        queue_pop(&peer->queue);
    }
    return NULL;
}

struct writing {
    ngtcp2_path *path;
    ngtcp2_pkt_info *info;
    uint8_t *packet;
    size_t room;
};

static ngtcp2_ssize write_control(struct cv_peer *peer, const struct writing *to, const ngtcp2_vec *pieces,
                                  size_t count)
{
    struct control_stream *control = &peer->control;
    uint32_t flags = peer->queue.count > 0 ? NGTCP2_WRITE_STREAM_FLAG_MORE : NGTCP2_WRITE_STREAM_FLAG_NONE;
    ngtcp2_ssize taken = -1;
    ngtcp2_ssize bytes = ngtcp2_conn_writev_stream(peer->conn, to->path, to->info, to->packet, to->room,
                                                   &taken, flags, control->id, pieces, count, peer->now_ns);

    if (taken > 0)
        control->sent += (uint64_t)taken;
    return bytes;
}

static ngtcp2_ssize write_datagram(struct cv_peer *peer, const struct writing *to,
                                   const struct queued_datagram *datagram)
{
    bool more = peer->queue.count > 1 && !peer->config.no_bundling;
    int accepted = 0;
    ngtcp2_ssize bytes =
        ngtcp2_conn_write_datagram(peer->conn, to->path, to->info, to->packet, to->room, &accepted,
                                   more ? NGTCP2_WRITE_DATAGRAM_FLAG_MORE : NGTCP2_WRITE_DATAGRAM_FLAG_NONE,
                                   0, datagram->data, datagram->bytes, peer->now_ns);

    if (accepted) {
        queue_pop(&peer->queue);
        peer->stats.tx_datagrams++;
    }
    return bytes;
}

ngtcp2_ssize write_packet(struct cv_peer *peer, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                          size_t room)
{
    struct control_stream *control = &peer->control;
    const struct writing to = {path, info, packet, room};
    const struct queued_datagram *datagram = next_datagram(peer);

    for (;;) {
        ngtcp2_vec pieces[2];
        size_t count = control->id >= 0 && !control->blocked ? control_unsent(control, pieces) : 0;
        ngtcp2_ssize bytes;

        if (count > 0) {
            bytes = write_control(peer, &to, pieces, count);
            if (bytes == NGTCP2_ERR_STREAM_DATA_BLOCKED || bytes == NGTCP2_ERR_STREAM_SHUT_WR) {
                control->blocked = true;
                continue;
            }
        } else if (datagram != NULL) {
            bytes = write_datagram(peer, &to, datagram);
            datagram = queue_first(&peer->queue);
        } else {
            bytes = ngtcp2_conn_write_pkt(peer->conn, path, info, packet, room, peer->now_ns);
        }
        if (bytes != NGTCP2_ERR_WRITE_MORE)
            return bytes;
        /* A packet is begun: until it is complete only ngtcp2's writing functions may be called. */
    }
}
