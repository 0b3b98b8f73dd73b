/* SPDX-License-Identifier: BSD-3-Clause */
/* The next-hop table: which neighbour a packet goes by, what is asked of the network and when. */
#include "packets.h"
#include "port/next_hop.h"

#include <errno.h>
#include <string.h>

#define MAX 64

/* Indices of our addresses in `locals`. */
enum { V4, V4_SECOND, V6, V6_LINK_LOCAL, VLAN_V4, VLAN_V6, SILENT, LOCAL_COUNT };

static const struct rte_ether_addr our_mac = {{2, 0, 0, 0, 0, 2}};
static const struct rte_ether_addr gateway_mac = {{2, 0, 0, 0, 0, 0xfe}};
static const struct rte_ether_addr other_mac = {{2, 0, 0, 0, 0, 0xfd}};

static struct cv_locals locals;
static struct cv_next_hops hops;
static uint32_t now;

static void set_local(unsigned index, const char *ip, uint8_t length, const char *gateway, uint16_t port_id)
{
    struct cv_local *local = &locals.list[index];

    *local = (struct cv_local){.ip = packets_ip(ip),
                               .prefix_length = length,
                               .port_id = port_id,
                               .mtu = (uint16_t)(1500 + port_id),
                               .vlan = port_id == 1 ? 7 : 0,
                               .silent = port_id == 2,
                               .mac = our_mac};
    local->is_v6 = strchr(ip, ':') != NULL;
    if (gateway != NULL)
        local->gateway = packets_ip(gateway);
}

static int start(void **state)
{
    (void)state;
    packets_start("test_next_hop", NULL);
    set_local(V4, "192.0.2.1", 120, "192.0.2.254", 0);
    set_local(V4_SECOND, "203.0.113.1", 128, "192.0.2.254", 0); /* an address of its own, routed to us */
    set_local(V6, "2001:db8::1", 64, "fe80::fe", 0);
    set_local(V6_LINK_LOCAL, "fe80::ff:fe00:2", 64, NULL, 0);
    set_local(VLAN_V4, "198.51.100.1", 126, NULL, 1);
    set_local(VLAN_V6, "2001:db8:7::1", 64, "2001:db8:7::fe", 1);
    set_local(SILENT, "10.0.0.1", 104, "10.0.0.254", 2);
    locals.list[V6_LINK_LOCAL].link_local = true;
    locals.count = LOCAL_COUNT;
    return 0;
}

static int create(void **state)
{
    (void)state;
    now = 1;
    return cv_next_hops_create(&hops, &locals, MAX);
}

static int destroy(void **state)
{
    (void)state;
    cv_next_hops_destroy(&hops);
    return 0;
}

static uint16_t take(unsigned local, const char *destination)
{
    struct cv_ip ip = packets_ip(destination);

    return cv_next_hop_take(&hops, (uint8_t)local, &ip);
}

static void learn(uint16_t port_id, const char *ip, const struct rte_ether_addr *mac)
{
    struct cv_ip neighbour = packets_ip(ip);

    cv_next_hop_learn(&hops, port_id, &neighbour, mac);
}

/* Probes that are due `later_ms` from now: how many of them ask for `ip`; the last such is in `asked`. */
static struct packet_view asked;
static uint8_t asked_frame[128];

static bool asks_for(const struct packet_view *view, const struct cv_ip *ip)
{
    if (view->ether_type == 0x0806)
        return memcmp(view->l3 + 24, ip->bytes + 12, 4) == 0;
    return memcmp(view->payload + 8, ip->bytes, 16) == 0;
}

static unsigned probes_for(const char *text, uint32_t later_ms)
{
    struct rte_mbuf *requests[MAX];
    struct cv_ip ip = packets_ip(text);
    unsigned count = 0;
    uint16_t made;

    now += later_ms;
    made = cv_next_hops_probe(&hops, now, packets_pool(), requests, MAX);
    for (uint16_t i = 0; i < made; i++) {
        struct packet_view view = packets_read(requests[i]);

        assert_in_range(requests[i]->data_len, 60, sizeof(asked_frame));
        if (asks_for(&view, &ip)) {
            count++;
            memcpy(asked_frame, rte_pktmbuf_mtod(requests[i], void *), requests[i]->data_len);
            asked = view;
            asked.l3 = asked_frame + (view.vlan != 0 ? 18 : 14);
            asked.payload = asked.l3 + 40;
        }
        rte_pktmbuf_free(requests[i]);
    }
    return count;
}

