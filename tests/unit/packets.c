/* SPDX-License-Identifier: BSD-3-Clause */
#include "packets.h"

#include <arpa/inet.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <string.h>

#define POOL_MBUFS     8191
#define ETHER_MIN      60
#define PROTOCOL_ICMP  1
#define PROTOCOL_UDP   17
#define PROTOCOL_ICMP6 58

static struct rte_mempool *pool;

void packets_start(const char *program, const char *extra)
{
    char *arguments[] = {(char *)(uintptr_t)program,
                         "--no-huge",
                         "--no-pci",
                         "--no-shconf",
                         "--no-telemetry",
                         "-m",
                         "256",
                         "-l",
                         "0",
                         "--log-level=error",
                         (char *)(uintptr_t)extra,
                         NULL};
    int count = 0;

    if (pool != NULL)
        return;
    while (arguments[count] != NULL)
        count++;
    if (rte_eal_init(count, arguments) < 0)
        fail_msg("EAL did not start: %s", rte_strerror(rte_errno));
    pool = rte_pktmbuf_pool_create("packets", POOL_MBUFS, 0, 0, RTE_PKTMBUF_HEADROOM + PACKETS_MAX,
                                   SOCKET_ID_ANY);
    if (pool == NULL)
        fail_msg("no pool of %u mbufs: %s", POOL_MBUFS, rte_strerror(rte_errno));
}

struct rte_mempool *packets_pool(void)
{
    return pool;
}

unsigned packets_in_use(void)
{
    return rte_mempool_in_use_count(pool);
}

struct cv_ip packets_ip(const char *text)
{
    struct cv_ip ip = {0};

    if (inet_pton(AF_INET6, text, ip.bytes) == 1)
        return ip;
    memset(ip.bytes + 10, 0xff, 2);
    if (inet_pton(AF_INET, text, ip.bytes + 12) != 1)
        fail_msg("not an address: %s", text);
    return ip;
}

struct cv_address packets_address(const char *text)
{
    char copy[CV_ADDRESS_TEXT];
    char *ip = copy;
    char *colon;
    struct cv_address address;

    snprintf(copy, sizeof(copy), "%s", text);
    colon = strrchr(copy, ':');
    if (colon == NULL || strchr(text, '.') == NULL) { /* no port, or IPv6: [ip]:port or ip */
        colon = strstr(copy, "]:");
        if (colon == NULL)
            return (struct cv_address){.ip = packets_ip(copy)};
        *colon++ = '\0';
        ip++;
    }
    *colon = '\0';
    address.ip = packets_ip(ip);
    address.port_be = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    return address;
}

struct packet_spec packets_spec(const char *source, const char *destination, const void *payload,
                                uint16_t payload_bytes)
{
    return (struct packet_spec){
        .source_mac = {{2, 0, 0, 0, 0, 1}},
        .destination_mac = {{2, 0, 0, 0, 0, 2}},
        .source = packets_address(source),
        .destination = packets_address(destination),
        .ttl = 64,
        .payload = payload,
        .payload_bytes = payload_bytes,
    };
}

static bool is_v4(const struct cv_ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    return memcmp(ip->bytes, mapped, sizeof(mapped)) == 0;
}

