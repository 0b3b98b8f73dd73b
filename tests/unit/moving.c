/* SPDX-License-Identifier: BSD-3-Clause */
#include "moving.h"

#include "leg_at.h"

#include <string.h>

struct rig *rig;
struct cv_moves *moves;
struct cv_leg_event event, unbound;

int moving_setup(void **state)
{
    (void)state;
    rig = rig_start(100);
    moves = cv_moves_create();
    assert_non_null(moves);
    return 0;
}

int moving_teardown(void **state)
{
    (void)state;
    cv_moves_destroy(moves);
    rig_stop(rig);
    return 0;
}

struct cv_notice notice_for(enum cv_notice_type type, uint32_t leg, const char *address)
{
    return (struct cv_notice){
        .type = (uint8_t)type,
        .local = RIG_LOCAL_V4,
        .leg = leg,
        .generation = cv_pair_of(&rig->table, leg)->generation,
        .address = packets_address(address),
    };
}

enum cv_move_result tell(const struct cv_notice *notice)
{
    memset(&event, 0, sizeof(event));
    memset(&unbound, 0xff, sizeof(unbound));
    return cv_moves_notice(moves, &rig->table, notice, rig->now_ms, &event, &unbound);
}

enum cv_move_result token_from(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_TOKEN, leg, address);

    return tell(&notice);
}

enum cv_move_result prefix_from(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_PREFIX, leg, address);

    return tell(&notice);
}

enum cv_move_result cid_from(uint32_t leg, const char *address)
{
    struct cv_notice notice = notice_for(CV_NOTICE_CID_HIT, leg, address);

    return tell(&notice);
}

void seen_ms_ago(uint32_t leg, uint32_t ms)
{
    cv_leg_at(&rig->table, leg)->seen_ms = rig->now_ms - ms;
}

void assert_at(uint32_t leg, const char *text)
{
    struct cv_address address = packets_address(text);

    assert_true(cv_leg_at(&rig->table, leg)->flags & CV_LEG_BOUND);
    assert_int_equal(leg_at(&rig->table, &address, rte_cpu_to_be_16(RIG_RELAY_PORT)), leg);
    assert_true(cv_ip_equal(&cv_leg_at(&rig->table, leg ^ 1)->destination, &address.ip));
    assert_int_equal(cv_leg_at(&rig->table, leg ^ 1)->destination_port_be, address.port_be);
}

void assert_event(uint64_t pair, uint8_t leg, enum cv_move_cause cause, const char *address,
                  const char *previous)
{
    struct cv_address now = packets_address(address), before = {0};

    assert_int_equal(event.pair, pair);
    assert_int_equal(event.leg, leg);
    assert_int_equal(event.cause, cause);
    assert_true(cv_address_equal(&event.address, &now));
    if (previous != NULL)
        before = packets_address(previous);
    assert_true(cv_address_equal(&event.previous, &before));
}

uint32_t bound_pair(uint64_t number, struct cv_leg_config a, const char *address)
{
    uint32_t leg = 2 * rig_pair(rig, number, RIG_RELAY_PORT, a, rig_token((uint8_t)(number + 100)));

    rig_bind(rig, leg, address);
    rig_pass(rig, 60000);
    seen_ms_ago(leg, 0);
    return leg;
}
