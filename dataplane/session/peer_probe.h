/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Probes: datagrams by which a peer learns how each of its sockets is seen from outside. They come from
 * anywhere to any address and port of ours, the listening port and every relay port:
 *
 *      | 0x04 | number (3), the peer's | ticket (16) |
 *
 * which is neither QUIC nor STUN (RFC 9443). The ticket names the session; it is a block as a connection
 * ID is, with a key of its own (cid.h), so that the worker that received the probe knows whose it is
 * without a table. The owner of the session tells control where the probe came from and came to. It is
 * never answered where it came from, and never forwarded, whoever's address that is: so a forged source
 * gets nothing, and a leg nothing that it cannot tell apart.
 *
 * A session may send CV_PROBES_PER_S, after a pause up to CV_PROBES_BURST at once: all sockets of a peer
 * to a few addresses and ports each. Control's events are not held up: probes take at most half of the
 * ring to it. Costs whoever sends something else one comparison; a probe two blocks of AES.
 *
 * A ticket does not change as long as its session lives, and comes in the clear: who has seen one on its
 * way can repeat it from elsewhere. What it does not say is checked against the session, all 128 bits; so
 * guesses meet a session as often as there are sessions among 2^128 blocks.
 */
#include "packet/context.h"
#include "packet/packet.h"
#include "session.h"

#define CV_PROBE_BYTES      20
#define CV_PROBE_FIRST_BYTE 0x04
#define CV_PROBES_PER_S     64 /* of one session */
#define CV_PROBES_BURST     64

struct cv_locals;
struct cv_rx_packet;
struct cv_shard;

/* Whether a UDP payload that begins so and is so long is one. */
static inline bool cv_is_peer_probe(uint16_t payload_bytes, uint8_t first_byte)
{
    return (payload_bytes == CV_PROBE_BYTES) & (first_byte == CV_PROBE_FIRST_BYTE);
}

/* What names the session in its peer's probes. Its owner only. */
void cv_peer_probe_ticket(const struct cv_session *session, uint8_t ticket[CV_TICKET_BYTES]);

/*
 * A probe that came in, on any port of ours, by the worker that received it: to the owner of its session,
 * itself or another. Takes the mbuf. `shard` is the worker's, NULL where there are no sessions.
 */
void cv_peer_probe_receive(struct cv_shard *shard, struct cv_context *context, const struct cv_packet *packet,
                           const struct cv_locals *locals);

/* Likewise, one for a session of this shard. Takes rx->mbuf. */
void cv_peer_probe_take(struct cv_shard *shard, const struct cv_rx_packet *rx);
