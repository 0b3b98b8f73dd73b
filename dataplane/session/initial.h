/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Packets that name no worker's session: Initial packets begin one, others belong to a handshake, or are answered
 * without one. Handshake thread only. */
#include "handshakes.h"

/* One packet: to its session, or to a new one, or answered, or refused. The reason for a drop; CONSUMED if
 * none, CV_DROP_COUNT if the mbuf went on to a worker. */
enum cv_drop cv_initial_receive(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx);
