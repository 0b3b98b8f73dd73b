/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Datagrams between a peer's sockets and the relay that are neither QUIC's nor STUN's: their first byte is
 * 4 to 15 (RFC 9443), and 20 bytes are all of each.
 *
 *      | 4 | number (3) | ticket (16) |         a probe, to any address and port of the relay
 *      | 5 | pair (8) | random (11) |           a challenge, to the address of a leg
 *      | 6 | number (3) | random (16) |         a filter test: later
 *
 * Numbers are in network order. No I/O, no allocation.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_PROBE_BYTES     20
#define CV_CHALLENGE_BYTES 20

/* Names a session in the peer's probes. Only the data plane can make one, and any worker reads it. */
#define CV_TICKET_BYTES     16
#define CV_PROBE_NUMBER_MAX ((1u << 24) - 1)

#define CV_DATAGRAM_PROBE       0x04
#define CV_DATAGRAM_CHALLENGE   0x05
#define CV_DATAGRAM_FILTER_TEST 0x06

/* The number of the pair that a challenge is about. */
static inline uint64_t cv_challenge_pair(const uint8_t challenge[CV_CHALLENGE_BYTES])
{
    uint64_t pair = 0;

    for (unsigned i = 1; i <= 8; i++)
        pair = pair << 8 | challenge[i];
    return pair;
}
