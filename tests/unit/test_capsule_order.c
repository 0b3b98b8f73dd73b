/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of order, numbered as in docs/protocol.md. How they hold at both ends: test_capsule_crossing.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ordering.h"

static void rules_1_to_3_register_comes_first_and_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        struct cv_capsule_order order = {0};
        struct cv_capsule capsule = capsule_examples[i];

        if (capsule.type == CV_CAPSULE_REGISTER)
            continue;
        bad(&order, capsule);
        good(&order, capsule_example(CV_CAPSULE_REGISTER));
        bad(&order, capsule_example(CV_CAPSULE_REGISTER));
        if (capsule.type == CV_CAPSULE_REGISTERED || capsule.type == CV_CAPSULE_GO_AWAY)
            good(&order, capsule);
        else
            bad(&order, capsule);
    }
}

static void rule_2_registered_comes_once(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    bad(&order, capsule_example(CV_CAPSULE_REGISTERED));
    bad(&order, capsule_example(CV_CAPSULE_REGISTER));
    for (unsigned i = 0; i < 3; i++)
        good(&order, capsule_example(CV_CAPSULE_OBSERVED_ADDRESS));
}

/* Of requests of whatever kind in one row, of offers in another. */
static void rule_4_numbers_grow(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);
    uint64_t last = 6;

    (void)state;
    good(&order, request(5));
    bad(&order, request(5));
    bad(&order, request(4));
    good(&order, request(6));
