/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove.h"

#define SWEEP_MS         1000 /* once round a small table */
#define SLOTS_PER_MS_MAX 128  /* a million pairs in 8 s */

/* Whether a worker has marked this since the last look. */
static bool take_mark(uint16_t *mark)
{
    if (likely(__atomic_load_n(mark, __ATOMIC_RELAXED) == 0))
        return false;
    __atomic_store_n(mark, 0, __ATOMIC_RELAXED);
    return true;
}

/* What could not be told is marked again. */
static void look_at_rate(struct cv_standing *standing, uint32_t leg, cv_proof_tell *tell, void *context)
{
    if (take_mark(&standing->over_rate) && !tell(context, CV_PROOF_EVENT_LIMITED, leg))
        __atomic_store_n(&standing->over_rate, 1, __ATOMIC_RELAXED);
}

/* Told once, it is known until the account's minute is over. */
static void look_at_budget(struct cv_standing *standing, uint32_t leg, cv_proof_tell *tell, void *context)
{
    if (!take_mark(&standing->over_budget) || standing->withheld_told || !cv_standing_is_restricted(standing))
        return;
    if (tell(context, CV_PROOF_EVENT_WITHHELD, leg))
        standing->withheld_told = 1;
    else
        __atomic_store_n(&standing->over_budget, 1, __ATOMIC_RELAXED);
}

static void look_at(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms, cv_proof_tell *tell,
                    void *context)
{
    struct cv_standing *standing = cv_standing_at(table, leg);

    look_at_rate(standing, leg, tell, context);
    if (standing->state == CV_LEG_PROOF_NONE)
        return;
    switch (cv_standing_age(table, leg, now_ms)) {
    case CV_STANDING_PROVEN:
        tell(context, CV_PROOF_EVENT_PROVEN, leg);
        break;
    case CV_STANDING_UNPROVEN:
        tell(context, CV_PROOF_EVENT_UNPROVEN, leg);
        break;
    case CV_STANDING_SILENT:
        tell(context, CV_PROOF_EVENT_SILENT, leg);
        break;
    case CV_STANDING_SAME:
        break;
    }
    look_at_budget(standing, leg, tell, context);
    if (cv_standing_wants_challenge(table, leg, now_ms))
        tell(context, CV_PROOF_EVENT_CHALLENGE, leg);
}

void cv_proof_sweep(struct cv_proof_sweep *sweep, struct cv_pair_table *table, uint32_t now_ms,
                    cv_proof_tell *tell, void *context)
{
    uint64_t passed_ms = RTE_MIN(cv_ms_since(now_ms, sweep->last_ms), (uint32_t)SWEEP_MS);
    uint32_t slots = table->next_unused;
    uint32_t due = (uint32_t)RTE_MIN(passed_ms * slots / SWEEP_MS + 1, passed_ms * SLOTS_PER_MS_MAX);

    sweep->last_ms = now_ms;
    for (uint32_t i = 0; i < RTE_MIN(due, slots); i++) {
        uint32_t slot = sweep->next_slot % slots;

        sweep->next_slot = (slot + 1) % slots;
        for (unsigned side = 0; side < 2 && table->pairs[slot].number != 0; side++)
            look_at(table, 2 * slot + side, now_ms, tell, context);
    }
}
