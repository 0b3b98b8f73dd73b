/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "session/timer_heap.h"

#define TIMERS 500

static struct cv_timer *heap[TIMERS + 1];
static struct cv_timer list[TIMERS];
static struct cv_timer_heap timers;

static int start(void **state)
{
    (void)state;
    memset(list, 0, sizeof(list));
    cv_timer_heap_init(&timers, heap, TIMERS);
    return 0;
}

static void nothing_is_due_in_an_empty_heap(void **state)
{
    (void)state;
    assert_true(cv_timer_heap_next(&timers) == CV_TIMER_NEVER);
    assert_null(cv_timer_heap_pop(&timers, UINT64_MAX - 1));
    cv_timer_heap_set(&timers, &list[0], CV_TIMER_NEVER);
    assert_int_equal(timers.count, 0);
}

static void come_in_the_order_of_their_times(void **state)
{
    struct cv_timer *timer;
    uint64_t last = 0;

    (void)state;
    for (unsigned i = 0; i < TIMERS; i++)
        cv_timer_heap_set(&timers, &list[i], 1 + i * 7919 % 1009);
    for (unsigned i = 0; i < TIMERS; i++) {
        timer = cv_timer_heap_pop(&timers, 2000);
        assert_non_null(timer);
        assert_true(timer->due_ns >= last);
        last = timer->due_ns;
        assert_int_equal(timer->index, 0);
    }
    assert_null(cv_timer_heap_pop(&timers, 2000));
}

static void not_before_their_time(void **state)
{
    (void)state;
    cv_timer_heap_set(&timers, &list[0], 100);
    assert_null(cv_timer_heap_pop(&timers, 99));
    cv_timer_heap_set(&timers, &list[0], 200); /* later: the heap need not know yet */
    assert_null(cv_timer_heap_pop(&timers, 199));
    assert_int_equal(cv_timer_heap_next(&timers), 200);
    cv_timer_heap_set(&timers, &list[0], 50);
    assert_ptr_equal(cv_timer_heap_pop(&timers, 50), &list[0]);
}

/* Against a plain array. */
static void any_changes(void **state)
{
    uint64_t now = 0;

    (void)state;
    srand(1);
    for (unsigned i = 0; i < TIMERS; i++)
        list[i].due_ns = CV_TIMER_NEVER;
    for (unsigned step = 0; step < 100000; step++) {
        struct cv_timer *timer = &list[rand() % TIMERS];
        uint64_t first = CV_TIMER_NEVER;

        cv_timer_heap_set(&timers, timer, rand() % 4 == 0 ? CV_TIMER_NEVER : now + (uint64_t)(rand() % 1000));
        if (step % 3 != 0)
            continue;
        now += (uint64_t)(rand() % 5);
        for (unsigned i = 0; i < TIMERS; i++)
            if (list[i].due_ns < first)
                first = list[i].due_ns;
        timer = cv_timer_heap_pop(&timers, now);
        assert_int_equal(timer != NULL, first <= now);
        if (timer != NULL) {
            assert_true(timer->due_ns <= now); /* all that are due come, in about their order */
            timer->due_ns = CV_TIMER_NEVER;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_due_in_an_empty_heap, start),
        cmocka_unit_test_setup(come_in_the_order_of_their_times, start),
        cmocka_unit_test_setup(not_before_their_time, start),
        cmocka_unit_test_setup(any_changes, start),
    };

    return cmocka_run_group_tests_name("session_timer_heap", tests, NULL, NULL);
}
