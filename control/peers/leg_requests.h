/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * LEG_REQUEST: another leg of a pair in place of the peer's own, by a change of the leg (pairs/leg_change.h).
 * Each request is answered once, by LEG_MADE or REFUSED, also when control is killed in the midst of it.
 */
#include "peer_pairs.h"

void leg_requests_take(struct peer *peer, const struct cv_capsule *capsule);

/*
 * Notes the legs that wait in the store to take another's place, when it is loaded, before any request can
 * come: a request that came while control was not there is none that it was killed over. -ENOMEM, or the
 * store's.
 */
int leg_requests_load(struct peers *all);

/* Goes on with what was noted: to be called when the data plane is there. */
void leg_requests_known(struct peers *all);

/* Forgets what was noted. */
void leg_requests_free(struct peers *all);
