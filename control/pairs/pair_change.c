/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_change.h"

#include "base/clock.h"
#include "record.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define CONTAINER(pointer, member) \
    ((struct pair_change *)(void *)((char *)(pointer) - offsetof(struct pair_change, member)))

static void on_committed(struct commit_waiter *waiter, int error)
{
    struct pair_change *change = CONTAINER(waiter, waiter);

    if (error != 0 && !change->kept)
        change->outcome = CHANGE_UNSAVED;
    change->done(change);
}

static void finish(struct pair_change *change, enum change_outcome outcome, int error)
{
    change->outcome = outcome;
    change->error = error;
    change->waiter.done = on_committed;
    commits_wait(change->pairs->services->commits, &change->waiter);
}

/* Who has the pair. That it is kept does not hang on this: if it is not noted, it is put once more. */
static void note_boot_id(struct pair_change *change, uint64_t boot_id)
{
    if (store_set_boot_id(change->pairs->services->store, change->record.pair, boot_id) == -ENOENT) {
        change->kept = false; /* it has been deleted meanwhile */
        finish(change, CHANGE_UNSAVED, 0);
    } else {
        finish(change, CHANGE_DONE, 0);
    }
}

/* A commit may have failed, and undone the change, while the data plane was being asked. */
static enum change_outcome outcome_if(bool kept)
{
    return kept ? CHANGE_DONE : CHANGE_UNSAVED;
}

static void on_put(struct request *request, int error, const struct cv_pair_state *state)
{
    struct pair_change *change = CONTAINER(request, request);

    (void)state;
    if (error == -ECONNRESET) { /* it is put when the data plane returns */
        note_boot_id(change, 0);
    } else if (error != 0) {
        change->kept = false;
        (void)store_remove_pair(change->pairs->services->store, change->record.pair);
        finish(change, CHANGE_REFUSED, error);
    } else {
        change->installed = true;
        note_boot_id(change, dataplane_boot_id(change->pairs->services->dataplane));
    }
}

/* The store has it: now the data plane. */
static void on_added(struct commit_waiter *waiter, int error)
{
    struct pair_change *change = CONTAINER(waiter, waiter);
    struct pair_record record;

    /* It may have been deleted meanwhile, before the data plane had it. */
    if (error != 0 || store_get_pair(change->pairs->services->store, change->record.pair, &record) != 0) {
        change->outcome = CHANGE_UNSAVED;
        change->done(change);
        return;
    }
    change->kept = true;
    change->request.state = NULL;
    change->request.done = on_put;
    if (dataplane_request(change->pairs->services->dataplane, &change->request) != 0)
        finish(change, CHANGE_DONE, 0);
}

/* Whether a pair added now would wait in vain for a data plane like the last one. */
static bool is_beyond_limit(struct pairs *pairs)
{
    uint64_t count = 0;

    return pairs->pairs_max != 0 && !dataplane_attached(pairs->services->dataplane) &&
           store_count_pairs(pairs->services->store, &count) == 0 && count >= pairs->pairs_max;
}

int pair_change_add(struct pairs *pairs, struct pair_change *change)
{
    int error;

    change->pairs = pairs;
    change->kept = false;
    change->installed = false;
    if (is_beyond_limit(pairs)) {
        finish(change, CHANGE_REFUSED, -ENOSPC);
        return 0;
    }
    change->record.created_ms = clock_unix_ms();
    error = store_add_pair(pairs->services->store, &change->record);
    if (error != 0)
        return error;
    error = pair_record_put(&change->record, &change->request.message);
    if (error != 0) {
        (void)store_remove_pair(pairs->services->store, change->record.pair);
        finish(change, CHANGE_REFUSED, -EINVAL);
        return 0;
    }
    change->waiter.done = on_added;
    commits_wait(pairs->services->commits, &change->waiter);
    return 0;
}

static void on_deleted(struct request *request, int error, const struct cv_pair_state *state)
{
    struct pair_change *change = CONTAINER(request, request);
    struct pair_record record;

    (void)state;
    if (error == 0)
        waiting_room(change->pairs->waiting);
    if (error == 0 || error == -ENOENT || error == -ECONNRESET)
        finish(change,
               outcome_if(store_get_pair(change->pairs->services->store, change->record.pair, &record) ==
                          -ENOENT),
               0);
    else
        finish(change, CHANGE_REFUSED, error);
}

int pair_change_remove(struct pairs *pairs, struct pair_change *change, uint64_t pair)
{
    struct cv_message *message = &change->request.message;
    int error = store_get_pair(pairs->services->store, pair, &change->record);

    if (error == -EBADMSG)
        change->record.pair = pair; /* a damaged record can still be removed */
    else if (error != 0)
        return error;
    change->pairs = pairs;
    change->kept = false;
    change->installed = false;
    error = store_remove_pair(pairs->services->store, pair);
    if (error != 0)
        return error;
    memset(message, 0, sizeof(*message));
    message->type = CV_MESSAGE_PAIR_DELETE;
    message->pair = pair;
    change->request.state = NULL;
    change->request.done = on_deleted;
    if (dataplane_request(pairs->services->dataplane, &change->request) != 0)
        finish(change, CHANGE_DONE, 0);
    return 0;
}
