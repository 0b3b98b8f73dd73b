/* SPDX-License-Identifier: BSD-3-Clause */
#include "expire.h"

#include "pairs.h"
#include "spares.h"

#include <errno.h>
#include <stdlib.h>

#define SWEEP_MS         1000 /* once round a small table */
#define SLOTS_PER_MS_MAX 128  /* a million pairs in 8 s */

int cv_expiry_create(struct cv_expiry *expiry, uint32_t pairs)
{
    expiry->next_slot = 0;
    expiry->last_ms = 0;
    expiry->reported = calloc((pairs + 7) / 8, 1);
    return expiry->reported ? 0 : -ENOMEM;
}

void cv_expiry_destroy(struct cv_expiry *expiry)
{
    free(expiry->reported);
    expiry->reported = NULL;
}

static uint32_t leg_idle_ms(const struct cv_leg *leg, uint32_t now_ms)
{
    uint32_t seen_ms = __atomic_load_n(&leg->seen_ms, __ATOMIC_RELAXED);
    uint32_t moved_for = cv_ms_since(now_ms, leg->moved_ms);
    uint32_t seen_for = seen_ms ? cv_ms_since(now_ms, seen_ms) : UINT32_MAX;

    return RTE_MIN(moved_for, seen_for);
}

/* Since the last packet of either leg, coming and former ones included, or since the pair was made. */
static uint32_t idle_ms(const struct cv_pair_table *table, uint32_t slot, uint32_t now_ms)
{
    uint32_t shortest = UINT32_MAX;

    for (uint32_t leg = 2 * slot; leg < 2 * slot + 2; leg++) {
        uint32_t spare = cv_spare_leg(table, leg);

        shortest = RTE_MIN(shortest, leg_idle_ms(cv_leg_at(table, leg), now_ms));
        if (spare != CV_NO_LEG)
            shortest = RTE_MIN(shortest, leg_idle_ms(cv_leg_at(table, spare), now_ms));
    }
    return shortest;
}

static void set_reported(struct cv_expiry *expiry, uint32_t slot, bool reported)
{
    uint8_t bit = (uint8_t)(1u << (slot % 8));

    if (reported)
        expiry->reported[slot / 8] |= bit;
    else
        expiry->reported[slot / 8] &= (uint8_t)~bit;
}

static bool was_reported(const struct cv_expiry *expiry, uint32_t slot)
{
    return expiry->reported[slot / 8] & (1u << (slot % 8));
}

void cv_expiry_sweep(struct cv_expiry *expiry, struct cv_pair_table *table, uint32_t now_ms,
                     void (*tell)(void *context, enum cv_expiry_event event, uint64_t pair), void *context)
{
    uint64_t passed_ms = RTE_MIN(cv_ms_since(now_ms, expiry->last_ms), (uint32_t)SWEEP_MS);
    uint32_t slots = table->next_unused;
    uint32_t due = (uint32_t)RTE_MIN(passed_ms * slots / SWEEP_MS + 1, passed_ms * SLOTS_PER_MS_MAX);

    expiry->last_ms = now_ms;
    for (uint32_t i = 0; i < RTE_MIN(due, slots); i++) {
        uint32_t slot = expiry->next_slot % slots;
        const struct cv_pair *pair = &table->pairs[slot];
        uint64_t number = pair->number, limit_ms = (uint64_t)pair->idle_s * 1000;
        uint32_t idle;

        expiry->next_slot = (slot + 1) % slots;
        if (number == 0 || limit_ms == 0) {
            set_reported(expiry, slot, false);
            continue;
        }
        idle = idle_ms(table, slot, now_ms);
        if (idle >= limit_ms) {
            set_reported(expiry, slot, false);
            cv_pair_remove(table, slot);
            tell(context, CV_EXPIRY_EXPIRED, number);
        } else if (idle >= limit_ms / 2) {
            if (!was_reported(expiry, slot))
                tell(context, CV_EXPIRY_IDLE, number);
            set_reported(expiry, slot, true);
        } else {
            set_reported(expiry, slot, false);
        }
    }
}
