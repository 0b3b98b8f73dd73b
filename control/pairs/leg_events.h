/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the data plane tells of pairs and legs: into the store, and on to subscribers. */
#include "shared/message.h"
#include "store/store_pairs.h"

#include <stdbool.h>

struct control;

/* An event message. EVENTS_LOST starts a sync. */
void leg_events_take(struct control *control, const struct cv_message *message);

/*
 * A dumped pair: addresses that differ from the store's are taken over, with the events that were missed.
 * `installed`: the data plane had the pair since it was last put, so an unbound leg means that it lost its
 * address.
 */
void leg_events_learn(struct control *control, const struct pair_record *record,
                      const struct cv_pair_state *state, bool installed);

/* The data plane no longer has the pair because it was idle: so does the store. */
void leg_events_expired(struct control *control, const struct pair_record *record);

/* The data plane does not take the pair because the session of a tunnel leg has ended: so has the pair. */
void leg_events_sessionless(struct control *control, uint64_t pair);
