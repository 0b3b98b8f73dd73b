/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of order hold at both ends, however the capsules of the two directions cross. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ordering.h"

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
    enum cv_pair_origin origin = CV_ORIGIN_REQUEST + any(3);
    uint64_t decided = (origin == CV_ORIGIN_REQUEST ? order->last_request : order->last_offer) + 1 - any(3);
    uint64_t kind = UINT64_C(1) << any(4);

    while (cv_capsule_sender(capsule.type) != sender)
        capsule = capsule_examples[any((uint32_t)capsule_example_count)];
    if (cv_capsule_begins(capsule.type) == CV_BEGINS_WITH_REQUEST)
        return numbered(capsule.type, order->last_request + any(3));
    switch (capsule.type) {
    case CV_CAPSULE_PAIR_OFFER:
        return offer(order->last_offer + any(3));
    case CV_CAPSULE_PAIR_ACCEPT:
    case CV_CAPSULE_PAIR_REFUSE:
        return numbered(capsule.type, order->last_offer + 1 - any(3));
    case CV_CAPSULE_PAIR_MADE:
        return made_with(origin, origin == CV_ORIGIN_RESUMED ? 0 : decided, kind);
    case CV_CAPSULE_REFUSED:
        return refused(origin == CV_ORIGIN_RESUMED ? CV_ORIGIN_OFFER : origin, decided);
    case CV_CAPSULE_DONE:
        return numbered(capsule.type, order->last_request + 1 - any(3));
    case CV_CAPSULE_LEG_MADE:
        return leg_made(order->last_request + 1 - any(3), kind);
    case CV_CAPSULE_GO_AWAY:
        return any(50) ? capsule_example(CV_CAPSULE_TUNNEL_LIMIT) : capsule;
    default:
        return capsule;
    }
}

/* Some come in bad: then only type and number count, which may not make it worse. */
static void receive(struct end *end, const struct cv_capsule *capsule)
{
    bool is_numbered = cv_capsule_begins(capsule->type) != CV_BEGINS_WITH_NOTHING;

    if (is_numbered && any(10) == 0)
        good_to_refuse(&end->order, capsule->type, capsule->number);
    else
        good(&end->order, *capsule);
}

static void step(struct end *self, struct end *other, enum cv_capsule_sender sender)
{
    if (any(2) && self->sent - self->received < WAY) {
        struct cv_capsule capsule = any_capsule(sender, &self->order);

        if (cv_capsule_order_next(&self->order, &capsule) == NULL)
            self->way[self->sent++ % WAY] = capsule;
    } else if (self->sent != self->received) {
        receive(other, &self->way[self->received++ % WAY]);
    }
}

static void crossing_capsules_are_in_order(void **state)
{
    unsigned passed = 0;
    uint64_t offers = 0;

    (void)state;
    for (uint32_t run = 0; run < 500; run++) {
        struct end peer = {0}, relay = {0};

        seed = run;
        for (unsigned i = 0; i < 2000; i++) {
            step(&peer, &relay, CV_FROM_PEER);
            step(&relay, &peer, CV_FROM_RELAY);
        }
        assert_true(relay.order.offers <= CV_CAPSULE_OPEN_MAX && peer.order.offers <= CV_CAPSULE_OPEN_MAX);
        assert_true(relay.order.pairs <= relay.order.pairs_max);
        passed += peer.received + relay.received;
        offers += relay.order.last_offer;
    }
    assert_true(passed > 100000); /* it went on for a while */
    assert_true(offers > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crossing_capsules_are_in_order),
    };

    return cmocka_run_group_tests_name("capsule_crossing", tests, NULL, NULL);
}
