/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Capsules as the rules of order see them, and what these say of each. */
#include "capsule_examples.h"
#include "protocol/capsule_order.h"

/* The first example of its type, with this number. */
struct cv_capsule numbered(enum cv_capsule_type type, uint64_t number);

struct cv_capsule request(uint64_t number);
struct cv_capsule offer(uint64_t number);
struct cv_capsule accept_of(uint64_t number);
struct cv_capsule refuse(uint64_t number);
struct cv_capsule made(enum cv_pair_origin origin, uint64_t number); /* a UDP leg */
struct cv_capsule made_with(enum cv_pair_origin origin, uint64_t number, uint64_t kind);
struct cv_capsule refused(enum cv_pair_origin origin, uint64_t number);
struct cv_capsule leg_made(uint64_t number, uint64_t kind);

/* Asserts that it may come; or that it is turned down in words that fit a reason phrase, and changes nothing. */
void good(struct cv_capsule_order *order, struct cv_capsule capsule);
void bad(struct cv_capsule_order *order, struct cv_capsule capsule);

/* The same of a capsule of which only type and number are good. */
void good_to_refuse(struct cv_capsule_order *order, enum cv_capsule_type type, uint64_t number);
void bad_to_refuse(struct cv_capsule_order *order, enum cv_capsule_type type, uint64_t number);

/* After REGISTER and REGISTERED; as many pairs of the session before go on. */
struct cv_capsule_order registered(uint64_t legs, uint64_t pairs);
struct cv_capsule_order resumed(uint64_t legs, uint64_t pairs, uint64_t resuming);
