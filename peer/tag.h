/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Many sessions behind one socket: the connection IDs that a session gives the relay begin with a number of
 * its user's choice, in clear, so that an arriving packet says whose it is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_PEER_OWN_CID_BYTES 8
#define CV_PEER_TAG_BYTES     4 /* of these; the others are random */

void cv_peer_tag_write(uint8_t cid[CV_PEER_OWN_CID_BYTES], uint32_t tag);

/*
 * The tag of the session that a packet belongs to. False: it cannot be for any. A stateless reset has no
 * connection ID: who shares a socket learns of one when the idle time is over.
 */
bool cv_peer_packet_tag(const uint8_t *packet, size_t bytes, uint32_t *tag);