static void assert_usable(uint16_t index, const char *header, uint8_t bytes)
{
    assert_int_equal(hops.list[index].usable, 1);
    assert_int_equal(hops.list[index].frame_header_bytes, bytes);
    assert_memory_equal(hops.list[index].frame_header, header, bytes);
}

/* ---- Which neighbour ---- */

static void routes(void **state)
{
    uint16_t gateway = take(V4, "8.8.8.8");
    uint16_t neighbour = take(V4, "192.0.2.7");

    (void)state;
    assert_int_not_equal(gateway, CV_NO_NEXT_HOP);
    assert_int_not_equal(neighbour, CV_NO_NEXT_HOP);
    assert_int_not_equal(gateway, neighbour);
    assert_int_equal(take(V4, "9.9.9.9"), gateway);
    assert_int_equal(take(V4, "192.0.2.254"), gateway);
    assert_int_equal(take(V4, "192.0.2.7"), neighbour);
    assert_int_equal(hops.list[neighbour].references, 2);
    assert_int_equal(hops.list[neighbour].port_id, 0);
    assert_int_equal(hops.list[neighbour].mtu, 1500);
    /* From an address without a network: the same gateway, and neighbours of the port's other networks. */
    assert_int_equal(take(V4_SECOND, "8.8.8.8"), gateway);
    assert_int_equal(take(V4_SECOND, "192.0.2.7"), neighbour);
    assert_int_equal(hops.list[take(VLAN_V4, "198.51.100.2")].mtu, 1501);
    /* IPv6, by a gateway that has only a link-local address. */
    gateway = take(V6, "2001:db8:99::1");
    assert_int_not_equal(gateway, CV_NO_NEXT_HOP);
    assert_int_equal(hops.list[gateway].local, V6_LINK_LOCAL);
    assert_int_equal(take(V6_LINK_LOCAL, "fe80::fe"), gateway);
}

static void no_route(void **state)
{
    (void)state;
    assert_int_equal(take(V4, "2001:db8::7"), CV_NO_NEXT_HOP);
    assert_int_equal(take(V6, "192.0.2.7"), CV_NO_NEXT_HOP);
    assert_int_equal(take(V4, "192.0.2.1"), CV_NO_NEXT_HOP); /* ourselves */
    assert_int_equal(take(V4, "203.0.113.1"), CV_NO_NEXT_HOP);
    assert_int_equal(take(V4, "192.0.2.0"), CV_NO_NEXT_HOP); /* the network, and its broadcast */
    assert_int_equal(take(V4, "192.0.2.255"), CV_NO_NEXT_HOP);
    assert_int_equal(take(VLAN_V4, "198.51.100.3"), CV_NO_NEXT_HOP);
    assert_int_equal(take(VLAN_V4, "8.8.8.8"), CV_NO_NEXT_HOP); /* no gateway */
    assert_int_equal(take(V6_LINK_LOCAL, "2001:db9::1"), CV_NO_NEXT_HOP);
    assert_int_equal(take(LOCAL_COUNT, "8.8.8.8"), CV_NO_NEXT_HOP);
    assert_int_equal(take(CV_NO_LOCAL, "8.8.8.8"), CV_NO_NEXT_HOP);
}

static void fills_up(void **state)
{
    char text[32];
    uint16_t last = 0;
    unsigned count;

    (void)state;
    for (count = 0; count < 2 * MAX; count++) {
        snprintf(text, sizeof(text), "192.0.2.%u", 2 + count);
        uint16_t index = take(V4, text);
        if (index == CV_NO_NEXT_HOP)
            break;
        last = index;
    }
    assert_int_equal(count, MAX - 4); /* four gateways */
    assert_int_not_equal(take(V4, "8.8.8.8"), CV_NO_NEXT_HOP);
    cv_next_hop_release(&hops, last);
    assert_int_equal(take(V4, text), last);
}

