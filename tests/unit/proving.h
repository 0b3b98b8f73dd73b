/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* For tests of proof: a pair with a sender at SENDER, and what reaches its other leg. Beside moving.h. */
#include "moving.h"
#include "relay/challenge.h"
#include "relay/prove.h"

#define RELAY  "192.0.2.1:40000"
#define SENDER "203.0.113.1:1000"
#define VICTIM "203.0.113.77:7000"
#define OTHER  "203.0.113.78:7000"
#define BIG    1200
#define MOST   100 /* packets that are far more than any account */

extern bool no_room; /* for what is told of legs */

/* For cmocka. */
int proving_setup(void **state);

/* So much time, with a look at all legs at its end. Returns how often this was told of the leg. */
unsigned after_ms(uint32_t ms, enum cv_proof_event what, uint32_t leg);

/* A token leg that has to be proven, by an IP when that is not NULL. */
struct cv_leg_config needed(uint8_t fill, const char *vouched);

/* A pair with a sender, and a leg with that rule. Returns the latter, not bound. */
uint32_t pair_with(struct cv_leg_config config);

/* The token comes from there, and its next hop answers. */
enum cv_move_result bind_by_token(uint32_t leg, const char *address);

/* As PAIR_STATE says it. */
uint8_t proof_of(uint32_t leg);
uint64_t withheld(uint32_t leg);

/* Bytes with headers that reach the other side of `count` packets from an address. */
uint64_t send_some(const char *from, uint16_t bytes, unsigned count);

/* Most of a flood is dropped as unproven; or all of it passes. */
void assert_limited(const char *from, uint64_t most);
void assert_free(const char *from);

/* The challenge, as if it had been sent. */
void challenge_of(uint32_t leg, uint8_t challenge[CV_CHALLENGE_BYTES]);

/* What comes of an answer; and the right one. */
int answer(uint32_t leg, const uint8_t challenge[CV_CHALLENGE_BYTES], bool *proven);
void prove(uint32_t leg);
