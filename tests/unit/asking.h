/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* For the tests of port/answer.h: our addresses, a request through parser and answer, and what came of it. */
#include "packets.h"
#include "port/answer.h"

/*
 * Port 0 has 192.0.2.1/24, 2001:db8::1/64 and fe80::ff:fe00:2/64; port 1, on VLAN 7, has 198.51.100.1/24 and
 * 2001:db8:7::1/64. All have our_mac, to which packets_spec sends, from peer_mac.
 */
#define VLAN_PORT 1
#define VLAN      7
extern const struct rte_ether_addr our_mac, peer_mac;

/* What the last request was taken for, and what the keeper would be told. */
extern struct cv_packet packet;
extern struct cv_notice notice;

/* For cmocka's group set-up: starts EAL and makes the addresses. */
int asking_start(void **state);

/* Parses the frame as a worker does and asks for an answer. The mbuf stays the caller's. */
bool ask(struct rte_mbuf *mbuf);

/* There is an answer, right in all lengths and checksums, and it comes from our_mac. */
struct packet_view assert_answered(struct rte_mbuf *mbuf);

/* There is none, for this reason, and no news of neighbours. Frees the mbuf. */
void assert_dropped(struct rte_mbuf *mbuf, enum cv_drop reason);

/* The last request told that `ip` on `port_id` has `mac`; or nothing at all. */
void assert_told(const char *ip, const struct rte_ether_addr *mac, uint16_t port_id);
void assert_told_nothing(void);

/*
 * Makes copies of a request, `times` in all, with bytes changed and tails cut at random (the same in each
 * run): each gets no answer or one that is right. `make` gives a new mbuf each time.
 */
void assert_survives_damage(struct rte_mbuf *(*make)(void), unsigned times);
