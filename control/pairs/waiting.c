/* SPDX-License-Identifier: BSD-3-Clause */
#include "waiting.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SYNC_PAUSE_MS 1000

struct waiting_pair {
    uint64_t pair;
    uint64_t deadline_ms; /* monotonic; UINT64_MAX: it never expires */
    bool gone;            /* leaves the list at the end of the pass */
};

struct waiting {
    struct services *services;
    const struct pair_ends *ends;
    struct event *timer;
    uint64_t due_ms;            /* of the timer, monotonic; 0: it is not set */
    struct waiting_pair *pairs; /* by number */
    size_t count, room;
    bool held;    /* waiting_hold */
    bool passing; /* through all of them */
    size_t next;  /* the first that this pass has not looked at */
    uint32_t in_flight;
    bool full;  /* said the data plane in this pass */
    bool again; /* a pair went during this pass */
    uint64_t put;
};

struct waiting_request {
    struct request request;
    struct waiting *waiting;
};

static void arm(struct waiting *waiting, uint64_t delay_ms)
{
    uint64_t due_ms = clock_monotonic_ms() + delay_ms;

    if (waiting->due_ms != 0 && waiting->due_ms <= due_ms)
        return;
    waiting->due_ms = due_ms;
    timer_start(waiting->timer, delay_ms);
}

