/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-up over bursts: the same answers as one by one, also where hashes collide and while the table
 * changes.
 */
#include "leg_at.h"
#include "relay/hash.h"
#include "relay/lookup.h"
#include "rig.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#define PAIRS 500
#define LEGS  (2 * PAIRS)

static struct rig *rig;
static struct cv_packet packets[CV_BURST];
static struct cv_packet *burst[CV_BURST];

static int start(void **state)
{
    (void)state;
    packets_start("test_lookup", NULL);
    return 0;
}

static struct cv_address address_of(uint32_t leg)
{
    struct cv_address address = {.ip = packets_ip(leg % 3 == 0 ? "2001:db8:7::" : "203.0.113.0")};

    address.ip.bytes[14] = (uint8_t)(leg >> 8);
    address.ip.bytes[15] = (uint8_t)leg;
    address.port_be = (uint16_t)(leg * 31 + 1);
    return address;
}

static uint16_t relay_port_of(uint32_t leg)
{
    return rte_cpu_to_be_16((uint16_t)(RIG_RELAY_PORT + (leg >> 1) % 5));
}

/* A table of pairs, all bound: leg n has address_of(n). */
static int setup(void **state)
{
    (void)state;
    rig = rig_start(PAIRS);
    /* Known hashes: how full the buckets around a leg are is not left to chance. */
    for (uint32_t i = 0; i < RTE_DIM(rig->table.secrets); i++)
        rig->table.secrets[i] = UINT64_C(0x9e3779b97f4a7c15) * (2 * i + 1);
    for (uint32_t pair = 0; pair < PAIRS; pair++) {
        struct cv_leg_config legs[2] = {rig_token(1), rig_token(2)};
        struct cv_pair_config config;
        uint32_t slot;

        for (uint32_t side = 0; side < 2; side++) {
            memcpy(legs[side].token, &pair, sizeof(pair));
            legs[side].last = address_of(2 * pair + side);
        }
        config = rig_config(pair + 1, rte_be_to_cpu_16(relay_port_of(2 * pair)), legs[0], legs[1]);
        assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
        assert_int_equal(slot, pair);
    }
    assert_int_equal(rig->table.bound_legs, LEGS);
    for (unsigned i = 0; i < CV_BURST; i++)
        burst[i] = &packets[i];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(rig);
    return 0;
}

static void set_packet(struct cv_packet *packet, const struct cv_address *source, uint16_t relay_port_be)
{
    packet->source = source->ip;
    packet->source_port_be = source->port_be;
    packet->relay_port_be = relay_port_be;
    packet->leg = 12345;
}

static uint32_t look_up(const struct cv_address *source, uint16_t relay_port_be)
{
    set_packet(&packets[0], source, relay_port_be);
    cv_lookup(&rig->table, burst, 1);
    return packets[0].leg;
}

static void bursts(void **state)
{
    uint32_t random = 99, unknown = 0;

    (void)state;
    cv_lookup(&rig->table, burst, 0);
    for (uint32_t count = 1; count <= CV_BURST; count++) {
        uint32_t wanted[CV_BURST];

        for (uint32_t i = 0; i < count; i++) {
            struct cv_address source;
            uint32_t leg;

            random = random * 1664525 + 1013904223;
            leg = (random >> 8) % LEGS;
            source = address_of(leg);
            wanted[i] = leg;
            set_packet(&packets[i], &source, relay_port_of(leg));
            if (random >> 30 == 0) { /* of no leg, for one of three reasons */
                wanted[i] = CV_NO_LEG;
                unknown++;
                if (i % 3 == 0)
                    packets[i].relay_port_be ^= rte_cpu_to_be_16(0x1000);
                else if (i % 3 == 1)
                    packets[i].source_port_be ^= rte_cpu_to_be_16(0x4000);
                else
                    packets[i].source.bytes[13] ^= 1;
            }
        }
        cv_lookup(&rig->table, burst, count);
        for (uint32_t i = 0; i < count; i++) {
            struct cv_address source = {.ip = packets[i].source, .port_be = packets[i].source_port_be};

            assert_int_equal(packets[i].leg, wanted[i]);
            assert_int_equal(leg_at(&rig->table, &source, packets[i].relay_port_be), wanted[i]);
        }
    }
    assert_in_range(unknown, 100, 1000);
}

