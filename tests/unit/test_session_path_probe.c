/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/path_probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

struct path {
    struct cv_path_probe probe;
    uint64_t now_ns;
    uint64_t heard_pkts;
    uint16_t bytes;
};

static struct path new_path(void)
{
    return (struct path){.now_ns = 5 * SECOND, .heard_pkts = 3, .bytes = 1200};
}

static bool is_due(const struct path *path)
{
    return cv_path_probe_due(&path->probe, path->bytes, path->heard_pkts, path->now_ns);
}

static void probe(struct path *path)
{
    assert_true(is_due(path));
    cv_path_probe_sent(&path->probe, path->bytes, path->heard_pkts, path->now_ns);
    assert_false(is_due(path));
}

static void a_silent_peer_is_not_probed_again(void **state)
{
    struct path path = new_path();

    (void)state;
    probe(&path);
    path.now_ns += 1000 * SECOND;
    assert_false(is_due(&path));
    path.heard_pkts++;
    assert_true(is_due(&path));
}

/* The second after a second, the third, which decides, after half a minute more. */
static void tries_are_spread(void **state)
{
    struct path path = new_path();

    (void)state;
    for (unsigned size = 0; size < 4; size++) {
        probe(&path);
        path.heard_pkts++;
        path.now_ns += SECOND - 1;
        assert_false(is_due(&path));
        path.now_ns += 1;
        probe(&path);
        path.heard_pkts++;
        path.now_ns += 30 * SECOND - 1;
        assert_false(is_due(&path));
        path.now_ns += 1;
        probe(&path);
        path.heard_pkts++;
        path.now_ns += SECOND;
    }
}

static void success_makes_room_for_the_next_size(void **state)
{
    struct path path = new_path();

    (void)state;
    probe(&path);
    path.bytes = 1400;
    probe(&path);
    path.bytes = 1452;
    probe(&path);
    path.bytes = 1200; /* another path */
    probe(&path);
    assert_int_equal(path.probe.tries, 1);
}

static void traffic_shortens_the_wait_once(void **state)
{
    struct path path = new_path();

    (void)state;
    probe(&path);
    path.heard_pkts++;
    cv_path_probe_soon(&path.probe);
    probe(&path);
    cv_path_probe_soon(&path.probe);
    assert_false(is_due(&path));
    path.heard_pkts++;
    path.now_ns += 29 * SECOND;
    assert_false(is_due(&path));
    path.now_ns += SECOND;
    assert_true(is_due(&path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_peer_is_not_probed_again),
        cmocka_unit_test(tries_are_spread),
        cmocka_unit_test(success_makes_room_for_the_next_size),
        cmocka_unit_test(traffic_shortens_the_wait_once),
    };

    return cmocka_run_group_tests_name("session_path_probe", tests, NULL, NULL);
}
