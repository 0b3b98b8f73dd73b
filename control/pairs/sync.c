/* SPDX-License-Identifier: BSD-3-Clause */
#include "sync.h"

#include "base/log.h"
#include "base/numbers.h"
#include "base/timer.h"
#include "legs.h"
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum sync_phase { SYNC_IDLE, SYNC_DUMP, SYNC_REMOVE, SYNC_SCAN };

struct sync {
    struct services *services;
    const struct pair_ends *ends;
    struct waiting *waiting;
    enum sync_phase phase;
    bool again;               /* asked for during a run */
    uint64_t newest;          /* the last pair that was in the store when the dump was asked for */
    uint64_t cursor;          /* SYNC_SCAN: the last pair looked at */
    struct numbers known;     /* in the dump, as the store has them */
    struct numbers strangers; /* in the dump only, or with other legs */
    uint32_t in_flight;
    struct request dump;
    struct event *step;
    struct sync_counts counts;
};

/* A PAIR_PUT or PAIR_DELETE of a run. */
struct sync_request {
    struct request request;
    struct sync *sync;
};

static void schedule(struct sync *sync)
{
    if (!evtimer_pending(sync->step, NULL))
        timer_start(sync->step, 0);
}

static void clear(struct sync *sync)
{
    sync->phase = SYNC_IDLE;
    waiting_hold(sync->waiting, false);
    numbers_free(&sync->known);
    numbers_free(&sync->strangers);
}

/* Memory or the store failed: what is missing is made up for by a later run. */
static void abandon(struct sync *sync, const char *why)
{
    log_error("cannot bring store and data plane in line: %s; it is tried again at the next attachment", why);
    clear(sync);
}

static bool same_leg(const struct leg_record *record, const struct cv_leg_state *state)
{
    if (record->bind != state->bind)
        return false;
    return record->bind == CV_BIND_TUNNEL
               ? record->session == state->session && record->channel == state->channel
               : record->relay_port == state->relay_port;
}

static bool same_legs(const struct pair_record *record, const struct cv_pair_state *state)
{
    return same_leg(&record->legs[0], &state->legs[0]) && same_leg(&record->legs[1], &state->legs[1]);
}

/* Whether the data plane has the pair as it was put there. */
static bool same_settings(const struct pair_record *record, const struct cv_pair_state *state)
{
    return record->idle_s == state->idle_s && record->rate_bytes_per_second == state->rate_bytes_per_second &&
           same_legs(record, state);
}

static void on_state(struct request *request, const struct cv_pair_state *state)
{
    struct sync *sync = (struct sync *)(void *)((char *)request - offsetof(struct sync, dump));
    struct services *services = sync->services;
    uint64_t boot_id = dataplane_boot_id(services->dataplane);
    struct pair_record record;
    int error = store_get_pair(services->store, state->pair, &record);

    if (error == -ENOENT) {
        numbers_add(&sync->strangers, state->pair);
        return;
    }
    if (error != 0) {
        log_error("store: %s", store_error(services->store));
        numbers_add(&sync->known, state->pair); /* it works: leave it alone */
        return;
    }
    legs_learn(sync->ends, &record, state, record.boot_id == boot_id);
    if (record.boot_id == boot_id && same_settings(&record, state))
        numbers_add(&sync->known, state->pair);
    else if (record.boot_id == boot_id)
        (void)store_set_boot_id(services->store, state->pair, 0); /* so that it is put again */
    if (!same_legs(&record, state))
        numbers_add(&sync->strangers, state->pair); /* a pair is not put over one with other legs */
}

static void on_dump_done(struct request *request, int error, const struct cv_pair_state *state)
{
    struct sync *sync = (struct sync *)(void *)((char *)request - offsetof(struct sync, dump));

    (void)state;
    if (error == -ECONNRESET)
        return; /* sync_stop follows */
    if (error != 0) {
        abandon(sync, cv_result_text(error));
        return;
    }
    if (sync->known.failed || sync->strangers.failed) {
        abandon(sync, "out of memory");
        return;
    }
    numbers_sort(&sync->known);
    sync->counts.known = sync->known.count;
    sync->phase = SYNC_REMOVE;
    schedule(sync);
}

static void on_request_done(struct request *request, int error, const struct cv_pair_state *state);

/* False when memory is short. */
static bool ask(struct sync *sync, const struct cv_message *message)
{
    struct sync_request *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return false;
    made->sync = sync;
    made->request.message = *message;
    made->request.done = on_request_done;
    if (dataplane_request(sync->services->dataplane, &made->request) != 0) {
        free(made);
        return false;
    }
    sync->in_flight++;
    return true;
}

static void on_refused(struct sync *sync, const struct cv_pair_config *put, int error, bool changed)
{
    if (sync->counts.refused++ == 0)
        log_warning("pair %" PRIu64 " is not in the data plane: %s; it is tried again when pairs go "
                    "(further ones are counted)",
                    put->pair, cv_result_text(error));
    if (error == -ENOTCONN && !changed)
        pair_ends_sessionless(sync->ends, put->pair);
    else if (error != -EEXIST) /* it would be there, in another form */
        waiting_add(sync->waiting, put->pair, put->idle_s);
}

static void on_put(struct sync *sync, const struct cv_pair_config *put, int error)
{
    struct services *services = sync->services;
    bool changed = error != -ECONNRESET && waiting_has(sync->waiting, put->pair) &&
                   pair_record_has_changed(services->store, put);
    const struct cv_message taking_back = {.type = CV_MESSAGE_PAIR_DELETE, .pair = put->pair};

    if (error == 0 && changed) {
        (void)ask(sync, &taking_back); /* and it waits */
    } else if (error == 0) {
        sync->counts.put++;
        (void)store_set_boot_id(services->store, put->pair, dataplane_boot_id(services->dataplane));
    } else if (error != -ECONNRESET) {
        on_refused(sync, put, error, changed);
    }
    if (changed)
        waiting_room(sync->waiting);
}

