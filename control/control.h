/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * culvert-control as a whole, on one libevent loop and one thread:
 *
 *      clients ─ lines ─> rpc ─ calls ─> api_* ─> pairs ─┬─> store (through commits)
 *         ^                                  │           ├─> dataplane (rings)
 *         ├──────── events <─── leg_events, sync <────────────── events, dumps
 *         └─────────────────────── sessions <──> pairs           and control streams
 *
 * Other files see its parts through this struct; nobody but control.c makes or frees them.
 */
#include "api/clients.h"
#include "store/commits.h"
#include "config/config.h"
#include "link/dataplane.h"
#include "services/events.h"
#include "sessions/sessions.h"
#include "store/store_pairs.h"
#include "pairs/sync.h"
#include "pairs/waiting.h"

struct control {
    const struct cv_config *config;
    struct event_base *base;
    struct store *store;
    struct commits *commits;
    struct dataplane *dataplane;
    struct clients *clients; /* NULL in a control without a socket (fuzzing) */
    struct sync *sync;
    struct waiting *waiting;
    struct sessions *sessions;
    struct events events;
    uint64_t start_ms;   /* monotonic */
    uint64_t trace_last; /* highest number that was given to a trace here */
    uint64_t pairs_max;  /* of the data plane attached last; 0: unknown */
};

/*
 * Opens the store, begins to attach, and listens on config->control_socket unless that is empty. `config` and
 * `base` must outlive it. 0, or a negative errno with what to do in `error`.
 */
int control_open(struct control **control, struct event_base *base, const struct cv_config *config,
                 char *error, size_t error_bytes);

/* Ends all requests, commits what was written, closes everything. NULL is allowed. */
void control_close(struct control *control);
