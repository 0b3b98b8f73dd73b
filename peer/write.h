/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What goes into a packet, and how large a datagram may be. */
#include "state.h"

/* Bytes of the largest DATAGRAM, with its channel, in a packet of ours at present. */
size_t write_datagram_room(const struct cv_peer *peer);

/* The next packet: its bytes, 0 when there is none, or one of ngtcp2's errors. */
ngtcp2_ssize write_packet(struct cv_peer *peer, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                          size_t room);
