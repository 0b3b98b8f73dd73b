/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Pairs that go for a reason of their own: out of the store, and on to who wants to know. */
#include "protocol/session_error.h"
#include "services/services.h"

struct pair_ends {
    struct services *services;
    /* The pair has left the store; peers may have to be told. Set by who is above. */
    void (*gone)(void *context, uint64_t pair, enum cv_session_error code);
    void *context;
};

/* The data plane no longer has the pair because it was idle: so does the store. */
void pair_ends_expired(const struct pair_ends *ends, const struct pair_record *record);

/* The data plane does not take the pair because the session of a tunnel leg has ended: so has the pair. */
void pair_ends_sessionless(const struct pair_ends *ends, uint64_t pair);