/* Others stand under the same hash, in front of the leg and after it, in both its buckets. */
static void collisions(void **state)
{
    struct cv_address address = address_of(20), stranger = address_of(LEGS + 1);
    uint64_t hash = cv_address_hash(&rig->table, &address.ip, address.port_be, relay_port_of(20));
    uint64_t strange_hash = cv_address_hash(&rig->table, &stranger.ip, stranger.port_be, relay_port_of(20));
    uint32_t entered;

    (void)state;
    for (entered = 0; entered < 2 * CV_INDEX_WAYS; entered++) {
        assert_int_equal(cv_index_remove(&rig->table.by_address, hash, 20), 0);
        if (cv_index_insert(&rig->table.by_address, hash, 100 + entered) != 0)
            break;
        if (cv_index_insert(&rig->table.by_address, hash, 20) != 0)
            break;
        assert_int_equal(look_up(&address, relay_port_of(20)), 20);
    }
    assert_true(entered > CV_INDEX_WAYS); /* or the second bucket was never needed */
    for (entered = 0; entered < CV_INDEX_WAYS; entered++) {
        if (cv_index_insert(&rig->table.by_address, strange_hash, 200 + entered) != 0)
            break;
        assert_int_equal(look_up(&stranger, relay_port_of(20)), CV_NO_LEG);
    }
    assert_true(entered > 0);
}

static void follows_the_table(void **state)
{
    struct cv_address old = address_of(8), new = address_of(LEGS + 8);

    (void)state;
    assert_int_equal(look_up(&old, relay_port_of(8)), 8);
    assert_int_equal(cv_leg_bind(&rig->table, 8, &new, RIG_LOCAL_V4, rig->now_ms), 0);
    assert_int_equal(look_up(&old, relay_port_of(8)), CV_NO_LEG);
    assert_int_equal(look_up(&new, relay_port_of(8)), 8);
    cv_leg_unbind(&rig->table, 8);
    assert_int_equal(look_up(&new, relay_port_of(8)), CV_NO_LEG);
    cv_pair_remove(&rig->table, 5);
    old = address_of(10);
    assert_int_equal(look_up(&old, relay_port_of(10)), CV_NO_LEG);
}

/* ---- While the keeper works ---- */

static volatile bool stop;

/* Every other pair goes away and comes back somewhere else, and legs move. */
static void *churn(void *argument)
{
    (void)argument;
    for (uint32_t turn = 0; !stop; turn++) {
        for (uint32_t leg = 1; leg < LEGS && !stop; leg += 4) {
            struct cv_address address = address_of(LEGS + (leg + turn) % 20000);

            (void)cv_leg_bind(&rig->table, leg, &address, RIG_LOCAL_V4, rig->now_ms);
        }
        cv_pair_table_reclaim(&rig->table);
        sched_yield();
    }
    return NULL;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The legs that nobody touches are found at any moment, in every burst. */
static void misses_nothing(void **state)
{
    uint64_t end_ms = now_ms() + 1500, bursts_done = 0, missed = 0;
    pthread_t thread;
    uint32_t leg = 2;

    (void)state;
    stop = false;
    assert_int_equal(pthread_create(&thread, NULL, churn, NULL), 0);
    while (now_ms() < end_ms) {
        for (unsigned i = 0; i < CV_BURST; i++, leg = (leg + 4) % LEGS) {
            struct cv_address address = address_of(leg);

            set_packet(&packets[i], &address, relay_port_of(leg));
            packets[i].local = 0;
            packets[i].hash = leg; /* overwritten */
            packets[i].payload_bytes = (uint16_t)leg;
        }
        cv_lookup(&rig->table, burst, CV_BURST);
        for (unsigned i = 0; i < CV_BURST; i++)
            missed += packets[i].leg != packets[i].payload_bytes;
        bursts_done++;
    }
    stop = true;
    pthread_join(thread, NULL);
    assert_int_equal(missed, 0);
    assert_true(bursts_done > 100);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(bursts),
        EACH(collisions),
        EACH(follows_the_table),
        EACH(misses_nothing),
    };

    return cmocka_run_group_tests_name("lookup", tests, start, NULL);
}
