/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The capsules that docs/protocol.md shows in hex, in its order, as structs: what the tests of the protocol
 * start from.
 */
#include "protocol/capsule_value.h"

extern const struct cv_capsule capsule_examples[];
extern const size_t capsule_example_count;

/* The first example of a type, or another one of it, from 0. */
struct cv_capsule capsule_example(enum cv_capsule_type type);
const struct cv_capsule *capsule_example_at(enum cv_capsule_type type, size_t nth);

/* Two Ed25519 keys' IDs, as the document has them. */
extern const struct cv_peer_id example_peer_a;
extern const struct cv_peer_id example_peer_b;

/* With the port 1, or none when there are no addresses. Memory behind the count is filled, too. */
struct cv_relay_addresses example_addresses(uint8_t count);

#define CAPSULE_VALUE_ROOM (CV_CAPSULE_VALUE_MAX + 512)

/* The value of a capsule: written as it should be, then changed by a test. */
struct capsule_value {
    enum cv_capsule_type type;
    size_t bytes;
    uint8_t data[CAPSULE_VALUE_ROOM];
};

struct capsule_value capsule_value_of(const struct cv_capsule *capsule);

/* Replaces `old` bytes at `at`. */
void capsule_value_splice(struct capsule_value *value, size_t at, size_t old, const void *new, size_t bytes);

/* One more at its end, whatever it is. */
void capsule_value_parameter(struct capsule_value *value, uint64_t type, const void *bytes, size_t count);

/* What is wrong in this capsule, behind the number that it may begin with, makes of it: BAD or UNREADABLE. */
enum cv_capsule_parsed capsule_value_bad(const struct capsule_value *value);

/*
 * What cv_capsule_parse returns for a block of exactly the value's size, so that ASan sees a read past its
 * end. Asserts that what can be parsed can be written and comes back the same, and that what is BAD still has
 * its type and number. Not for a leg of an unknown kind, which cannot be written.
 */
enum cv_capsule_parsed capsule_value_parse(const struct capsule_value *value);

/* That it is good, or else what capsule_value_bad says. */
void assert_capsule_value(const struct capsule_value *value, bool good);

void assert_unwritable(const struct cv_capsule *capsule);