static void limits_of_the_table(void **state)
{
    struct cv_next_hops other;

    (void)state;
    assert_int_equal(cv_next_hops_create(&other, &locals, 0), -EINVAL);
    assert_int_equal(cv_next_hops_create(&other, &locals, CV_NO_NEXT_HOP), -EINVAL);
    assert_int_equal(cv_next_hops_create(&other, &locals, 3), -ENOSPC);
    assert_int_equal(cv_next_hops_create(&other, &locals, 4), 0);
    cv_next_hops_destroy(&other);
}

/* Takes and releases at random against a count of references kept here. */
static void keeps_count(void **state)
{
    uint32_t held[40] = {0};
    uint16_t index_of[40];
    uint32_t seed = 7;

    (void)state;
    for (unsigned i = 0; i < 50000; i++) {
        seed = seed * 1664525 + 1013904223;
        unsigned which = (seed >> 16) % 40;
        char text[32];

        snprintf(text, sizeof(text), "192.0.2.%u", 2 + which);
        if ((seed >> 8) % 3 != 0) {
            uint16_t index = take(V4, text);

            assert_int_not_equal(index, CV_NO_NEXT_HOP);
            if (held[which] > 0)
                assert_int_equal(index, index_of[which]);
            index_of[which] = index;
            held[which]++;
        } else if (held[which] > 0) {
            cv_next_hop_release(&hops, index_of[which]);
            held[which]--;
        }
        if (held[which] > 0)
            assert_int_equal(hops.list[index_of[which]].references, held[which]);
    }
    assert_in_range(hops.count, 4, 44);
}

static void release_of_nothing(void **state)
{
    uint16_t neighbour = take(V4, "192.0.2.7");

    (void)state;
    cv_next_hop_release(&hops, CV_NO_NEXT_HOP);
    cv_next_hop_release(&hops, MAX - 1);
    cv_next_hop_release(&hops, neighbour);
    cv_next_hop_release(&hops, neighbour);
    assert_int_equal(take(V4, "192.0.2.8"), neighbour);
    assert_int_equal(take(V4, "192.0.2.7"), neighbour + 1);
}

/* ---- What is asked ---- */

static void arp_requests(void **state)
{
    static const uint8_t expected[] = {0,   1, 8, 0, 6, 4, 0, 1, 2, 0, 0,   0, 0, 2,
                                       192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 254};
    static const uint8_t expected_vlan[] = {2, 0, 0, 0, 0, 2, 198, 51, 100, 1,
                                            0, 0, 0, 0, 0, 0, 198, 51, 100, 2};

    (void)state;
    assert_int_equal(probes_for("192.0.2.254", 0), 1); /* gateways are asked for at once */
    assert_int_equal(asked.ether_type, 0x0806);
    assert_memory_equal(&asked.destination_mac, "\xff\xff\xff\xff\xff\xff", 6);
    assert_memory_equal(&asked.source_mac, &our_mac, 6);
    assert_memory_equal(asked.l3, expected, sizeof(expected));

    take(VLAN_V4, "198.51.100.2");
    assert_int_equal(probes_for("198.51.100.2", 0), 1);
    assert_int_equal(asked.vlan, 7);
    assert_memory_equal(asked.l3 + 8, expected_vlan, sizeof(expected_vlan));
}

static void solicitations(void **state)
{
    struct cv_ip link_local = locals.list[V6_LINK_LOCAL].ip, group = packets_ip("ff02::1:ff00:fe");
    struct cv_ip neighbour_group = packets_ip("ff02::1:ff12:3456");

    (void)state;
    assert_int_equal(probes_for("fe80::fe", 0), 1);
    assert_memory_equal(&asked.destination_mac, "\x33\x33\xff\x00\x00\xfe", 6);
    assert_memory_equal(&asked.source.ip, &link_local, 16);
    assert_memory_equal(&asked.destination.ip, &group, 16);
    assert_int_equal(asked.ttl, 255);
    assert_int_equal(asked.payload_bytes, 32);
    assert_int_equal(asked.payload[0], 135);
    assert_memory_equal(asked.payload + 24, "\x01\x01", 2);
    assert_memory_equal(asked.payload + 26, &our_mac, 6);

    take(VLAN_V6, "2001:db8:7::ab12:3456");
    assert_int_equal(probes_for("2001:db8:7::ab12:3456", 0), 1);
    assert_int_equal(asked.vlan, 7);
    assert_memory_equal(&asked.source.ip, &locals.list[VLAN_V6].ip, 16);
    assert_memory_equal(&asked.destination.ip, &neighbour_group, 16);
    assert_memory_equal(&asked.destination_mac, "\x33\x33\xff\x12\x34\x56", 6);
}

