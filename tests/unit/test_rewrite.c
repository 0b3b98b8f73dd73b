/* SPDX-License-Identifier: BSD-3-Clause */
/* The rewrite in all four family cases, read back by packets_read, which computes its own checksums. */
#include "packets.h"
#include "relay/pair.h"
#include "relay/rewrite.h"

#include <rte_byteorder.h>
#include <string.h>

#define RELAY_PORT 40000

static const struct rte_ether_addr our_mac = {{2, 0xaa, 0, 0, 0, 1}};
static const struct rte_ether_addr next_mac = {{2, 0xcc, 0, 0, 0, 2}};
static uint8_t payload[2000];

struct direction {
    const char *name;
    const char *source, *destination; /* as the packet comes */
    const char *from, *to;            /* as it leaves */
    bool v6_in, v6_out;
};

static const struct direction directions[] = {
    {"4 to 4", "203.0.113.9:1234", "192.0.2.1:40000", "192.0.2.1", "198.51.100.77:65535", false, false},
    {"6 to 6", "[2001:db8:9::9]:1234", "[2001:db8::1]:40000", "2001:db8::1", "[2001:db8:7:7:7:7:7:7]:1", true,
     true},
    {"4 to 6", "203.0.113.9:1234", "192.0.2.1:40000", "2001:db8::1", "[2001:db8:7:7:7:7:7:7]:7", false, true},
    {"6 to 4", "[2001:db8:9::9]:1234", "[2001:db8::1]:40000", "192.0.2.1", "198.51.100.77:7", true, false},
};

#define for_each_direction(d) \
    for (const struct direction *d = directions; d < directions + RTE_DIM(directions); d++)

/* What a rewrite is given besides the packet; tests change it. */
struct setting {
    struct cv_route route;
    struct cv_next_hop hop;
    struct cv_local from;
    bool offload;
};

static int start(void **state)
{
    (void)state;
    packets_start("test_rewrite", NULL);
    for (unsigned i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 167 + 13 + i / 256);
    return 0;
}

static void set_frame_header(struct cv_next_hop *hop, uint16_t vlan, bool v6)
{
    uint8_t *tail = hop->frame_header + 12;

    memcpy(hop->frame_header, next_mac.addr_bytes, 6);
    memcpy(hop->frame_header + 6, our_mac.addr_bytes, 6);
    if (vlan != 0) {
        memcpy(tail, (uint8_t[]){0x81, 0, (uint8_t)(vlan >> 8), (uint8_t)vlan}, 4);
        tail += 4;
    }
    memcpy(tail, v6 ? (uint8_t[]){0x86, 0xdd} : (uint8_t[]){8, 0}, 2);
    hop->frame_header_bytes = vlan != 0 ? 18 : 14;
}

static struct setting setting_for(const struct direction *direction, uint16_t vlan)
{
    struct cv_address to = packets_address(direction->to);
    struct setting setting = {
        .route = {.destination = to.ip,
                  .destination_port_be = to.port_be,
                  .source_port_be = rte_cpu_to_be_16(RELAY_PORT)},
        .hop = {.usable = 1, .mtu = 1500},
        .from = {.ip = packets_ip(direction->from)},
    };

    setting.route.flags = CV_LEG_READY;
    if (direction->v6_out)
        setting.route.flags |= CV_LEG_V6_OUT;
    set_frame_header(&setting.hop, vlan, direction->v6_out);
    return setting;
}

static struct packet_spec spec_for(const struct direction *direction, uint16_t bytes)
{
    return packets_spec(direction->source, direction->destination, payload, bytes);
}

/* As parse and lookup would leave it. */
static struct cv_packet packet_for(struct rte_mbuf *mbuf, const struct packet_spec *spec)
{
    return (struct cv_packet){
        .mbuf = mbuf,
        .source = spec->source.ip,
        .source_port_be = spec->source.port_be,
        .relay_port_be = spec->destination.port_be,
        .l3_offset = spec->vlan != 0 ? 18 : 14,
        .is_v6 = !cv_ip_is_v4(&spec->source.ip),
        .payload_bytes = spec->payload_bytes,
    };
}

