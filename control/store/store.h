/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What control keeps: which pairs should exist (store_pairs.h), and what it knows of sessions
 * (store_sessions.h). A SQLite database (WAL, synchronous=NORMAL), mode 0600 because it holds tokens. One
 * thread, one process: the file is locked while it is open.
 *
 * A write opens a transaction when none is open; it stays open until store_commit. Reads see what was
 * written. When a write fails, so do all others until store_commit, which then rolls everything back: what
 * was answered to a client after a good commit is in the store, and nothing else is.
 *
 * All calls return 0 or a negative errno; store_error has the sentence.
 */
#include <stddef.h>
#include <stdint.h>

struct store;

/* ":memory:" is a store without a file, for tests. On failure *store is NULL and `error` says what to do. */
int store_open(struct store **store, const char *path, char *error, size_t error_bytes);

/* Commits what is open. NULL is allowed. */
void store_close(struct store *store);

/* Why the last call failed; valid until the next call. */
const char *store_error(const struct store *store);

/* Called at the first write of each transaction, to see to it that there will be a store_commit. */
void store_on_write(struct store *store, void (*written)(void *context), void *context);

/* Ends the transaction, if one is open. */
int store_commit(struct store *store);

/* The data plane that control last attached to; 0: none yet. Tells a restart from a new attachment. */
int store_boot_id(struct store *store, uint64_t *boot_id);
int store_note_boot_id(struct store *store, uint64_t boot_id);
