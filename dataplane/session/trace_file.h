/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* One trace and its files. Handshake thread, but for the three atomic fields. */
#include "address.h"
#include "shared/message.h"
#include "shared/stats.h"

#include <stdatomic.h>

#define CV_TRACE_QLOG_BYTES 67108864 /* of one file, at most */
#define CV_TRACE_KEYS_BYTES 65536

struct cv_trace {
    uint64_t number;
    struct cv_prefix network;
    uint8_t kinds;    /* set of enum cv_trace_kind */
    uint8_t state;    /* enum cv_trace_state */
    bool skipping;    /* an event that finds no room in the file */
    int qlog, keys;   /* descriptors; -1: none */
    uint64_t session; /* its number */
    uint64_t until_ns, start_ns, end_ns;
    uint64_t qlog_bytes;
    uint64_t keys_bytes;
    uint64_t left_out;         /* events, by the handshake thread */
    atomic_uint_fast64_t lost; /* events, by the owner: its ring was full */
    atomic_bool left;          /* by the owner: the session has ended, or knows that the trace has */
    atomic_bool stopped;       /* by the handshake thread: the owner need not go on */
};

/* As if it had never been. */
void cv_trace_clear(struct cv_trace *trace);

/* Makes the files of an armed trace: recording from now on. False, and a word in the log: none could be made. */
bool cv_trace_open(struct cv_trace *trace, const char *directory, uint64_t session, uint64_t start_unix_ms);

/* Ends the recording, if there is one: says so in the log, closes the files. */
void cv_trace_stop(struct cv_trace *trace, const char *why);

void cv_trace_write_event(struct cv_trace *trace, const void *data, size_t bytes);
void cv_trace_write_secret(struct cv_trace *trace, const char *line);

/* A piece of an event; `event_bytes` is 0 but for its first piece. */
void cv_trace_write_piece(struct cv_trace *trace, size_t event_bytes, const void *data, size_t bytes);

uint64_t cv_trace_lost(const struct cv_trace *trace);
