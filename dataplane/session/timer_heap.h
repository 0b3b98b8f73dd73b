/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * When which session is due: a binary heap over all sessions of one shard. Looking at the first costs one
 * load, so a session costs nothing between its timers; setting one costs log2(sessions) steps, and none when
 * its time stays or only grows, as it does with each packet: then the entry moves when it comes up. One
 * thread.
 */
#include <stddef.h>
#include <stdint.h>

#define CV_TIMER_NEVER UINT64_MAX

/* Within what it is the timer of. Zeroed memory: not in a heap. */
struct cv_timer {
    uint64_t due_ns;    /* CV_TIMER_NEVER: none */
    uint64_t listed_ns; /* as the heap has it: never later than due_ns */
    uint32_t index;     /* in the heap, from 1; 0: not in it */
};

struct cv_timer_heap {
    struct cv_timer **heap; /* from 1 */
    uint32_t count;
    uint32_t max;
};

/* `memory` has room for max + 1 pointers. */
void cv_timer_heap_init(struct cv_timer_heap *timers, void *memory, uint32_t max);

/* Sets, moves or (CV_TIMER_NEVER) takes out. There is room for `max` timers. */
void cv_timer_heap_set(struct cv_timer_heap *timers, struct cv_timer *timer, uint64_t due_ns);

/* A timer that is due at `now_ns`, taken out; NULL: none. */
struct cv_timer *cv_timer_heap_pop(struct cv_timer_heap *timers, uint64_t now_ns);

/* No timer is due before this. */
static inline uint64_t cv_timer_heap_next(const struct cv_timer_heap *timers)
{
    return timers->count > 0 ? timers->heap[1]->listed_ns : CV_TIMER_NEVER;
}