static enum cv_drop rewrite(struct rte_mbuf *mbuf, const struct packet_spec *spec,
                            const struct setting *setting)
{
    struct cv_packet packet = packet_for(mbuf, spec);

    return cv_rewrite(&packet, &setting->route, &setting->hop, &setting->from, setting->offload);
}

/* Everything that the outgoing frame has to say. Returns what was read, for more checks; the mbuf lives. */
static struct packet_view assert_forwarded(const struct rte_mbuf *mbuf, const struct packet_spec *spec,
                                           const struct direction *direction)
{
    struct packet_view view = packets_read(mbuf);
    struct cv_address to = packets_address(direction->to);
    struct cv_ip from = packets_ip(direction->from);

    assert_memory_equal(&view.destination_mac, &next_mac, 6);
    assert_memory_equal(&view.source_mac, &our_mac, 6);
    assert_int_equal(view.ether_type, direction->v6_out ? 0x86dd : 0x0800);
    assert_true(cv_ip_equal(&view.source.ip, &from));
    assert_int_equal(rte_be_to_cpu_16(view.source.port_be), RELAY_PORT);
    assert_true(cv_address_equal(&view.destination, &to));
    assert_int_equal(view.ttl, 64);
    assert_int_equal(view.protocol, 17);
    assert_int_equal(view.payload_bytes, spec->payload_bytes);
    assert_memory_equal(view.payload, spec->payload, spec->payload_bytes);
    assert_int_equal(mbuf->data_len, view.l3 + view.l3_bytes - rte_pktmbuf_mtod(mbuf, uint8_t *));
    return view;
}

static void every_length(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        struct setting setting = setting_for(direction, 0);

        setting.hop.mtu = 1520; /* room for IPv6 around the longest IPv4 payload */
        for (uint16_t bytes = 0; bytes <= 1472; bytes++) {
            struct packet_spec spec = spec_for(direction, bytes);
            struct rte_mbuf *mbuf = packets_udp(&spec);

            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            assert_int_not_equal(assert_forwarded(mbuf, &spec, direction).udp_checksum_be, 0);
            rte_pktmbuf_free(mbuf);
        }
    }
}

/* Every checksum there can be comes up, the one that computes to zero among them: zero would mean "none". */
static void every_checksum(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        struct setting setting = setting_for(direction, 0);
        uint32_t all_ones = 0;

        for (uint32_t value = 0; value <= UINT16_MAX; value++) {
            uint16_t content = (uint16_t)value;
            struct packet_spec spec = packets_spec(direction->source, direction->destination, &content, 2);
            struct rte_mbuf *mbuf = packets_udp(&spec);
            struct packet_view view;

            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            view = packets_read(mbuf);
            assert_int_not_equal(view.udp_checksum_be, 0);
            all_ones += view.udp_checksum_be == 0xffff;
            rte_pktmbuf_free(mbuf);
        }
        assert_in_range(all_ones, 1, 2);
    }
}

/* Sums that carry, and sums that don't: addresses and ports of all kinds of bits. */
static void many_addresses(void **state)
{
    uint32_t random = 12345;

    (void)state;
    for_each_direction(direction)
    {
        struct setting setting = setting_for(direction, 0);

        for (unsigned turn = 0; turn < 20000; turn++) {
            struct packet_spec spec = spec_for(direction, (uint16_t)(turn % 7));
            struct cv_ip *ips[] = {&spec.source.ip, &spec.destination.ip, &setting.from.ip,
                                   &setting.route.destination};
            struct rte_mbuf *mbuf;

            for (unsigned i = 0; i < 4; i++) {
                bool v6 = i < 2 ? direction->v6_in : direction->v6_out;

                for (unsigned at = v6 ? 1 : 12; at < 16; at++) {
                    random = random * 1664525 + 1013904223;
                    ips[i]->bytes[at] = random >> 30 == 0   ? 0xff
                                        : random >> 30 == 1 ? 0
                                                            : (uint8_t)(random >> 16);
                }
            }
            spec.source.port_be = (uint16_t)(random >> 3);
            setting.route.destination_port_be = (uint16_t)(random >> 9);
            mbuf = packets_udp(&spec);
            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            assert_int_not_equal(packets_read(mbuf).udp_checksum_be, 0);
            rte_pktmbuf_free(mbuf);
        }
    }
}

