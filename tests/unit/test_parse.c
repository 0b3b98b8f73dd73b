/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser: what it takes, and every reason it has for not taking a frame. */
#include "packets.h"
#include "worker/parse.h"

#include <rte_byteorder.h>
#include <stdlib.h>
#include <string.h>

#define PORT       0
#define VLAN_PORT  1
#define RELAY_PORT 40000
#define V4_FROM    "203.0.113.9:1234"
#define V4_TO      "192.0.2.1:40000"
#define V6_FROM    "[2001:db8:9::9]:1234"
#define V6_TO      "[2001:db8::1]:40000"

static struct cv_locals locals;

static struct cv_parse_context context = {
    .locals = &locals,
    .relay_port_first = RELAY_PORT,
    .relay_port_last = RELAY_PORT + 63,
};

static void add_local(uint16_t port_id, const char *ip, uint16_t vlan)
{
    struct cv_local *local = &locals.list[locals.count++];

    *local = (struct cv_local){.ip = packets_ip(ip), .port_id = port_id, .mtu = 1500, .vlan = vlan};
    local->is_v6 = !cv_ip_is_v4(&local->ip);
}

static int start(void **state)
{
    (void)state;
    packets_start("test_parse", NULL);
    add_local(PORT, "192.0.2.1", 0);
    add_local(PORT, "2001:db8::1", 0);
    add_local(VLAN_PORT, "198.51.100.1", 7);
    return 0;
}

/* What the parser says of the mbuf, which is freed. */
static struct cv_packet parse_on(uint16_t port_id, struct rte_mbuf *mbuf)
{
    struct cv_packet packet;

    memset(&packet, 0xa5, sizeof(packet));
    context.port_id = port_id;
    cv_parse_burst(&context, &mbuf, &packet, 1);
    rte_pktmbuf_free(mbuf);
    return packet;
}

static struct cv_packet parse(struct rte_mbuf *mbuf)
{
    return parse_on(PORT, mbuf);
}