static uint16_t read16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static uint32_t sum16(const uint8_t *bytes, size_t count, uint32_t sum)
{
    for (size_t i = 0; i + 1 < count; i += 2)
        sum += read16(bytes + i);
    if (count % 2 != 0)
        sum += (uint32_t)bytes[count - 1] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

uint16_t packets_checksum(const void *data, size_t bytes, uint32_t sum)
{
    return htons((uint16_t)~fold(sum16(data, bytes, sum)));
}

/* Sum of the pseudo-header of either family, not folded. */
static uint32_t pseudo_header(const struct cv_ip *source, const struct cv_ip *destination, uint8_t protocol,
                              uint16_t l4_bytes)
{
    size_t skip = is_v4(source) ? 12 : 0;
    uint32_t sum = (uint32_t)protocol + l4_bytes;

    sum = sum16(source->bytes + skip, 16 - skip, sum);
    return sum16(destination->bytes + skip, 16 - skip, sum);
}

/* Appends the Ethernet header with the tag if there is one. */
static void put_ether(struct rte_mbuf *mbuf, const struct packet_spec *spec, uint16_t ether_type)
{
    uint16_t bytes = spec->vlan != 0 ? 18 : 14;
    uint8_t *header = (uint8_t *)rte_pktmbuf_append(mbuf, bytes);

    assert_non_null(header);
    memcpy(header, spec->destination_mac.addr_bytes, 6);
    memcpy(header + 6, spec->source_mac.addr_bytes, 6);
    if (spec->vlan != 0) {
        write16(header + 12, 0x8100);
        write16(header + 14, spec->vlan);
    }
    write16(header + bytes - 2, ether_type);
}

static void put_ip(struct rte_mbuf *mbuf, const struct packet_spec *spec, uint8_t protocol, uint16_t l4_bytes)
{
    bool v4 = is_v4(&spec->source.ip);
    uint8_t *header = (uint8_t *)rte_pktmbuf_append(mbuf, v4 ? 20 : 40);

    assert_non_null(header);
    assert_int_equal(v4, is_v4(&spec->destination.ip));
    if (!v4) {
        header[0] = (uint8_t)(0x60 | spec->tos >> 4);
        header[1] = (uint8_t)(spec->tos << 4);
        write16(header + 2, 0);
        write16(header + 4, l4_bytes);
        header[6] = protocol;
        header[7] = spec->ttl;
        memcpy(header + 8, spec->source.ip.bytes, 16);
        memcpy(header + 24, spec->destination.ip.bytes, 16);
        return;
    }
    memset(header, 0, 20);
    header[0] = 0x45;
    header[1] = spec->tos;
    write16(header + 2, (uint16_t)(20 + l4_bytes));
    write16(header + 6, 0x4000); /* don't fragment */
    header[8] = spec->ttl;
    header[9] = protocol;
    memcpy(header + 12, spec->source.ip.bytes + 12, 4);
    memcpy(header + 16, spec->destination.ip.bytes + 12, 4);
    uint16_t checksum = packets_checksum(header, 20, 0);
    memcpy(header + 10, &checksum, 2);
}

static struct rte_mbuf *new_mbuf(uint16_t port_id)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

    assert_non_null(mbuf);
    mbuf->port = port_id;
    return mbuf;
}

static uint8_t *put_payload(struct rte_mbuf *mbuf, const struct packet_spec *spec)
{
    uint8_t *payload = (uint8_t *)rte_pktmbuf_append(mbuf, spec->payload_bytes);

    assert_non_null(payload);
    if (spec->payload_bytes != 0)
        memcpy(payload, spec->payload, spec->payload_bytes);
    return payload;
}

static struct rte_mbuf *new_ip(const struct packet_spec *spec, uint8_t protocol, uint16_t l4_bytes)
{
    struct rte_mbuf *mbuf = new_mbuf(spec->port_id);

    put_ether(mbuf, spec, is_v4(&spec->source.ip) ? 0x0800 : 0x86dd);
    put_ip(mbuf, spec, protocol, l4_bytes);
    return mbuf;
}

struct rte_mbuf *packets_udp(const struct packet_spec *spec)
{
    uint16_t l4_bytes = (uint16_t)(8 + spec->payload_bytes);
    struct rte_mbuf *mbuf = new_ip(spec, PROTOCOL_UDP, l4_bytes);
    uint8_t *udp = (uint8_t *)rte_pktmbuf_append(mbuf, 8);
    uint16_t checksum;

    assert_non_null(udp);
    memcpy(udp, &spec->source.port_be, 2);
    memcpy(udp + 2, &spec->destination.port_be, 2);
    write16(udp + 4, l4_bytes);
    write16(udp + 6, 0);
    put_payload(mbuf, spec);
    if (spec->no_checksum)
        return mbuf;
    checksum = packets_checksum(
        udp, l4_bytes, pseudo_header(&spec->source.ip, &spec->destination.ip, PROTOCOL_UDP, l4_bytes));
    if (checksum == 0) /* RFC 768: zero means none */
        checksum = 0xffff;
    memcpy(udp + 6, &checksum, 2);
    return mbuf;
}

