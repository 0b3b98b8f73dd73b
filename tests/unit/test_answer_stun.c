/* SPDX-License-Identifier: BSD-3-Clause */
/* STUN binding requests, with the transaction and the addresses of RFC 5769's test vectors. */
#include "asking.h"
#include "port/answer_stun.h"

#include <string.h>

#define HEADER 20
#define REQUEST                                                                                           \
    0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, \
        0x87, 0xdf, 0xae

static const uint8_t plain[HEADER] = {REQUEST};

/* A request with these attributes after the header. */
struct request {
    uint8_t bytes[256];
    uint16_t count;
};

static struct request with(const uint8_t *attributes, uint8_t count)
{
    struct request request = {.count = (uint16_t)(HEADER + count)};

    memcpy(request.bytes, plain, HEADER);
    request.bytes[3] = count;
    if (count != 0)
        memcpy(request.bytes + HEADER, attributes, count);
    return request;
}

static struct rte_mbuf *frame(const char *source, const char *destination, const struct request *request)
{
    struct packet_spec spec = packets_spec(source, destination, request->bytes, request->count);

    spec.ttl = 3;
    return packets_udp(&spec);
}

static void check(const char *source, const char *destination, const struct request *request,
                  const uint8_t *expected, uint16_t expected_bytes)
{
    struct rte_mbuf *mbuf = frame(source, destination, request);
    struct packet_view view = assert_answered(mbuf);
    struct cv_address from = packets_address(destination), to = packets_address(source);

    assert_told_nothing();
    assert_memory_equal(&view.destination_mac, &peer_mac, sizeof(peer_mac));
    assert_memory_equal(&view.source, &from, sizeof(from));
    assert_memory_equal(&view.destination, &to, sizeof(to));
    assert_int_equal(view.ttl, 64);
    assert_int_not_equal(view.udp_checksum_be, 0);
    assert_int_equal(view.payload_bytes, expected_bytes);
    assert_memory_equal(view.payload, expected, expected_bytes);
    rte_pktmbuf_free(mbuf);
}

/* RFC 5769 section 2.2 */
static const uint8_t answer_v4[] = {0x01, 0x01, 0x00, 0x0c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7,
                                    0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x00, 0x20,
                                    0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43};
/* RFC 5769 section 2.3 */
static const uint8_t answer_v6[] = {0x01, 0x01, 0x00, 0x18, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7,
                                    0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x00, 0x20,
                                    0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5,
                                    0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9};

/* The vectors' IPv4 address is the one that is ours in other tests, so it asks at the other port. */
static void mapped_address(void **state)
{
    struct request request = with(NULL, 0);
    struct packet_spec spec =
        packets_spec("192.0.2.1:32853", "198.51.100.1:40007", request.bytes, request.count);
    struct packet_view view;
    struct rte_mbuf *mbuf;

    (void)state;
    check("[2001:db8:1234:5678:11:2233:4455:6677]:32853", "[2001:db8::1]:40007", &request, answer_v6,
          sizeof(answer_v6));
    spec.port_id = VLAN_PORT;
    spec.vlan = VLAN;
    mbuf = packets_udp(&spec);
    view = assert_answered(mbuf);
    assert_int_equal(view.vlan, VLAN);
    assert_memory_equal(&view.source, &spec.destination, sizeof(view.source));
    assert_int_equal(view.payload_bytes, sizeof(answer_v4));
    assert_memory_equal(view.payload, answer_v4, sizeof(answer_v4));
    rte_pktmbuf_free(mbuf);
}

/* What may be ignored (software, fingerprint) or need not be acted on (user name) changes nothing. */
static void known_attributes(void **state)
{
    static const uint8_t software[] = {0x80, 0x22, 0,    5,    'h', 'e', 'l', 'l', 'o', 0,
                                       0,    0,    0x80, 0x28, 0,   4,   1,   2,   3,   4};
    static const uint8_t user_name[] = {0x00, 0x06, 0, 3, 'm', 'e', ':', ' '};
    struct request request = with(software, sizeof(software));

    (void)state;
    check("[2001:db8:1234:5678:11:2233:4455:6677]:32853", "[2001:db8::1]:40063", &request, answer_v6,
          sizeof(answer_v6));
    request = with(user_name, sizeof(user_name));
    check("[2001:db8:1234:5678:11:2233:4455:6677]:32853", "[2001:db8::1]:40000", &request, answer_v6,
          sizeof(answer_v6));
}

/* RFC 8489 section 6.3.1: 420, and a list of what was not understood. */
static void unknown_attributes(void **state)
{
    static const uint8_t change_request[] = {0x00, 0x03, 0, 4, 0, 0, 0, 0};
    static const uint8_t three[] = {0x00, 0x24, 0,    4,    1, 2, 3, 4, 0x00, 0x03,
                                    0,    0,    0x7f, 0xff, 0, 1, 9, 0, 0,    0};
    static const uint8_t expected_one[] = {0x01, 0x11, 0x00, 0x10, 0x21, 0x12, 0xa4, 0x42, 0xb7,
                                           0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
                                           0xdf, 0xae, 0x00, 0x09, 0x00, 0x04, 0x00, 0x00, 0x04,
                                           0x14, 0x00, 0x0a, 0x00, 0x02, 0x00, 0x03, 0x00, 0x00};
    static const uint8_t expected_three[] = {0x01, 0x11, 0x00, 0x14, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7,
                                             0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
                                             0x00, 0x09, 0x00, 0x04, 0x00, 0x00, 0x04, 0x14, 0x00, 0x0a,
                                             0x00, 0x06, 0x00, 0x24, 0x00, 0x03, 0x7f, 0xff, 0x00, 0x00};
    struct request request = with(change_request, sizeof(change_request));

    (void)state;
    check("203.0.113.9:5", "192.0.2.1:40001", &request, expected_one, sizeof(expected_one));
    request = with(three, sizeof(three));
    check("203.0.113.9:5", "192.0.2.1:40001", &request, expected_three, sizeof(expected_three));
}

