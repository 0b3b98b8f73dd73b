/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define LINE 64

struct cv_ring_shared {
    _Alignas(LINE) _Atomic uint32_t head; /* written by the producer */
    _Alignas(LINE) _Atomic uint32_t tail; /* written by the consumer */
    _Alignas(LINE) struct cv_message slots[];
};

_Static_assert(sizeof(struct cv_message) % LINE == 0, "slots keep the alignment of the cache lines");

#define SLOTS_MAX (UINT32_C(1) << 20)

static bool slots_ok(uint32_t slots)
{
    return slots != 0 && slots <= SLOTS_MAX && (slots & (slots - 1)) == 0;
}

size_t cv_ring_footprint(uint32_t slots)
{
    return offsetof(struct cv_ring_shared, slots) + slots * sizeof(struct cv_message);
}

void cv_ring_format(void *memory)
{
    struct cv_ring_shared *shared = memory;

    atomic_store_explicit(&shared->head, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->tail, 0, memory_order_release);
}

int cv_ring_join(struct cv_ring *ring, void *memory, uint32_t slots, enum cv_ring_role role)
{
    struct cv_ring_shared *shared = memory;
    _Atomic uint32_t *own;

    if (!slots_ok(slots) || (uintptr_t)memory % LINE != 0)
        return -EINVAL;
    own = role == CV_RING_PRODUCER ? &shared->head : &shared->tail;
    *ring = (struct cv_ring){
        .shared = shared,
        .slots = slots,
        .position = atomic_load_explicit(own, memory_order_relaxed),
        .role = role,
    };
    return 0;
}

/*
 * The two halves of a copy around the end of the slots. What the other side writes meanwhile changes what is
 * copied, not where from or how much.
 */
static void copy_in(struct cv_ring *ring, const struct cv_message *messages, uint32_t count)
{
    uint32_t slot = ring->position & (ring->slots - 1);
    uint32_t first = count < ring->slots - slot ? count : ring->slots - slot;

    memcpy(&ring->shared->slots[slot], messages, first * sizeof(*messages));
    memcpy(&ring->shared->slots[0], messages + first, (count - first) * sizeof(*messages));
}

static void copy_out(struct cv_ring *ring, struct cv_message *messages, uint32_t count)
{
    uint32_t slot = ring->position & (ring->slots - 1);
    uint32_t first = count < ring->slots - slot ? count : ring->slots - slot;

    memcpy(messages, &ring->shared->slots[slot], first * sizeof(*messages));
    memcpy(messages + first, &ring->shared->slots[0], (count - first) * sizeof(*messages));
}

uint32_t cv_ring_room(struct cv_ring *ring)
{
    uint32_t tail = atomic_load_explicit(&ring->shared->tail, memory_order_acquire);
    uint32_t used = ring->position - tail;

    if (used > ring->slots) {
        /* Only the consumer can mend its position; until it does, nothing fits. */
        ring->bad_positions++;
        return 0;
    }
    return ring->slots - used;
}

uint32_t cv_ring_push(struct cv_ring *ring, const struct cv_message *messages, uint32_t count)
{
    uint32_t room = cv_ring_room(ring);

    if (count > room)
        count = room;
    if (count == 0)
        return 0;
    copy_in(ring, messages, count);
    ring->position += count;
    atomic_store_explicit(&ring->shared->head, ring->position, memory_order_release);
    return count;
}

uint32_t cv_ring_pop(struct cv_ring *ring, struct cv_message *messages, uint32_t count)
{
    uint32_t head = atomic_load_explicit(&ring->shared->head, memory_order_acquire);
    uint32_t used = head - ring->position;

    if (used > ring->slots) {
        ring->bad_positions++;
        ring->position = head;
        count = 0;
    } else if (count > used) {
        count = used;
    }
    if (count == 0 && used == 0)
        return 0;
    copy_out(ring, messages, count);
    ring->position += count;
    atomic_store_explicit(&ring->shared->tail, ring->position, memory_order_release);
    return count;
}
