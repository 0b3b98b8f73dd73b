/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Matching packets to sessions (RFC 9000 section 5.2): by the connection ID alone, for that names shard and slot. What
 * names another worker's shard goes there, what names no session of a worker to the handshake thread.
 */
#include "shard.h"

/* Up to CV_BURST packets that are marked (rx_packet.h): reads each, or passes it on. The mbufs are gone afterwards. */
void cv_demux(struct cv_shard *shard, struct rte_mbuf **mbufs, uint32_t count);