static void malformed_attributes(void **state)
{
    static const uint8_t too_long[] = {0x80, 0x22, 0, 5, 'h', 'e', 'l', 'l'};
    struct request request = with(too_long, sizeof(too_long));

    (void)state;
    assert_dropped(frame("203.0.113.9:5", "192.0.2.1:40001", &request), CV_DROP_BAD_LENGTH);
    assert_dropped(frame("[2001:db8:9::9]:5", "[2001:db8::1]:40001", &request), CV_DROP_BAD_LENGTH);
}

static void what_is_a_request(void **state)
{
    uint8_t bytes[HEADER + 4];

    (void)state;
    memcpy(bytes, plain, HEADER);
    assert_true(cv_is_stun_request(bytes, HEADER));
    assert_false(cv_is_stun_request(bytes, HEADER - 1));
    assert_false(cv_is_stun_request(bytes, HEADER + 4));
    bytes[3] = 4;
    assert_true(cv_is_stun_request(bytes, HEADER + 4));
    assert_false(cv_is_stun_request(bytes, HEADER));
    bytes[3] = 3;
    assert_false(cv_is_stun_request(bytes, HEADER + 3));
    bytes[3] = 0;
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] ^= 0x40;
        assert_false(cv_is_stun_request(bytes, HEADER));
        bytes[i] ^= 0x40;
    }
    bytes[1] = 0x11; /* an indication */
    assert_false(cv_is_stun_request(bytes, HEADER));
    bytes[0] = 1; /* a response */
    bytes[1] = 1;
    assert_false(cv_is_stun_request(bytes, HEADER));
}

static void refused(void **state)
{
    struct request request = with(NULL, 0);
    struct packet_spec spec = packets_spec("203.0.113.9:5", "192.0.2.1:40001", request.bytes, request.count);
    struct rte_mbuf *mbuf = frame("203.0.113.9:5", "192.0.2.1:40001", &request);

    (void)state;
    rte_pktmbuf_mtod(mbuf, uint8_t *)[mbuf->data_len - 1] ^= 1;
    assert_dropped(mbuf, CV_DROP_BAD_CHECKSUM);
    mbuf = frame("[2001:db8:9::9]:5", "[2001:db8::1]:40001", &request);
    rte_pktmbuf_mtod(mbuf, uint8_t *)[mbuf->data_len - 1] ^= 1;
    assert_dropped(mbuf, CV_DROP_BAD_CHECKSUM);
    assert_dropped(frame("203.0.113.9:0", "192.0.2.1:40001", &request), CV_DROP_BAD_ADDRESS);
    assert_dropped(frame("224.0.0.1:5", "192.0.2.1:40001", &request), CV_DROP_BAD_ADDRESS);
    assert_dropped(frame("[ff02::1]:5", "[2001:db8::1]:40001", &request), CV_DROP_BAD_ADDRESS);

    /* IPv4 without a checksum is fine, and the answer has one all the same. */
    spec.no_checksum = true;
    mbuf = packets_udp(&spec);
    assert_int_not_equal(assert_answered(mbuf).udp_checksum_be, 0);
    rte_pktmbuf_free(mbuf);

    request.bytes[4] ^= 1; /* no cookie: no STUN */
    assert_dropped(frame("203.0.113.9:5", "192.0.2.1:40001", &request), CV_DROP_NO_SUCH_PORT);
}

/* The mbuf's tail is full, so the attribute has no room. */
static void no_room(void **state)
{
    struct request request = with(NULL, 0);
    struct rte_mbuf *mbuf = frame("203.0.113.9:5", "192.0.2.1:40001", &request);
    uint16_t headroom = mbuf->data_off;

    (void)state;
    mbuf->data_off = (uint16_t)(mbuf->buf_len - mbuf->data_len - 10);
    memmove(rte_pktmbuf_mtod(mbuf, void *), (char *)mbuf->buf_addr + headroom, mbuf->data_len);
    assert_dropped(mbuf, CV_DROP_NO_BUFFER);
}

static struct rte_mbuf *make_v4(void)
{
    static const uint8_t software[] = {0x80, 0x22, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};
    struct request request = with(software, sizeof(software));

    return frame("203.0.113.9:5", "192.0.2.1:40001", &request);
}

static struct rte_mbuf *make_v6(void)
{
    struct request request = with(NULL, 0);

    return frame("[2001:db8:9::9]:5", "[2001:db8::1]:40001", &request);
}

static void survives_damage(void **state)
{
    (void)state;
    assert_survives_damage(make_v4, 20000);
    assert_survives_damage(make_v6, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapped_address),
        cmocka_unit_test(known_attributes),
        cmocka_unit_test(unknown_attributes),
        cmocka_unit_test(malformed_attributes),
        cmocka_unit_test(what_is_a_request),
        cmocka_unit_test(refused),
        cmocka_unit_test(no_room),
        cmocka_unit_test(survives_damage),
    };

    return cmocka_run_group_tests_name("answer_stun", tests, asking_start, NULL);
}
