/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What a worker does for its sessions besides receiving (listen.h). Called by its loop only. */
#include <stdint.h>

struct cv_shard;

/* What came through the rings, timers, packets to be sent. Once in each turn of the loop. Returns what was done. */
uint32_t cv_worker_shard_turn(struct cv_shard *shard);
