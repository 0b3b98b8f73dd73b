/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Recordings of chosen sessions: ngtcp2's qlog, and TLS's secrets as Wireshark takes them. A trace is armed
 * for a network and taken by the next session that begins from there; there are CV_TRACES at a time. Only
 * where the configuration has a directory for them: all->traces is NULL elsewhere, and nothing of this is
 * called.
 *
 *      worker:            qlog event ---> pieces, in a ring ---> handshake thread ---> file
 *      handshake thread:  qlog event, secret ----------------------------------------> file
 *
 * A worker makes no system call for it: an event that finds no room in its ring is lost, and counted. Secrets
 * never leave the handshake thread. The file ends with a "culvert:lost" event when events are missing.
 */
#include "shared/message.h"
#include "shared/stats.h"

struct cv_session;
struct cv_sessions;
struct cv_traces;

/* DPDK memory for the rings. */
size_t cv_traces_memory(uint32_t workers);

/* Makes the directory if it is missing. 0, or a negative errno with a sentence in `error`. */
int cv_traces_create(struct cv_traces **traces, struct cv_sessions *all, char *error, size_t error_bytes);

/* Where the table is shown, and when the data plane started: part of files' names. Before the threads start. */
void cv_traces_attach(struct cv_traces *traces, struct cv_session_stats *stats, uint64_t start_unix_ms);

/* Writes what is in the rings and closes all files. After the threads have ended. NULL is allowed. */
void cv_traces_destroy(struct cv_traces *traces);

/* ---- Handshake thread: `now_ns` is its time ---- */

/* SESSION_TRACE, SESSION_UNTRACE: what RESULT is to say. */
int cv_traces_order(struct cv_traces *traces, const struct cv_message *message, uint64_t now_ns);

/* A session that has no connection yet: takes the trace that waits for it, if one does. */
void cv_traces_begin(struct cv_traces *traces, struct cv_session *session);

/* A line of the key log (the format of SSLKEYLOGFILE), without its newline. */
void cv_trace_secret(struct cv_session *session, const char *line);

/* What workers have recorded; ends of traces. Returns what was done. */
uint32_t cv_traces_turn(struct cv_traces *traces, uint64_t now_ns);
void cv_traces_stats_refresh(struct cv_traces *traces, uint64_t now_ns);

/* ---- The thread that owns the session ---- */

/* ngtcp2's callback; `session` has a trace or had one. */
void cv_trace_event(void *session, uint32_t flags, const void *data, size_t bytes);

/* The session ends; it has a trace. */
void cv_trace_leave(struct cv_session *session);
