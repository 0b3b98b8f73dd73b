/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pair's rate limit. rte_meter reads the time-stamp counter itself, so time is made to pass by setting a
 * leg's meter back; what the test itself takes comes on top, which is why the bounds have some width.
 */
#include "rig.h"

#include <rte_cycles.h>
#include <string.h>

#define RELAY "192.0.2.1:40000"
#define A     "203.0.113.1:1000"
#define B     "203.0.113.2:2000"
#define BYTES 1000

static struct rig *rig;
static uint32_t leg;
static uint8_t payload[BYTES];

static int start(void **state)
{
    (void)state;
    packets_start("test_meter", NULL);
    return 0;
}

static void set_rate(uint64_t bytes_per_second)
{
    struct cv_pair_config config = rig_config(1, RIG_RELAY_PORT, rig_token(1), rig_token(2));
    uint32_t slot;

    config.rate_bytes_per_second = bytes_per_second;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    leg = 2 * slot;
}

static int setup(void **state)
{
    (void)state;
    rig = rig_start(10);
    set_rate(0);
    rig_bind(rig, leg, A);
    rig_bind(rig, leg + 1, B);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(rig);
    assert_int_equal(packets_in_use(), 0);
    return 0;
}

static void pass(uint32_t of_leg, uint32_t ms)
{
    cv_leg_at(&rig->table, of_leg)->meter.time -= rte_get_tsc_hz() / 1000 * ms;
}

/* Payload bytes of `count` packets that got through. */
static uint64_t offer(const char *from, unsigned count)
{
    uint64_t through = 0;

    for (unsigned i = 0; i < count; i++) {
        struct rte_mbuf *mbuf;

        rig_burst(rig, rig_datagram(from, RELAY, payload, BYTES));
        mbuf = rig_take(rig, RIG_PORT);
        through += mbuf != NULL ? BYTES : 0;
        rte_pktmbuf_free(mbuf);
    }
    return through;
}

/* Twice as much as may pass, for ten simulated seconds: what passes is the rate, and a burst at the start. */
static uint64_t ten_seconds(uint64_t rate)
{
    unsigned each_tick = (unsigned)(2 * rate / 100 / BYTES);
    uint64_t start_tsc, through = 0, real_bytes;

    set_rate(rate);
    start_tsc = rte_rdtsc();
    for (unsigned tick = 0; tick < 1000; tick++) {
        pass(leg, 10);
        through += offer(A, each_tick);
    }
    real_bytes = (uint64_t)((double)(rte_rdtsc() - start_tsc) / (double)rte_get_tsc_hz() * (double)rate);
    assert_in_range(through, rate * 10 * 97 / 100,
                    rate * 10 + RTE_MAX(rate / 10, 15000u) + real_bytes + BYTES);
    return through;
}

static void rates(void **state)
{
    static const uint64_t bytes_per_second[] = {100000, 300000, 1000000, 2500000};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(bytes_per_second); i++) {
        uint64_t before = rig_drops(rig, CV_DROP_OVER_RATE), forwarded = rig->stats[0].forwarded_bytes;
        uint64_t through = ten_seconds(bytes_per_second[i]);

        assert_int_equal(rig->stats[0].forwarded_bytes - forwarded, through);
        assert_true(rig_drops(rig, CV_DROP_OVER_RATE) > before);
    }
}

/* A tenth of a second's worth at once, but never less than a few full packets. */
static void burst(void **state)
{
    (void)state;
    set_rate(1); /* so slow that no time can matter */
    assert_int_equal(offer(A, 100), 15000);
    assert_int_equal(rig_drops(rig, CV_DROP_OVER_RATE), 85);
    set_rate(200000);
    assert_in_range(offer(A, 25), 20000, 25000);
}

static void each_direction_for_itself(void **state)
{
    (void)state;
    set_rate(1);
    assert_int_equal(offer(A, 50), 15000);
    assert_int_equal(offer(B, 50), 15000);
}

static void changed_while_it_runs(void **state)
{
    (void)state;
    assert_int_equal(offer(A, 100), 100 * BYTES);
    set_rate(1);
    assert_int_equal(offer(A, 100), 15000);
    set_rate(CV_PAIR_RATE_MAX_BYTES_PER_SECOND);
    assert_int_equal(offer(A, 1000), 1000 * BYTES);
    set_rate(0);
    assert_int_equal(offer(A, 100), 100 * BYTES);
}

/* Another worker, which counts what comes by another leg of the pair's, has just looked at a later clock. */
static void ahead_of_its_clock(void **state)
{
    (void)state;
    set_rate(1);
    assert_int_equal(offer(A, 50), 15000);
    cv_leg_at(&rig->table, leg)->meter.time += rte_get_tsc_hz() * 3600;
    assert_int_equal(offer(A, 50), 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(rates),
        EACH(burst),
        EACH(each_direction_for_itself),
        EACH(changed_while_it_runs),
        EACH(ahead_of_its_clock),
    };

    return cmocka_run_group_tests_name("meter", tests, start, NULL);
}
