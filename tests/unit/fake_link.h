/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the fake data plane has, and its end of the attachment. */
#include "control_link.h"

#include <stdbool.h>

#define FAKE_PAIRS    8192
#define FAKE_SESSIONS 64

struct fake_pair {
    struct cv_pair_config config;
    struct cv_pair_state state;    /* what PAIR_GET and PAIR_DUMP give */
    struct cv_leg_config next[2];  /* of a LEG_CHANGE, while state.legs[].changing */
    bool used[2];                  /* the token has bound an address, and binds no other one */
    struct cv_leg_order proven[2]; /* the last LEG_PROVE of each leg */
};

struct fake_session;

struct fake_dataplane {
    char path[108];
    struct cv_control_link *link; /* NULL: not running */
    struct fake_pair *pairs;
    uint32_t count;
    uint32_t room;                                /* for pairs, refused beyond it; 0: any number */
    int put_error;                                /* what PAIR_PUT is refused with; 0: not */
    bool mute;                                    /* leaves messages in the ring */
    bool late;                                    /* peers acknowledge what the test has read, and no more */
    uint32_t per_turn;                            /* messages taken in one turn; 0: any number */
    uint32_t log_level;                           /* as last set */
    uint32_t puts, deletes, dumps;                /* messages so far */
    uint32_t changes, tokens, vouches, proves;    /* likewise: LEG_CHANGE, ... */
    int change_error, token_error, prove_error;   /* what they are refused with; 0: not */
    uint32_t pings;                               /* SESSION_PING */
    struct fake_session *sessions[FAKE_SESSIONS]; /* fake_session.h */
    struct cv_message session_dump;               /* a SESSION_DUMP that is to be answered */
};

/* Sends an event; false when the ring is full. */
bool fake_tell(struct fake_dataplane *fake, const struct cv_message *event);

/* The RESULT of a request. */
void fake_answer(struct fake_dataplane *fake, const struct cv_message *request, int error);