static void on_request_done(struct request *request, int error, const struct cv_pair_state *state)
{
    struct sync_request *done = (struct sync_request *)(void *)request;
    struct sync *sync = done->sync;

    (void)state;
    sync->in_flight--;
    if (request->message.type == CV_MESSAGE_PAIR_PUT)
        on_put(sync, &request->message.put, error);
    else if (error == 0)
        sync->counts.removed++;
    free(done);
    if (sync->phase != SYNC_IDLE)
        schedule(sync);
}

static void finish(struct sync *sync)
{
    const struct sync_counts *counts = &sync->counts;

    log_notice("in line with the data plane: %" PRIu64 " pairs known, %" PRIu64 " put, %" PRIu64
               " refused, %" PRIu64 " removed, %" PRIu64 " expired meanwhile",
               counts->known, counts->put, counts->refused, counts->removed, counts->expired);
    events_synced(&sync->services->events, counts);
    clear(sync);
    if (sync->again)
        sync_start(sync);
}

static void remove_strangers(struct sync *sync)
{
    for (uint32_t i = 0; i < SYNC_STEP && sync->in_flight < SYNC_IN_FLIGHT; i++) {
        struct cv_message message = {.type = CV_MESSAGE_PAIR_DELETE};

        if (sync->strangers.count == 0) {
            sync->phase = SYNC_SCAN;
            break;
        }
        message.pair = numbers_pop(&sync->strangers);
        if (!ask(sync, &message)) {
            abandon(sync, "out of memory");
            return;
        }
    }
    if (sync->in_flight < SYNC_IN_FLIGHT)
        schedule(sync);
}

/* A pair of the store that the dump did not have. False when memory is short. */
static bool settle(struct sync *sync, const struct pair_record *record)
{
    struct services *services = sync->services;
    struct cv_message message;

    if (record->damaged) {
        sync->counts.refused++;
        log_error("store: pair %" PRIu64 " is damaged and cannot be put into the data plane; delete it",
                  record->pair);
        return true;
    }
    if (record->boot_id == dataplane_boot_id(services->dataplane)) {
        sync->counts.expired++;
        pair_ends_expired(sync->ends, record);
        return true;
    }
    if (!sync->ends->handlers->ready(sync->ends->context, record)) {
        sync->counts.refused++;
        if (record->boot_id != 0)
            (void)store_set_boot_id(services->store, record->pair, 0);
        return true;
    }
    if (pair_record_put(record, &message) != 0) {
        sync->counts.refused++;
        log_error("store: pair %" PRIu64 " makes no sense to the data plane; delete it", record->pair);
        return true;
    }
    return ask(sync, &message);
}

static void scan(struct sync *sync)
{
    static struct pair_record records[SYNC_STEP]; /* one thread */
    uint32_t room = SYNC_IN_FLIGHT - sync->in_flight;
    int count = store_next_pairs(sync->services->store, sync->cursor, sync->newest, records,
                                 room < SYNC_STEP ? room : SYNC_STEP);

    if (count < 0) {
        abandon(sync, store_error(sync->services->store));
        return;
    }
    for (int i = 0; i < count; i++) {
        sync->cursor = records[i].pair;
        if (!numbers_has(&sync->known, records[i].pair) && !settle(sync, &records[i])) {
            abandon(sync, "out of memory");
            return;
        }
    }
    if (count > 0 && sync->in_flight < SYNC_IN_FLIGHT)
        schedule(sync);
    else if (count == 0 && room > 0 && sync->in_flight == 0)
        finish(sync);
}

static void on_step(evutil_socket_t fd, short what, void *context)
{
    struct sync *sync = context;

    (void)fd;
    (void)what;
    if (sync->phase == SYNC_REMOVE)
        remove_strangers(sync);
    else if (sync->phase == SYNC_SCAN)
        scan(sync);
}

struct sync *sync_new(struct services *services, const struct pair_ends *ends, struct waiting *waiting)
{
    struct sync *sync = calloc(1, sizeof(*sync));

    if (sync == NULL)
        return NULL;
    sync->services = services;
    sync->ends = ends;
    sync->waiting = waiting;
    sync->step = evtimer_new(services->loop, on_step, sync);
    if (sync->step == NULL) {
        free(sync);
        return NULL;
    }
    return sync;
}

void sync_free(struct sync *sync)
{
    if (sync == NULL)
        return;
    clear(sync);
    event_free(sync->step);
    free(sync);
}

void sync_start(struct sync *sync)
{
    struct services *services = sync->services;

    if (sync->phase != SYNC_IDLE) {
        sync->again = true;
        return;
    }
    sync->again = false;
    sync->cursor = 0;
    sync->counts = (struct sync_counts){0};
    sync->newest = 0;
    if (store_newest_pair(services->store, &sync->newest) != 0) {
        abandon(sync, store_error(services->store));
        return;
    }
    memset(&sync->dump, 0, sizeof(sync->dump));
    sync->dump.message.type = CV_MESSAGE_PAIR_DUMP;
    sync->dump.state = on_state;
    sync->dump.done = on_dump_done;
    if (dataplane_request(services->dataplane, &sync->dump) != 0)
        return;
    sync->phase = SYNC_DUMP;
    waiting_hold(sync->waiting, true);
}

bool sync_running(const struct sync *sync)
{
    return sync->phase != SYNC_IDLE;
}

void sync_stop(struct sync *sync)
{
    clear(sync);
    sync->again = false;
}
