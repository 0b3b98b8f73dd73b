/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Idle pairs. The packet path only writes the time of a leg's last packet; the keeper looks at some slots in
 * every turn, so that the whole table is seen about once a second (in 8 s at a million pairs). Keeper only.
 */
#include "pair_table.h"

struct cv_expiry {
    uint32_t next_slot;
    uint32_t last_ms;
    uint8_t *reported; /* one bit per slot: PAIR_IDLE was sent */
};

/* 0 or -ENOMEM. */
int cv_expiry_create(struct cv_expiry *expiry, uint32_t pairs);
void cv_expiry_destroy(struct cv_expiry *expiry);

enum cv_expiry_event { CV_EXPIRY_IDLE, CV_EXPIRY_EXPIRED };

/*
 * Looks at the slots that are due. Calls `tell` for each pair without a packet for half its idle time (once
 * per quiet spell) and for each that it removes after all of it.
 */
void cv_expiry_sweep(struct cv_expiry *expiry, struct cv_pair_table *table, uint32_t now_ms,
                     void (*tell)(void *context, enum cv_expiry_event event, uint64_t pair), void *context);