#define CHECK(id, number, sender, begins, least, meaning)    \
    if (CV_BEGINS_WITH_##begins == CV_BEGINS_WITH_REQUEST) { \
        bad(&order, numbered(CV_CAPSULE_##id, last));        \
        good(&order, numbered(CV_CAPSULE_##id, ++last));     \
        bad(&order, numbered(CV_CAPSULE_##id, last));        \
    }
    CV_CAPSULE_LIST(CHECK)
#undef CHECK
    assert_int_equal(last, 6 + 12);
    good(&order, request(UINT64_C(1) << 61));
    good(&order, offer(1));
    bad(&order, offer(1));
    good(&order, offer(9));
    bad(&order, offer(8));
}

/* Requests beyond what may wait are in order: they are refused one by one. */
static void rule_4_so_many_offers_wait_and_no_more(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    for (uint64_t number = 1; number <= CV_CAPSULE_OPEN_MAX; number++) {
        good(&order, request(number));
        good(&order, offer(number));
    }
    bad(&order, offer(65));
    good(&order, request(65));
    good(&order, request(66));
    good(&order, refused(CV_ORIGIN_REQUEST, 7));
    bad(&order, offer(65));
    good(&order, refuse(3)); /* the relay has the last word: it still waits */
    bad(&order, offer(65));
    good(&order, refused(CV_ORIGIN_OFFER, 3));
    good(&order, offer(65));
    bad(&order, offer(66));
}

static void rule_5_legs_are_those_registered(void **state)
{
    (void)state;
    for (uint64_t legs = 0; legs <= CV_LEG_KINDS; legs++) {
        for (uint64_t kind = 0; kind <= 9; kind++) {
            struct cv_capsule_order order = resumed(legs, 8, 1);
            bool known = kind == 1 || kind == 2 || kind == 4; /* what is not is left to who asked for it */
            void (*expected)(struct cv_capsule_order *, struct cv_capsule) =
                !known || (legs & kind) != 0 ? good : bad;

            good(&order, request(1)); /* any kinds: what is not to be had is refused */
            expected(&order, made_with(CV_ORIGIN_REQUEST, 1, kind));
            good(&order, numbered(CV_CAPSULE_LEG_REQUEST, 2));
            good(&order, numbered(CV_CAPSULE_LEG_REQUEST, 3));
            expected(&order, leg_made(3, kind));
            expected(&order, made_with(CV_ORIGIN_RESUMED, 0, kind));
            (legs != 0 ? good : bad)(&order, offer(1));
            good(&order, accept_of(1));
        }
    }
}

/* Crossed, too late, or for nothing at all: ignored. */
static void rule_6_answers_may_come_whenever(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    good(&order, accept_of(1));
    good(&order, refuse(1));
    good(&order, offer(3));
    good(&order, accept_of(4));
    good(&order, refuse(4));
    good(&order, accept_of(3));
    good(&order, accept_of(3));
    good(&order, refuse(3));
}

/* The offer ran out while the answer was on its way: no offence at either end. */
static void rule_6_late_answers_are_in_order(void **state)
{
    struct cv_capsule_order relay = registered(CV_LEG_KINDS, 8), peer = registered(CV_LEG_KINDS, 8);

    (void)state;
    good(&relay, offer(1));
    good(&relay, refused(CV_ORIGIN_OFFER, 1));
    good(&relay, accept_of(1));
    good(&peer, offer(1));
    good(&peer, accept_of(1));
    good(&peer, refused(CV_ORIGIN_OFFER, 1));
}

static void rule_6_decisions_follow_what_they_end(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    bad(&order, made(CV_ORIGIN_REQUEST, 1));
    bad(&order, refused(CV_ORIGIN_REQUEST, 1));
    bad(&order, made(CV_ORIGIN_OFFER, 1));
    bad(&order, refused(CV_ORIGIN_OFFER, 1));
    good(&order, request(3));
    bad(&order, made(CV_ORIGIN_OFFER, 3));
    bad(&order, refused(CV_ORIGIN_OFFER, 3));
    bad(&order, refused(CV_ORIGIN_REQUEST, 4));
    good(&order, made(CV_ORIGIN_REQUEST, 3));
    bad(&order, made(CV_ORIGIN_REQUEST, 3));
    bad(&order, refused(CV_ORIGIN_REQUEST, 3));
}

/* Each capsule that ends a request: one for each request, and none for one that was never made. */
static void rule_6_one_end_for_each_request(void **state)
{
    static const enum cv_capsule_type ends[] = {
        CV_CAPSULE_REFUSED,     CV_CAPSULE_DONE,        CV_CAPSULE_LEG_MADE,    CV_CAPSULE_NAME_CLAIMED,
        CV_CAPSULE_CERTIFICATE, CV_CAPSULE_CODE_OPENED, CV_CAPSULE_CODE_JOINED,
    };
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        bad(&order, numbered(ends[i], i + 1));
        good(&order, numbered(CV_CAPSULE_MESSAGE, i + 1));
        bad(&order, numbered(ends[i], i + 2));
        good(&order, numbered(ends[i], i + 1));
        bad(&order, numbered(ends[i], i + 1));
    }
    good(&order, numbered(CV_CAPSULE_CODE_JOINED, 0)); /* ends nothing */
}

static void rule_6_offers_become_pairs_when_accepted(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    good(&order, offer(1));
    good(&order, offer(2));
    bad(&order, made(CV_ORIGIN_OFFER, 1));
    good(&order, refuse(2));
    bad(&order, made(CV_ORIGIN_OFFER, 2));
    good(&order, accept_of(1));
    good(&order, made(CV_ORIGIN_OFFER, 1));
    bad(&order, made(CV_ORIGIN_OFFER, 2));
    good(&order, refused(CV_ORIGIN_OFFER, 2));
    bad(&order, refused(CV_ORIGIN_OFFER, 2));
}

static void rule_7_so_many_pairs_are_resumed(void **state)
{
    struct cv_capsule_order order = resumed(CV_LEG_KINDS, 8, 2), none = registered(CV_LEG_KINDS, 8);

    (void)state;
    bad(&none, made(CV_ORIGIN_RESUMED, 0));
    good(&order, made(CV_ORIGIN_RESUMED, 0));
    good(&order, request(1));
    good(&order, made(CV_ORIGIN_REQUEST, 1));
    good(&order, numbered(CV_CAPSULE_PAIR_CLOSED, 0));
    good(&order, made(CV_ORIGIN_RESUMED, 0));
    bad(&order, made(CV_ORIGIN_RESUMED, 0));
}

static void rule_8_pairs_are_limited(void **state)
{
    struct cv_capsule_order order = resumed(CV_LEG_KINDS, 3, 2), none = registered(CV_LEG_KINDS, 0);
    struct cv_capsule closed = capsule_example(CV_CAPSULE_PAIR_CLOSED);

    (void)state;
    for (uint64_t number = 1; number <= 3; number++)
        good(&order, request(number));
    good(&order, made(CV_ORIGIN_RESUMED, 0)); /* they count as well */
    good(&order, made(CV_ORIGIN_REQUEST, 1));
    good(&order, made(CV_ORIGIN_REQUEST, 2));
    bad(&order, made(CV_ORIGIN_REQUEST, 3));
    bad(&order, made(CV_ORIGIN_RESUMED, 0));
    good(&order, closed);
    good(&order, made(CV_ORIGIN_REQUEST, 3));
    good(&order, closed);
    good(&order, made(CV_ORIGIN_RESUMED, 0));
    good(&none, request(1));
    bad(&none, made(CV_ORIGIN_REQUEST, 1));
    good(&none, refused(CV_ORIGIN_REQUEST, 1));
}

static void rule_9_what_was_made_can_be_closed(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);
    struct cv_capsule close = capsule_example(CV_CAPSULE_PAIR_CLOSE),
                      closed = capsule_example(CV_CAPSULE_PAIR_CLOSED);

    (void)state;
    good(&order, request(1));
    good(&order, request(2));
    good(&order, close); /* there is no such pair: ignored */
    bad(&order, closed);
    good(&order, made(CV_ORIGIN_REQUEST, 1));
    good(&order, closed);
    bad(&order, closed);
    good(&order, close); /* it was on its way */
    good(&order, made(CV_ORIGIN_REQUEST, 2));
    good(&order, close);
    good(&order, closed);
    bad(&order, closed);
}

static void rule_10_no_offers_after_go_away(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8), turned_away = {0};
    struct cv_capsule go = capsule_example(CV_CAPSULE_GO_AWAY), stay = capsule_example(CV_CAPSULE_STAY);

    (void)state;
    bad(&order, stay);
    good(&order, offer(1));
    good(&order, go);
    good(&order, go); /* with another time or place */
    bad(&order, offer(2));
    good(&order, accept_of(1));
    good(&order, made(CV_ORIGIN_OFFER, 1));
    good(&order, request(1)); /* it was on its way */
    good(&order, refused(CV_ORIGIN_REQUEST, 1));
    good(&order, stay);
    bad(&order, stay);
    good(&order, offer(2));
    good(&turned_away, capsule_example(CV_CAPSULE_REGISTER));
    good(&turned_away, go);
    bad(&turned_away, stay);
    bad(&turned_away, capsule_example(CV_CAPSULE_REGISTERED));
    bad(&turned_away, request(1));
}

/* What can be read of them obeys the rules, and ends with REFUSED as any other does. */
static void requests_that_will_be_refused_count(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    good_to_refuse(&order, CV_CAPSULE_PAIR_REQUEST, 5);
    bad_to_refuse(&order, CV_CAPSULE_PAIR_REQUEST, 5);
    bad_to_refuse(&order, CV_CAPSULE_MESSAGE, 4);
    bad(&order, request(5));
    good_to_refuse(&order, CV_CAPSULE_LEG_REQUEST, 6);
    good(&order, refused(CV_ORIGIN_REQUEST, 6));
    good(&order, refused(CV_ORIGIN_REQUEST, 5));
    bad(&order, refused(CV_ORIGIN_REQUEST, 5));
}

static void offers_that_will_be_refused_count(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8), none = registered(0, 8);

    (void)state;
    bad_to_refuse(&none, CV_CAPSULE_PAIR_OFFER, 1);
    for (uint64_t number = 1; number <= CV_CAPSULE_OPEN_MAX; number++) {
        good_to_refuse(&order, CV_CAPSULE_PAIR_OFFER, number);
        bad_to_refuse(&order, CV_CAPSULE_PAIR_OFFER, number);
    }
    bad_to_refuse(&order, CV_CAPSULE_PAIR_OFFER, 65);
    bad(&order, offer(65));
    good(&order, refused(CV_ORIGIN_OFFER, 1));
    good(&order, capsule_example(CV_CAPSULE_GO_AWAY));
    bad_to_refuse(&order, CV_CAPSULE_PAIR_OFFER, 65);
    good(&order, capsule_example(CV_CAPSULE_STAY));
    good_to_refuse(&order, CV_CAPSULE_PAIR_OFFER, 65);
}

/* A PAIR_ACCEPT that is not good accepts nothing. */
static void answers_that_will_be_refused_are_none(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    good(&order, offer(1));
    good_to_refuse(&order, CV_CAPSULE_PAIR_ACCEPT, 1);
    good_to_refuse(&order, CV_CAPSULE_PAIR_REFUSE, 1);
    good_to_refuse(&order, CV_CAPSULE_PAIR_ACCEPT, 7);
    bad(&order, made(CV_ORIGIN_OFFER, 1));
    good(&order, refused(CV_ORIGIN_OFFER, 1));
}

static void nothing_is_refused_before_registered(void **state)
{
    static const enum cv_capsule_type types[] = {
#define BEGINS(id, number, sender, begins, least, meaning) CV_CAPSULE_##id,
        CV_CAPSULE_LIST(BEGINS)
#undef BEGINS
    };

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct cv_capsule_order order = {0};

        bad_to_refuse(&order, types[i], 1);
        good(&order, capsule_example(CV_CAPSULE_REGISTER));
        bad_to_refuse(&order, types[i], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_1_to_3_register_comes_first_and_once),
        cmocka_unit_test(rule_2_registered_comes_once),
        cmocka_unit_test(rule_4_numbers_grow),
        cmocka_unit_test(rule_4_so_many_offers_wait_and_no_more),
        cmocka_unit_test(rule_5_legs_are_those_registered),
        cmocka_unit_test(rule_6_answers_may_come_whenever),
        cmocka_unit_test(rule_6_late_answers_are_in_order),
        cmocka_unit_test(rule_6_decisions_follow_what_they_end),
        cmocka_unit_test(rule_6_one_end_for_each_request),
        cmocka_unit_test(rule_6_offers_become_pairs_when_accepted),
        cmocka_unit_test(rule_7_so_many_pairs_are_resumed),
        cmocka_unit_test(rule_8_pairs_are_limited),
        cmocka_unit_test(rule_9_what_was_made_can_be_closed),
        cmocka_unit_test(rule_10_no_offers_after_go_away),
        cmocka_unit_test(requests_that_will_be_refused_count),
        cmocka_unit_test(offers_that_will_be_refused_count),
        cmocka_unit_test(answers_that_will_be_refused_are_none),
        cmocka_unit_test(nothing_is_refused_before_registered),
    };

    return cmocka_run_group_tests_name("capsule_order", tests, NULL, NULL);
}
