/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What a DATAGRAM frame to a peer holds, as that peer is told (TUNNEL_LIMIT) and its pairs' other peers (OTHER_LEG). */
#include "peer.h"

/*
 * It holds another number of bytes now. Told at once where that is less, and when the path has been probed where it is
 * more, for that goes in steps.
 */
void tunnel_limit_changed(struct peer *peer);

/* For peers->frames_timer. */
void tunnel_limit_on_timer(evutil_socket_t fd, short what, void *context);
