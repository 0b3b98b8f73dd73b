/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of order, numbered as in docs/protocol.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/capsule_order.h"

static struct cv_capsule request(uint64_t number)
{
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_PAIR_REQUEST);

    capsule.request.request = number;
    return capsule;
}

static struct cv_capsule offer(uint64_t number)
{
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_PAIR_OFFER);

    capsule.offer.offer = number;
    return capsule;
}

static struct cv_capsule accept_with(uint64_t number, enum cv_leg_kind leg)
{
    return (struct cv_capsule){.type = CV_CAPSULE_PAIR_ACCEPT,
                               .accept = {.offer = number, .leg = (uint8_t)leg}};
}

static struct cv_capsule refuse(uint64_t number)
{
    return (struct cv_capsule){.type = CV_CAPSULE_PAIR_REFUSE, .refuse = {.offer = number}};
}

static struct cv_capsule made(enum cv_pair_origin origin, uint64_t number, enum cv_leg_kind leg)
{
    return (struct cv_capsule){
        .type = CV_CAPSULE_PAIR_MADE,
        .made = {.origin = (uint8_t)origin, .number = number, .pair = 1, .leg = (uint8_t)leg}};
}

static struct cv_capsule refused(enum cv_pair_origin origin, uint64_t number)
{
    return (struct cv_capsule){.type = CV_CAPSULE_REFUSED,
                               .refused = {.origin = (uint8_t)origin, .number = number}};
}

static void good(struct cv_capsule_order *order, struct cv_capsule capsule)
{
    const char *wrong = cv_capsule_order_next(order, &capsule);

    if (wrong != NULL)
        fail_msg("%s: %s", cv_capsule_name(capsule.type), wrong);
}

/* Refused with words, and nothing has changed. */
static void bad(struct cv_capsule_order *order, struct cv_capsule capsule)
{
    struct cv_capsule_order before;
    const char *wrong;

    memcpy(&before, order, sizeof(before));
    wrong = cv_capsule_order_next(order, &capsule);
    assert_non_null(wrong);
    assert_true(strlen(wrong) > 10 && strlen(wrong) < 100);
    assert_memory_equal(order, &before, sizeof(before));
}

static struct cv_capsule_order registered(uint8_t legs, uint64_t pairs)
{
    struct cv_capsule_order order = {0};
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_REGISTER);

    capsule.registration.legs = legs;
    good(&order, capsule);
    capsule = capsule_example(CV_CAPSULE_REGISTERED);
    capsule.registered.pairs = pairs;
    good(&order, capsule);
    return order;
}

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

static void rule_4_numbers_grow(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    good(&order, request(5));
    bad(&order, request(5));
    bad(&order, request(4));
    good(&order, request(6));
    good(&order, request(UINT64_C(1) << 61));
    good(&order, offer(1));
    bad(&order, offer(1));
    good(&order, offer(9));
    bad(&order, offer(8));
}

static void rule_4_so_many_wait_and_no_more(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    for (uint64_t number = 1; number <= CV_CAPSULE_OPEN_MAX; number++) {
        good(&order, request(number));
        good(&order, offer(number));
    }
    bad(&order, request(65));
    bad(&order, offer(65));
    good(&order, refused(CV_ORIGIN_REQUEST, 7));
    bad(&order, offer(65));
    good(&order, request(65));
    bad(&order, request(66));
    good(&order, refuse(3)); /* the relay has the last word: it still waits */
    bad(&order, offer(65));
    good(&order, refused(CV_ORIGIN_OFFER, 3));
    good(&order, offer(65));
}

static void rule_5_legs_are_those_registered(void **state)
{
    (void)state;
    for (uint8_t legs = 0; legs <= CV_LEG_KINDS; legs++) {
        for (uint8_t leg = CV_LEG_KIND_UDP; leg <= CV_LEG_KIND_TUNNEL; leg++) {
            struct cv_capsule_order order = registered(legs, 8);
            void (*expected)(struct cv_capsule_order *, struct cv_capsule) = legs & leg ? good : bad;
            struct cv_capsule asked = request(1);

            asked.request.legs = CV_LEG_KINDS;
            (legs == CV_LEG_KINDS ? good : bad)(&order, asked);
            order = registered(legs, 8);
            asked.request.legs = leg;
            expected(&order, asked);
            expected(&order, made(CV_ORIGIN_REQUEST, 1, leg));
            (legs != 0 ? good : bad)(&order, offer(1));
            expected(&order, accept_with(1, leg));
        }
    }
}

static void rule_6_answers_follow_offers(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    bad(&order, accept_with(1, CV_LEG_KIND_UDP));
    bad(&order, refuse(1));
    good(&order, offer(3));
    bad(&order, accept_with(4, CV_LEG_KIND_UDP));
    bad(&order, refuse(4));
    good(&order, offer(4));
    good(&order, refuse(4));
    good(&order, accept_with(3, CV_LEG_KIND_UDP));
    bad(&order, accept_with(3, CV_LEG_KIND_UDP));
    bad(&order, refuse(4));
}

