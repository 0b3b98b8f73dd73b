/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and ports in capsules, wherever they stand, in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "capsule_examples.h"

static void check_ip(const struct cv_capsule *capsule, size_t at, struct cv_ip *ip, const struct cv_ip *bad)
{
    struct capsule_value value = capsule_value_of(capsule);
    struct cv_ip good = *ip;
    bool v4 = cv_ip_is_v4(ip);

    if (cv_ip_is_v4(bad) != v4)
        return;
    assert_int_equal(value.data[at], v4 ? 4 : 6);
    assert_memory_equal(value.data + at + 1, ip->bytes + (v4 ? 12 : 0), v4 ? 4 : 16);
    memcpy(value.data + at + 1, bad->bytes + (v4 ? 12 : 0), v4 ? 4 : 16);
    assert_capsule_value(&value, false);
    *ip = *bad;
    assert_unwritable(capsule);
    *ip = good;
}

/* In each place where an address stands. */
static void addresses_are_unicast(void **state)
{
    static const char *const bad[] = {"0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255",
                                      "::",      "ff02::1", "127.0.0.1", "::1"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cv_capsule observed = *capsule_example_at(CV_CAPSULE_OBSERVED_ADDRESS, 0);
        struct cv_capsule observed6 = *capsule_example_at(CV_CAPSULE_OBSERVED_ADDRESS, 1);
        struct cv_capsule registered = *capsule_example_at(CV_CAPSULE_REGISTERED, 1);
        struct cv_capsule made = *capsule_example_at(CV_CAPSULE_PAIR_MADE, 0);
        struct cv_capsule away = *capsule_example_at(CV_CAPSULE_GO_AWAY, 0);
        struct cv_ip ip;

        assert_int_equal(cv_ip_parse(bad[i], &ip), 0);
        check_ip(&observed, 1, &observed.observed.peer.ip, &ip);
        check_ip(&observed, 8, &observed.observed.relay.ip, &ip);
        check_ip(&observed6, 1, &observed6.observed.peer.ip, &ip);
        check_ip(&observed6, 20, &observed6.observed.relay.ip, &ip);
        check_ip(&registered, 40, &registered.registered.relay.ips[0], &ip);
        check_ip(&registered, 45, &registered.registered.relay.ips[1], &ip);
        check_ip(&made, 106, &made.made.leg.udp.relay.ips[0], &ip);
        check_ip(&made, 111, &made.made.leg.udp.relay.ips[1], &ip);
        check_ip(&away, 4, &away.go_away.relay.ips[0], &ip);
    }
}

static void addresses_have_one_form(void **state)
{
    static const uint8_t mapped[17] = {6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    static const uint8_t versions[] = {0, 1, 3, 5, 7, 255};
    struct capsule_value value = capsule_value_of(capsule_example_at(CV_CAPSULE_OBSERVED_ADDRESS, 1));

    (void)state;
    memcpy(value.data + 1, mapped, sizeof(mapped));
    assert_capsule_value(&value, false);
    for (size_t i = 0; i < sizeof(versions); i++) {
        for (size_t nth = 0; nth < 2; nth++) {
            value = capsule_value_of(capsule_example_at(CV_CAPSULE_OBSERVED_ADDRESS, nth));
            value.data[1] = versions[i];
            assert_capsule_value(&value, false);
        }
    }
}

/* A port at so many bytes from the beginning, and in the struct. */
static void check_port(struct cv_capsule *capsule, size_t at, uint16_t *port_be)
{
    struct capsule_value value = capsule_value_of(capsule);
    uint16_t was = *port_be;

    assert_memory_equal(value.data + at, port_be, 2);
    value.data[at] = value.data[at + 1] = 0;
    assert_capsule_value(&value, false);
    *port_be = 0;
    assert_unwritable(capsule);
    *port_be = was;
}

static void ports_are_not_zero(void **state)
{
    struct cv_capsule observed = capsule_example(CV_CAPSULE_OBSERVED_ADDRESS);
    struct cv_capsule registered = capsule_example(CV_CAPSULE_REGISTERED);
    struct cv_capsule made = capsule_example(CV_CAPSULE_PAIR_MADE);
    struct cv_capsule leg_made = *capsule_example_at(CV_CAPSULE_LEG_MADE, 1);
    struct cv_capsule away = capsule_example(CV_CAPSULE_GO_AWAY);

    (void)state;
    check_port(&observed, 6, &observed.observed.peer.port_be);
    check_port(&observed, 13, &observed.observed.relay.port_be);
    check_port(&registered, 37, &registered.registered.relay.port_be);
    check_port(&registered, 45, &registered.registered.relay_port_first_be);
    check_port(&registered, 47, &registered.registered.relay_port_last_be);
    check_port(&made, 103, &made.made.leg.udp.relay.port_be);
    check_port(&leg_made, 4, &leg_made.leg_made.leg.udp.relay.port_be);
    check_port(&away, 1, &away.go_away.relay.port_be);
}

static void check_count(struct cv_capsule *capsule, struct cv_relay_addresses *relay, unsigned count,
                        unsigned least)
{
    struct capsule_value value;

    *relay =
        example_addresses((uint8_t)(count < CV_CAPSULE_ADDRESSES_MAX ? count : CV_CAPSULE_ADDRESSES_MAX));
    relay->count = (uint8_t)count;
    if (count < least || count > CV_CAPSULE_ADDRESSES_MAX) {
        assert_unwritable(capsule);
        return;
    }
    value = capsule_value_of(capsule);
    assert_capsule_value(&value, true);
    relay->port_be = count == 0 ? 1 : 0;
    assert_unwritable(capsule);
}

/* There are one to eight; GO_AWAY may have none, and then no port. */
static void addresses_are_counted(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 12; count++) {
        struct cv_capsule registered = capsule_example(CV_CAPSULE_REGISTERED);
        struct cv_capsule made = capsule_example(CV_CAPSULE_PAIR_MADE);
        struct cv_capsule listening = *capsule_example_at(CV_CAPSULE_PAIR_MADE, 2);
        struct cv_capsule leg_made = *capsule_example_at(CV_CAPSULE_LEG_MADE, 1);
        struct cv_capsule away = capsule_example(CV_CAPSULE_GO_AWAY);

        check_count(&registered, &registered.registered.relay, count, 1);
        check_count(&made, &made.made.leg.udp.relay, count, 1);
        check_count(&listening, &listening.made.leg.udp.relay, count, 1);
        check_count(&leg_made, &leg_made.leg_made.leg.udp.relay, count, 1);
        check_count(&away, &away.go_away.relay, count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_unicast),
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(ports_are_not_zero),
        cmocka_unit_test(addresses_are_counted),
    };

    return cmocka_run_group_tests_name("capsule_address", tests, NULL, NULL);
}
