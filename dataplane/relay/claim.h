/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What may make a packet a leg's though its source address is not (yet) the leg's: a token, a prefix, a
 * QUIC connection ID that the leg has been sending to. Off the fast path: for packets that lookup did not
 * find, and for 32-byte payloads.
 *
 * Nothing here changes a table; what should change goes to the keeper as a notice.
 */
#include "relay.h"

/*
 * Whether the payload is the token of a leg on this relay port, or was its last one. If so the keeper is
 * told (unless nothing would change), and the packet is to be dropped as CONSUMED.
 */
bool cv_claim_by_token(struct cv_relay *relay, const struct cv_packet *packet);

/*
 * For a packet whose leg is CV_NO_LEG. Sets packet->leg when prefix or connection ID name one: the packet
 * may be forwarded, but nothing is sent to its source before the keeper has moved the leg. Else sets
 * verdict to ANSWER (STUN) or DROP.
 */
void cv_claim(struct cv_relay *relay, struct cv_packet *packet);

/* For a forwarded packet: tells the keeper when the leg sends to another connection ID than is known. */
void cv_claim_learn(struct cv_relay *relay, const struct cv_packet *packet);
