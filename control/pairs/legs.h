/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Where the data plane says that legs are: into the store, and on to subscribers. */
#include "services/services.h"

/* LEG_BOUND, LEG_MOVED, LEG_UNBOUND, LEG_PROVEN, LEG_UNPROVEN. Others are left alone. */
void legs_event(struct services *services, const struct cv_message *message);

/*
 * A dumped pair: addresses that differ from the store's are taken over, with the events that were missed.
 * `installed`: the data plane had the pair since it was last put, so an unbound leg means that it lost its
 * address.
 */
void legs_learn(struct services *services, const struct pair_record *record,
                const struct cv_pair_state *state, bool installed);