/* Where this pair is, or would have to be. */
static size_t position(const struct waiting *waiting, uint64_t pair)
{
    size_t low = 0;
    size_t high = waiting->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (waiting->pairs[middle].pair < pair)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool waiting_has(const struct waiting *waiting, uint64_t pair)
{
    size_t at = position(waiting, pair);

    return at < waiting->count && waiting->pairs[at].pair == pair && !waiting->pairs[at].gone;
}

static struct waiting_pair *find(const struct waiting *waiting, uint64_t pair)
{
    size_t at = position(waiting, pair);

    return at < waiting->count && waiting->pairs[at].pair == pair ? &waiting->pairs[at] : NULL;
}

static bool make_room(struct waiting *waiting)
{
    size_t room = waiting->room == 0 ? 64 : 2 * waiting->room;
    struct waiting_pair *pairs;

    if (waiting->count < waiting->room)
        return true;
    pairs = reallocarray(waiting->pairs, room, sizeof(*pairs));
    if (pairs == NULL)
        return false;
    waiting->pairs = pairs;
    waiting->room = room;
    return true;
}

void waiting_add(struct waiting *waiting, uint64_t pair, uint32_t idle_s)
{
    size_t at = position(waiting, pair);
    uint64_t now = clock_monotonic_ms();
    uint64_t deadline_ms = idle_s == 0 ? UINT64_MAX : now + idle_s * UINT64_C(1000);
    bool known = at < waiting->count && waiting->pairs[at].pair == pair;

    if (known && !waiting->pairs[at].gone)
        return;
    if (!known) {
        if (!make_room(waiting)) {
            log_error("out of memory: pair %" PRIu64 " is tried again at the next attachment only", pair);
            return;
        }
        memmove(&waiting->pairs[at + 1], &waiting->pairs[at],
                (waiting->count - at) * sizeof(waiting->pairs[0]));
        waiting->count++;
        if (at < waiting->next)
            waiting->next++;
    }
    waiting->pairs[at] = (struct waiting_pair){.pair = pair, .deadline_ms = deadline_ms};
    arm(waiting, idle_s != 0 && idle_s < WAITING_RETRY_S ? idle_s * UINT64_C(1000) : WAITING_RETRY_S * 1000);
}

static void on_taken_back(struct request *request, int error, const struct cv_pair_state *state)
{
    struct waiting_request *done = (struct waiting_request *)(void *)request;
    struct waiting *waiting = done->waiting;

    (void)state;
    waiting->in_flight--;
    free(done);
    if (error != -ECONNRESET)
        arm(waiting, 0);
}

/* The data plane has a pair as it was: it waits until it is put as it is. */
static void take_back(struct waiting *waiting, uint64_t pair)
{
    struct waiting_request *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->waiting = waiting;
    made->request.message.type = CV_MESSAGE_PAIR_DELETE;
    made->request.message.pair = pair;
    made->request.done = on_taken_back;
    if (dataplane_request(waiting->services->dataplane, &made->request) != 0)
        free(made);
    else
        waiting->in_flight++;
}

static void on_done(struct request *request, int error, const struct cv_pair_state *state)
{
    struct waiting_request *done = (struct waiting_request *)(void *)request;
    struct waiting *waiting = done->waiting;
    struct services *services = waiting->services;
    struct waiting_pair *entry = find(waiting, request->message.put.pair);
    bool changed = pair_record_has_changed(services->store, &request->message.put);

    (void)state;
    waiting->in_flight--;
    if (changed && error != -ECONNRESET)
        waiting->again = true;
    if (error == 0 && changed) {
        take_back(waiting, request->message.put.pair);
    } else if (error == 0) {
        (void)store_set_boot_id(services->store, request->message.put.pair,
                                dataplane_boot_id(services->dataplane));
        waiting->put++;
        if (entry != NULL)
            entry->gone = true;
    } else if (error == -ENOSPC) {
        waiting->full = true;
    } else if (error == -ENOTCONN && !changed) {
        pair_ends_sessionless(waiting->ends, request->message.put.pair);
        if (entry != NULL)
            entry->gone = true;
    }
    free(done);
    if (error != -ECONNRESET)
        arm(waiting, 0);
}

static void try_again(struct waiting *waiting, const struct pair_record *record)
{
    struct waiting_request *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->waiting = waiting;
    made->request.done = on_done;
    if (pair_record_put(record, &made->request.message) != 0 ||
        dataplane_request(waiting->services->dataplane, &made->request) != 0)
        free(made);
    else
        waiting->in_flight++;
}

static void look_at(struct waiting *waiting, struct waiting_pair *entry, uint64_t now)
{
    struct services *services = waiting->services;
    bool expired = entry->deadline_ms <= now;
    struct pair_record record;

    if (entry->gone || (waiting->full && !expired))
        return;
    if (store_get_pair(services->store, entry->pair, &record) != 0 ||
        record.boot_id == dataplane_boot_id(services->dataplane) ||
        !waiting->ends->handlers->ready(waiting->ends->context, &record)) {
        entry->gone = true; /* deleted, damaged, put by a run of sync, or added again when it is ready */
    } else if (expired) {
        entry->gone = true;
        pair_ends_expired(waiting->ends, &record);
    } else {
        try_again(waiting, &record);
    }
}

static void end_pass(struct waiting *waiting)
{
    uint64_t earliest_ms = UINT64_MAX;
    uint64_t now = clock_monotonic_ms();
    uint64_t delay_ms = waiting->again ? WAITING_ROOM_MS : WAITING_RETRY_S * 1000;
    size_t kept = 0;

    for (size_t i = 0; i < waiting->count; i++) {
        if (waiting->pairs[i].gone)
            continue;
        if (waiting->pairs[i].deadline_ms < earliest_ms)
            earliest_ms = waiting->pairs[i].deadline_ms;
        waiting->pairs[kept++] = waiting->pairs[i];
    }
    waiting->count = kept;
    waiting->passing = false;
    if (waiting->put > 0)
        log_notice("%" PRIu64 " pairs that were refused before are in the data plane now; %zu still wait",
                   waiting->put, kept);
    if (kept == 0)
        return;
    if (earliest_ms < now + delay_ms)
        delay_ms = earliest_ms > now ? earliest_ms - now : 0;
    arm(waiting, delay_ms);
}

static void begin_pass(struct waiting *waiting)
{
    waiting->passing = true;
    waiting->next = 0;
    waiting->full = false;
    waiting->again = false;
    waiting->put = 0;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct waiting *waiting = context;
    uint64_t now = clock_monotonic_ms();

    (void)fd;
    (void)what;
    waiting->due_ms = 0;
    if (waiting->count == 0 || !dataplane_attached(waiting->services->dataplane))
        return;
    if (waiting->held) {
        arm(waiting, SYNC_PAUSE_MS);
        return;
    }
    if (!waiting->passing)
        begin_pass(waiting);
    for (unsigned i = 0;
         i < WAITING_STEP && waiting->next < waiting->count && waiting->in_flight < WAITING_IN_FLIGHT; i++) {
        look_at(waiting, &waiting->pairs[waiting->next], now);
        waiting->next++;
    }
    if (waiting->next == waiting->count && waiting->in_flight == 0)
        end_pass(waiting);
    else if (waiting->next < waiting->count && waiting->in_flight < WAITING_IN_FLIGHT)
        arm(waiting, 0);
}

void waiting_hold(struct waiting *waiting, bool held)
{
    waiting->held = held;
}

void waiting_room(struct waiting *waiting)
{
    if (waiting->count == 0)
        return;
    waiting->again = true;
    arm(waiting, WAITING_ROOM_MS);
}

void waiting_stop(struct waiting *waiting)
{
    (void)evtimer_del(waiting->timer);
    waiting->due_ms = 0;
    waiting->passing = false;
    waiting->next = 0;
    waiting->count = 0;
}

struct waiting *waiting_new(struct services *services, const struct pair_ends *ends)
{
    struct waiting *waiting = calloc(1, sizeof(*waiting));

    if (waiting == NULL)
        return NULL;
    waiting->services = services;
    waiting->ends = ends;
    waiting->timer = evtimer_new(services->loop, on_timer, waiting);
    if (waiting->timer == NULL) {
        free(waiting);
        return NULL;
    }
    return waiting;
}

void waiting_free(struct waiting *waiting)
{
    if (waiting == NULL)
        return;
    event_free(waiting->timer);
    free(waiting->pairs);
    free(waiting);
}
