/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * culvert-control as a whole, on one libevent loop and one thread:
 *
 *      clients ── lines ──> api ──> pairs ──┬──> store (through commits)
 *         ^                  │        ^     └──> link (rings)
 *         │                  └─> peers ─> sessions ──> both
 *         └── events <── pairs, sessions, peers <───── link: events, dumps, control streams
 */
#include "api/clients.h"

struct control {
    struct services services;
    struct pairs *pairs;
    struct sessions *sessions;
    struct peers *peers;
    struct api api;
    struct clients *clients; /* NULL in a control without a socket (fuzzing) */
};

/*
 * Opens the store, begins to attach, and listens on config->control_socket unless that is empty. `config` and
 * `loop` must outlive it. 0, or a negative errno with what to do in `error`.
 */
int control_open(struct control **control, struct event_base *loop, const struct cv_config *config,
                 char *error, size_t error_bytes);

/* Ends all requests, commits what was written, closes everything. NULL is allowed. */
void control_close(struct control *control);
