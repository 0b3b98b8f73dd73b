/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Matching packets to sessions (RFC 9000 section 5.2): by the connection ID alone, for that names shard and slot. What
 * names another worker's shard goes there, what names no session of a worker to the handshake thread.
 */
#include "packet/packet.h"
#include "shard.h"

/* Packets, and what their connection IDs say: generation 0: that they are not ours. */
struct cv_named_burst {
    uint32_t count;
    struct rte_mbuf *mbufs[CV_BURST];
    struct cv_cid cids[CV_BURST];
};

/*
 * Of up to CV_BURST packets that were just received on the listening port, with the bytes after the first of each: marks
 * those whose connection ID is of a live session, or the one that a Retry gave, and puts them in `named`. The others stay
 * in `packets`; returns how many. All IDs are read with one call of AES, in `ids`.
 */
uint32_t cv_demux_sort(struct cv_shard *shard, struct cv_packet **packets,
                       uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count, struct cv_named_burst *named);

/* Reads each of those, or passes it on. The mbufs are gone afterwards. */
void cv_demux_named(struct cv_shard *shard, const struct cv_named_burst *named);

/* The same for up to CV_BURST packets that were marked (rx_packet.h) by another thread. */
void cv_demux(struct cv_shard *shard, struct rte_mbuf **mbufs, uint32_t count);

/* A marked packet that names no session, to the handshake thread. */
void cv_demux_to_handshakes(struct cv_shard *shard, struct rte_mbuf *mbuf);
