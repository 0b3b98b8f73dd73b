/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ordering.h"

struct cv_capsule numbered(enum cv_capsule_type type, uint64_t number)
{
    struct cv_capsule capsule = capsule_example(type);

    capsule.number = number;
    return capsule;
}

struct cv_capsule request(uint64_t number)
{
    return numbered(CV_CAPSULE_PAIR_REQUEST, number);
}

struct cv_capsule offer(uint64_t number)
{
    return numbered(CV_CAPSULE_PAIR_OFFER, number);
}

struct cv_capsule accept_of(uint64_t number)
{
    return numbered(CV_CAPSULE_PAIR_ACCEPT, number);
}

struct cv_capsule refuse(uint64_t number)
{
    return numbered(CV_CAPSULE_PAIR_REFUSE, number);
}

struct cv_capsule made_with(enum cv_pair_origin origin, uint64_t number, uint64_t kind)
{
    return (struct cv_capsule){.type = CV_CAPSULE_PAIR_MADE,
                               .number = number,
                               .made = {.origin = (uint8_t)origin, .pair = 1, .leg = {.kind = kind}}};
}

struct cv_capsule made(enum cv_pair_origin origin, uint64_t number)
{
    return made_with(origin, number, CV_LEG_KIND_UDP);
}

struct cv_capsule refused(enum cv_pair_origin origin, uint64_t number)
{
    return (struct cv_capsule){
        .type = CV_CAPSULE_REFUSED, .number = number, .refused = {.origin = (uint8_t)origin}};
}

struct cv_capsule leg_made(uint64_t number, uint64_t kind)
{
    return (struct cv_capsule){
        .type = CV_CAPSULE_LEG_MADE, .number = number, .leg_made = {.pair = 1, .leg = {.kind = kind}}};
}

void good(struct cv_capsule_order *order, struct cv_capsule capsule)
{
    const char *wrong = cv_capsule_order_next(order, &capsule);

    if (wrong != NULL)
        fail_msg("%s: %s", cv_capsule_name(capsule.type), wrong);
}

void bad(struct cv_capsule_order *order, struct cv_capsule capsule)
{
    struct cv_capsule_order before;
    const char *wrong;

    memcpy(&before, order, sizeof(before));
    wrong = cv_capsule_order_next(order, &capsule);
    assert_non_null(wrong);
    assert_true(strlen(wrong) > 10 && strlen(wrong) < 100);
    assert_memory_equal(order, &before, sizeof(before));
}

void good_to_refuse(struct cv_capsule_order *order, enum cv_capsule_type type, uint64_t number)
{
    struct cv_capsule capsule;
    const char *wrong;

    memset(&capsule, 0xff, sizeof(capsule));
    capsule.type = type;
    capsule.number = number;
    wrong = cv_capsule_order_refuse(order, &capsule);
    if (wrong != NULL)
        fail_msg("%s: %s", cv_capsule_name(type), wrong);
}

void bad_to_refuse(struct cv_capsule_order *order, enum cv_capsule_type type, uint64_t number)
{
    struct cv_capsule_order before;
    struct cv_capsule capsule;

    memset(&capsule, 0xff, sizeof(capsule));
    capsule.type = type;
    capsule.number = number;
    memcpy(&before, order, sizeof(before));
    assert_non_null(cv_capsule_order_refuse(order, &capsule));
    assert_memory_equal(order, &before, sizeof(before));
}

struct cv_capsule_order resumed(uint64_t legs, uint64_t pairs, uint64_t resuming)
{
    struct cv_capsule_order order = {0};
    struct cv_capsule capsule = capsule_example(CV_CAPSULE_REGISTER);

    capsule.registration.legs = legs;
    good(&order, capsule);
    capsule = capsule_example(CV_CAPSULE_REGISTERED);
    capsule.registered.pairs = pairs;
    if (resuming > 0)
        cv_parameter_number(&capsule.parameters, CV_PARAMETER_RESUMED, resuming);
    good(&order, capsule);
    return order;
}

struct cv_capsule_order registered(uint64_t legs, uint64_t pairs)
{
    return resumed(legs, pairs, 0);
}
