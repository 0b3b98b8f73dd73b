/* SPDX-License-Identifier: BSD-3-Clause */
#include "timers.h"

void cv_timers_init(struct cv_timers *timers, void *memory, uint32_t max)
{
    *timers = (struct cv_timers){.heap = memory, .max = max};
}

static void put(struct cv_timers *timers, struct cv_timer *timer, uint32_t place)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct cv_timers *timers, struct cv_timer *timer, uint32_t place)
{
    while (place > 1 && timers->heap[place / 2]->listed_ns > timer->listed_ns) {
        put(timers, timers->heap[place / 2], place);
        place /= 2;
    }
    put(timers, timer, place);
}

static void sift_down(struct cv_timers *timers, struct cv_timer *timer, uint32_t place)
{
    uint32_t child;

    while ((child = 2 * place) <= timers->count) {
        if (child < timers->count && timers->heap[child + 1]->listed_ns < timers->heap[child]->listed_ns)
            child++;
        if (timers->heap[child]->listed_ns >= timer->listed_ns)
            break;
        put(timers, timers->heap[child], place);
        place = child;
    }
    put(timers, timer, place);
}

static void take_out(struct cv_timers *timers, struct cv_timer *timer)
{
    uint32_t place = timer->place;
    struct cv_timer *last = timers->heap[timers->count--];

    timer->place = 0;
    if (last == timer)
        return;
    if (place > 1 && timers->heap[place / 2]->listed_ns > last->listed_ns)
        sift_up(timers, last, place);
    else
        sift_down(timers, last, place);
}

void cv_timers_set(struct cv_timers *timers, struct cv_timer *timer, uint64_t due_ns)
{
    timer->due_ns = due_ns;
    if (due_ns == CV_TIMER_NEVER) {
        if (timer->place != 0)
            take_out(timers, timer);
        return;
    }
    if (timer->place == 0) {
        timer->listed_ns = due_ns;
        sift_up(timers, timer, ++timers->count);
    } else if (due_ns < timer->listed_ns) {
        timer->listed_ns = due_ns;
        sift_up(timers, timer, timer->place);
    }
}

struct cv_timer *cv_timers_pop(struct cv_timers *timers, uint64_t now_ns)
{
    while (cv_timers_next(timers) <= now_ns) {
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
