/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Buffers that packets are written into, and how they leave: from a worker by its port's queue, from the handshake
 * thread through worker 0. */
#include "routes.h"
#include "shard.h"

/* A buffer with headroom; NULL: none left. cv_send takes it, with its payload set; cv_send_keep takes it back. */
struct rte_mbuf *cv_send_buffer(struct cv_shard *shard);

/* Nothing came of it: the next cv_send_buffer gives it again. */
static inline void cv_send_keep(struct cv_shard *shard, struct rte_mbuf *mbuf)
{
    shard->spare = mbuf;
}

/* What the session's path is known to carry: bytes of UDP payload. */
static inline uint16_t cv_send_path_bytes(const struct cv_session *session)
{
    return (uint16_t)ngtcp2_conn_get_path_max_tx_udp_payload_size(session->conn);
}

/* How much of a buffer ngtcp2 gets: what the session's path carries, or all when it may probe for more. The same in all
 * calls for one packet. */
size_t cv_send_room(const struct cv_shard *shard, const struct cv_session *session,
                    const struct rte_mbuf *mbuf);

void cv_send(struct cv_shard *shard, const struct cv_session_route *route, uint8_t ecn,
             struct rte_mbuf *mbuf);

/* A packet of so many bytes that ngtcp2 has written for a path of the session's. */
void cv_send_written(struct cv_shard *shard, struct cv_session *session, const ngtcp2_path *path, uint8_t ecn,
                     struct rte_mbuf *mbuf, uint16_t bytes);
