/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Frames for tests of the packet stages: made from a description, in real mbufs, and read back by code that
 * shares nothing with the data plane (own checksum, own parser), so that both can't be wrong in the same way.
 *
 *      packets_start("test_parse", 0);
 *      struct packet_spec spec = packets_spec("192.0.2.7:1234", "192.0.2.1:40000", "hello", 5);
 *      struct rte_mbuf *mbuf = packets_udp(&spec);
 *      ... a stage works on it ...
 *      struct packet_view view = packets_read(mbuf);   (fails the test when anything is wrong with the frame)
 *
 * All of these fail the running cmocka test instead of returning errors.
 */
#include "address.h"

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

/* cmocka.h wants these first, and clang-format would sort them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PACKETS_MAX 9600 /* longest frame */

struct packet_spec {
    struct rte_ether_addr source_mac;      /* 02:00:00:00:00:01 in packets_spec */
    struct rte_ether_addr destination_mac; /* 02:00:00:00:00:02 */
    uint16_t vlan;                         /* 0: untagged */
    struct cv_address source;
    struct cv_address destination;
    uint8_t ttl;      /* 64 */
    uint8_t tos;      /* IPv4 type of service or IPv6 traffic class */
    bool no_checksum; /* UDP checksum left zero */
    const void *payload;
    uint16_t payload_bytes;
    uint16_t port_id; /* mbuf->port */
};

/* What a frame says, after every length and checksum in it was found right. Pointers are into the mbuf. */
struct packet_view {
    struct rte_ether_addr source_mac;
    struct rte_ether_addr destination_mac;
    uint16_t vlan;
    uint16_t ether_type; /* after the VLAN tag, host order */
    const uint8_t *l3;
    uint16_t l3_bytes; /* without Ethernet padding */
    /* IP only. */
    struct cv_address source; /* port_be is 0 when not UDP */
    struct cv_address destination;
    uint8_t ttl;
    uint8_t tos;
    uint8_t protocol;
    uint16_t udp_checksum_be; /* as on the wire; 0: none */
    const uint8_t *payload;   /* of UDP; the ICMP message itself for ICMP and ICMPv6 */
    uint16_t payload_bytes;
};

/*
 * Starts EAL (no hugepages, no PCI, one lcore) and a pool of 8,191 mbufs; can be called again at no cost.
 * `extra` is NULL or one more EAL argument, such as "--vdev=net_null0".
 */
void packets_start(const char *program, const char *extra);
struct rte_mempool *packets_pool(void);

/* Mbufs of the pool that are in use now: take it before and after, to find leaks. */
unsigned packets_in_use(void);

struct cv_ip packets_ip(const char *text);
struct cv_address packets_address(const char *text);

/* A description with the defaults above; addresses as in cv_address_parse, both of one family. */
struct packet_spec packets_spec(const char *source, const char *destination, const void *payload,
                                uint16_t payload_bytes);

/* An Ethernet frame with that UDP datagram. */
struct rte_mbuf *packets_udp(const struct packet_spec *spec);

/*
 * An IP packet of another protocol with spec->payload as its content. The checksum of ICMP (1) and ICMPv6
 * (58) is filled in at its place (bytes 2 and 3 of the content) unless no_checksum is set.
 */
struct rte_mbuf *packets_other(const struct packet_spec *spec, uint8_t protocol);

/* An Ethernet header with the spec's MACs and VLAN, then spec->payload: for ARP and for nonsense. */
struct rte_mbuf *packets_ether(const struct packet_spec *spec, uint16_t ether_type);

/* An mbuf that holds just these bytes. */
struct rte_mbuf *packets_raw(const void *frame, uint16_t bytes);

/*
 * Checks the frame as the wire would see it and fails the test with what is wrong. Checksums that the mbuf's
 * TX offload flags leave to the NIC are checked as the NIC needs them: l2_len, l3_len, pseudo-header sum in
 * place.
 */
struct packet_view packets_read(const struct rte_mbuf *mbuf);

/* The same without failing the test: NULL when right, else what is wrong. */
const char *packets_wrong(const struct rte_mbuf *mbuf, struct packet_view *view);

/* RFC 1071 sum, complemented, in network order, of `bytes` bytes, on top of `sum`. */
uint16_t packets_checksum(const void *data, size_t bytes, uint32_t sum);