#define assert_dropped(packet, reason)                                              \
    do {                                                                            \
        struct cv_packet p_ = (packet);                                             \
        assert_int_equal(p_.verdict, CV_VERDICT_DROP);                              \
        assert_string_equal(cv_drop_name(p_.drop), cv_drop_name(CV_DROP_##reason)); \
    } while (0)

#define assert_verdict(packet, wanted)                     \
    do {                                                   \
        struct cv_packet p_ = (packet);                    \
        assert_int_equal(p_.verdict, CV_VERDICT_##wanted); \
    } while (0)

static uint8_t *l3(struct rte_mbuf *mbuf)
{
    return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 14);
}

/* After a change of an IPv4 header: so that the change is what the parser sees, not a bad checksum. */
static struct rte_mbuf *fix_header(struct rte_mbuf *mbuf)
{
    uint8_t *header = l3(mbuf);
    uint16_t checksum;

    memset(header + 10, 0, 2);
    checksum = packets_checksum(header, (size_t)(header[0] & 0xf) * 4, 0);
    memcpy(header + 10, &checksum, 2);
    return mbuf;
}

static void assert_taken(struct cv_packet packet, const struct packet_spec *spec, uint8_t l3_offset,
                         uint8_t local)
{
    assert_int_equal(packet.verdict, CV_VERDICT_FORWARD);
    assert_memory_equal(&packet.source, &spec->source.ip, sizeof(packet.source));
    assert_int_equal(packet.source_port_be, spec->source.port_be);
    assert_int_equal(packet.relay_port_be, spec->destination.port_be);
    assert_int_equal(packet.payload_bytes, spec->payload_bytes);
    assert_int_equal(packet.l3_offset, l3_offset);
    assert_int_equal(packet.is_v6, !cv_ip_is_v4(&spec->source.ip));
    assert_int_equal(packet.local, local);
    assert_int_equal(packet.leg, CV_NO_LEG);
}

static void takes_udp(void **state)
{
    struct packet_spec v4 = packets_spec(V4_FROM, V4_TO, "hello", 5);
    struct packet_spec v6 = packets_spec(V6_FROM, V6_TO, "hello", 5);
    struct packet_spec tagged = packets_spec(V4_FROM, "198.51.100.1:40063", "hello", 5);
    struct packet_spec empty = packets_spec(V4_FROM, V4_TO, "", 0);

    (void)state;
    tagged.vlan = 7;
    assert_taken(parse(packets_udp(&v4)), &v4, 14, 0);
    assert_taken(parse(packets_udp(&v6)), &v6, 14, 1);
    assert_taken(parse(packets_udp(&empty)), &empty, 14, 0);
    assert_taken(parse_on(VLAN_PORT, packets_udp(&tagged)), &tagged, 18, 2);
    v4.no_checksum = true; /* RFC 768: the sender made none */
    assert_taken(parse(packets_udp(&v4)), &v4, 14, 0);
}

/* Cut off after each byte: too short, and no byte behind the end is read: the sanitizer would see it. */
static void truncated(void **state)
{
    struct packet_spec v4 = packets_spec(V4_FROM, V4_TO, "0123456789", 10);
    struct packet_spec v6 = packets_spec(V6_FROM, V6_TO, "0123456789", 10);
    struct packet_spec tagged = packets_spec(V4_FROM, "198.51.100.1:40000", "0123456789", 10);
    struct packet_spec *specs[] = {&v4, &v6, &tagged};

    (void)state;
    tagged.vlan = 7;
    for (unsigned i = 0; i < 3; i++) {
        struct rte_mbuf *whole = packets_udp(specs[i]);

        context.port_id = i == 2 ? VLAN_PORT : PORT;
        for (uint16_t bytes = 0; bytes < whole->data_len; bytes++) {
            struct rte_mbuf cut = {.buf_addr = malloc(bytes), .data_len = bytes};
            struct rte_mbuf *mbuf = &cut;
            struct cv_packet packet;

            if (bytes != 0)
                memcpy(cut.buf_addr, rte_pktmbuf_mtod(whole, uint8_t *), bytes);
            cv_parse_burst(&context, &mbuf, &packet, 1);
            assert_dropped(packet, TOO_SHORT);
            free(cut.buf_addr);
        }
        rte_pktmbuf_free(whole);
    }
}

static void ethernet_padding(void **state)
{
    struct packet_spec v4 = packets_spec(V4_FROM, V4_TO, "x", 1);
    struct packet_spec v6 = packets_spec(V6_FROM, V6_TO, "x", 1);
    struct rte_mbuf *mbuf = packets_udp(&v4);

    (void)state;
    rte_pktmbuf_append(mbuf, (uint16_t)(60 - mbuf->data_len));
    assert_taken(parse(mbuf), &v4, 14, 0);
    mbuf = packets_udp(&v6);
    rte_pktmbuf_append(mbuf, 30);
    assert_taken(parse(mbuf), &v6, 14, 1);
}

static void bad_ipv4_headers(void **state)
{
    struct packet_spec spec = packets_spec(V4_FROM, V4_TO, "hello there, hello there", 24);
    struct rte_mbuf *mbuf;

    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        mbuf = packets_udp(&spec);
        l3(mbuf)[0] = (uint8_t)first;
        if (first == 0x45)
            assert_taken(parse(mbuf), &spec, 14, 0);
        else if (first > 0x45 && first <= 0x4f)
            assert_dropped(parse(mbuf), IP_OPTIONS);
        else
            assert_dropped(parse(mbuf), BAD_IP_HEADER);
    }
    for (unsigned total = 0; total < 20; total++) {
        mbuf = packets_udp(&spec);
        l3(mbuf)[2] = 0;
        l3(mbuf)[3] = (uint8_t)total;
        assert_dropped(parse(fix_header(mbuf)), BAD_LENGTH);
    }
    for (unsigned total = 20; total < 28; total++) { /* no room for a UDP header */
        mbuf = packets_udp(&spec);
        l3(mbuf)[3] = (uint8_t)total;
        assert_dropped(parse(fix_header(mbuf)), TOO_SHORT);
    }
    mbuf = packets_udp(&spec);
    l3(mbuf)[2] = 0xff; /* more than there is */
    assert_dropped(parse(fix_header(mbuf)), TOO_SHORT);
}

static void header_checksum(void **state)
{
    struct packet_spec spec = packets_spec(V4_FROM, V4_TO, "hello", 5);

    (void)state;
    for (unsigned bit = 0; bit < 16; bit++) {
        struct rte_mbuf *mbuf = packets_udp(&spec);

        l3(mbuf)[10 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_dropped(parse(mbuf), BAD_CHECKSUM);
    }
}

/* The NIC's word counts only where the port is known to give it, and only when it gives one. */
static void header_checksum_by_nic(void **state)
{
    struct packet_spec spec = packets_spec(V4_FROM, V4_TO, "hello", 5);
    const struct {
        bool known, damaged, taken;
        uint64_t flags;
    } cases[] = {
        {true, true, true, RTE_MBUF_F_RX_IP_CKSUM_GOOD},
        {true, false, false, RTE_MBUF_F_RX_IP_CKSUM_BAD},
        {true, true, false, RTE_MBUF_F_RX_IP_CKSUM_NONE},
        {true, false, true, RTE_MBUF_F_RX_IP_CKSUM_NONE},
        {true, true, false, 0},
        {true, false, true, 0},
        {false, true, false, RTE_MBUF_F_RX_IP_CKSUM_GOOD},
        {false, false, true, RTE_MBUF_F_RX_IP_CKSUM_BAD},
    };

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(cases); i++) {
        struct rte_mbuf *mbuf = packets_udp(&spec);

        l3(mbuf)[10] ^= cases[i].damaged;
        mbuf->ol_flags |= cases[i].flags;
        context.ip_checksum_known = cases[i].known;
        if (cases[i].taken)
            assert_taken(parse(mbuf), &spec, 14, 0);
        else
            assert_dropped(parse(mbuf), BAD_CHECKSUM);
    }
    context.ip_checksum_known = false;
}

static void fragments(void **state)
{
    static const uint16_t fragment_fields[] = {0x2000, 0x0001, 0x2001, 0x1fff, 0x6000, 0x4001};
    struct packet_spec v4 = packets_spec(V4_FROM, V4_TO, "hello", 5);
    struct packet_spec v6 = packets_spec(V6_FROM, V6_TO, "12345678hello", 13);
    struct rte_mbuf *mbuf;

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(fragment_fields); i++) {
        mbuf = packets_udp(&v4);
        l3(mbuf)[6] = (uint8_t)(fragment_fields[i] >> 8);
        l3(mbuf)[7] = (uint8_t)fragment_fields[i];
        assert_dropped(parse(fix_header(mbuf)), FRAGMENT);
    }
    mbuf = packets_udp(&v4);
    l3(mbuf)[6] = 0; /* may be fragmented, but is not */
    assert_taken(parse(fix_header(mbuf)), &v4, 14, 0);
    assert_dropped(parse(packets_other(&v6, 44)), FRAGMENT);
}

