/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels of tunnel legs: which one is next, and which is not. */
#include "peers/channels.h"

#include "protocol/datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* It wants some of the above first. */
#include <cmocka.h>

static void go_round_in_a_circle(void **state)
{
    struct channels *channels = NULL;
    uint16_t last = 0;

    (void)state;
    for (unsigned turn = 0; turn < 3; turn++) {
        for (uint16_t expected = CV_CHANNEL_MIN; expected <= CV_CHANNEL_MAX; expected++) {
            last = channels_take(&channels, last);
            assert_int_equal(last, expected);
            channels_give_back(channels, last);
        }
    }
    free(channels);
}

static void skip_those_in_use(void **state)
{
    struct channels *channels = NULL;

    (void)state;
    assert_int_equal(channels_take(&channels, CV_CHANNEL_MAX), CV_CHANNEL_MIN);
    assert_true(channels_mark(&channels, 2));
    assert_true(channels_mark(&channels, 3));
    assert_int_equal(channels_take(&channels, 1), 4);
    assert_int_equal(channels_take(&channels, CV_CHANNEL_MAX - 1), CV_CHANNEL_MAX);
    assert_int_equal(channels_take(&channels, CV_CHANNEL_MAX - 1), 5);
    free(channels);
}

/* The leg that has just ended may be an old one, and its channel the next in the circle. */
static void rest_after_they_were_given_back(void **state)
{
    struct channels *channels = NULL;

    (void)state;
    for (uint16_t channel = 1; channel <= 100; channel++)
        assert_int_equal(channels_take(&channels, (uint16_t)(channel - 1)), channel);
    channels_give_back(channels, 50);
    assert_int_equal(channels_take(&channels, 49), 101);
    for (uint16_t channel = 1; channel < CHANNELS_RESTING; channel++)
        channels_give_back(channels, channel);
    assert_int_equal(channels_take(&channels, 49), 102);
    channels_give_back(channels, CHANNELS_RESTING);
    assert_int_equal(channels_take(&channels, 49), 50);
    free(channels);
}

static void are_not_more_than_so_many(void **state)
{
    struct channels *channels = NULL;
    uint16_t last = 0;

    (void)state;
    assert_true(channels_left(NULL));
    for (unsigned i = 0; i < CHANNELS_MAX; i++) {
        assert_true(channels_left(channels));
        last = channels_take(&channels, last);
        assert_int_equal(last, i + 1);
    }
    assert_false(channels_left(channels));
    assert_int_equal(channels_take(&channels, last), 0);
    channels_give_back(channels, 7);
    assert_true(channels_left(channels));
    assert_int_equal(channels_take(&channels, last), last + 1);
    free(channels);
}

static unsigned count_left(struct channels **channels)
{
    unsigned count = 0;

    for (uint16_t last = 0; (last = channels_take(channels, last)) != 0; count++)
        ;
    return count;
}

/* A leg that goes over to another session has one channel in both: it is counted once. */
static void are_counted_once(void **state)
{
    struct channels *marked = NULL, *given_back = NULL;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_true(channels_mark(&marked, 5));
    channels_give_back(marked, 5);
    assert_int_equal(count_left(&marked), CHANNELS_MAX);
    free(marked);
    assert_true(channels_mark(&given_back, 5));
    for (unsigned i = 0; i < 3; i++)
        channels_give_back(given_back, 5);
    assert_true(channels_left(given_back));
    assert_int_equal(count_left(&given_back), CHANNELS_MAX);
    free(given_back);
}

static void hold_what_is_left_of_a_frame(void **state)
{
    (void)state;
    assert_int_equal(channels_payload(1200, 63), 1199);
    assert_int_equal(channels_payload(1200, 64), 1198);
    assert_int_equal(channels_payload(2, 64), 0);
    assert_int_equal(channels_payload(1, 64), 0);
    assert_int_equal(channels_payload(0, 1), 0);
    assert_int_equal(channels_payload(65535, 1), 65527); /* UDP has no more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(go_round_in_a_circle),
        cmocka_unit_test(skip_those_in_use),
        cmocka_unit_test(rest_after_they_were_given_back),
        cmocka_unit_test(are_not_more_than_so_many),
        cmocka_unit_test(are_counted_once),
        cmocka_unit_test(hold_what_is_left_of_a_frame),
    };

    return cmocka_run_group_tests_name("channels", tests, NULL, NULL);
}
