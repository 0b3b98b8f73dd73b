/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Pairs that go for a reason of their own: out of the store, and on to who wants to know. */
#include "protocol/session_error.h"
#include "services/services.h"
#include "store/store_pairs.h"

#include <stdbool.h>

/* Who is above, and is told of pairs before subscribers are. */
struct pair_handlers {
    /* The pair has left the store; peers may have to be told. */
    void (*gone)(void *context, uint64_t pair, enum cv_session_error code);
    /* Whether the pair waits for an instance to come back, and so stays without its session. */
    bool (*waits)(void *context, uint64_t pair);
    /*
     * Whether each tunnel leg is of the session that its instance has now. A pair that is not ready
     * is put into no data plane: there the number may be another peer's session. It is put when all are back.
     */
    bool (*ready)(void *context, const struct pair_record *record);
    /*
     * What the data plane said of a leg, or what was learnt of it: LEG_BOUND, LEG_MOVED, LEG_CHANGED,
     * LEG_PROVEN, LEG_UNPROVEN, LEG_LIMITED. The store has it already.
     */
    void (*leg)(void *context, enum cv_message_type type, const struct cv_leg_event *event);
};

struct pair_ends {
    struct services *services;
    const struct pair_handlers *handlers; /* set by who is above */
    void *context;
};

/* The data plane no longer has the pair because it was idle: so does the store. */
void pair_ends_expired(const struct pair_ends *ends, const struct pair_record *record);

/*
 * The data plane does not take the pair because the session of a tunnel leg has ended: so has the pair,
 * unless it waits for that instance.
 */
void pair_ends_sessionless(const struct pair_ends *ends, uint64_t pair);