/* The offer ran out while the answer was on its way: no offence at either end. */
static void rule_6_late_answers_are_in_order(void **state)
{
    struct cv_capsule_order relay = registered(CV_LEG_KINDS, 8), peer = registered(CV_LEG_KINDS, 8);

    (void)state;
    good(&relay, offer(1));
    good(&relay, refused(CV_ORIGIN_OFFER, 1));
    good(&relay, accept_with(1, CV_LEG_KIND_UDP));
    good(&peer, offer(1));
    good(&peer, accept_with(1, CV_LEG_KIND_UDP));
    good(&peer, refused(CV_ORIGIN_OFFER, 1));
}

static void rule_7_decisions_follow_what_they_end(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    bad(&order, made(CV_ORIGIN_REQUEST, 1, CV_LEG_KIND_UDP));
    bad(&order, refused(CV_ORIGIN_REQUEST, 1));
    bad(&order, made(CV_ORIGIN_OFFER, 1, CV_LEG_KIND_UDP));
    bad(&order, refused(CV_ORIGIN_OFFER, 1));
    good(&order, request(3));
    bad(&order, made(CV_ORIGIN_OFFER, 3, CV_LEG_KIND_UDP));
    bad(&order, refused(CV_ORIGIN_OFFER, 3));
    bad(&order, refused(CV_ORIGIN_REQUEST, 4));
    good(&order, made(CV_ORIGIN_REQUEST, 3, CV_LEG_KIND_UDP));
    bad(&order, made(CV_ORIGIN_REQUEST, 3, CV_LEG_KIND_UDP));
    bad(&order, refused(CV_ORIGIN_REQUEST, 3));
}

static void rule_7_offers_become_pairs_when_accepted(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);

    (void)state;
    good(&order, offer(1));
    good(&order, offer(2));
    bad(&order, made(CV_ORIGIN_OFFER, 1, CV_LEG_KIND_UDP));
    good(&order, refuse(2));
    bad(&order, made(CV_ORIGIN_OFFER, 2, CV_LEG_KIND_UDP));
    good(&order, accept_with(1, CV_LEG_KIND_UDP));
    good(&order, made(CV_ORIGIN_OFFER, 1, CV_LEG_KIND_UDP));
    bad(&order, made(CV_ORIGIN_OFFER, 2, CV_LEG_KIND_UDP));
    good(&order, refused(CV_ORIGIN_OFFER, 2));
    bad(&order, refused(CV_ORIGIN_OFFER, 2));
}

static void rule_8_pairs_are_limited(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 2), none = registered(CV_LEG_KINDS, 0);
    struct cv_capsule closed = capsule_example(CV_CAPSULE_PAIR_CLOSED);

    (void)state;
    for (uint64_t number = 1; number <= 3; number++)
        good(&order, request(number));
    good(&order, made(CV_ORIGIN_REQUEST, 1, CV_LEG_KIND_UDP));
    good(&order, made(CV_ORIGIN_REQUEST, 2, CV_LEG_KIND_UDP));
    bad(&order, made(CV_ORIGIN_REQUEST, 3, CV_LEG_KIND_UDP));
    good(&order, closed);
    good(&order, made(CV_ORIGIN_REQUEST, 3, CV_LEG_KIND_UDP));
    good(&none, request(1));
    bad(&none, made(CV_ORIGIN_REQUEST, 1, CV_LEG_KIND_UDP));
    good(&none, refused(CV_ORIGIN_REQUEST, 1));
}

static void rule_9_what_was_made_can_be_closed(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8);
    struct cv_capsule close = capsule_example(CV_CAPSULE_PAIR_CLOSE),
                      closed = capsule_example(CV_CAPSULE_PAIR_CLOSED),
                      limit = capsule_example(CV_CAPSULE_TUNNEL_LIMIT);

    (void)state;
    good(&order, request(1));
    good(&order, request(2));
    bad(&order, close);
    bad(&order, closed);
    good(&order, made(CV_ORIGIN_REQUEST, 1, CV_LEG_KIND_UDP));
    bad(&order, limit);
    good(&order, closed);
    bad(&order, closed);
    good(&order, close); /* it was on its way */
    bad(&order, close);
    good(&order, made(CV_ORIGIN_REQUEST, 2, CV_LEG_KIND_TUNNEL));
    good(&order, limit);
    good(&order, limit);
    good(&order, close);
    good(&order, closed);
}