/* Neighbours that answered are asked again by themselves alone. */
static void asks_by_unicast(void **state)
{
    struct cv_ip gateway = packets_ip("fe80::fe");

    (void)state;
    probes_for("192.0.2.254", 0);
    learn(0, "192.0.2.254", &gateway_mac);
    learn(0, "fe80::fe", &other_mac);
    assert_int_equal(probes_for("192.0.2.254", 20000), 1);
    assert_memory_equal(&asked.destination_mac, &gateway_mac, 6);
    learn(0, "192.0.2.254", &gateway_mac);
    assert_int_equal(probes_for("fe80::fe", 1000), 1);
    assert_memory_equal(&asked.destination_mac, &other_mac, 6);
    assert_memory_equal(&asked.destination.ip, &gateway, 16);
}

/* ---- When ---- */

static void unresolved_each_second(void **state)
{
    uint16_t index = take(V4, "8.8.8.8");

    (void)state;
    assert_int_equal(probes_for("192.0.2.254", 0), 1);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(probes_for("192.0.2.254", 500), 0);
        assert_int_equal(probes_for("192.0.2.254", 499), 0);
        assert_int_equal(probes_for("192.0.2.254", 1), 1);
        assert_int_equal(hops.list[index].usable, 0);
    }
}

static void resolved_each_20_s(void **state)
{
    uint16_t index = take(V4, "8.8.8.8");

    (void)state;
    probes_for("192.0.2.254", 0);
    learn(0, "192.0.2.254", &gateway_mac);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(probes_for("192.0.2.254", 19999), 0);
        assert_int_equal(probes_for("192.0.2.254", 1), 1);
        learn(0, "192.0.2.254", &gateway_mac);
        assert_int_equal(hops.list[index].usable, 1);
    }
}

/* Three questions, a second apart, and a second to answer the last. */
static void gives_up(void **state)
{
    uint16_t index = take(V4, "8.8.8.8");

    (void)state;
    probes_for("192.0.2.254", 0);
    learn(0, "192.0.2.254", &gateway_mac);
    assert_int_equal(probes_for("192.0.2.254", 20000), 1);
    assert_int_equal(probes_for("192.0.2.254", 1000), 1);
    assert_int_equal(probes_for("192.0.2.254", 1000), 1);
    assert_int_equal(probes_for("192.0.2.254", 999), 0);
    assert_int_equal(hops.list[index].usable, 1);
    assert_int_equal(probes_for("192.0.2.254", 1), 1);
    assert_int_equal(hops.list[index].usable, 0);
    assert_memory_equal(&asked.destination_mac, "\xff\xff\xff\xff\xff\xff", 6);
    learn(0, "192.0.2.254", &other_mac);
    assert_int_equal(hops.list[index].usable, 1);
    assert_int_equal(probes_for("192.0.2.254", 19999), 0);
}

static void clock_wraps(void **state)
{
    (void)state;
    now = UINT32_MAX - 1500;
    probes_for("192.0.2.254", 0);
    learn(0, "192.0.2.254", &gateway_mac);
    take(V4, "192.0.2.7");
    assert_int_equal(probes_for("192.0.2.7", 0), 1);
    assert_int_equal(probes_for("192.0.2.7", 1000), 1);
    assert_int_equal(probes_for("192.0.2.7", 999), 0);
    assert_int_equal(probes_for("192.0.2.7", 1), 1);
    assert_in_range(now, 0, 1000);
    assert_int_equal(probes_for("192.0.2.254", 17999), 0);
    assert_int_equal(probes_for("192.0.2.254", 1), 1);
}

/* ---- What is learnt ---- */

