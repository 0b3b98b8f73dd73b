/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Packets in. */
#include "rx_packet.h"
#include "shard.h"

/* One packet of a session. The mbuf stays the caller's; the session may be gone afterwards. */
void cv_session_read(struct cv_shard *shard, struct cv_session *session, const struct cv_rx_packet *rx);