static void other_protocols(void **state)
{
    struct packet_spec v4 = packets_spec(V4_FROM, V4_TO, "12345678hello", 13);
    struct packet_spec v6 = packets_spec(V6_FROM, V6_TO, "12345678hello", 13);

    (void)state;
    for (unsigned protocol = 0; protocol < 256; protocol++) {
        if (protocol == 17)
            continue;
        if (protocol == 1)
            assert_verdict(parse(packets_other(&v4, 1)), ANSWER);
        else
            assert_dropped(parse(packets_other(&v4, (uint8_t)protocol)), NOT_UDP);
        switch (protocol) {
        case 58:
            assert_verdict(parse(packets_other(&v6, 58)), ANSWER);
            break;
        case 44:
            assert_dropped(parse(packets_other(&v6, 44)), FRAGMENT);
            break;
        case 0:  /* hop by hop */
        case 43: /* routing */
        case 50: /* ESP */
        case 51: /* AH */
        case 60: /* destination options */
            assert_dropped(parse(packets_other(&v6, (uint8_t)protocol)), IP_OPTIONS);
            break;
        default:
            assert_dropped(parse(packets_other(&v6, (uint8_t)protocol)), NOT_UDP);
        }
    }
}

static void udp_length(void **state)
{
    struct packet_spec specs[] = {packets_spec(V4_FROM, V4_TO, "hello", 5),
                                  packets_spec(V6_FROM, V6_TO, "hello", 5)};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned length = 0; length < 40; length++) {
            struct rte_mbuf *mbuf = packets_udp(&specs[i]);

            l3(mbuf)[(i == 0 ? 20 : 40) + 5] = (uint8_t)length;
            if (length == 13)
                assert_taken(parse(mbuf), &specs[i], 14, (uint8_t)i);
            else
                assert_dropped(parse(mbuf), BAD_LENGTH);
        }
    }
}

static void bad_ipv6_headers(void **state)
{
    struct packet_spec spec = packets_spec(V6_FROM, V6_TO, "hello", 5);
    struct packet_spec no_checksum = spec;
    struct rte_mbuf *mbuf;

    (void)state;
    for (unsigned version = 0; version < 16; version++) {
        mbuf = packets_udp(&spec);
        l3(mbuf)[0] = (uint8_t)(version << 4);
        if (version == 6)
            assert_taken(parse(mbuf), &spec, 14, 1);
        else
            assert_dropped(parse(mbuf), BAD_IP_HEADER);
    }
    for (uint8_t length = 0; length < 8; length++) {
        mbuf = packets_udp(&spec);
        l3(mbuf)[5] = length;
        assert_dropped(parse(mbuf), TOO_SHORT);
    }
    mbuf = packets_udp(&spec);
    l3(mbuf)[5]++;
    assert_dropped(parse(mbuf), TOO_SHORT);
    no_checksum.no_checksum = true; /* RFC 8200 section 8.1: such packets are to be discarded */
    assert_dropped(parse(packets_udp(&no_checksum)), BAD_CHECKSUM);
}

