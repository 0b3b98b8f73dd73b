/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets to the listening port may come from: nobody who sends from elsewhere gets as far as a session. */
#include "session_rig.h"

static struct session_rig relay;
static const uint8_t initial[1200] = {0xc0, 0, 0, 0, 1, 8}; /* enough to be handed to the handshake thread */

static int start(void **state)
{
    (void)state;
    session_rig_config(&relay.config, 10);
    session_rig_start(&relay, "test_session_sources");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    session_rig_stop(&relay);
    return 0;
}

static unsigned handed_over(void)
{
    return rte_ring_count(cv_handshake_rings(relay.sessions)->packets);
}

static void receive(const char *from, uint16_t port, const char *to)
{
    struct cv_address source = {.ip = packets_ip(from), .port_be = rte_cpu_to_be_16(port)};
    struct packet_spec spec = packets_spec("192.0.2.9:1", to, initial, sizeof(initial));

    spec.source = source;
    rig_burst(relay.rig, packets_udp(&spec));
}

static void from_where_nobody_is(void **state)
{
    static const char *const v4[] = {"0.0.0.1", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"};
    static const char *const v6[] = {"::", "::1", "ff02::1"};
    uint64_t drops = 0;

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(v4); i++, drops++)
        receive(v4[i], 1, "192.0.2.1:443");
    for (unsigned i = 0; i < RTE_DIM(v6); i++, drops++)
        receive(v6[i], 1, "[2001:db8::1]:443");
    receive("203.0.113.9", 0, "192.0.2.1:443");
    assert_int_equal(rig_drops(relay.rig, CV_DROP_BAD_ADDRESS), drops + 1);
    assert_int_equal(handed_over(), 0);
}

static void from_elsewhere(void **state)
{
    static const char *const v4[] = {"203.0.113.9", "10.0.0.1", "169.254.1.1", "1.0.0.1", "223.255.255.255"};
    uint64_t drops = rig_drops(relay.rig, CV_DROP_BAD_ADDRESS);

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(v4); i++)
        receive(v4[i], 1, "192.0.2.1:443");
    receive("2001:db8:9::9", 65535, "[2001:db8::1]:443");
    assert_int_equal(rig_drops(relay.rig, CV_DROP_BAD_ADDRESS), drops);
    assert_int_equal(handed_over(), RTE_DIM(v4) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_where_nobody_is),
        cmocka_unit_test(from_elsewhere),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
