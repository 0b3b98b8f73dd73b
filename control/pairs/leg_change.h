/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Giving a pair another leg in place of one. The store has the new leg beside the old one, under the same
 * pair, until the data plane says that it has taken the place (legs.h): of a tunnel leg that is at once, of
 * a UDP leg when it is bound. A pair that the data plane does not have gets the new leg at once, and is put
 * with it.
 */
#include "pair_change.h"

/* The caller's, until `done`. `pair`, `leg`, `next` and `done` are set by the caller. */
struct leg_change {
    struct pairs *pairs;
    uint64_t pair;
    unsigned leg;
    struct leg_record next; /* its port and token are here when it is done */
    struct request request;
    struct commit_waiter waiter;
    enum change_outcome outcome;
    int error;  /* of the data plane, with CHANGE_REFUSED: see cv_result_text */
    bool taken; /* the new leg is the pair's: no LEG_CHANGED is to follow */
    void (*done)(struct leg_change *change);
};

/*
 * Gives `next` its port and its token first. 0 (`done` follows, never from within the call) or a negative
 * errno: -ENOSPC when there is no relay port for it, -ENOENT when there is no such pair, or the store's.
 */
int leg_change_begin(struct pairs *pairs, struct leg_change *change);

/*
 * The same for a leg that the store has waiting, and of which nobody knows whether the data plane was told:
 * nothing comes of it when it was. `done` follows.
 */
void leg_change_repeat(struct pairs *pairs, struct leg_change *change);

/* Whether the store has its leg waiting: not taken yet, and no later change has begun. */
bool leg_change_waits(const struct leg_change *change);
