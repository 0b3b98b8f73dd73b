/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* How a session ends: who finds a reason says it here, and the last packet and the user are told it once. */
#include "state.h"

/* The next write will be the last. The first reason stays. `sentence` is copied; NULL is none. */
void ending_begin(struct cv_peer *peer, bool application, uint64_t code, const char *sentence);

/* After a call into ngtcp2 that failed with `result`: what it means for the session. */
void ending_failed(struct cv_peer *peer, int result);

/* The packet that says why, after ending_begin; its bytes, or 0. */
ngtcp2_ssize ending_write(struct cv_peer *peer, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                          size_t room);
