/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The frames that legs send to the relay: Ethernet, IPv4, UDP with a right checksum, and a payload that looks
 * like a QUIC packet with a short header. No VLAN tag, no frame check sequence: `frame_bytes` is what an mbuf
 * holds.
 */
#include <stddef.h>
#include <stdint.h>

#define BENCH_FRAME_MIN 64
#define BENCH_FRAME_MAX 1514
#define BENCH_HEADERS   42 /* Ethernet, IPv4 and UDP */

/*
 * The headers alone, BENCH_HEADERS bytes, from a peer's address (host order) to a port of the relay. Without
 * a UDP checksum, which IPv4 allows.
 */
void bench_headers(uint8_t *frame, uint32_t source_ip, uint16_t source_port, uint16_t destination_port,
                   size_t payload_bytes);

/* Fills a frame from this leg to a port of the relay (host order). */
void bench_frame(uint8_t *frame, uint32_t leg, uint16_t relay_port, size_t frame_bytes);
