/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay answers itself: each request through the parser and the answer, read back by packets.h. */
#include "asking.h"

#include <string.h>

#define ECHO_MAX 1472

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* ---- ARP ---- */

struct arp {
    uint8_t hardware[2], protocol[2], lengths[2], operation[2];
    uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};

static struct arp arp(uint8_t operation, const char *sender, const char *target)
{
    struct arp message = {
        .hardware = {0, 1}, .protocol = {8, 0}, .lengths = {6, 4}, .operation = {0, operation}};
    struct cv_ip from = packets_ip(sender), to = packets_ip(target);

    memcpy(message.sender_mac, &peer_mac, 6);
    memcpy(message.sender_ip, from.bytes + 12, 4);
    memcpy(message.target_ip, to.bytes + 12, 4);
    return message;
}

static struct rte_mbuf *arp_frame(const struct arp *message, uint16_t port_id)
{
    uint8_t padded[46] = {0};
    struct packet_spec spec = packets_spec("0.0.0.0", "0.0.0.0", padded, sizeof(padded));

    memcpy(padded, message, sizeof(*message));
    memcpy(&spec.destination_mac, broadcast, 6);
    spec.port_id = port_id;
    spec.vlan = port_id == VLAN_PORT ? VLAN : 0;
    return packets_ether(&spec, 0x0806);
}

static void check_arp_answer(uint16_t port_id, const char *sender, const char *target)
{
    struct arp request = arp(1, sender, target), expected = arp(2, target, sender);
    struct rte_mbuf *mbuf = arp_frame(&request, port_id);
    struct packet_view view;

    memcpy(expected.sender_mac, &our_mac, 6);
    memcpy(expected.target_mac, &peer_mac, 6);
    view = assert_answered(mbuf);
    assert_memory_equal(&view.destination_mac, &peer_mac, 6);
    assert_int_equal(view.ether_type, 0x0806);
    assert_int_equal(view.vlan, port_id == VLAN_PORT ? VLAN : 0);
    assert_memory_equal(view.l3, &expected, sizeof(expected));
    rte_pktmbuf_free(mbuf);
}

static void arp_request(void **state)
{
    (void)state;
    check_arp_answer(0, "192.0.2.9", "192.0.2.1");
    assert_told("192.0.2.9", &peer_mac, 0);
    check_arp_answer(VLAN_PORT, "198.51.100.9", "198.51.100.1");
    assert_told("198.51.100.9", &peer_mac, VLAN_PORT);
}

/* RFC 5227: a probe has no sender address, and is to be answered by who has the address. */
static void arp_probe(void **state)
{
    (void)state;
    check_arp_answer(0, "0.0.0.0", "192.0.2.1");
    assert_told_nothing();
}

static void arp_told(void **state)
{
    struct arp reply = arp(2, "192.0.2.254", "192.0.2.1");
    struct arp gratuitous = arp(1, "192.0.2.7", "192.0.2.7");
    struct rte_mbuf *mbuf = arp_frame(&reply, 0);

    (void)state;
    assert_false(ask(mbuf));
    assert_int_equal(packet.drop, CV_DROP_CONSUMED);
    assert_told("192.0.2.254", &peer_mac, 0);
    rte_pktmbuf_free(mbuf);

    mbuf = arp_frame(&gratuitous, 0);
    assert_false(ask(mbuf));
    assert_int_equal(packet.drop, CV_DROP_CONSUMED);
    assert_told("192.0.2.7", &peer_mac, 0);
    rte_pktmbuf_free(mbuf);
}

static void arp_not_ours(void **state)
{
    struct arp other = arp(1, "192.0.2.9", "192.0.2.2");
    struct arp other_port = arp(1, "192.0.2.9", "198.51.100.1");

    (void)state;
    assert_dropped(arp_frame(&other, 0), CV_DROP_NOT_FOR_US);
    assert_dropped(arp_frame(&other_port, 0), CV_DROP_NOT_FOR_US);
}

