/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Where and how the data plane says that legs are: into the store, on to who is above, and to subscribers.
 */
#include "pair_ends.h"

/* The messages about legs. Others are left alone. */
void legs_event(const struct pair_ends *ends, const struct cv_message *message);

/*
 * A dumped pair: legs and addresses that differ from the store's are taken over, in `record`, too, with the
 * events that were missed. `installed`: the data plane had the pair since it was last put, so an unbound
 * leg means that it lost its address.
 */
void legs_learn(const struct pair_ends *ends, struct pair_record *record, const struct cv_pair_state *state,
                bool installed);
