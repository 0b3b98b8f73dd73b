/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbour discovery: answers, what advertisements tell, and each check of RFC 4861 section 7.1. */
#include "asking.h"

#include <string.h>

#define SOLICITATION  135
#define ADVERTISEMENT 136
#define SOLICITED     0x40
#define OVERRIDE      0x20
#define SOURCE_MAC    1
#define TARGET_MAC    2
#define GROUP         "ff02::1:ff00:1" /* solicited-node group of our ...::1 addresses */

struct message {
    uint8_t type, code, checksum[2], flags[4], target[16];
    uint8_t options[32];
};

static const struct rte_ether_addr third_mac = {{2, 0, 0, 0, 0, 3}};

/* A message to be changed by the test, and how it is sent. */
static struct message message;
static struct packet_spec spec;

static void start_message(uint8_t type, const char *source, const char *destination, const char *target,
                          uint16_t bytes)
{
    struct cv_ip ip = packets_ip(target);

    memset(&message, 0, sizeof(message));
    message.type = type;
    memcpy(message.target, &ip, sizeof(ip));
    spec = packets_spec(source, destination, &message, bytes);
    spec.ttl = 255;
}

static void add_option(uint8_t type, const struct rte_ether_addr *mac)
{
    message.options[0] = type;
    message.options[1] = 1;
    memcpy(message.options + 2, mac, sizeof(*mac));
}

static void solicit(const char *source, const char *destination, const char *target)
{
    start_message(SOLICITATION, source, destination, target, 32);
    add_option(SOURCE_MAC, &peer_mac);
}

static void advertise(const char *source, const char *destination, const char *target, uint8_t flags)
{
    start_message(ADVERTISEMENT, source, destination, target, 32);
    add_option(TARGET_MAC, &third_mac);
    message.flags[0] = flags;
}

static struct rte_mbuf *frame(void)
{
    return packets_other(&spec, 58);
}

/* The answer to the prepared solicitation: RFC 4861 section 7.2.4. */
static void check_answer(const char *from, const char *to, const struct rte_ether_addr *to_mac, uint8_t flags)
{
    struct rte_mbuf *mbuf = frame();
    struct packet_view view = assert_answered(mbuf);
    struct cv_ip source = packets_ip(from), destination = packets_ip(to);
    const struct message *answer = (const struct message *)view.payload;
    const uint8_t option[] = {TARGET_MAC, 1};

    assert_memory_equal(&view.destination_mac, to_mac, sizeof(*to_mac));
    assert_memory_equal(&view.source.ip, &source, sizeof(source));
    assert_memory_equal(&view.destination.ip, &destination, sizeof(destination));
    assert_int_equal(view.ttl, 255);
    assert_int_equal(view.vlan, spec.vlan);
    assert_int_equal(view.payload_bytes, 32);
    assert_int_equal(answer->type, ADVERTISEMENT);
    assert_int_equal(answer->code, 0);
    assert_int_equal(answer->flags[0], flags);
    assert_memory_equal(answer->flags + 1, "\0\0", 3);
    assert_memory_equal(answer->target, &source, sizeof(source));
    assert_memory_equal(answer->options, option, sizeof(option));
    assert_memory_equal(answer->options + 2, &our_mac, sizeof(our_mac));
    rte_pktmbuf_free(mbuf);
}

static void solicitation_by_multicast(void **state)
{
    (void)state;
    solicit("2001:db8::9", GROUP, "2001:db8::1");
    check_answer("2001:db8::1", "2001:db8::9", &peer_mac, SOLICITED | OVERRIDE);
    assert_told("2001:db8::9", &peer_mac, 0);

    solicit("fe80::9", "ff02::1:ff00:2", "fe80::ff:fe00:2");
    check_answer("fe80::ff:fe00:2", "fe80::9", &peer_mac, SOLICITED | OVERRIDE);
    assert_told("fe80::9", &peer_mac, 0);

    solicit("2001:db8:7::9", GROUP, "2001:db8:7::1");
    spec.port_id = VLAN_PORT;
    spec.vlan = VLAN;
    check_answer("2001:db8:7::1", "2001:db8:7::9", &peer_mac, SOLICITED | OVERRIDE);
    assert_told("2001:db8:7::9", &peer_mac, VLAN_PORT);
}

