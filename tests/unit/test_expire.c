/* SPDX-License-Identifier: BSD-3-Clause */
/* Idle pairs: told once, removed in time, in any state of the 32-bit clock, and none overlooked. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS UINT32_C(86400000)
#define TICK   2 /* ms between the keeper's turns */

static struct rig *rig;
static struct cv_expiry expiry;

/* What has been told, in order. */
static struct {
    enum cv_expiry_event event;
    uint64_t pair;
    uint32_t at_ms;
} told[1024];
static uint32_t told_count;

static int start(void **state)
{
    (void)state;
    packets_start("test_expire", NULL);
    return 0;
}

static void begin(uint32_t pairs, uint32_t now_ms)
{
    rig = rig_start(pairs);
    rig->now_ms = now_ms;
    assert_int_equal(cv_expiry_create(&expiry, pairs), 0);
    told_count = 0;
}

static void end(void)
{
    cv_expiry_destroy(&expiry);
    rig_stop(rig);
}

static void on_event(void *context, enum cv_expiry_event event, uint64_t pair)
{
    assert_ptr_equal(context, &told);
    if (told_count < RTE_DIM(told)) {
        told[told_count].event = event;
        told[told_count].pair = pair;
        told[told_count].at_ms = rig->now_ms;
    }
    told_count++;
}

static void run(uint32_t ms)
{
    for (uint32_t passed = 0; passed < ms; passed += TICK) {
        rig_pass(rig, TICK);
        cv_expiry_sweep(&expiry, &rig->table, rig->now_ms, on_event, &told);
    }
}

static uint32_t make(uint64_t number, uint32_t idle_s)
{
    struct cv_leg_config legs[2] = {rig_token(1), rig_token(2)};
    struct cv_pair_config config;
    uint32_t slot;

    for (unsigned side = 0; side < 2; side++)
        memcpy(legs[side].token, &number, sizeof(number));
    legs[1].token[8] = 0xff;
    config = rig_config(number, RIG_RELAY_PORT, legs[0], legs[1]);
    config.idle_s = idle_s;
    assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
    return slot;
}

static void seen(uint32_t leg)
{
    cv_leg_at(&rig->table, leg)->seen_ms = rig->now_ms;
}

/* The sweep of a small table passes each slot once a second, so that much later at most. */
static void assert_told(uint32_t index, enum cv_expiry_event event, uint64_t pair, uint32_t due_ms)
{
    assert_true(told_count > index);
    assert_int_equal(told[index].event, event);
    assert_int_equal(told[index].pair, pair);
    assert_in_range(told[index].at_ms - due_ms, 0, 1000 + TICK);
}

static void idle_then_expired(void **state)
{
    uint32_t made_ms;

    (void)state;
    begin(100, 5000);
    made_ms = rig->now_ms;
    make(7, 10);
    run(5000 - TICK);
    assert_int_equal(told_count, 0);
    run(3000);
    assert_int_equal(told_count, 1);
    assert_told(0, CV_EXPIRY_IDLE, 7, made_ms + 5000);
    run(6000);
    assert_int_equal(told_count, 2);
    assert_told(1, CV_EXPIRY_EXPIRED, 7, made_ms + 10000);
    assert_int_equal(rig->table.count, 0);
    run(20000);
    assert_int_equal(told_count, 2);
    end();
}

/* A packet of either leg keeps the pair; each quiet spell is told once. */
static void packets_keep_it(void **state)
{
    uint32_t slot, last_ms;

    (void)state;
    begin(100, 5000);
    slot = make(7, 10);
    for (uint32_t i = 0; i < 30; i++) {
        run(4000);
        seen(2 * slot + i % 2);
    }
    assert_int_equal(told_count, 0);
    for (uint32_t i = 0; i < 3; i++) {
        last_ms = rig->now_ms;
        run(8000);
        assert_int_equal(told_count, i + 1);
        assert_told(i, CV_EXPIRY_IDLE, 7, last_ms + 5000);
        seen(2 * slot);
        run(1500);
        seen(2 * slot);
    }
    last_ms = rig->now_ms;
    run(12000);
    assert_told(4, CV_EXPIRY_EXPIRED, 7, last_ms + 10000);
    end();
}

static void idle_zero_stays(void **state)
{
    (void)state;
    begin(100, 5000);
    make(7, 0);
    for (unsigned day = 0; day < 120; day++) {
        rig_pass(rig, DAY_MS);
        run(1200);
    }
    assert_int_equal(told_count, 0);
    assert_int_equal(rig->table.count, 1);
    end();
}

