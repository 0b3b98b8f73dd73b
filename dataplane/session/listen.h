/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Packets to the listening port, where sessions and UDP legs live together. Whose a packet is, is asked in this order:
 *
 *      1. its connection ID is one of ours                 -> the session (demux.h)
 *      2. it is a token, or a probe (peer_probe.h)         -> the keeper, or the session that it names
 *      3. its source address has a leg                     -> the leg; everything: long headers, Retry, version
 *                                                             negotiation, STUN, for the peer there may be a server
 *      4. a token came from there a moment ago, or a leg is claimed by a prefix, or by a connection ID
 *                                                          -> that leg (relay/claim.h)
 *      5. a stranger                                       -> STUN is answered, what looks like QUIC goes to the handshake
 *                                                             thread
 *
 * But for 3: an Initial packet that begins a connection may begin a session, for NATs give an address that a leg had to
 * another host, and peers may use one socket for both. The handshake thread opens it and looks (leg_initials.h), up to
 * CV_OPENED_PER_MS of them; it gives back what is the leg's, and what is more than that is the leg's at once.
 *
 * What a leg's other packets cost beside a relay port's is the first question, which is one AES block each, done for a
 * whole burst in one call. Workers only.
 */
#include "packet/packet.h"

struct cv_shard;

#define CV_OPENED_PER_MS 10 /* and worker */

/*
 * Up to CV_BURST packets, parsed, and of each the bytes after the first, which are overwritten. The mbufs are gone
 * afterwards, but for those of packets that are to be answered: these are in `packets` then, and how many they are is
 * returned.
 */
uint32_t cv_listen_receive(struct cv_shard *shard, struct cv_packet **packets,
                           uint8_t (*after_first)[CV_AFTER_FIRST_BYTES], uint32_t count);

/* A packet that the handshake thread has opened, and that is the leg's. The mbuf is gone afterwards. */
void cv_listen_take_back(struct cv_shard *shard, struct rte_mbuf *mbuf);
