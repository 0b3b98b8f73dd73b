/* SPDX-License-Identifier: BSD-3-Clause */
/* Relay ports: the set of ports, and edge colouring through the store. */
#include "pairs/port_set.h"
#include "pairs/relay_ports.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define PEERS          1000
#define PAIRS_PER_PEER 20
#define PAIRS          (PEERS * PAIRS_PER_PEER / 2)
#define GRAPHS         3
#define PORTS_ALLOWED  40

static void the_lowest_free_port(void **state)
{
    struct port_set set;

    (void)state;
    port_set_init(&set, 40000, 40063);
    assert_int_equal(port_set_size(&set), 64);
    assert_int_equal(port_set_lowest(&set), 40000);
    port_set_take(&set, 40000);
    port_set_take(&set, 40002);
    port_set_take(&set, 39999);
    port_set_take(&set, 40064);
    assert_int_equal(port_set_lowest(&set), 40001);
    for (uint32_t port = 40000; port < 40063; port++)
        port_set_take(&set, (uint16_t)port);
    assert_int_equal(port_set_lowest(&set), 40063);
    port_set_take(&set, 40063);
    assert_int_equal(port_set_lowest(&set), -ENOSPC);
}

static void ranges_of_every_size(void **state)
{
    struct port_set set;

    (void)state;
    for (uint32_t size = 1; size <= 200; size++) {
        uint16_t last = (uint16_t)(1000 + size - 1);

        port_set_init(&set, 1000, last);
        for (uint32_t port = 1000; port <= last; port++) {
            assert_int_equal(port_set_lowest(&set), port);
            port_set_take(&set, (uint16_t)port);
        }
        assert_int_equal(port_set_lowest(&set), -ENOSPC);
    }
    port_set_init(&set, 1, UINT16_MAX);
    for (uint32_t port = 1; port < UINT16_MAX; port++)
        port_set_take(&set, (uint16_t)port);
    assert_int_equal(port_set_lowest(&set), UINT16_MAX);
    port_set_take(&set, UINT16_MAX);
    assert_int_equal(port_set_lowest(&set), -ENOSPC);
}

static struct store *memory_store(void)
{
    struct store *store;
    char error[256] = "";

    if (store_open(&store, ":memory:", error, sizeof(error)) != 0)
        fail_msg("%s", error);
    return store;
}

static struct pair_record between(unsigned a, unsigned b)
{
    struct pair_record record = {0};

    (void)snprintf(record.legs[0].peer, sizeof(record.legs[0].peer), "peer-%u", a);
    (void)snprintf(record.legs[1].peer, sizeof(record.legs[1].peer), "peer-%u", b);
    record.legs[0].bind = CV_BIND_TOKEN;
    record.legs[1].bind = CV_BIND_TOKEN;
    return record;
}

/*
 * Each peer has PAIRS_PER_PEER ends in `ends`; shuffled, two that follow each other are a pair. A peer that
 * met itself changes places with an end of another pair.
 */
static void random_graph(unsigned *ends)
{
    for (unsigned i = 0; i < 2 * PAIRS; i++)
        ends[i] = i / PAIRS_PER_PEER;
    for (unsigned i = 2 * PAIRS - 1; i > 0; i--) {
        unsigned j = (unsigned)random() % (i + 1);
        unsigned end = ends[i];

        ends[i] = ends[j];
        ends[j] = end;
    }
    for (unsigned i = 0; i < 2 * PAIRS; i += 2) {
        while (ends[i] == ends[i + 1]) {
            unsigned j = (unsigned)random() % PAIRS * 2;

            if (ends[j] == ends[i] || ends[j + 1] == ends[i])
                continue;
            ends[i] = ends[j];
            ends[j] = ends[i + 1];
        }
    }
}

/* Adds all pairs; returns how many ports they took. A port given twice to a peer would fail in the store. */
static uint32_t colour(const struct cv_config *config, struct store *store, const unsigned *ends)
{
    uint16_t highest = 0;
    char why[320];

    for (unsigned i = 0; i < 2 * PAIRS; i += 2) {
        struct pair_record record = between(ends[i], ends[i + 1]);

        if (relay_port_choose(config, store, &record, why, sizeof(why)) != 0)
            fail_msg("%s", why);
        assert_int_equal(store_add_pair(store, &record), 0);
        assert_int_equal(record.legs[0].relay_port, record.legs[1].relay_port);
        if (record.legs[0].relay_port > highest)
            highest = record.legs[0].relay_port;
    }
    return (uint32_t)(highest - config->relay_port_first) + 1;
}

static void a_thousand_peers_with_twenty_pairs_each(void **state)
{
    static const struct cv_config config = {.relay_port_first = 40000, .relay_port_last = 40063};
    unsigned *ends = calloc(2 * PAIRS, sizeof(*ends));

    (void)state;
    assert_non_null(ends);
    for (unsigned graph = 0; graph < GRAPHS; graph++) {
        struct store *store = memory_store();
        uint32_t ports;

        srandom(graph + 1);
        random_graph(ends);
        ports = colour(&config, store, ends);
        print_message("# graph %u: %d pairs on %u relay ports\n", graph, PAIRS, ports);
        assert_true(ports >= PAIRS_PER_PEER && ports <= PORTS_ALLOWED);
        store_close(store);
    }
    free(ends);
}

static void a_freed_port_is_given_again(void **state)
{
    static const struct cv_config config = {.relay_port_first = 40000, .relay_port_last = 40001};
    struct store *store = memory_store();
    struct pair_record first = between(1, 2);
    struct pair_record second = between(1, 3);
    char why[320];

    (void)state;
    assert_int_equal(relay_port_choose(&config, store, &first, why, sizeof(why)), 0);
    assert_int_equal(store_add_pair(store, &first), 0);
    assert_int_equal(relay_port_choose(&config, store, &second, why, sizeof(why)), 0);
    assert_int_equal(second.legs[0].relay_port, 40001);
    assert_int_equal(store_remove_pair(store, first.pair), 0);
    assert_int_equal(relay_port_choose(&config, store, &second, why, sizeof(why)), 0);
    assert_int_equal(second.legs[0].relay_port, 40000);
    store_close(store);
}

static void exhausted_says_who_and_how_many(void **state)
{
    static const struct cv_config config = {.relay_port_first = 40000, .relay_port_last = 40003};
    struct store *store = memory_store();
    struct pair_record record;
    char why[320] = "";

    (void)state;
    for (unsigned peer = 2; peer < 6; peer++) {
        record = between(1, peer);
        assert_int_equal(relay_port_choose(&config, store, &record, why, sizeof(why)), 0);
        assert_int_equal(store_add_pair(store, &record), 0);
    }
    record = between(1, 2);
    assert_int_equal(relay_port_choose(&config, store, &record, why, sizeof(why)), -ENOSPC);
    assert_non_null(strstr(why, "none of the 4 relay ports 40000-40003"));
    assert_non_null(strstr(why, "peer-1 has 4 pairs and peer-2 has 1"));
    record = between(2, 3);
    assert_int_equal(relay_port_choose(&config, store, &record, why, sizeof(why)), 0);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_free_port),
        cmocka_unit_test(ranges_of_every_size),
        cmocka_unit_test(a_thousand_peers_with_twenty_pairs_each),
        cmocka_unit_test(a_freed_port_is_given_again),
        cmocka_unit_test(exhausted_says_who_and_how_many),
    };

    return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