static void frame_headers(void **state)
{
    uint16_t v4 = take(V4, "8.8.8.8"), v6 = take(V6, "2001:db8:99::1");
    uint16_t vlan_v4 = take(VLAN_V4, "198.51.100.2"), vlan_v6 = take(VLAN_V6, "2001:db8:99::1");

    (void)state;
    learn(0, "192.0.2.254", &gateway_mac);
    assert_usable(v4, "\2\0\0\0\0\xfe\2\0\0\0\0\2\x08\x00", 14);
    learn(0, "fe80::fe", &gateway_mac);
    assert_usable(v6, "\2\0\0\0\0\xfe\2\0\0\0\0\2\x86\xdd", 14);
    learn(1, "198.51.100.2", &gateway_mac);
    assert_usable(vlan_v4, "\2\0\0\0\0\xfe\2\0\0\0\0\2\x81\x00\x00\x07\x08\x00", 18);
    learn(1, "2001:db8:7::fe", &gateway_mac);
    assert_usable(vlan_v6, "\2\0\0\0\0\xfe\2\0\0\0\0\2\x81\x00\x00\x07\x86\xdd", 18);
    learn(0, "192.0.2.254", &other_mac);
    assert_usable(v4, "\2\0\0\0\0\xfd\2\0\0\0\0\2\x08\x00", 14);
}

/* What nobody asked for takes no room: an entry for each address on a network could be made by anyone. */
static void learns_no_strangers(void **state)
{
    uint16_t before = hops.count, index;

    (void)state;
    learn(0, "192.0.2.9", &gateway_mac);
    learn(1, "192.0.2.254", &gateway_mac); /* at another port */
    assert_int_equal(hops.count, before);
    index = take(V4, "192.0.2.9");
    assert_int_equal(hops.list[index].usable, 0);
    learn(0, "192.0.2.9", &gateway_mac);
    cv_next_hop_release(&hops, index);
    assert_int_equal(hops.list[index].usable, 0);
    learn(0, "192.0.2.9", &gateway_mac);
    assert_int_equal(hops.list[index].usable, 0);
    assert_int_equal(probes_for("192.0.2.9", 100000), 0);
}

static void silent_port(void **state)
{
    uint16_t index = take(SILENT, "8.8.8.8");

    (void)state;
    assert_usable(index, "\2\0\0\0\0\0\2\0\0\0\0\2\x08\x00", 14);
    learn(2, "10.0.0.254", &gateway_mac);
    assert_usable(index, "\2\0\0\0\0\0\2\0\0\0\0\2\x08\x00", 14);
    assert_int_equal(probes_for("10.0.0.254", 100000), 0);
}

/* ---- Short of room ---- */

static void few_at_a_time(void **state)
{
    struct rte_mbuf *request;
    unsigned made = 0;

    (void)state;
    for (unsigned i = 2; i < 12; i++) {
        char text[32];

        snprintf(text, sizeof(text), "192.0.2.%u", i);
        take(V4, text);
    }
    while (made < 100 && cv_next_hops_probe(&hops, now, packets_pool(), &request, 1) == 1) {
        made++;
        rte_pktmbuf_free(request);
    }
    assert_int_equal(made, 10 + 3); /* and three gateways that can be asked for */
    assert_int_equal(cv_next_hops_probe(&hops, now + 999, packets_pool(), &request, 1), 0);
}

static void no_buffers(void **state)
{
    struct rte_mempool *pool = packets_pool();
    unsigned count = rte_mempool_avail_count(pool);
    struct rte_mbuf **all = calloc(count, sizeof(*all));
    struct rte_mbuf *requests[MAX];

    (void)state;
    assert_non_null(all);
    assert_int_equal(rte_pktmbuf_alloc_bulk(pool, all, count), 0);
    assert_int_equal(cv_next_hops_probe(&hops, now, pool, requests, MAX), 0);
    rte_pktmbuf_free_bulk(all, count);
    free(all);
    assert_int_equal(probes_for("192.0.2.254", 0), 1); /* nothing was given up meanwhile */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)
    const struct CMUnitTest tests[] = {
        TEST(routes),
        TEST(no_route),
        TEST(fills_up),
        TEST(limits_of_the_table),
        TEST(keeps_count),
        TEST(release_of_nothing),
        TEST(arp_requests),
        TEST(solicitations),
        TEST(asks_by_unicast),
        TEST(unresolved_each_second),
        TEST(resolved_each_20_s),
        TEST(gives_up),
        TEST(clock_wraps),
        TEST(frame_headers),
        TEST(learns_no_strangers),
        TEST(silent_port),
        TEST(few_at_a_time),
        TEST(no_buffers),
    };

    return cmocka_run_group_tests_name("next_hop", tests, start, NULL);
}
