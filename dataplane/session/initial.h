/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Packets that name no worker's session: Initial packets begin one, others belong to a handshake, or are answered
 * without one. Handshake thread only. */
#include "handshakes.h"

/*
 * Whether worker 0 takes what may come of one more packet. If not it stands still: packets stay in their ring, and what
 * finds no room there is dropped by the workers, as session_queue.
 */
bool cv_initial_has_room(const struct cv_handshakes *handshakes);

/* One packet, for which there is room: to its session, or to a new one, or answered, or refused, or back to the leg that it is of. */
void cv_initial_receive(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx);

/* Packets that may be of a leg go to it when nothing has been decided for long, and there is room. Once in each turn. */
void cv_initial_expire(struct cv_handshakes *handshakes);
