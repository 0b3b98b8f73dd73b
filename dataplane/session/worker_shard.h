/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What a worker does for its sessions. Called by its loop only. */
#include "packet/packet.h"

struct cv_shard;

/* Packets to the listening port, up to CV_BURST, no STUN requests. The mbufs are gone afterwards. */
void cv_worker_shard_receive(struct cv_shard *shard, struct cv_packet *const *packets, uint32_t count);

/* What came through the rings, timers, packets to be sent. Once in each turn of the loop. Returns what was done. */
uint32_t cv_worker_shard_turn(struct cv_shard *shard);