struct rte_mbuf *packets_other(const struct packet_spec *spec, uint8_t protocol)
{
    struct rte_mbuf *mbuf = new_ip(spec, protocol, spec->payload_bytes);
    uint8_t *content = put_payload(mbuf, spec);
    uint32_t pseudo = 0;
    uint16_t checksum;

    if (spec->no_checksum || spec->payload_bytes < 4 ||
        (protocol != PROTOCOL_ICMP && protocol != PROTOCOL_ICMP6))
        return mbuf;
    if (protocol == PROTOCOL_ICMP6)
        pseudo = pseudo_header(&spec->source.ip, &spec->destination.ip, protocol, spec->payload_bytes);
    write16(content + 2, 0);
    checksum = packets_checksum(content, spec->payload_bytes, pseudo);
    memcpy(content + 2, &checksum, 2);
    return mbuf;
}

struct rte_mbuf *packets_ether(const struct packet_spec *spec, uint16_t ether_type)
{
    struct rte_mbuf *mbuf = new_mbuf(spec->port_id);

    put_ether(mbuf, spec, ether_type);
    put_payload(mbuf, spec);
    return mbuf;
}

struct rte_mbuf *packets_raw(const void *frame, uint16_t bytes)
{
    struct rte_mbuf *mbuf = new_mbuf(0);
    char *room = rte_pktmbuf_append(mbuf, bytes);

    assert_non_null(room);
    if (bytes != 0)
        memcpy(room, frame, bytes);
    return mbuf;
}

/* Whether the IPv4 header checksum is right, or rightly left to the NIC. */
static const char *wrong_header_checksum(const struct rte_mbuf *mbuf, const uint8_t *l3)
{
    if (mbuf->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) {
        if (!(mbuf->ol_flags & RTE_MBUF_F_TX_IPV4))
            return "IPv4 checksum offload without RTE_MBUF_F_TX_IPV4";
        return read16(l3 + 10) == 0 ? NULL : "IPv4 checksum offload, but the field is not zero";
    }
    return packets_checksum(l3, 20, 0) == 0 ? NULL : "IPv4 header checksum";
}

static const char *wrong_ip(const struct rte_mbuf *mbuf, struct packet_view *view, uint8_t *header_bytes)
{
    const uint8_t *l3 = view->l3;
    const char *wrong;

    *header_bytes = view->ether_type == 0x0800 ? 20 : 40;
    if (view->l3_bytes < *header_bytes)
        return "shorter than an IP header";
    if (view->ether_type == 0x0800) {
        if (l3[0] != 0x45)
            return "IPv4 version or header length";
        wrong = wrong_header_checksum(mbuf, l3);
        if (wrong != NULL)
            return wrong;
        if (read16(l3 + 2) < 20 || read16(l3 + 2) > view->l3_bytes)
            return "IPv4 total length";
        if (read16(l3 + 6) & 0x3fff)
            return "IPv4 fragment";
        view->l3_bytes = read16(l3 + 2);
        view->tos = l3[1];
        view->ttl = l3[8];
        view->protocol = l3[9];
        view->source.ip = packets_ip("0.0.0.0");
        view->destination.ip = view->source.ip;
        memcpy(view->source.ip.bytes + 12, l3 + 12, 4);
        memcpy(view->destination.ip.bytes + 12, l3 + 16, 4);
        return NULL;
    }
    if (l3[0] >> 4 != 6)
        return "IPv6 version";
    if (40 + read16(l3 + 4) > view->l3_bytes)
        return "IPv6 payload length";
    view->l3_bytes = (uint16_t)(40 + read16(l3 + 4));
    view->tos = (uint8_t)(l3[0] << 4 | l3[1] >> 4);
    view->ttl = l3[7];
    view->protocol = l3[6];
    memcpy(view->source.ip.bytes, l3 + 8, 16);
    memcpy(view->destination.ip.bytes, l3 + 24, 16);
    return NULL;
}

