/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A data plane for tests of control: the real end of the attachment (dataplane/link: socket, memfd, rings,
 * doorbells), and behind it a list of pairs instead of packets. Single thread: control_test.h turns both.
 */
#include "fake_link.h"

/* Starts as a new run of the data plane, with another boot ID, two workers, one port and no pairs. */
void fake_start(struct fake_dataplane *fake);

/* As if killed. Its pairs go with it. */
void fake_kill(struct fake_dataplane *fake);

/* Serves the socket and answers what is in the ring. */
void fake_turn(struct fake_dataplane *fake);

/* NULL: it has no such pair. */
struct fake_pair *fake_find(struct fake_dataplane *fake, uint64_t pair);

/* As if the pair had expired without control there. */
void fake_forget(struct fake_dataplane *fake, uint64_t pair);

/* A pair that control has never heard of. */
void fake_invent(struct fake_dataplane *fake, uint64_t pair);

/* Each sends an event; false when the ring is full. LEG_BOUND and LEG_MOVED change the pair's state as well. */
bool fake_tell_pair(struct fake_dataplane *fake, enum cv_message_type type, uint64_t pair);
bool fake_tell_leg(struct fake_dataplane *fake, enum cv_message_type type, uint64_t pair, uint8_t leg,
                   const char *address, const char *previous);

/*
 * The leg's token came from there: LEG_BOUND or LEG_MOVED, or LEG_CHANGED when a LEG_CHANGE waited for it.
 * It must be a token that has bound nothing yet. Without control there is no event, but a dump says it.
 */
void fake_bind(struct fake_dataplane *fake, uint64_t pair, uint8_t leg, const char *address);

/* LEG_LIMITED; budget_ms 0: by the rate. */
void fake_tell_limited(struct fake_dataplane *fake, uint64_t number, uint8_t leg, uint32_t budget_ms);

/* LEG_PROVEN or LEG_UNPROVEN. */
void fake_tell_proof(struct fake_dataplane *fake, uint64_t pair, uint8_t leg, enum cv_leg_proof proof);
