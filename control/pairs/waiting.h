/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Pairs of the store that the data plane refused when they were put back (sync.h), because it has no room for
 * them (limits.pairs) or cannot make them. They are tried again, lowest number first, when a pair has gone
 * and every WAITING_RETRY_S; what has waited for as long as its idle time expires, because no data plane
 * counts that time for it. One whose leg changes while it is being put is taken back, and put as it is then.
 * Memory: 24 bytes per pair that waits.
 */
#include "pair_ends.h"

struct waiting;

#define WAITING_RETRY_S   30
#define WAITING_ROOM_MS   100 /* from a pair's end to the next try: pairs often go in numbers */
#define WAITING_IN_FLIGHT 16  /* few, because one refusal speaks for all that follow */
#define WAITING_STEP      128 /* pairs looked at in one turn of the loop */

struct waiting *waiting_new(struct services *services,
                            const struct pair_ends *ends); /* NULL: out of memory */
void waiting_free(struct waiting *waiting);                /* NULL is allowed */

/* The data plane refused this pair. One that waits already keeps the time it has waited. */
void waiting_add(struct waiting *waiting, uint64_t pair, uint32_t idle_s);

/* Whether it waits: also a pair whose leg has changed while the data plane did not have it. */
bool waiting_has(const struct waiting *waiting, uint64_t pair);

/* A pair has left the data plane. */
void waiting_room(struct waiting *waiting);

/* While pairs are being brought in line (sync.h) none is tried: they may be put by that. */
void waiting_hold(struct waiting *waiting, bool held);

/* The data plane is lost, and all requests have ended. */
void waiting_stop(struct waiting *waiting);
