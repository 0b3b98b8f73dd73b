/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The command line of culvert-peer. */
#include "peer/session.h"
#include "words.h"

#define EXIT_USAGE   1
#define EXIT_FAILED  2 /* a file, a socket */
#define EXIT_SESSION 3
#define EXIT_PAIR    4

enum peer_command { COMMAND_ID, COMMAND_SERVE, COMMAND_CONNECT };

struct options {
    enum peer_command command;
    struct cv_peer_id other; /* COMMAND_CONNECT */
    struct cv_peer_tls_config tls;
    struct cv_peer_config session; /* as far as the command line says */
    struct cv_address relay, from, move_to, local, forward;
    bool has_relay, has_from, has_move_to, has_local, has_forward;
    struct cv_peer_id relay_id;
    uint8_t legs;           /* of pairs: set of enum cv_leg_kind */
    struct cv_peer_aim aim; /* of requests; its data goes with answers, too */
    struct cv_span data;
    uint8_t instance[CV_INSTANCE_BYTES]; /* the other peer's */
    const char *services[CV_SERVICES_MAX];
    struct reachable_words reachable;
    const char *state, *commands; /* paths; NULL: none */
    bool echo, json, reconnect, stop_reading;
};

/* -1 to go on, or the exit code. */
int options_read(int argc, char **argv, struct options *options);
