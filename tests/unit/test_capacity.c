/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * As many pairs as were promised, at any size and whatever the numbers are, in the memory that was
 * promised.
 */
#include "leg_at.h"
#include "rig.h"

#include <errno.h>
#include <string.h>

static int start(void **state)
{
    (void)state;
    packets_start("test_capacity", NULL);
    return 0;
}

static struct cv_address numbered(uint32_t number)
{
    struct cv_address address = {.ip = packets_ip("10.0.0.0"), .port_be = (uint16_t)(number * 7 + 1)};

    address.ip.bytes[13] = (uint8_t)(number >> 16);
    address.ip.bytes[14] = (uint8_t)(number >> 8);
    address.ip.bytes[15] = (uint8_t)number;
    return address;
}

static struct cv_pair_config numbered_pair(uint32_t number)
{
    struct cv_pair_config config =
        rig_config(number + 1, (uint16_t)(40000 + number % 64), rig_token(0), rig_token(0));

    for (unsigned side = 0; side < 2; side++) {
        memcpy(config.legs[side].token, &number, sizeof(number));
        config.legs[side].token[31] = (uint8_t)(side + 1);
        /* Half of a token is enough for the index: make that different as well. */
        config.legs[side].token[8] = (uint8_t)(side + 1);
        config.legs[side].last = numbered(2 * number + side);
    }
    return config;
}

/* All of them, with both legs bound and both connection IDs known: nothing is refused, all are found. */
static void fill_to(uint32_t pairs)
{
    struct rig *rig = rig_start(pairs);
    struct cv_pair_config one_more;
    uint32_t slot;

    for (uint32_t number = 0; number < pairs; number++) {
        struct cv_pair_config config = numbered_pair(number);

        assert_int_equal(cv_pair_put(&rig->table, &config, rig->now_ms, &slot), 0);
        for (uint32_t side = 0; side < 2; side++) {
            uint64_t id[2] = {(uint64_t)number << 1 | side, 5};

            cv_leg_learn_cid(&rig->table, 2 * slot + side, (uint8_t *)id, 16);
        }
        cv_pair_table_reclaim(&rig->table);
    }
    assert_int_equal(rig->table.count, pairs);
    assert_int_equal(rig->table.bound_legs, 2 * pairs);
    assert_int_equal(rig->table.by_address.entries, 2 * pairs);
    assert_int_equal(rig->table.by_claim.entries, 2 * pairs);
    assert_int_equal(rig->table.by_cid.entries, 2 * pairs);
    one_more = rig_config(UINT64_MAX, 40000, rig_token(1), rig_token(2));
    assert_int_equal(cv_pair_put(&rig->table, &one_more, rig->now_ms, &slot), -ENOSPC);
    for (uint32_t number = 0; number < pairs; number += pairs > 1000 ? 101 : 1) {
        struct cv_pair_config config = numbered_pair(number);
        uint16_t port_be = rte_cpu_to_be_16(config.legs[0].relay_port);
        uint32_t found = cv_find_pair(&rig->table, config.pair);

        assert_int_not_equal(found, CV_NO_SLOT);
        for (uint32_t side = 0; side < 2; side++) {
            bool former;

            assert_int_equal(cv_find_token(&rig->table, config.legs[side].token, port_be, &former),
                             2 * found + side);
            assert_int_equal(leg_at(&rig->table, &config.legs[side].last, port_be), 2 * found + side);
        }
    }
    rig_stop(rig);
}

static void any_size_fills_up(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 7, 30, 1000};

    (void)state;
    for (unsigned i = 0; i < RTE_DIM(sizes); i++)
        fill_to(sizes[i]);
}

/* Consecutive numbers, tokens and addresses, whatever secrets the hashes were given at the start. */
static void any_secrets(void **state)
{
    (void)state;
    for (unsigned start_number = 0; start_number < 200; start_number++)
        fill_to(1000);
}

static void a_million_fits(void **state)
{
    struct cv_pair_table_limits limits = {.pairs = 1000000, .workers = 16};

    (void)state;
    assert_true(cv_pair_table_bytes(&limits) <= limits.pairs * UINT64_C(704));
    fill_to(limits.pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_size_fills_up),
        cmocka_unit_test(any_secrets),
        cmocka_unit_test(a_million_fits),
    };

    return cmocka_run_group_tests_name("capacity", tests, start, NULL);
}
