/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * For tests of the keeper's rules on moves: notices in, and where the legs are then. One rig at a time, made
 * for each test by moving_setup; what the last notice led to is in `event` and `unbound`.
 */
#include "rig.h"

#define DAY_MS UINT32_C(86400000)

extern struct rig *rig;
extern struct cv_moves *moves;
extern struct cv_leg_event event, unbound;

int moving_setup(void **state);
int moving_teardown(void **state);

/* A notice about the leg, its generation right, and the keeper's decision on one. */
struct cv_notice notice_for(enum cv_notice_type type, uint32_t leg, const char *address);
enum cv_move_result tell(const struct cv_notice *notice);

enum cv_move_result token_from(uint32_t leg, const char *address);
enum cv_move_result prefix_from(uint32_t leg, const char *address);
enum cv_move_result cid_from(uint32_t leg, const char *address);

/* As if the leg's last packet had come so long ago. */
void seen_ms_ago(uint32_t leg, uint32_t ms);

/*
 * A pair whose leg a is bound and has just been seen; the time of the move rules has passed. Returns leg a.
 */
uint32_t bound_pair(uint64_t number, struct cv_leg_config a, const char *address);

/* The leg has that address, and its other leg sends there. */
void assert_at(uint32_t leg, const char *address);

/* That is what `event` says; previous NULL: none. */
void assert_event(uint64_t pair, uint8_t leg, enum cv_move_cause cause, const char *address,
                  const char *previous);
