/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * For tests of what comes to the listening port: a relay that takes sessions, with a keeper's part that acts on notices
 * when the test says so. One relay at a time, made for each test by listening_setup.
 */
#include "session_rig.h"

#define LISTENING "192.0.2.1:443"

extern struct session_rig relay;
extern struct rig *rig; /* its tables */

int listening_setup(void **state);
int listening_teardown(void **state); /* and no packet is left anywhere */

/* A pair of two legs on the listening port with tokens of that byte and the next; returns leg a. */
uint32_t listening_pair(uint64_t number, uint8_t fill);

/* The keeper acts on all notices. */
void keep(void);

/* A datagram to the listening port. */
void send_from(const char *from, const void *payload, uint16_t bytes);
void send_token(const char *from, uint8_t fill);

/* What was sent to that peer, and only that, came from the listening port with this payload; NULL: anything. */
void assert_got(const char *peer, const void *payload, uint16_t bytes);
void assert_got_nothing(void);

/* Whatever was sent; returns how many. */
unsigned discard_sent(void);

/* A QUIC packet with a long header of version 1 and such a first byte, of 64 bytes; IDs of 8 equal bytes. 0: none. */
const uint8_t *long_packet(uint8_t first_byte, uint8_t dcid, uint8_t scid);
const uint8_t *short_packet(uint8_t dcid);

#define PACKET_BYTES 64
#define HANDSHAKE    0xe0 /* first bytes */
#define RETRY        0xf0
#define INITIAL      0xc0
