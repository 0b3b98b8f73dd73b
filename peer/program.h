/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What culvert-peer does when the relay says something: its pairs follow its sessions. */
#include "early.h"
#include "options.h"
#include "pairs.h"
#include "sessions.h"

struct program {
    struct options options;
    struct event_base *base;
    struct kept kept;
    struct sessions sessions;
    struct pairs pairs;
    struct early *early;
    uint64_t request;        /* of `connect`, that has no answer yet; 0: none */
    bool had_pair;           /* so that a refusal is not the end */
    unsigned request_wait_s; /* before it is made again */
    struct event *request_timer;
    uint64_t resumed;           /* PAIR_MADEs of the session before that are still to come */
    struct cv_address observed; /* where the relay sees the session */
    int exit_code;
    bool stopping; /* of our own will */
};

/* 0, or negative errno with a sentence; program_close cleans up in either case. */
int program_open(struct program *program, const struct cv_peer_tls *tls, char *error, size_t error_bytes);
void program_close(struct program *program);

/* Ends the sessions, and the program with them, soon. */
void program_stop(struct program *program, int exit_code);
