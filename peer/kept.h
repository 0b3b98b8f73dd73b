/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a peer keeps over restarts, in a file that only its user may read: who this instance is, and how to get
 * the pairs of its last session back. Without a file it is as long as the program lives.
 */
#include "address.h"
#include "protocol/capsule.h"

#define KEPT_PAIRS_MAX 64

struct kept {
    const char *path; /* NULL: no file */
    uint8_t instance[CV_INSTANCE_BYTES];
    bool has_token;
    uint8_t token[CV_RESUMPTION_TOKEN_BYTES];
    struct cv_address relay; /* that gave the token: no other one is shown it */
    uint64_t pairs[KEPT_PAIRS_MAX];
    unsigned pair_count;
};

/* Reads the file, or makes a new instance. 0 or negative errno with a sentence. */
int kept_open(struct kept *kept, const char *path, char *error, size_t error_bytes);

/* After a change: writes the file anew, all of it or nothing. 0 or negative errno. */
int kept_save(const struct kept *kept);

/* The token to resume with at this relay; NULL: none. */
const uint8_t *kept_token(const struct kept *kept, const struct cv_address *relay);

void kept_add_pair(struct kept *kept, uint64_t pair); /* no room: forgotten */
