/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What control may read of sessions in the shared memory (lib/shared/stats.h). Each owner writes its own part, at
 * most once in 10 ms: the looks at rings and pools that it takes are not for every turn.
 */
#include "accept.h"
#include "shared/shared.h"

/* Describes sessions and crypto engine, and tells each owner where to write. Before the threads start. */
void cv_sessions_publish(struct cv_sessions *sessions, const struct cv_shared *shared);

/* In each turn of a worker, and of the handshake thread. */
void cv_owner_publish(struct cv_session_owner *owner);
void cv_handshakes_publish(struct cv_handshakes *handshakes);