static void arp_malformed(void **state)
{
    struct arp message = arp(1, "192.0.2.9", "192.0.2.1");
    struct packet_spec spec = packets_spec("0.0.0.0", "0.0.0.0", &message, sizeof(message) - 1);

    (void)state;
    assert_dropped(packets_ether(&spec, 0x0806), CV_DROP_TOO_SHORT);
    message.hardware[1] = 6;
    assert_dropped(arp_frame(&message, 0), CV_DROP_NOT_IP);
    message = arp(1, "192.0.2.9", "192.0.2.1");
    message.protocol[0] = 0x86;
    assert_dropped(arp_frame(&message, 0), CV_DROP_NOT_IP);
    message = arp(1, "192.0.2.9", "192.0.2.1");
    message.lengths[1] = 16;
    assert_dropped(arp_frame(&message, 0), CV_DROP_NOT_IP);
    message = arp(1, "192.0.2.9", "192.0.2.1");
    memcpy(message.sender_mac, broadcast, 6);
    assert_dropped(arp_frame(&message, 0), CV_DROP_BAD_ADDRESS);
    memset(message.sender_mac, 0, 6);
    assert_dropped(arp_frame(&message, 0), CV_DROP_BAD_ADDRESS);
    message = arp(1, "192.0.2.1", "192.0.2.1"); /* somebody claims our address */
    assert_dropped(arp_frame(&message, 0), CV_DROP_BAD_ADDRESS);
    message = arp(3, "192.0.2.9", "192.0.2.1");
    struct rte_mbuf *mbuf = arp_frame(&message, 0);
    assert_false(ask(mbuf));
    rte_pktmbuf_free(mbuf);
}

/* ---- Echo ---- */

/* An echo request of `bytes` in all; its content counts up. */
static void fill_echo(uint8_t *echo, uint16_t bytes, uint8_t type)
{
    for (uint16_t i = 0; i < bytes; i++)
        echo[i] = (uint8_t)i;
    echo[0] = type;
    echo[1] = 0;
}

static void check_echo(const char *source, const char *destination, uint16_t bytes, uint16_t port_id)
{
    bool v6 = strchr(source, ':') != NULL;
    uint8_t request[ECHO_MAX] = {0};
    struct packet_spec spec = packets_spec(source, destination, request, bytes);
    struct packet_view view;
    struct rte_mbuf *mbuf;

    fill_echo(request, bytes, v6 ? 128 : 8);
    spec.ttl = 3;
    spec.tos = 0xb9;
    spec.port_id = port_id;
    spec.vlan = port_id == VLAN_PORT ? VLAN : 0;
    mbuf = packets_other(&spec, v6 ? 58 : 1);
    if (mbuf->data_len < 60) /* as it comes from a wire */
        memset(rte_pktmbuf_append(mbuf, (uint16_t)(60 - mbuf->data_len)), 0xee, 1);
    view = assert_answered(mbuf);
    assert_told_nothing();
    assert_memory_equal(&view.destination_mac, &peer_mac, 6);
    assert_int_equal(view.vlan, spec.vlan);
    assert_memory_equal(&view.source, &spec.destination, sizeof(view.source));
    assert_memory_equal(&view.destination, &spec.source, sizeof(view.destination));
    assert_int_equal(view.ttl, 64);
    assert_int_equal(view.tos, 0xb9);
    assert_int_equal(view.payload_bytes, bytes);
    assert_int_equal(view.payload[0], v6 ? 129 : 0);
    assert_int_equal(view.payload[1], 0);
    assert_memory_equal(view.payload + 4, request + 4, bytes - 4u);
    rte_pktmbuf_free(mbuf);
}

static void echo_request(void **state)
{
    static const uint16_t sizes[] = {8, 9, 18, 19, 64, 1471, 1472};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        check_echo("203.0.113.9", "192.0.2.1", sizes[i], 0);
        check_echo("2001:db8:9::9", "2001:db8::1", sizes[i], 0);
        check_echo("198.51.100.2", "198.51.100.1", sizes[i], VLAN_PORT);
        check_echo("2001:db8:7::2", "2001:db8:7::1", sizes[i], VLAN_PORT);
    }
    check_echo("fe80::1", "fe80::ff:fe00:2", 64, 0);
}

static struct rte_mbuf *echo_frame(const char *source, const char *destination, uint8_t type, uint16_t bytes)
{
    bool v6 = strchr(source, ':') != NULL;
    uint8_t request[ECHO_MAX] = {0};
    struct packet_spec spec = packets_spec(source, destination, request, bytes);