/*
 * A neighbour that checks whether we are still there; it may leave its MAC out, and gets ours all the same.
 */
static void solicitation_by_unicast(void **state)
{
    (void)state;
    solicit("2001:db8::9", "2001:db8::1", "2001:db8::1");
    check_answer("2001:db8::1", "2001:db8::9", &peer_mac, SOLICITED | OVERRIDE);
    solicit("2001:db8::9", "2001:db8::1", "2001:db8::1");
    spec.payload_bytes = 24;
    check_answer("2001:db8::1", "2001:db8::9", &peer_mac, SOLICITED | OVERRIDE);
    assert_told_nothing();
}

/* The answer goes to the MAC in the option, not to whoever brought the frame. */
static void solicitation_through_another(void **state)
{
    (void)state;
    solicit("2001:db8::9", GROUP, "2001:db8::1");
    add_option(SOURCE_MAC, &third_mac);
    check_answer("2001:db8::1", "2001:db8::9", &third_mac, SOLICITED | OVERRIDE);
    assert_told("2001:db8::9", &third_mac, 0);
}

/* RFC 4862 section 5.4: who asks from "::" wants to know whether the address is taken. */
static void duplicate_detection(void **state)
{
    static const struct rte_ether_addr all_nodes = {{0x33, 0x33, 0, 0, 0, 1}};

    (void)state;
    start_message(SOLICITATION, "::", GROUP, "2001:db8::1", 24);
    check_answer("2001:db8::1", "ff02::1", &all_nodes, OVERRIDE);
    assert_told_nothing();
}

/*
 * Section 7.1.1, "MUST silently discard any received Neighbor Solicitation messages that do not satisfy
 * ...".
 */
static void solicitation_checks(void **state)
{
    (void)state;
    solicit("2001:db8::9", GROUP, "2001:db8::1");
    spec.ttl = 254;
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);

    solicit("2001:db8::9", GROUP, "2001:db8::1");
    struct rte_mbuf *damaged = frame();
    rte_pktmbuf_mtod(damaged, uint8_t *)[damaged->data_len - 1] ^= 1;
    assert_dropped(damaged, CV_DROP_BAD_CHECKSUM);

    solicit("2001:db8::9", GROUP, "2001:db8::1");
    message.code = 1;
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);

    solicit("2001:db8::9", GROUP, "2001:db8::1");
    spec.payload_bytes = 23;
    assert_dropped(frame(), CV_DROP_TOO_SHORT);

    solicit("2001:db8::9", GROUP, "ff02::1:ff00:1");
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);

    solicit("2001:db8::9", GROUP, "2001:db8::1");
    message.options[1] = 0;
    assert_dropped(frame(), CV_DROP_BAD_LENGTH);
    message.options[1] = 2;
    assert_dropped(frame(), CV_DROP_BAD_LENGTH);
    solicit("2001:db8::9", GROUP, "2001:db8::1");
    spec.payload_bytes = 31;
    assert_dropped(frame(), CV_DROP_BAD_LENGTH);

    /* From "::": only to a solicited-node group, and without a MAC. */
    start_message(SOLICITATION, "::", "2001:db8::1", "2001:db8::1", 24);
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
    solicit("::", GROUP, "2001:db8::1");
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
}

static void solicitation_not_for_us(void **state)
{
    (void)state;
    solicit("2001:db8::9", "ff02::1:ff00:7", "2001:db8::7");
    assert_dropped(frame(), CV_DROP_NOT_FOR_US);
    solicit("2001:db8::9", "2001:db8::7", "2001:db8::1");
    assert_dropped(frame(), CV_DROP_NOT_FOR_US);
    solicit("2001:db8::9", "ff02::1", "2001:db8::1");
    assert_dropped(frame(), CV_DROP_NOT_FOR_US);
    solicit("2001:db8::9", GROUP, "2001:db8:7::1"); /* ours, at the other port */
    assert_dropped(frame(), CV_DROP_NOT_FOR_US);
    solicit("2001:db8::1", GROUP, "2001:db8::1");
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
    solicit("2001:db8::9", GROUP, "2001:db8::1");
    memset(message.options + 2, 0xff, 6);
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
}

