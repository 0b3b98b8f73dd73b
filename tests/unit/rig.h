/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A relay on the bench, without a NIC: addresses on two ports, next hops that all answer, a pair table and
 * workers whose packets wait in worker->relay.context.tx until a test takes them. Time is whatever the test
 * says.
 *
 *      port 0: 192.0.2.1/24 and 2001:db8::1/64, with gateways, untagged
 *      port 1: 198.51.100.1/24 without a gateway, on VLAN 7
 *
 *      struct rig *rig = rig_start(100);
 *      uint32_t slot = rig_pair(rig, 1, 40000, rig_token(1), rig_fixed("192.0.2.9:900"));
 *      rig_burst(rig, 0, packets_udp(&spec));
 *      struct rte_mbuf *mbuf = rig_take(rig, 0);
 *
 * Needs packets_start. A call that can't do its part fails the running test.
 */
#include "packets.h"
#include "relay/expire.h"
#include "relay/find.h"
#include "relay/leg.h"
#include "relay/move.h"
#include "relay/pair_state.h"
#include "relay/pair_table.h"
#include "relay/pairs.h"
#include "worker/worker.h"

#define RIG_PORT        0
#define RIG_VLAN_PORT   1
#define RIG_RELAY_PORT  40000 /* the first of 64 */
#define RIG_LISTEN_PORT 443   /* of legs, and of sessions where there are some: see session_rig.h */
#define RIG_WORKERS     2

/* Indexes into rig->locals. */
enum { RIG_LOCAL_V4, RIG_LOCAL_V6, RIG_LOCAL_VLAN, RIG_LOCAL_LINK };

struct rig {
    struct cv_locals locals;
    struct cv_next_hops hops;
    struct cv_pair_table table;
    struct cv_worker workers[RIG_WORKERS];
    struct cv_worker_stats stats[RIG_WORKERS];
    struct rte_ring *notices;
    uint32_t now_ms; /* of the keeper's part; the workers have their own */
};

/* Its memory is taken from malloc where it can be, so that a sanitizer guards it. */
struct rig *rig_start(uint32_t pairs);
void rig_stop(struct rig *rig);

/* Moves the time on, of keeper and workers; a new millisecond brings workers new claims. */
void rig_pass(struct rig *rig, uint32_t ms);

struct cv_leg_config rig_token(uint8_t fill); /* a token of 32 such bytes */
struct cv_leg_config rig_fixed(const char *address);
struct cv_leg_config rig_prefix(const char *prefix);
struct cv_pair_config rig_config(uint64_t number, uint16_t relay_port, struct cv_leg_config a,
                                 struct cv_leg_config b);

/* Makes a pair and lets its next hops answer. Returns its slot. */
uint32_t rig_pair(struct rig *rig, uint64_t number, uint16_t relay_port, struct cv_leg_config a,
                  struct cv_leg_config b);

/* Every neighbour says where it is: 02:cc and the last four bytes of its address. */
void rig_resolve(struct rig *rig);

/* Binds or moves a leg as a token would, and lets its next hop answer. */
void rig_bind(struct rig *rig, uint32_t leg, const char *address);

/* One packet that came by mbuf->port, through worker 0 or the one given. */
void rig_burst(struct rig *rig, struct rte_mbuf *mbuf);
void rig_burst_on(struct rig *rig, unsigned worker, struct rte_mbuf **mbufs, uint16_t count);

/* The oldest packet that waits to leave by that port, of any worker; NULL: none. The caller frees it. */
struct rte_mbuf *rig_take(struct rig *rig, uint16_t port_id);

/* The oldest notice to the keeper; type CV_NOTICE_NONE: none. */
struct cv_notice rig_notice(struct rig *rig);

/* A datagram to one of the relay's addresses, by the port that has it. */
struct rte_mbuf *rig_datagram(const char *from, const char *to, const void *payload, uint16_t bytes);

/* How many packets all workers dropped for that reason. */
uint64_t rig_drops(const struct rig *rig, enum cv_drop reason);
