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
 * Whether the payload is the token of a leg on this port, or was its last one; CV_DROP_COUNT: it is not. If so
 * the keeper is told (unless nothing would change), and the packet is to be dropped as CONSUMED; as
 * CROWDED_ADDRESS when the leg cannot be where it came from.
 */
enum cv_drop cv_claim_by_token(struct cv_relay *relay, const struct cv_packet *packet);

/*
 * For a packet whose leg is CV_NO_LEG. Sets packet->leg when prefix or connection ID name one: the packet
 * may be forwarded, but nothing is sent to its source before the keeper has moved the leg. Else sets
 * verdict to ANSWER (STUN) or DROP.
 */
void cv_claim(struct cv_relay *relay, struct cv_packet *packet);

/*
 * The same for a packet to the listening port that is no session's by its connection ID, and no token. There up to
 * CV_LEGS_AT_MAX legs may have one source address and port: two pairs of a peer that has one socket and reaches no other
 * port. They are CV_LEG_SHARED, which cv_lookup does not find, and told apart here:
 *
 *      1. a connection ID that one of them is known to send to;
 *      2. one that a leg elsewhere is known to send to: it is about to move here, as after a NAT's rebinding, which gives
 *         all legs of a socket one new address;
 *      3. else it is that whose token came last (of those that are proven there, if any is): a new connection's first packets, other protocols, connection IDs that
 *         were changed under the cover of encryption, or that have fewer than CV_CID_MIN_BYTES bytes.
 */
enum cv_claimed {
    CV_CLAIMED_OWN,     /* packet->leg is set, and this is its address */
    CV_CLAIMED_FOREIGN, /* packet->leg is set as by cv_claim */
    CV_CLAIMED_NOT, /* a stranger's; verdict DROP: one that cannot be answered, or a leg's that is too much */
};

enum cv_claimed cv_claim_listening(struct cv_relay *relay, struct cv_packet *packet);

/*
 * For a forwarded packet: tells the keeper when the leg sends to another connection ID than is known. Of a leg that shares
 * its address only the other side's word counts, and what begins a connection: other packets may be taken for it by 3.
 */
void cv_claim_learn(struct cv_relay *relay, const struct cv_packet *packet);

/* The same for the payload of a long header out of tunnel leg `leg`: by the other side's word, which this is, and no more. */
void cv_claim_learn_tunnelled(struct cv_relay *relay, uint32_t leg, const uint8_t *payload, uint16_t bytes);