/* Options that mean nothing to us are passed over: the MAC is found behind a nonce (RFC 3971). */
static void other_options(void **state)
{
    (void)state;
    solicit("2001:db8::9", GROUP, "2001:db8::1");
    memcpy(message.options + 8, message.options, 8);
    message.options[0] = 14;
    spec.payload_bytes = 40;
    check_answer("2001:db8::1", "2001:db8::9", &peer_mac, SOLICITED | OVERRIDE);
    assert_told("2001:db8::9", &peer_mac, 0);
}

static void check_advertisement(const char *ip, const struct rte_ether_addr *mac)
{
    struct rte_mbuf *mbuf = frame();

    assert_false(ask(mbuf));
    assert_string_equal(cv_drop_name(packet.drop), "consumed");
    if (mac != NULL)
        assert_told(ip, mac, 0);
    else
        assert_told_nothing();
    rte_pktmbuf_free(mbuf);
}

static void advertisement_tells(void **state)
{
    (void)state;
    advertise("2001:db8::fe", "2001:db8::1", "2001:db8::fe", SOLICITED | OVERRIDE);
    check_advertisement("2001:db8::fe", &third_mac);
    advertise("fe80::fe", "ff02::1", "2001:db8::fe", OVERRIDE);
    check_advertisement("2001:db8::fe", &third_mac);
    /* Without the option: an answer to a unicast solicitation, from where it comes. */
    advertise("2001:db8::fe", "2001:db8::1", "2001:db8::fe", SOLICITED);
    spec.payload_bytes = 24;
    check_advertisement("2001:db8::fe", &peer_mac);
    advertise("2001:db8::fe", "ff02::1", "2001:db8::fe", OVERRIDE);
    spec.payload_bytes = 24;
    check_advertisement(NULL, NULL);
}

/* Section 7.1.2. */
static void advertisement_checks(void **state)
{
    (void)state;
    advertise("2001:db8::fe", "2001:db8::1", "2001:db8::fe", SOLICITED);
    spec.ttl = 64;
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
    advertise("2001:db8::fe", "2001:db8::1", "2001:db8::fe", SOLICITED);
    message.code = 9;
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
    advertise("2001:db8::fe", "2001:db8::1", "2001:db8::fe", SOLICITED);
    spec.payload_bytes = 20;
    assert_dropped(frame(), CV_DROP_TOO_SHORT);
    advertise("2001:db8::fe", "2001:db8::1", "ff02::fe", SOLICITED);
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
    advertise("2001:db8::fe", "ff02::1", "2001:db8::fe", SOLICITED);
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
    advertise("2001:db8::fe", "2001:db8::1", "2001:db8::fe", SOLICITED);
    message.options[1] = 0;
    assert_dropped(frame(), CV_DROP_BAD_LENGTH);
    advertise("2001:db8::fe", "2001:db8::7", "2001:db8::fe", SOLICITED);
    assert_dropped(frame(), CV_DROP_NOT_FOR_US);
    advertise("2001:db8::fe", "ff02::1", "2001:db8::1", OVERRIDE); /* somebody claims our address */
    assert_dropped(frame(), CV_DROP_BAD_ADDRESS);
}

static struct rte_mbuf *make_solicitation(void)
{
    solicit("2001:db8::9", GROUP, "2001:db8::1");
    return frame();
}

static struct rte_mbuf *make_advertisement(void)
{
    advertise("2001:db8::fe", "2001:db8::1", "2001:db8::fe", SOLICITED);
    return frame();
}

static void survives_damage(void **state)
{
    (void)state;
    assert_survives_damage(make_solicitation, 20000);
    assert_survives_damage(make_advertisement, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solicitation_by_multicast),
        cmocka_unit_test(solicitation_by_unicast),
        cmocka_unit_test(solicitation_through_another),
        cmocka_unit_test(duplicate_detection),
        cmocka_unit_test(solicitation_checks),
        cmocka_unit_test(solicitation_not_for_us),
        cmocka_unit_test(other_options),
        cmocka_unit_test(advertisement_tells),
        cmocka_unit_test(advertisement_checks),
        cmocka_unit_test(survives_damage),
    };

    return cmocka_run_group_tests_name("answer_nd", tests, asking_start, NULL);
}
