/* SPDX-License-Identifier: BSD-3-Clause */
#include "asking.h"

#include "worker/parse.h"

#include <string.h>

const struct rte_ether_addr our_mac = {{2, 0, 0, 0, 0, 2}};
const struct rte_ether_addr peer_mac = {{2, 0, 0, 0, 0, 1}};

struct cv_packet packet;
struct cv_notice notice;

static struct cv_locals locals;

static void add_local(const char *ip, uint8_t prefix_length, uint16_t port_id, uint16_t vlan)
{
    struct cv_local *local = &locals.list[locals.count++];

    *local = (struct cv_local){.ip = packets_ip(ip),
                               .prefix_length = prefix_length,
                               .port_id = port_id,
                               .mtu = 1500,
                               .vlan = vlan,
                               .mac = our_mac};
    local->is_v6 = strchr(ip, ':') != NULL;
}

int asking_start(void **state)
{
    (void)state;
    packets_start("answers", NULL);
    add_local("192.0.2.1", 120, 0, 0);
    add_local("2001:db8::1", 64, 0, 0);
    add_local("fe80::ff:fe00:2", 64, 0, 0);
    add_local("198.51.100.1", 120, VLAN_PORT, VLAN);
    add_local("2001:db8:7::1", 64, VLAN_PORT, VLAN);
    return 0;
}

bool ask(struct rte_mbuf *mbuf)
{
    struct cv_parse_context context = {
        .locals = &locals, .relay_port_first = 40000, .relay_port_last = 40063, .port_id = mbuf->port};

    memset(&packet, 0xa5, sizeof(packet));
    memset(&notice, 0xa5, sizeof(notice));
    cv_parse_burst(&context, &mbuf, &packet, 1);
    if (packet.verdict != CV_VERDICT_DROP)
        return cv_answer(&packet, &locals, &notice);
    notice.type = CV_NOTICE_NONE;
    return false;
}

struct packet_view assert_answered(struct rte_mbuf *mbuf)
{
    struct packet_view view;

    if (!ask(mbuf))
        fail_msg("no answer, dropped as %s", cv_drop_name(packet.drop));
    view = packets_read(mbuf);
    assert_memory_equal(&view.source_mac, &our_mac, sizeof(our_mac));
    return view;
}

void assert_dropped(struct rte_mbuf *mbuf, enum cv_drop reason)
{
    assert_false(ask(mbuf));
    assert_string_equal(cv_drop_name(packet.drop), cv_drop_name(reason));
    assert_told_nothing();
    rte_pktmbuf_free(mbuf);
}

void assert_told(const char *ip, const struct rte_ether_addr *mac, uint16_t port_id)
{
    struct cv_ip expected = packets_ip(ip);

    assert_int_equal(notice.type, CV_NOTICE_NEIGHBOUR);
    assert_int_equal(notice.port_id, port_id);
    assert_memory_equal(&notice.address.ip, &expected, sizeof(expected));
    assert_memory_equal(&notice.mac, mac, sizeof(*mac));
}

void assert_told_nothing(void)
{
    assert_int_equal(notice.type, CV_NOTICE_NONE);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

void assert_survives_damage(struct rte_mbuf *(*make)(void), unsigned times)
{
    unsigned before = packets_in_use();
    uint32_t seed = 1;

    for (unsigned i = 0; i < times; i++) {
        struct rte_mbuf *mbuf = make();
        uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);

        for (uint32_t changes = next_random(&seed) % 4; changes > 0; changes--)
            frame[next_random(&seed) % mbuf->data_len] = (uint8_t)next_random(&seed);
        if (next_random(&seed) % 8 == 0)
            rte_pktmbuf_trim(mbuf, (uint16_t)(next_random(&seed) % mbuf->data_len));
        if (ask(mbuf))
            packets_read(mbuf);
        rte_pktmbuf_free(mbuf);
    }
    assert_int_equal(packets_in_use(), before);
}
