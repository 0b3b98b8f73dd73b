/* SPDX-License-Identifier: BSD-3-Clause */
/* The scaffolding itself: the frames it builds have known values, and the reader sees each kind of damage. */
#include "packets.h"

#include <string.h>

static int start(void **state)
{
    (void)state;
    packets_start("test_packets", NULL);
    return 0;
}

/* The checksums were computed by hand (RFC 1071), not by the code under test. */
static void known_frame(void **state)
{
    static const uint8_t expected[] = {2,    0,    0,    0,    0,    2,    2,    0,    0,    0,    0,
                                       1,    0x08, 0x00, 0x45, 0x00, 0x00, 0x1e, 0x00, 0x00, 0x40, 0x00,
                                       0x40, 0x11, 0xb6, 0xcb, 192,  0,    2,    1,    192,  0,    2,
                                       2,    0x00, 0x01, 0x00, 0x02, 0x00, 0x0a, 0x13, 0x6a, 0x68, 0x69};
    struct packet_spec spec = packets_spec("192.0.2.1:1", "192.0.2.2:2", "hi", 2);
    struct rte_mbuf *mbuf = packets_udp(&spec);

    (void)state;
    assert_int_equal(mbuf->data_len, sizeof(expected));
    assert_memory_equal(rte_pktmbuf_mtod(mbuf, uint8_t *), expected, sizeof(expected));
    rte_pktmbuf_free(mbuf);
}

static void reads_back(void **state)
{
    struct packet_spec spec = packets_spec("[2001:db8::1]:1", "[2001:db8::2]:65535", "payload", 7);
    struct rte_mbuf *mbuf;
    struct packet_view view;

    (void)state;
    spec.vlan = 7;
    spec.tos = 0xb9;
    spec.ttl = 9;
    mbuf = packets_udp(&spec);
    view = packets_read(mbuf);
    assert_int_equal(view.vlan, 7);
    assert_int_equal(view.tos, 0xb9);
    assert_int_equal(view.ttl, 9);
    assert_memory_equal(&view.source, &spec.source, sizeof(view.source));
    assert_memory_equal(&view.destination, &spec.destination, sizeof(view.destination));
    assert_int_equal(view.payload_bytes, 7);
    assert_memory_equal(view.payload, "payload", 7);
    rte_pktmbuf_free(mbuf);
}

/* One flipped bit anywhere after the MAC addresses is seen, but where no checksum covers it. */
static void sees_damage(void **state)
{
    struct packet_spec specs[] = {packets_spec("192.0.2.1:1", "192.0.2.2:2", "odd", 3),
                                  packets_spec("[2001:db8::1]:1", "[2001:db8::2]:2", "odd", 3)};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct rte_mbuf *mbuf = packets_udp(&specs[i]);
        uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
        struct packet_view view;

        for (unsigned at = 14; at < mbuf->data_len; at++) {
            bool not_covered = i == 1 && at >= 14 && (at < 18 || at == 21); /* class, flow label, hop limit */

            frame[at] ^= 0x10;
            if (not_covered && at != 14)
                assert_null(packets_wrong(mbuf, &view));
            else
                assert_non_null(packets_wrong(mbuf, &view));
            frame[at] ^= 0x10;
        }
        assert_null(packets_wrong(mbuf, &view));
        rte_pktmbuf_append(mbuf, 40);
        assert_string_equal(packets_wrong(mbuf, &view),
                            "bytes after the IP packet that are not Ethernet padding");
        rte_pktmbuf_free(mbuf);
    }
}

static void sees_wrong_offload(void **state)
{
    struct packet_spec spec = packets_spec("192.0.2.1:1", "192.0.2.2:2", "hi", 2);
    struct rte_mbuf *mbuf = packets_udp(&spec);
    struct packet_view view;

    (void)state;
    mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
    assert_string_equal(packets_wrong(mbuf, &view), "UDP checksum offload with the wrong family flag");
    mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4;
    assert_string_equal(packets_wrong(mbuf, &view), "UDP checksum offload with wrong l2_len or l3_len");
    mbuf->l2_len = 14;
    mbuf->l3_len = 20;
    assert_string_equal(packets_wrong(mbuf, &view),
                        "UDP checksum offload without the pseudo-header's sum in place");
    /* 192.0.2.1 + 192.0.2.2 + 17 + 10, folded. */
    rte_pktmbuf_mtod(mbuf, uint8_t *)[40] = 0x84;
    rte_pktmbuf_mtod(mbuf, uint8_t *)[41] = 0x1f;
    assert_null(packets_wrong(mbuf, &view));
    rte_pktmbuf_free(mbuf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_frame),
        cmocka_unit_test(reads_back),
        cmocka_unit_test(sees_damage),
        cmocka_unit_test(sees_wrong_offload),
    };

    return cmocka_run_group_tests_name("packets", tests, start, NULL);
}
