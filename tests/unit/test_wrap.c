/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers for payloads of every size: lengths, checksums, marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "packet/wrap.h"
#include "packets.h"

static const uint8_t frame_header[18] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00};

static int start(void **state)
{
    (void)state;
    packets_start("test_wrap", NULL);
    return 0;
}

static void wrap_all_sizes(const char *from_text, const char *to_text, uint16_t ether_type)
{
    struct cv_address from = packets_address(from_text), to = packets_address(to_text);
    uint8_t header[14], payload[1452];

    memcpy(header, frame_header, sizeof(header));
    header[12] = (uint8_t)(ether_type >> 8);
    header[13] = (uint8_t)ether_type;
    for (unsigned i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(255 - i * 7);
    for (uint16_t bytes = 0; bytes <= sizeof(payload); bytes++) {
        const struct cv_wrapping wrapping = {
            .from = &from.ip,
            .to = &to.ip,
            .from_port_be = from.port_be,
            .to_port_be = to.port_be,
            .ecn = bytes & 3u,
            .frame_header = header,
            .frame_header_bytes = sizeof(header),
        };
        struct rte_mbuf *mbuf = rte_pktmbuf_alloc(packets_pool());
        struct packet_view view;

        memcpy(rte_pktmbuf_append(mbuf, bytes), payload, bytes);
        cv_wrap(&wrapping, mbuf);
        view = packets_read(mbuf); /* fails when a length or a checksum is wrong */
        assert_int_equal(view.payload_bytes, bytes);
        assert_int_equal(view.tos, bytes & 3u);
        assert_memory_equal(view.payload, payload, bytes);
        rte_pktmbuf_free(mbuf);
    }
}

static void ipv4(void **state)
{
    (void)state;
    wrap_all_sizes("192.0.2.1:40000", "198.51.100.7:5000", 0x0800);
}

static void ipv6(void **state)
{
    (void)state;
    wrap_all_sizes("[2001:db8::1]:40000", "[2001:db8:ffff::7]:5000", 0x86dd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ipv4), cmocka_unit_test(ipv6)};

    return cmocka_run_group_tests_name("wrap", tests, start, NULL);
}
