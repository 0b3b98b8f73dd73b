/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A single-producer single-consumer ring of fixed-size messages in memory shared with a process that is
 * not trusted. rte_ring keeps its size and mask in the ring, where the other side can change them; here
 * the geometry stays in private memory, only the two positions are shared, and each is checked whenever
 * it is read. The other side can lose its own messages with garbage, never crash or overrun this one.
 *
 *      shared:   [ head (producer) | tail (consumer) | slot 0 | slot 1 | ... ]
 *      private:  struct cv_ring { where it is, how many slots, one's own position }
 *
 * Positions run freely modulo 2^32; head - tail is the number of messages in the ring. One thread per end.
 * No lock, no allocation, no system call (the doorbell is the caller's).
 */
#include "message.h"

#include <stddef.h>
#include <stdint.h>

enum cv_ring_role { CV_RING_PRODUCER, CV_RING_CONSUMER };

struct cv_ring {
    struct cv_ring_shared *shared;
    uint32_t slots; /* a power of two */
    uint32_t position;
    enum cv_ring_role role;
    uint64_t bad_positions; /* times the other side's position was impossible */
};

/* Bytes of shared memory for `slots` messages; 64-byte aligned. `slots` is a power of two, at most 2^20. */
size_t cv_ring_footprint(uint32_t slots);

/* Empties the ring at `memory`. Nobody else may use it meanwhile. */
void cv_ring_format(void *memory);

/* Joins as one end, continuing at that end's shared position. -EINVAL: slots or alignment. */
int cv_ring_join(struct cv_ring *ring, void *memory, uint32_t slots, enum cv_ring_role role);

/* Copies up to `count` messages in; returns how many found room. */
uint32_t cv_ring_push(struct cv_ring *ring, const struct cv_message *messages, uint32_t count);

/*
 * Copies up to `count` messages out; returns how many. The contents are as untrusted as their sender: the
 * copy is private, so what was checked cannot change afterwards (see cv_message_check).
 * When the producer's position is impossible, the ring is emptied, `bad_positions` grows, and 0 comes back.
 */
uint32_t cv_ring_pop(struct cv_ring *ring, struct cv_message *messages, uint32_t count);

/* Messages that a push would find room for now. */
uint32_t cv_ring_room(struct cv_ring *ring);
