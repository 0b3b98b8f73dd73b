/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The life of an instance: REGISTER makes it or brings it back, the end of its session ends it or leaves it
 * waiting.
 *
 *      REGISTER ──> here ── session lost ──> away ── REGISTER with its token ──> here
 *                    │                        │
 *                    └─ a close, a newer one  └─ too long: its pairs end
 */
#include "peer.h"

void registering_take(struct peers *all, struct session *session, const struct cv_capsule *capsule);

/* Takes over who may ask for it. Without memory for a list nobody can. */
void registering_set_reachable(struct instance_record *record, const struct cv_reachable *reachable);

/* Its session has ended. What it has with others is left for its next session, or ends and the instance with it. */
void registering_leave(struct peer *peer, enum session_leave how);

/* For peers->away_timer. */
void registering_on_timer(evutil_socket_t fd, short what, void *context);

/* It has no session, and waits for another until record.until_ms. */
void registering_wait(struct peer *peer);

/* Sets the timer to the first end of such a wait. */
void registering_arm(struct peers *all);
