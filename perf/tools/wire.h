/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Between the peers and the port of dataplane_inside.h: packets of peers into frames that wait until all are
 * received at once, and frames that the port has sent back to who they are for.
 */
#include "dataplane_inside.h"
#include "peers.h"

#define BENCH_WIRE_ALLOC 64

struct bench_wire {
    struct bench_dataplane *dataplane;
    struct bench_peers *peers;
    struct rte_mbuf *free[BENCH_WIRE_ALLOC];
    unsigned free_count;
    struct rte_mbuf **waiting;
    unsigned waiting_count, waiting_max;
    uint64_t udp_received; /* frames to addresses that are no peer's, but legs' */
    uint64_t udp_wrong;    /* of these, with a payload of another length than `udp_bytes` */
    size_t udp_bytes;
};

/* `max` frames may wait. */
void bench_wire_create(struct bench_wire *wire, struct bench_dataplane *dataplane, unsigned max);
void bench_wire_destroy(struct bench_wire *wire);

/* For struct bench_peers_config: `context` is the wire. Then set wire->peers. */
struct bench_way bench_wire_way(struct bench_wire *wire);

/*
 * A frame with room for BENCH_HEADERS and a payload; to be given back by bench_wire_frame with its headers.
 */
uint8_t *bench_wire_room(struct bench_wire *wire);
void bench_wire_frame(struct bench_wire *wire, size_t frame_bytes);

/* A frame from a UDP leg to its relay port, with this payload. */
void bench_wire_udp(struct bench_wire *wire, uint32_t leg, const uint8_t *payload, size_t bytes);

/*
 * Makes pairs of UDP legs with fixed addresses: legs `first` (even), first + 1 and so on, which are no
 * peers'.
 */
void bench_wire_udp_pairs(struct bench_wire *wire, uint32_t first, uint32_t pairs);

/* The port receives all that waits. */
void bench_wire_receive(struct bench_wire *wire);

/* Gives what the port has sent to the peers. */
void bench_wire_take(struct bench_wire *wire);

/* Both, for bench_peers_open_all; `wire` is a struct bench_wire. */
void bench_wire_exchange(void *wire);
