/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove.h"

#define SWEEP_MS         1000 /* once round a small table */
#define SLOTS_PER_MS_MAX 128  /* a million pairs in 8 s */

static void look_at(struct cv_pair_table *table, uint32_t leg, uint32_t now_ms,
                    void (*tell)(void *context, enum cv_proof_event event, uint32_t leg), void *context)
{
    struct cv_standing *standing = cv_standing_at(table, leg);

    if (unlikely(__atomic_load_n(&standing->over_rate, __ATOMIC_RELAXED) != 0)) {
        __atomic_store_n(&standing->over_rate, 0, __ATOMIC_RELAXED);
        tell(context, CV_PROOF_EVENT_LIMITED, leg);
    }
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
    if (cv_standing_wants_challenge(table, leg, now_ms))
        tell(context, CV_PROOF_EVENT_CHALLENGE, leg);
}

void cv_proof_sweep(struct cv_proof_sweep *sweep, struct cv_pair_table *table, uint32_t now_ms,
                    void (*tell)(void *context, enum cv_proof_event event, uint32_t leg), void *context)
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
