/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What control may read of sessions in the shared memory (lib/shared/stats.h). Each thread writes its own part, at
 * most once in 10 ms: the looks at rings and pools that it takes are not for every turn.
 */
struct cv_handshakes;
struct cv_sessions;
struct cv_shard;
struct cv_shared;

/* Fills what stays the same, and tells each shard where to write. Before the threads start. */
void cv_session_stats_init(struct cv_sessions *sessions, const struct cv_shared *shared);

/* In each turn of a worker, and of the handshake thread. */
void cv_shard_stats_refresh(struct cv_shard *shard);
void cv_handshake_stats_refresh(struct cv_handshakes *handshakes);