static void no_checksum(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        for (uint16_t bytes = 0; bytes < 9 && !direction->v6_in; bytes++) {
            struct setting setting = setting_for(direction, 0);
            struct packet_spec spec = spec_for(direction, bytes);
            struct packet_view view;
            struct rte_mbuf *mbuf;

            spec.no_checksum = true;
            mbuf = packets_udp(&spec);
            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            view = assert_forwarded(mbuf, &spec, direction);
            assert_int_equal(view.udp_checksum_be != 0, direction->v6_out);
            assert_int_equal(mbuf->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM, 0);
            rte_pktmbuf_free(mbuf);
        }
    }
}

/* The port does what has to be summed in full, and nothing else: an update vouches for no payload. */
static void offload(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        for (unsigned with = 0; with < (direction->v6_in ? 1 : 2); with++) {
            struct setting setting = setting_for(direction, with != 0 ? 5 : 0);
            struct packet_spec spec = spec_for(direction, 100);
            struct rte_mbuf *mbuf;

            setting.offload = true;
            spec.no_checksum = with != 0;
            mbuf = packets_udp(&spec);
            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            assert_int_equal((mbuf->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM) != 0, with != 0 && direction->v6_out);
            assert_forwarded(mbuf, &spec, direction);
            rte_pktmbuf_free(mbuf);
        }
    }
}

/* Damage on the way to the relay is still damage behind it. */
static void bad_checksum_stays_bad(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        for (unsigned bit = 0; bit < 8 * 64; bit++) {
            struct setting setting = setting_for(direction, 0);
            struct packet_spec spec = spec_for(direction, 64);
            struct rte_mbuf *mbuf = packets_udp(&spec);
            struct packet_view view;
            const char *wrong;

            rte_pktmbuf_mtod(mbuf, uint8_t *)[mbuf->data_len - 64 + bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            wrong = packets_wrong(mbuf, &view);
            assert_non_null(wrong);
            assert_string_equal(wrong, "UDP checksum");
            rte_pktmbuf_free(mbuf);
        }
    }
}

static void traffic_class_and_ttl(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        for (unsigned tos = 0; tos < 256; tos++) {
            struct setting setting = setting_for(direction, 0);
            struct packet_spec spec = spec_for(direction, 10);
            struct rte_mbuf *mbuf;

            spec.tos = (uint8_t)tos;
            spec.ttl = (uint8_t)(tos + 1);
            mbuf = packets_udp(&spec);
            if (direction->v6_in) /* a flow label, which is the sender's affair */
                rte_pktmbuf_mtod(mbuf, uint8_t *)[14 + 3] = 0x55;
            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            assert_int_equal(assert_forwarded(mbuf, &spec, direction).tos, tos);
            rte_pktmbuf_free(mbuf);
        }
    }
}

/* IPv4's identification and flags as they came; DF and 0 (RFC 6864) where there were none. */
static void identification(void **state)
{
    static const struct {
        uint16_t id, flags;
    } cases[] = {{0x1234, 0x4000}, {0xffff, 0x0000}, {0, 0x4000}};

    (void)state;
    for_each_direction(direction)
    {
        for (unsigned i = 0; i < RTE_DIM(cases) && !direction->v6_out; i++) {
            struct setting setting = setting_for(direction, 0);
            struct packet_spec spec = spec_for(direction, 10);
            struct rte_mbuf *mbuf = packets_udp(&spec);
            uint16_t fields[2] = {rte_cpu_to_be_16(cases[i].id), rte_cpu_to_be_16(cases[i].flags)};
            uint16_t atomic[2] = {0, rte_cpu_to_be_16(0x4000)};

            if (!direction->v6_in)
                memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *) + 14 + 4, fields, 4);
            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            assert_memory_equal(assert_forwarded(mbuf, &spec, direction).l3 + 4,
                                direction->v6_in ? atomic : fields, 4);
            rte_pktmbuf_free(mbuf);
        }
    }
}