static void not_for_us(void **state)
{
    static const char *const targets[] = {"192.0.2.2:40000", "198.51.100.1:40000", "255.255.255.255:40000",
                                          "[2001:db8::2]:40000", "[ff02::1]:40000"};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(targets); i++) {
        struct packet_spec spec =
            packets_spec(targets[i][0] == '[' ? V6_FROM : V4_FROM, targets[i], "hello", 5);

        assert_dropped(parse(packets_udp(&spec)), NOT_FOR_US);
    }
}

static void no_such_port(void **state)
{
    static const uint16_t ports[] = {0, 1, 443, RELAY_PORT - 1, RELAY_PORT + 64, UINT16_MAX};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(ports); i++) {
        struct packet_spec spec = packets_spec(V4_FROM, V4_TO, "hello", 5);

        spec.destination.port_be = rte_cpu_to_be_16(ports[i]);
        assert_dropped(parse(packets_udp(&spec)), NO_SUCH_PORT);
    }
}

/*
 * Addresses are kept in one form for both families; an IPv6 packet that has that form on the wire must not
 * pass for an IPv4 one. RFC 4038 section 4.2 has why such packets are not to be trusted.
 */
static void mapped_addresses_on_the_wire(void **state)
{
    struct packet_spec spec = packets_spec(V6_FROM, V6_TO, "hello", 5);
    struct rte_mbuf *mbuf = packets_udp(&spec);
    struct cv_ip mapped = packets_ip("203.0.113.9");

    (void)state;
    memcpy(l3(mbuf) + 8, &mapped, sizeof(mapped));
    assert_dropped(parse(mbuf), BAD_ADDRESS);
    mbuf = packets_udp(&spec);
    mapped = packets_ip("192.0.2.1");
    memcpy(l3(mbuf) + 24, &mapped, sizeof(mapped));
    assert_dropped(parse(mbuf), NOT_FOR_US);
}

static void vlans(void **state)
{
    struct packet_spec untagged = packets_spec(V4_FROM, V4_TO, "hello", 5);
    struct packet_spec tagged = packets_spec(V4_FROM, "198.51.100.1:40000", "hello", 5);
    struct packet_spec stripped = tagged;
    struct rte_mbuf *mbuf;

    (void)state;
    assert_dropped(parse_on(VLAN_PORT, packets_udp(&tagged)), WRONG_VLAN); /* no tag yet */
    tagged.vlan = 8;
    assert_dropped(parse_on(VLAN_PORT, packets_udp(&tagged)), WRONG_VLAN);
    tagged.vlan = 7 | 5 << 13; /* a priority is no matter */
    assert_taken(parse_on(VLAN_PORT, packets_udp(&tagged)), &tagged, 18, 2);
    untagged.vlan = 7;
    assert_dropped(parse(packets_udp(&untagged)), WRONG_VLAN);
    untagged.vlan = 5 << 13; /* a priority tag: VLAN 0 is untagged */
    assert_taken(parse(packets_udp(&untagged)), &untagged, 18, 0);

    mbuf = packets_udp(&stripped);
    mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    mbuf->vlan_tci = 7;
    assert_taken(parse_on(VLAN_PORT, mbuf), &stripped, 14, 2);
    mbuf = packets_udp(&stripped);
    mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    mbuf->vlan_tci = 8;
    assert_dropped(parse_on(VLAN_PORT, mbuf), WRONG_VLAN);
}

static void ether_types(void **state)
{
    struct packet_spec spec = packets_spec(V4_FROM, V4_TO, "a few bytes that are no packet at all", 37);

    (void)state;
    assert_verdict(parse(packets_ether(&spec, 0x0806)), ANSWER);
    assert_dropped(parse(packets_ether(&spec, 0x8847)), NOT_IP);
    assert_dropped(parse(packets_ether(&spec, 0x88cc)), NOT_IP);
    assert_dropped(parse(packets_ether(&spec, 0x0026)), NOT_IP);
    assert_dropped(parse(packets_ether(&spec, 0x88a8)), NOT_IP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_udp),
        cmocka_unit_test(truncated),
        cmocka_unit_test(ethernet_padding),
        cmocka_unit_test(bad_ipv4_headers),
        cmocka_unit_test(header_checksum),
        cmocka_unit_test(header_checksum_by_nic),
        cmocka_unit_test(fragments),
        cmocka_unit_test(other_protocols),
        cmocka_unit_test(udp_length),
        cmocka_unit_test(bad_ipv6_headers),
        cmocka_unit_test(not_for_us),
        cmocka_unit_test(no_such_port),
        cmocka_unit_test(mapped_addresses_on_the_wire),
        cmocka_unit_test(vlans),
        cmocka_unit_test(ether_types),
    };

    return cmocka_run_group_tests_name("parse", tests, start, NULL);
}