static void rule_10_go_away_comes_once(void **state)
{
    struct cv_capsule_order order = registered(CV_LEG_KINDS, 8), turned_away = {0};
    struct cv_capsule go = capsule_example(CV_CAPSULE_GO_AWAY);

    (void)state;
    good(&order, offer(1));
    good(&order, go);
    bad(&order, go);
    bad(&order, offer(2));
    good(&order, accept_with(1, CV_LEG_KIND_UDP));
    good(&order, made(CV_ORIGIN_OFFER, 1, CV_LEG_KIND_UDP));
    good(&order, request(1)); /* it was on its way */
    good(&order, refused(CV_ORIGIN_REQUEST, 1));
    good(&turned_away, capsule_example(CV_CAPSULE_REGISTER));
    good(&turned_away, go);
    bad(&turned_away, capsule_example(CV_CAPSULE_REGISTERED));
    bad(&turned_away, request(1));
}

/*
 * Two ends with capsules under way between them. Each end does at random what its own checker lets it do;
 * then the other end's checker never objects, however the two directions cross.
 */
#define WAY 32

struct end {
    struct cv_capsule_order order;
    struct cv_capsule way[WAY]; /* what it sent and the other has not received */
    unsigned sent, received;
};

static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static struct cv_capsule any_capsule(enum cv_capsule_sender sender, const struct cv_capsule_order *order)
{
    struct cv_capsule capsule = capsule_examples[any((uint32_t)capsule_example_count)];
    enum cv_pair_origin origin = any(2) ? CV_ORIGIN_REQUEST : CV_ORIGIN_OFFER;
    uint64_t decided = (origin == CV_ORIGIN_REQUEST ? order->last_request : order->last_offer) + 1 - any(3);

    while (capsule_sender(capsule.type) != sender)
        capsule = capsule_examples[any((uint32_t)capsule_example_count)];
    switch (capsule.type) {
    case CV_CAPSULE_PAIR_REQUEST:
        return request(order->last_request + any(3));
    case CV_CAPSULE_PAIR_OFFER:
        return offer(order->last_offer + any(3));
    case CV_CAPSULE_PAIR_ACCEPT:
        return accept_with(order->last_offer + 1 - any(3), any(2) ? CV_LEG_KIND_UDP : CV_LEG_KIND_TUNNEL);
    case CV_CAPSULE_PAIR_REFUSE:
        return refuse(order->last_offer + 1 - any(3));
    case CV_CAPSULE_PAIR_MADE:
        return made(origin, decided, any(2) ? CV_LEG_KIND_UDP : CV_LEG_KIND_TUNNEL);
    case CV_CAPSULE_REFUSED:
        return refused(origin, decided);
    case CV_CAPSULE_GO_AWAY:
        return any(50) ? capsule_example(CV_CAPSULE_TUNNEL_LIMIT) : capsule;
    default:
        return capsule;
    }
}

static void step(struct end *self, struct end *other, enum cv_capsule_sender sender)
{
    if (any(2) && self->sent - self->received < WAY) {
        struct cv_capsule capsule = any_capsule(sender, &self->order);

        if (cv_capsule_order_next(&self->order, &capsule) == NULL)
            self->way[self->sent++ % WAY] = capsule;
    } else if (self->sent != self->received) {
        good(&other->order, self->way[self->received++ % WAY]);
    }
}

static void crossing_capsules_are_in_order(void **state)
{
    unsigned passed = 0;

    (void)state;
    for (uint32_t run = 0; run < 500; run++) {
        struct end peer = {0}, relay = {0};

        seed = run;
        for (unsigned i = 0; i < 2000; i++) {
            step(&peer, &relay, CV_FROM_PEER);
            step(&relay, &peer, CV_FROM_RELAY);
        }
        assert_true(relay.order.requests <= CV_CAPSULE_OPEN_MAX && relay.order.offers <= CV_CAPSULE_OPEN_MAX);
        passed += peer.received + relay.received;
    }
    assert_true(passed > 100000); /* it went on for a while */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_1_to_3_register_comes_first_and_once),
        cmocka_unit_test(rule_2_registered_comes_once),
        cmocka_unit_test(rule_4_numbers_grow),
        cmocka_unit_test(rule_4_so_many_wait_and_no_more),
        cmocka_unit_test(rule_5_legs_are_those_registered),
        cmocka_unit_test(rule_6_answers_follow_offers),
        cmocka_unit_test(rule_6_late_answers_are_in_order),
        cmocka_unit_test(rule_7_decisions_follow_what_they_end),
        cmocka_unit_test(rule_7_offers_become_pairs_when_accepted),
        cmocka_unit_test(rule_8_pairs_are_limited),
        cmocka_unit_test(rule_9_what_was_made_can_be_closed),
        cmocka_unit_test(rule_10_go_away_comes_once),
        cmocka_unit_test(crossing_capsules_are_in_order),
    };

    return cmocka_run_group_tests_name("capsule_order", tests, NULL, NULL);
}