    fill_echo(request, bytes, type);
    return packets_other(&spec, v6 ? 58 : 1);
}

static struct rte_mbuf *flip_last_byte(struct rte_mbuf *mbuf)
{
    rte_pktmbuf_mtod(mbuf, uint8_t *)[mbuf->data_len - 1] ^= 1;
    return mbuf;
}

static struct rte_mbuf *send_to_all(struct rte_mbuf *mbuf)
{
    memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *), broadcast, 6);
    return mbuf;
}

static void echo_refused(void **state)
{
    (void)state;
    assert_dropped(flip_last_byte(echo_frame("203.0.113.9", "192.0.2.1", 8, 32)), CV_DROP_BAD_CHECKSUM);
    assert_dropped(flip_last_byte(echo_frame("2001:db8:9::9", "2001:db8::1", 128, 32)), CV_DROP_BAD_CHECKSUM);
    assert_dropped(echo_frame("203.0.113.9", "192.0.2.1", 8, 7), CV_DROP_TOO_SHORT);
    assert_dropped(echo_frame("2001:db8:9::9", "2001:db8::1", 128, 7), CV_DROP_TOO_SHORT);
    assert_dropped(echo_frame("203.0.113.9", "192.0.2.1", 0, 32), CV_DROP_NOT_UDP);
    assert_dropped(echo_frame("203.0.113.9", "192.0.2.1", 3, 32), CV_DROP_NOT_UDP);
    assert_dropped(echo_frame("2001:db8:9::9", "2001:db8::1", 129, 32), CV_DROP_NOT_UDP);
    assert_dropped(echo_frame("2001:db8:9::9", "2001:db8::1", 2, 32), CV_DROP_NOT_UDP);
    assert_dropped(echo_frame("2001:db8:9::9", "ff02::1", 128, 32), CV_DROP_NOT_FOR_US);
    assert_dropped(send_to_all(echo_frame("203.0.113.9", "192.0.2.1", 8, 32)), CV_DROP_NOT_FOR_US);
    assert_dropped(echo_frame("fe80::9", "ff02::16", 143, 32), CV_DROP_CONSUMED);
    assert_dropped(echo_frame("fe80::9", "ff02::1", 134, 32), CV_DROP_CONSUMED);
}

/* Answers go to no address that is many's, nobody's or our own. */
static void echo_from_nobody(void **state)
{
    static const char *const v4[] = {"0.0.0.0",   "0.1.2.3",         "127.0.0.1", "224.0.0.1",
                                     "240.0.0.1", "255.255.255.255", "192.0.2.1"};
    static const char *const v6[] = {"::", "::1", "ff02::1", "2001:db8::1"};

    (void)state;
    for (size_t i = 0; i < sizeof(v4) / sizeof(*v4); i++)
        assert_dropped(echo_frame(v4[i], "192.0.2.1", 8, 32), CV_DROP_BAD_ADDRESS);
    for (size_t i = 0; i < sizeof(v6) / sizeof(*v6); i++)
        assert_dropped(echo_frame(v6[i], "2001:db8::1", 128, 32), CV_DROP_BAD_ADDRESS);
}

/* ---- Anything at all ---- */

static struct rte_mbuf *make_arp(void)
{
    struct arp message = arp(1, "192.0.2.9", "192.0.2.1");

    return arp_frame(&message, 0);
}

static struct rte_mbuf *make_echo(void)
{
    return echo_frame("203.0.113.9", "192.0.2.1", 8, 16);
}

static struct rte_mbuf *make_echo6(void)
{
    return echo_frame("2001:db8:9::9", "2001:db8::1", 128, 24);
}

static void survives_damage(void **state)
{
    (void)state;
    assert_survives_damage(make_arp, 10000);
    assert_survives_damage(make_echo, 10000);
    assert_survives_damage(make_echo6, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arp_request),  cmocka_unit_test(arp_probe),        cmocka_unit_test(arp_told),
        cmocka_unit_test(arp_not_ours), cmocka_unit_test(arp_malformed),    cmocka_unit_test(echo_request),
        cmocka_unit_test(echo_refused), cmocka_unit_test(echo_from_nobody), cmocka_unit_test(survives_damage),
    };

    return cmocka_run_group_tests_name("answer", tests, asking_start, NULL);
}
