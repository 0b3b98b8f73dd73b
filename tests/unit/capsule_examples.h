/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The capsules that docs/protocol.md shows in hex, in its order, as structs: what the tests of the protocol
 * start from.
 */
#include "protocol/capsule.h"

extern const struct cv_capsule capsule_examples[];
extern const size_t capsule_example_count;

enum cv_capsule_sender capsule_sender(enum cv_capsule_type type);

/* The first example of a type. */
struct cv_capsule capsule_example(enum cv_capsule_type type);

/* Two Ed25519 keys' IDs, as the document has them. */
extern const struct cv_peer_id example_peer_a;
extern const struct cv_peer_id example_peer_b;

/* With the port 1, or none when there are no addresses. Memory behind the count is filled, too. */
struct cv_relay_addresses example_addresses(uint8_t count);

#define CAPSULE_VALUE_ROOM 512

/* The value of a capsule: written as it should be, then changed by a test. */
struct capsule_value {
    enum cv_capsule_type type;
    size_t bytes;
    uint8_t data[CAPSULE_VALUE_ROOM];
};

struct capsule_value capsule_value_of(const struct cv_capsule *capsule);

/* Replaces `old` bytes at `at`. */
void capsule_value_splice(struct capsule_value *value, size_t at, size_t old, const uint8_t *new,
                          size_t bytes);

/*
 * What cv_capsule_parse returns for a block of exactly the value's size, so that ASan sees a read past its
 * end. Asserts that what can be parsed can be written, and comes back the same.
 */
int capsule_value_parse(const struct capsule_value *value);
