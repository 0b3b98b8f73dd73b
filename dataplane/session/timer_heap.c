/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer_heap.h"

void cv_timer_heap_init(struct cv_timer_heap *timers, void *memory, uint32_t max)
{
    *timers = (struct cv_timer_heap){.heap = memory, .max = max};
}

static void put(struct cv_timer_heap *timers, struct cv_timer *timer, uint32_t index)
{
    timers->heap[index] = timer;
    timer->index = index;
}

static void sift_up(struct cv_timer_heap *timers, struct cv_timer *timer, uint32_t index)
{
    while (index > 1 && timers->heap[index / 2]->listed_ns > timer->listed_ns) {
        put(timers, timers->heap[index / 2], index);
        index /= 2;
    }
    put(timers, timer, index);
}

static void sift_down(struct cv_timer_heap *timers, struct cv_timer *timer, uint32_t index)
{
    uint32_t child;

    while ((child = 2 * index) <= timers->count) {
        if (child < timers->count && timers->heap[child + 1]->listed_ns < timers->heap[child]->listed_ns)
            child++;
        if (timers->heap[child]->listed_ns >= timer->listed_ns)
            break;
        put(timers, timers->heap[child], index);
        index = child;
    }
    put(timers, timer, index);
}

static void take_out(struct cv_timer_heap *timers, struct cv_timer *timer)
{
    uint32_t index = timer->index;
    struct cv_timer *last = timers->heap[timers->count--];

    timer->index = 0;
    if (last == timer)
        return;
    if (index > 1 && timers->heap[index / 2]->listed_ns > last->listed_ns)
        sift_up(timers, last, index);
    else
        sift_down(timers, last, index);
}

void cv_timer_heap_set(struct cv_timer_heap *timers, struct cv_timer *timer, uint64_t due_ns)
{
    timer->due_ns = due_ns;
    if (due_ns == CV_TIMER_NEVER) {
        if (timer->index != 0)
            take_out(timers, timer);
        return;
    }
    if (timer->index == 0) {
        timer->listed_ns = due_ns;
        sift_up(timers, timer, ++timers->count);
    } else if (due_ns < timer->listed_ns) {
        timer->listed_ns = due_ns;
        sift_up(timers, timer, timer->index);
    }
}

struct cv_timer *cv_timer_heap_pop(struct cv_timer_heap *timers, uint64_t now_ns)
{
    while (cv_timer_heap_next(timers) <= now_ns) {
        struct cv_timer *timer = timers->heap[1];

        if (timer->due_ns <= now_ns) {
            take_out(timers, timer);
            return timer;
        }
        timer->listed_ns = timer->due_ns;
        sift_down(timers, timer, 1);
    }
    return NULL;
}