/* Binding is a sign of life: a leg that has just been bound has not had the time to send. */
static void binding_counts(void **state)
{
    uint32_t slot;

    (void)state;
    begin(100, 5000);
    slot = make(7, 10);
    run(4500);
    rig_bind(rig, 2 * slot, "203.0.113.1:1");
    run(4800);
    assert_int_equal(told_count, 0);
    end();
}

static void clock_wraps(void **state)
{
    static const uint32_t before_ms[] = {0, 1, 100, 4000, 9999, 10001, 15000};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(before_ms); i++) {
        uint32_t made_ms, slot;

        begin(10, UINT32_MAX - before_ms[i]);
        made_ms = rig->now_ms;
        slot = make(7, 10);
        run(100);
        cv_leg_at(&rig->table, 2 * slot)->seen_ms = made_ms ? made_ms : 1;
        run(13000);
        assert_int_equal(told_count, 2);
        assert_told(0, CV_EXPIRY_IDLE, 7, made_ms + 5000);
        assert_told(1, CV_EXPIRY_EXPIRED, 7, made_ms + 10000);
        end();
    }
}

/* A pair that was busy for weeks and then falls silent. */
static void old_pairs_expire(void **state)
{
    static const uint32_t days[] = {10, 24, 25, 30, 40, 49, 60};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(days); i++) {
        uint32_t slot, last_ms;

        begin(10, 5000);
        slot = make(7, 10);
        for (uint32_t day = 0; day < days[i]; day++) {
            rig_pass(rig, DAY_MS);
            seen(2 * slot);
            run(2000);
        }
        assert_int_equal(told_count, 0);
        seen(2 * slot);
        last_ms = rig->now_ms;
        run(13000);
        assert_int_equal(told_count, 2);
        assert_told(1, CV_EXPIRY_EXPIRED, 7, last_ms + 10000);
        end();
    }
}

/* The worker's clock may be a little ahead of the keeper's. */
static void seen_in_the_future(void **state)
{
    uint32_t slot;

    (void)state;
    begin(10, 5000);
    slot = make(7, 1);
    for (unsigned i = 0; i < 2000; i++) {
        cv_leg_at(&rig->table, 2 * slot)->seen_ms = rig->now_ms + TICK + 3;
        run(TICK);
    }
    assert_int_equal(told_count, 0);
    end();
}

/* Each of many, within a lap: a second, or what 128 slots per millisecond take. */
static void sweeps_all(uint32_t pairs, uint32_t lap_ms)
{
    begin(pairs, 5000);
    for (uint32_t number = 1; number <= pairs; number++)
        make(number, number % 3 == 0 ? 0 : 1);
    run(1000 + lap_ms + 50);
    assert_int_equal(rig->table.count, pairs / 3);
    end();
}

static void sweep_covers_all(void **state)
{
    (void)state;
    sweeps_all(7, 1000);
    sweeps_all(999, 1000);
    sweeps_all(200000, 200000 / 128);
}

/* A turn that comes late looks at no slot twice, and the next does not make up for it. */
static void late_turns(void **state)
{
    (void)state;
    begin(1000, 5000);
    for (uint32_t number = 1; number <= 900; number++)
        make(number, 1);
    rig_pass(rig, 60000);
    cv_expiry_sweep(&expiry, &rig->table, rig->now_ms, on_event, &told);
    assert_int_equal(told_count, 900);
    assert_int_equal(rig->table.count, 0);
    end();
}

/* A new pair in an old slot starts with nothing told of it, as short as its idle time may be. */
static void slots_are_used_again(void **state)
{
    uint32_t slot;

    (void)state;
    begin(1, 5000);
    slot = make(7, 10);
    run(7000);
    assert_int_equal(told_count, 1);
    cv_pair_remove(&rig->table, slot);
    cv_pair_table_reclaim(&rig->table);
    run(1500); /* the sweep comes by while it is free */
    slot = make(8, 4);
    rig_pass(rig, 2500); /* and comes late to the new one */
    run(1200);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].event, CV_EXPIRY_IDLE);
    assert_int_equal(told[1].pair, 8);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_then_expired),  cmocka_unit_test(packets_keep_it),
        cmocka_unit_test(idle_zero_stays),    cmocka_unit_test(binding_counts),
        cmocka_unit_test(clock_wraps),        cmocka_unit_test(old_pairs_expire),
        cmocka_unit_test(seen_in_the_future), cmocka_unit_test(sweep_covers_all),
        cmocka_unit_test(late_turns),         cmocka_unit_test(slots_are_used_again),
    };

    return cmocka_run_group_tests_name("expire", tests, start, NULL);
}
