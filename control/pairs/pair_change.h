/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Adding and removing pairs: the store and the data plane together. A change first writes the store, then
 * asks the data plane, and is done when both have it. An added pair is committed before the data plane hears
 * of it, so that a control that was killed never gives its number, or a channel, to another one. Killed
 * half-way, control finds out on the next attachment (sync.h).
 */
#include "pairs.h"

enum change_outcome {
    CHANGE_DONE,
    CHANGE_REFUSED, /* by the data plane; a pair to add is no longer in the store */
    CHANGE_UNSAVED, /* by the store; nothing was kept */
};

/* The caller's, until `done`. `record` is set by the caller for an add, and by pair_change_remove. */
struct pair_change {
    struct pairs *pairs;
    struct pair_record record;
    struct request request;
    struct commit_waiter waiter;
    enum change_outcome outcome;
    int error;      /* of the data plane, with CHANGE_REFUSED: see cv_result_text */
    bool kept;      /* an added pair is in the store for good */
    bool installed; /* the data plane has the pair; false: it is put when the data plane returns */
    void (*done)(struct pair_change *change);
};

/* Both return 0 (`done` follows, never from within the call) or the store's negative errno. */
int pair_change_add(struct pairs *pairs, struct pair_change *change);
int pair_change_remove(struct pairs *pairs, struct pair_change *change, uint64_t pair);
