/* SPDX-License-Identifier: BSD-3-Clause */
/* The token bucket by which control says how often. */
#include "peers/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define START 123456789 /* ms, of a machine that has been up for a day and a half */

/* How many may come at this time. */
static uint64_t burst(struct rate *rate, uint64_t per_minute, uint64_t now_ms)
{
    uint64_t taken = 0, until_ms;

    while (rate_take(rate, per_minute, now_ms, &until_ms)) {
        assert_int_equal(until_ms, now_ms);
        taken++;
        assert_true(taken <= per_minute);
    }
    assert_true(until_ms > now_ms);
    return taken;
}

static void a_minutes_worth_may_come_at_once(void **state)
{
    static const uint64_t rates[] = {1, 7, 60, 120, 59999, 60001, 100000};

    (void)state;
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct rate rate = {0};

        assert_int_equal(burst(&rate, rates[i], START), rates[i]);
    }
}

static void it_comes_back_by_and_by(void **state)
{
    struct rate rate = {0};
    uint64_t until_ms;

    (void)state;
    assert_int_equal(burst(&rate, 60, START), 60);
    assert_false(rate_take(&rate, 60, START + 999, &until_ms));
    assert_int_equal(until_ms, START + 1000);
    assert_true(rate_take(&rate, 60, START + 1000, &until_ms));
    assert_false(rate_take(&rate, 60, START + 1000, &until_ms));
    assert_int_equal(until_ms, START + 2000);
    assert_int_equal(burst(&rate, 60, START + 31000), 30);
    assert_int_equal(burst(&rate, 60, START + 91000), 60);
}

/* What is not used does not pile up. */
static void never_more_than_a_minutes_worth(void **state)
{
    struct rate rate = {0};

    (void)state;
    assert_int_equal(burst(&rate, 10, START), 10);
    assert_int_equal(burst(&rate, 10, START + UINT64_C(365) * 86400000), 10);
    assert_int_equal(burst(&rate, 10, INT64_MAX), 10);
}

/* The time that is told is the time at which it may, for rates that no second divides. */
static void the_time_told_is_right(void **state)
{
    static const uint64_t rates[] = {1, 7, 59, 61, 1000, 59999, 100000};

    (void)state;
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct rate rate = {0};
        uint64_t now_ms = START, until_ms;

        (void)burst(&rate, rates[i], now_ms);
        for (unsigned n = 0; n < 10; n++) {
            if (rate_take(&rate, rates[i], now_ms, &until_ms))
                continue;
            assert_true(until_ms > now_ms);
            assert_true(until_ms - now_ms <= 60000 / rates[i] + 1);
            now_ms = until_ms;
            assert_true(rate_take(&rate, rates[i], now_ms, &until_ms));
        }
    }
}

static void none_at_all(void **state)
{
    struct rate rate = {0};
    uint64_t until_ms;

    (void)state;
    for (uint64_t now_ms = START; now_ms < START + 200000; now_ms += 50000) {
        assert_false(rate_take(&rate, 0, now_ms, &until_ms));
        assert_true(until_ms > now_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minutes_worth_may_come_at_once),
        cmocka_unit_test(it_comes_back_by_and_by),
        cmocka_unit_test(never_more_than_a_minutes_worth),
        cmocka_unit_test(the_time_told_is_right),
        cmocka_unit_test(none_at_all),
    };

    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
