/* SPDX-License-Identifier: BSD-3-Clause */
#include "spares.h"

#include "claims.h"
#include "leg.h"
#include "standing.h"

#define LOOK_AT 64 /* spares in one call of cv_spares_age */

#define WAITED_MS 5000 /* of a coming leg: many times the way of a token */

uint32_t cv_spare_leg(const struct cv_pair_table *table, uint32_t leg)
{
    uint32_t slot = cv_standing_at(table, leg)->spare;

    return slot == 0 ? CV_NO_LEG : 2 * slot + (leg & 1);
}

bool cv_spare_is_coming(const struct cv_pair_table *table, uint32_t leg)
{
    const struct cv_spare *spare = cv_spare_of(table, leg);

    return spare != NULL && spare->use == CV_SPARE_COMING;
}

bool cv_spare_is_former(const struct cv_pair_table *table, uint32_t leg)
{
    const struct cv_spare *spare = cv_spare_of(table, leg);

    return spare != NULL && spare->use == CV_SPARE_FORMER;
}

uint32_t cv_spare_take(struct cv_pair_table *table, uint32_t leg, enum cv_spare_use use, uint32_t now_ms)
{
    const struct cv_pair *pair = cv_pair_of(table, leg);
    uint32_t slot;

    cv_pair_table_reclaim(table);
    slot = cv_pair_table_take_spare(table);
    if (slot == CV_NO_SLOT)
        return CV_NO_LEG;
    table->spares[slot - table->max] = (struct cv_spare){
        .slot = leg >> 1,
        .side = leg & 1,
        .use = (uint8_t)use,
        .since_ms = now_ms,
    };
    table->pairs[slot].number = pair->number;
    return 2 * slot + (leg & 1);
}

void cv_spare_release(struct cv_pair_table *table, uint32_t number)
{
    struct cv_standing *standing = cv_standing_at(table, cv_leg_target(table, number) ^ 1);
    const struct cv_leg *leg = cv_leg_at(table, number);

    cv_claims_leave(table, number);
    cv_leg_forget_cid(table, number);
    cv_leg_unbind(table, number);
    standing->carried_pkts += __atomic_load_n(&leg->pkts, __ATOMIC_RELAXED);
    standing->carried_bytes += __atomic_load_n(&leg->bytes, __ATOMIC_RELAXED);
    cv_pair_of(table, number)->number = 0;
    cv_spare_of(table, number)->use = CV_SPARE_FREE;
    cv_pair_table_retire_slot(table, number >> 1);
}

void cv_spare_end(struct cv_pair_table *table, uint32_t leg)
{
    uint32_t ending = cv_spare_leg(table, leg);

    if (ending == CV_NO_LEG)
        return;
    cv_standing_at(table, leg)->spare = 0;
    cv_spare_release(table, ending);
}

/* A coming leg whose token has not come: the change comes to nothing. */
static void end_coming(struct cv_pair_table *table, const struct cv_spare *spare)
{
    table->changes_given_up++;
    cv_spare_end(table, 2 * spare->slot + spare->side);
}

void cv_spares_make_room(struct cv_pair_table *table, uint32_t now_ms)
{
    const struct cv_spare *oldest = NULL;
    uint32_t longest_ms = WAITED_MS;

    for (uint32_t i = 0; i < table->next_unused_spare; i++) {
        const struct cv_spare *spare = &table->spares[i];

        if (spare->use != CV_SPARE_COMING || cv_ms_since(now_ms, spare->since_ms) < longest_ms)
            continue;
        longest_ms = cv_ms_since(now_ms, spare->since_ms);
        oldest = spare;
    }
    if (oldest != NULL)
        end_coming(table, oldest);
}

void cv_spares_age(struct cv_spare_sweep *sweep, struct cv_pair_table *table, uint32_t now_ms)
{
    uint32_t looks = RTE_MIN(table->next_unused_spare, (uint32_t)LOOK_AT);

    for (uint32_t i = 0; i < looks; i++) {
        const struct cv_spare *spare = &table->spares[sweep->next % table->next_unused_spare];

        sweep->next = (sweep->next + 1) % table->next_unused_spare;
        if (spare->use == CV_SPARE_FORMER && cv_ms_since(now_ms, spare->since_ms) >= CV_LEG_FORMER_MS)
            cv_spare_end(table, 2 * spare->slot + spare->side);
        else if (spare->use == CV_SPARE_COMING && cv_ms_since(now_ms, spare->since_ms) >= CV_LEG_COMING_MS)
            end_coming(table, spare);
    }
}
