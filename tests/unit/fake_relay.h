/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A stand-in for culvert-control: a thread that answers on a Unix socket in a temporary folder, always the
 * same. It has FAKE_PAIRS pairs and the ports wan and lan. Some things go wrong on purpose:
 *
 *      pair.get 404                refused (not_found)
 *      pair.get 997 / 998 / 999    closes the connection / answers nonsense / never answers
 *      pair.add with peer "nobody" refused (no_ports)
 *      pair.list                   not answered from cursor `stall_cursor` on, but for a cancel
 */
#include <stdbool.h>
#include <stdint.h>

#define FAKE_PAIRS       2500
#define FAKE_TUNNEL_PAIR 77 /* has two tunnel legs, and of its second one's session nothing is known */
#define FAKE_EVENTS      6  /* sent to who subscribes: the first even before the answer */
#define FAKE_PEER_ID     "uhurkycu4bh2zcm25hzhkezm3qd2lw6e5iwcvu5b77dobustnapq"
#define FAKE_TOKEN_A     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FAKE_TOKEN_B     "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

struct fake_relay;

struct fake_relay *fake_relay_start(void);
void fake_relay_stop(struct fake_relay *relay);
const char *fake_relay_socket(const struct fake_relay *relay);
void fake_relay_stall(struct fake_relay *relay, uint64_t cursor);

/* How many requests held this text so far. */
unsigned fake_relay_heard(struct fake_relay *relay, const char *text);
