/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include "frame.h"
#include "legs.h"
#include "relay_setup.h"

#include <stdlib.h>
#include <string.h>

#define TAKE_BURST 64

void bench_wire_create(struct bench_wire *wire, struct bench_dataplane *dataplane, unsigned max)
{
    *wire = (struct bench_wire){.dataplane = dataplane, .waiting_max = max};
    wire->waiting = calloc(max, sizeof(wire->waiting[0]));
    if (wire->waiting == NULL)
        bench_fail("no memory for %u frames", max);
}

void bench_wire_destroy(struct bench_wire *wire)
{
    rte_pktmbuf_free_bulk(wire->free, wire->free_count);
    rte_pktmbuf_free_bulk(wire->waiting, wire->waiting_count);
    free(wire->waiting);
}

/* ---- To the relay ---- */

uint8_t *bench_wire_room(struct bench_wire *wire)
{
    if (wire->free_count == 0) {
        bench_buffers(wire->dataplane, wire->free, BENCH_WIRE_ALLOC);
        wire->free_count = BENCH_WIRE_ALLOC;
    }
    return rte_pktmbuf_mtod(wire->free[wire->free_count - 1], uint8_t *);
}

void bench_wire_frame(struct bench_wire *wire, size_t frame_bytes)
{
    struct rte_mbuf *mbuf = wire->free[--wire->free_count];

    mbuf->data_len = (uint16_t)frame_bytes;
    mbuf->pkt_len = (uint32_t)frame_bytes;
    if (wire->waiting_count == wire->waiting_max)
        bench_fail("more than %u frames wait", wire->waiting_max);
    wire->waiting[wire->waiting_count++] = mbuf;
}

static uint8_t *packet_room(void *context)
{
    return bench_wire_room(context) + BENCH_HEADERS;
}

static void send_packet(void *context, uint32_t peer, size_t bytes)
{
    struct bench_wire *wire = context;

    bench_headers(bench_wire_room(wire), bench_leg_ip(peer), bench_leg_port(peer),
                  wire->dataplane->config.listen_port, bytes);
    bench_wire_frame(wire, BENCH_HEADERS + bytes);
}

struct bench_way bench_wire_way(struct bench_wire *wire)
{
    return (struct bench_way){.room = packet_room, .send = send_packet, .context = wire};
}

void bench_wire_udp(struct bench_wire *wire, uint32_t leg, const uint8_t *payload, size_t bytes)
{
    uint8_t *frame = bench_wire_room(wire);

    bench_headers(frame, bench_leg_ip(leg), bench_leg_port(leg), bench_relay_port(leg), bytes);
    memcpy(frame + BENCH_HEADERS, payload, bytes);
    bench_wire_frame(wire, BENCH_HEADERS + bytes);
}

void bench_wire_udp_pairs(struct bench_wire *wire, uint32_t first, uint32_t pairs)
{
    struct cv_pair_config *configs = calloc(pairs, sizeof(*configs));

    if (configs == NULL)
        bench_fail("no memory for %u pairs", pairs);
    for (uint32_t i = 0; i < pairs; i++) {
        configs[i].pair = UINT64_C(1) << 32 | i;
        for (uint32_t side = 0; side < 2; side++)
            configs[i].legs[side] =
                (struct cv_leg_config){.bind = CV_BIND_FIXED,
                                       .proof = CV_PROOF_EXEMPT,
                                       .relay_port = bench_relay_port(first + 2 * i),
                                       .address = bench_leg_address(first + 2 * i + side)};
    }
    bench_put_pairs(wire->peers, configs, pairs);
    free(configs);
}

void bench_wire_receive(struct bench_wire *wire)
{
    if (wire->waiting_count > 0)
        bench_receive(wire->dataplane, wire->waiting, wire->waiting_count);
    wire->waiting_count = 0;
}

/* ---- From the relay ---- */

static void take_frame(struct bench_wire *wire, const struct rte_mbuf *mbuf)
{
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    size_t bytes = rte_pktmbuf_pkt_len(mbuf) - BENCH_HEADERS;
    uint32_t ip_be, leg;

    memcpy(&ip_be, frame + 30, sizeof(ip_be));
    leg = bench_leg_of_ip(ntohl(ip_be));
    if (leg < wire->peers->count) {
        bench_peer_receive(&wire->peers->list[leg], frame + BENCH_HEADERS, bytes);
    } else {
        wire->udp_received++;
        wire->udp_wrong += bytes != wire->udp_bytes;
    }
}

void bench_wire_take(struct bench_wire *wire)
{
    struct rte_mbuf *mbufs[TAKE_BURST];
    unsigned count;

    while ((count = bench_sent(wire->dataplane, mbufs, TAKE_BURST)) > 0) {
        for (unsigned i = 0; i < count; i++)
            take_frame(wire, mbufs[i]);
        rte_pktmbuf_free_bulk(mbufs, count);
    }
}

void bench_wire_exchange(void *context)
{
    bench_wire_receive(context);
    bench_wire_take(context);
}