static const char *wrong_offload(const struct rte_mbuf *mbuf, const struct packet_view *view,
                                 uint8_t header_bytes, uint16_t field, uint32_t pseudo)
{
    uint64_t family = view->ether_type == 0x0800 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;

    if ((mbuf->ol_flags & (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6)) != family)
        return "UDP checksum offload with the wrong family flag";
    if (mbuf->l2_len != (view->vlan != 0 ? 18 : 14) || mbuf->l3_len != header_bytes)
        return "UDP checksum offload with wrong l2_len or l3_len";
    return field == fold(pseudo) ? NULL : "UDP checksum offload without the pseudo-header's sum in place";
}

static const char *wrong_udp(const struct rte_mbuf *mbuf, struct packet_view *view, uint8_t header_bytes)
{
    const uint8_t *udp = view->l3 + header_bytes;
    uint16_t bytes = (uint16_t)(view->l3_bytes - header_bytes);
    uint32_t pseudo = pseudo_header(&view->source.ip, &view->destination.ip, PROTOCOL_UDP, bytes);

    if (bytes < 8 || read16(udp + 4) != bytes)
        return "UDP length";
    memcpy(&view->source.port_be, udp, 2);
    memcpy(&view->destination.port_be, udp + 2, 2);
    memcpy(&view->udp_checksum_be, udp + 6, 2);
    view->payload = udp + 8;
    view->payload_bytes = (uint16_t)(bytes - 8);
    if (mbuf->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM)
        return wrong_offload(mbuf, view, header_bytes, read16(udp + 6), pseudo);
    if (view->udp_checksum_be == 0)
        return view->ether_type == 0x0800 ? NULL : "no UDP checksum in IPv6";
    return packets_checksum(udp, bytes, pseudo) == 0 ? NULL : "UDP checksum";
}

static const char *wrong_l4(const struct rte_mbuf *mbuf, struct packet_view *view, uint8_t header_bytes)
{
    uint32_t pseudo = 0;

    if (view->protocol == PROTOCOL_UDP)
        return wrong_udp(mbuf, view, header_bytes);
    view->payload = view->l3 + header_bytes;
    view->payload_bytes = (uint16_t)(view->l3_bytes - header_bytes);
    if (view->protocol != PROTOCOL_ICMP && view->protocol != PROTOCOL_ICMP6)
        return NULL;
    if (view->protocol == PROTOCOL_ICMP6)
        pseudo = pseudo_header(&view->source.ip, &view->destination.ip, view->protocol, view->payload_bytes);
    if (view->payload_bytes < 8)
        return "ICMP message shorter than 8 bytes";
    return packets_checksum(view->payload, view->payload_bytes, pseudo) == 0 ? NULL : "ICMP checksum";
}

const char *packets_wrong(const struct rte_mbuf *mbuf, struct packet_view *view)
{
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    uint16_t l3_offset = 14;
    uint8_t header_bytes;
    const char *wrong;

    memset(view, 0, sizeof(*view));
    if (mbuf->nb_segs != 1 || mbuf->next != NULL || mbuf->pkt_len != mbuf->data_len)
        return "mbuf is not one whole segment";
    if (mbuf->data_len < 18)
        return "shorter than the Ethernet header";
    memcpy(view->destination_mac.addr_bytes, frame, 6);
    memcpy(view->source_mac.addr_bytes, frame + 6, 6);
    if (read16(frame + 12) == 0x8100) {
        view->vlan = read16(frame + 14) & 0xfff;
        l3_offset = 18;
    }
    view->ether_type = read16(frame + l3_offset - 2);
    view->l3 = frame + l3_offset;
    view->l3_bytes = (uint16_t)(mbuf->data_len - l3_offset);
    if (view->ether_type != 0x0800 && view->ether_type != 0x86dd)
        return NULL;
    wrong = wrong_ip(mbuf, view, &header_bytes);
    if (wrong != NULL)
        return wrong;
    if (l3_offset + view->l3_bytes != mbuf->data_len && mbuf->data_len > ETHER_MIN)
        return "bytes after the IP packet that are not Ethernet padding";
    return wrong_l4(mbuf, view, header_bytes);
}

struct packet_view packets_read(const struct rte_mbuf *mbuf)
{
    struct packet_view view;
    const char *wrong = packets_wrong(mbuf, &view);

    if (wrong != NULL) {
        rte_pktmbuf_dump(stderr, mbuf, mbuf->data_len);
        fail_msg("wrong frame: %s", wrong);
    }
    return view;
}