static void vlans_in_and_out(void **state)
{
    static const uint16_t vlans[] = {0, 7, 4094};

    (void)state;
    for_each_direction(direction)
    {
        for (unsigned i = 0; i < 9; i++) {
            struct setting setting = setting_for(direction, vlans[i % 3]);
            struct packet_spec spec = spec_for(direction, 33);
            struct rte_mbuf *mbuf;

            spec.vlan = vlans[i / 3];
            mbuf = packets_udp(&spec);
            mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
            assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            assert_int_equal(assert_forwarded(mbuf, &spec, direction).vlan, vlans[i % 3]);
            assert_int_equal(mbuf->ol_flags & (RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_RX_VLAN), 0);
            rte_pktmbuf_free(mbuf);
        }
    }
}

/* What Ethernet appended to a short frame does not travel on. */
static void padding_is_left_behind(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        struct setting setting = setting_for(direction, 0);
        struct packet_spec spec = spec_for(direction, 1);
        struct rte_mbuf *mbuf = packets_udp(&spec);

        rte_pktmbuf_append(mbuf, 17);
        assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
        assert_forwarded(mbuf, &spec, direction);
        rte_pktmbuf_free(mbuf);
    }
}

/* A refused packet is as it was: it may still be answered or counted. */
static void assert_refused(struct rte_mbuf *mbuf, const struct packet_spec *spec,
                           const struct setting *setting, enum cv_drop reason)
{
    uint8_t before[PACKETS_MAX];
    uint16_t bytes = mbuf->data_len, data_off = mbuf->data_off;

    memcpy(before, rte_pktmbuf_mtod(mbuf, uint8_t *), bytes);
    assert_int_equal(rewrite(mbuf, spec, setting), reason);
    assert_int_equal(mbuf->data_off, data_off);
    assert_int_equal(mbuf->data_len, bytes);
    assert_memory_equal(rte_pktmbuf_mtod(mbuf, uint8_t *), before, bytes);
}

static void mtu(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        for (uint16_t excess = 0; excess < 2; excess++) {
            struct setting setting = setting_for(direction, 7); /* the tag does not count */
            uint16_t most = (uint16_t)(1400 - 8 - (direction->v6_out ? 40 : 20));
            struct packet_spec spec = spec_for(direction, (uint16_t)(most + excess));
            struct rte_mbuf *mbuf = packets_udp(&spec);

            setting.hop.mtu = 1400;
            if (excess != 0)
                assert_refused(mbuf, &spec, &setting, CV_DROP_TOO_BIG);
            else
                assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
            rte_pktmbuf_free(mbuf);
        }
    }
}

/* Moves the frame so that `bytes` are free in front of it. */
static void set_headroom(struct rte_mbuf *mbuf, uint16_t bytes)
{
    uint8_t *start = (uint8_t *)mbuf->buf_addr + bytes;

    memmove(start, rte_pktmbuf_mtod(mbuf, uint8_t *), mbuf->data_len);
    mbuf->data_off = bytes;
}

static void headroom(void **state)
{
    (void)state;
    for_each_direction(direction)
    {
        /* 4 to 6 grows by 20 bytes, the tag by 4. */
        uint16_t need = (uint16_t)(4 + (direction->v6_out && !direction->v6_in ? 20 : 0));
        bool shrinks = direction->v6_in && !direction->v6_out;

        for (uint16_t bytes = 0; bytes < 30; bytes++) {
            struct setting setting = setting_for(direction, 7);
            struct packet_spec spec = spec_for(direction, 50);
            struct rte_mbuf *mbuf = packets_udp(&spec);

            set_headroom(mbuf, bytes);
            if (bytes >= need || shrinks) {
                assert_int_equal(rewrite(mbuf, &spec, &setting), CV_DROP_COUNT);
                assert_forwarded(mbuf, &spec, direction);
            } else {
                assert_refused(mbuf, &spec, &setting, CV_DROP_NO_BUFFER);
            }
            rte_pktmbuf_free(mbuf);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(every_checksum),
        cmocka_unit_test(many_addresses),
        cmocka_unit_test(no_checksum),
        cmocka_unit_test(offload),
        cmocka_unit_test(bad_checksum_stays_bad),
        cmocka_unit_test(traffic_class_and_ttl),
        cmocka_unit_test(identification),
        cmocka_unit_test(vlans_in_and_out),
        cmocka_unit_test(padding_is_left_behind),
        cmocka_unit_test(mtu),
        cmocka_unit_test(headroom),
    };

    return cmocka_run_group_tests_name("rewrite", tests, start, NULL);
}
