/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What people write, on the command line and as commands. All return whether it could be read. */
#include "address.h"
#include "protocol/capsule.h"

bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);
bool read_address_port(const char *text, struct cv_address *address);

/* Of the relay's kinds of leg: "udp", "tunnel", "listen"; a list with commas is their sum. */
bool read_kinds(const char *text, uint8_t *kinds);
const char *kind_name(uint64_t kind); /* never NULL */

/* Who may ask: "anyone", "nobody", or peer IDs with commas between. */
struct reachable_words {
    struct cv_reachable reachable; /* its list is `ids` */
    struct cv_peer_id ids[CV_CAPSULE_LISTED_MAX];
};

bool read_reachable(const char *text, struct reachable_words *out);

/* Bytes in hex, lower case. `text` has room for two characters per byte and a NUL. */
const char *print_hex(const uint8_t *bytes, size_t count, char *text);
bool read_hex(const char *text, uint8_t *bytes, size_t count);
