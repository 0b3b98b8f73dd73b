/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include "legs.h"

#include <string.h>

/* 02:70:63:61:70:00 is what the pcap driver calls its first port. */
static const uint8_t relay_mac[6] = {0x02, 0x70, 0x63, 0x61, 0x70, 0x00};
static const uint8_t gateway_mac[6] = {0x02, 0x00, 0x00, 0x00, 0x00, 0xfe};

static void put16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value)
{
    put16(bytes, value >> 16);
    put16(bytes + 2, value);
}

/* Sum of 16-bit words in network order (RFC 1071); `count` is even. */
static uint32_t sum16(const uint8_t *bytes, size_t count)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < count; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return sum;
}

static uint16_t checksum(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_payload(uint8_t *payload, size_t bytes, uint32_t leg)
{
    for (size_t i = 0; i < bytes; i++)
        payload[i] = (uint8_t)(i * 37 + 11);
    payload[0] = 0x40;
    put32(payload + 1, leg);
}

void bench_headers(uint8_t *frame, uint32_t source_ip, uint16_t source_port, uint16_t destination_port,
                   size_t payload_bytes)
{
    uint8_t *ip = frame + 14, *udp = ip + 20;

    memcpy(frame, relay_mac, 6);
    memcpy(frame + 6, gateway_mac, 6);
    put16(frame + 12, 0x0800);
    memset(ip, 0, 28);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)payload_bytes + 28);
    put16(ip + 6, 0x4000); /* don't fragment */
    ip[8] = 64;
    ip[9] = IPPROTO_UDP;
    put32(ip + 12, source_ip);
    put32(ip + 16, BENCH_RELAY_IP);
    put16(ip + 10, checksum(sum16(ip, 20)));
    put16(udp, source_port);
    put16(udp + 2, destination_port);
    put16(udp + 4, (uint32_t)payload_bytes + 8);
}

void bench_frame(uint8_t *frame, uint32_t leg, uint16_t relay_port, size_t frame_bytes)
{
    uint8_t *ip = frame + 14, *udp = ip + 20;
    size_t udp_bytes = frame_bytes - 34;
    uint16_t sum;

    bench_headers(frame, bench_leg_ip(leg), bench_leg_port(leg), relay_port, udp_bytes - 8);
    put_payload(udp + 8, udp_bytes - 8, leg);
    sum =
        checksum(IPPROTO_UDP + (uint32_t)udp_bytes + sum16(ip + 12, 8) + sum16(udp, udp_bytes & ~(size_t)1) +
                 (udp_bytes % 2 ? (uint32_t)udp[udp_bytes - 1] << 8 : 0));
    put16(udp + 6, sum ? sum : 0xffff);
}
