/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "address.h"

static struct cv_ip ip(const char *text)
{
    struct cv_ip parsed;

    assert_int_equal(cv_ip_parse(text, &parsed), 0);
    return parsed;
}

static struct cv_prefix prefix(const char *text)
{
    struct cv_prefix parsed;

    assert_int_equal(cv_prefix_parse(text, &parsed), 0);
    return parsed;
}

static void v4_is_held_in_mapped_form(void **state)
{
    static const uint8_t expected[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    static const uint8_t v4[4] = {192, 0, 2, 1};
    struct cv_ip parsed = ip("192.0.2.1"), made = cv_ip_from_v4(v4);

    (void)state;
    assert_memory_equal(parsed.bytes, expected, sizeof(expected));
    assert_memory_equal(made.bytes, expected, sizeof(expected));
    assert_true(cv_ip_is_v4(&parsed));
    parsed = ip("::ffff:192.0.2.1");
    assert_true(cv_ip_equal(&parsed, &made));
    parsed = ip("2001:db8::1");
    assert_false(cv_ip_is_v4(&parsed));
}

static void zero_is_no_address(void **state)
{
    struct cv_ip zero = ip("::"), any_v4 = ip("0.0.0.0"), one = ip("::1");

    (void)state;
    assert_true(cv_ip_is_zero(&zero));
    assert_false(cv_ip_is_zero(&any_v4));
    assert_false(cv_ip_is_zero(&one));
}

/* RFC 6890, RFC 1122 section 3.2.1.3: the first and the last of each block, and their neighbours. */
static void nobody_is_at_these(void **state)
{
    static const char *const nobodys[] = {
        "0.0.0.0",
        "0.0.0.1",
        "0.255.255.255",
        "127.0.0.0",
        "127.0.0.1",
        "127.255.255.255",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.254",
        "255.255.255.255",
        "::",
        "::1",
        "ff00::",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    };
    static const char *const somebodys[] = {
        "1.0.0.0",     "10.0.0.1",    "100.64.0.1",  "126.255.255.255", "128.0.0.0",       "169.254.0.1",
        "192.168.0.1", "198.18.0.1",  "203.0.113.9", "203.0.113.0",     "223.255.255.255", "::2",
        "1::",         "2001:db8::1", "fd00::1",     "fe80::1",         "::127.0.0.1",     "::fffe:127.0.0.1",
        "feff::1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++) {
        struct cv_ip parsed = ip(nobodys[i]);

        if (cv_ip_may_be_peer(&parsed))
            fail_msg("a peer at %s", nobodys[i]);
    }
    for (size_t i = 0; i < sizeof(somebodys) / sizeof(somebodys[0]); i++) {
        struct cv_ip parsed = ip(somebodys[i]);

        if (!cv_ip_may_be_peer(&parsed))
            fail_msg("no peer at %s", somebodys[i]);
    }
}

static void ips_print_as_they_are_read(void **state)
{
    static const char *const texts[] = {"0.0.0.0",
                                        "192.0.2.255",
                                        "255.255.255.255",
                                        "::",
                                        "::1",
                                        "2001:db8::ff",
                                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    char text[CV_IP_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cv_ip parsed = ip(texts[i]);

        assert_string_equal(cv_ip_print(&parsed, text), texts[i]);
    }
}

static void addresses_print_as_they_are_read(void **state)
{
    static const char *const texts[] = {"192.0.2.1:4433", "192.0.2.1:0", "255.255.255.255:65535",
                                        "[2001:db8::1]:53",
                                        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"};
    char text[CV_ADDRESS_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cv_address parsed;

        assert_int_equal(cv_address_parse(texts[i], &parsed), 0);
        assert_string_equal(cv_address_print(&parsed, text), texts[i]);
    }
}

static void port_is_in_network_order(void **state)
{
    struct cv_address a, b;

    (void)state;
    assert_int_equal(cv_address_parse("192.0.2.1:258", &a), 0);
    assert_int_equal(a.port_be, htons(258));
    assert_int_equal(cv_address_parse("192.0.2.1:259", &b), 0);
    assert_false(cv_address_equal(&a, &b));
    assert_int_equal(cv_address_parse("192.0.2.1:258", &b), 0);
    assert_true(cv_address_equal(&a, &b));
}

static void prefixes_count_bits_of_the_long_form(void **state)
{
    struct cv_prefix parsed;
    char text[CV_PREFIX_TEXT];

    (void)state;
    assert_int_equal(prefix("192.0.2.7/24").length, 120);
    assert_int_equal(prefix("192.0.2.7").length, 128);
    assert_int_equal(prefix("0.0.0.0/0").length, 96);
    assert_int_equal(prefix("2001:db8::/32").length, 32);
    assert_int_equal(prefix("::/0").length, 0);
    assert_int_equal(prefix("::ffff:192.0.2.0/120").length, 120);
    parsed = prefix("192.0.2.7/24"); /* host bits stay: an interface's address is written so */
    assert_string_equal(cv_prefix_print(&parsed, text), "192.0.2.7/24");
    parsed = prefix("2001:db8::1/64");
    assert_string_equal(cv_prefix_print(&parsed, text), "2001:db8::1/64");
    parsed = prefix("0.0.0.0/0");
    assert_string_equal(cv_prefix_print(&parsed, text), "0.0.0.0/0");
}

static void nonsense_is_refused_and_changes_nothing(void **state)
{
    static const char *const ips[] = {"",         "1.2.3",     "1.2.3.4.5", "256.0.0.1",      " 1.2.3.4",
                                      "1.2.3.4 ", "1.2.3.4:5", "2001:db8",  "2001:db8::1::2", "[::1]",
                                      "host",     "::1%eth0"};
    static const char *const addresses[] = {"",
                                            "1.2.3.4",
                                            "1.2.3.4:",
                                            "1.2.3.4:65536",
                                            "1.2.3.4:-1",
                                            "1.2.3.4:+1",
                                            "1.2.3.4: 1",
                                            "1.2.3.4:01",
                                            "1.2.3.4:1x",
                                            "::1:53",
                                            "[::1]",
                                            "[::1]53",
                                            "[::1]:",
                                            "[1.2.3.4]:53",
                                            "[::1:53",
                                            "1.2.3.4]:53",
                                            "[]:53",
                                            ":53",
                                            "[::1]:53:",
                                            "[",
                                            "1.2.3.4:999999",
                                            "[::1]:999999999",
                                            "1.2.3.4:4294967297"};
    static const char *const prefixes[] = {"",
                                           "1.2.3.4/",
                                           "1.2.3.4/33",
                                           "1.2.3.4/-1",
                                           "1.2.3.4/024",
                                           "1.2.3.4/2 4",
                                           "1.2.3.4/24/24",
                                           "::/129",
                                           "::ffff:1.2.3.4/64",
                                           "/24",
                                           "::ffff:255.255.255.255.255.255.255.255.255.255/120"};
    struct cv_ip one = ip("192.0.2.1");
    struct cv_address address = {.ip = one, .port_be = 7};
    struct cv_prefix network = {.ip = one, .length = 9};

    (void)state;
    for (size_t i = 0; i < sizeof(ips) / sizeof(ips[0]); i++)
        assert_int_equal(cv_ip_parse(ips[i], &one), -EINVAL);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        assert_int_equal(cv_address_parse(addresses[i], &address), -EINVAL);
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        assert_int_equal(cv_prefix_parse(prefixes[i], &network), -EINVAL);
    assert_int_equal(address.port_be, 7);
    assert_int_equal(network.length, 9);
    assert_true(cv_ip_equal(&one, &address.ip));
    assert_true(cv_ip_equal(&one, &network.ip));
}

/* Against the plainest way to say it: bit by bit. */
static void mask_keeps_exactly_the_first_bits(void **state)
{
    struct cv_ip ones, masked;

    (void)state;
    memset(ones.bytes, 0xff, sizeof(ones.bytes));
    for (unsigned length = 0; length <= 255; length++) {
        masked = cv_ip_mask(&ones, (uint8_t)length);
        for (unsigned bit = 0; bit < 128; bit++)
            assert_int_equal((masked.bytes[bit / 8] >> (7 - bit % 8)) & 1, bit < length);
    }
}

static void prefix_contains(void **state)
{
    static const struct {
        const char *prefix;
        const char *ip;
        bool inside;
    } cases[] = {
        {"192.0.2.77/24", "192.0.2.255", true},      {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.0/25", "192.0.2.128", false},      {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},           {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},         {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/33", "2001:db8:8000::", false}, {"::/0", "2001:db8::1", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cv_prefix network = prefix(cases[i].prefix);
        struct cv_ip host = ip(cases[i].ip);

        assert_int_equal(cv_prefix_contains(&network, &host), cases[i].inside);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_is_held_in_mapped_form),
        cmocka_unit_test(zero_is_no_address),
        cmocka_unit_test(nobody_is_at_these),
        cmocka_unit_test(ips_print_as_they_are_read),
        cmocka_unit_test(addresses_print_as_they_are_read),
        cmocka_unit_test(port_is_in_network_order),
        cmocka_unit_test(prefixes_count_bits_of_the_long_form),
        cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
        cmocka_unit_test(mask_keeps_exactly_the_first_bits),
        cmocka_unit_test(prefix_contains),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
