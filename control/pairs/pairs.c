/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairs.h"
#include "control.h"
#include "base/clock.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define CONTAINER(pointer, member) \
    ((struct pair_change *)(void *)((char *)(pointer) - offsetof(struct pair_change, member)))

int pairs_make_tokens(struct pair_record *record)
{
    for (unsigned leg = 0; leg < 2; leg++) {
        struct leg_record *to = &record->legs[leg];

        if (to->bind != CV_BIND_TOKEN)
            continue;
        if (getrandom(to->token, sizeof(to->token), 0) != (ssize_t)sizeof(to->token))
            return -errno;
    }
    return 0;
}

static void put_leg(const struct leg_record *record, struct cv_leg_config *leg)
{
    leg->bind = record->bind;
    switch (record->bind) {
    case CV_BIND_TOKEN:
        memcpy(leg->token, record->token, sizeof(leg->token));
        leg->last = record->last;
        break;
    case CV_BIND_FIXED:
        leg->address = record->address;
        break;
    case CV_BIND_TUNNEL:
        leg->session = record->session;
        leg->channel = record->channel;
        break;
    default:
        leg->address.ip = record->prefix.ip;
        leg->prefix_length = record->prefix.length;
        leg->last = record->last;
        break;
    }
}

int pairs_put_message(const struct pair_record *record, struct cv_message *message)
{
    int error;

    memset(message, 0, sizeof(*message));
    message->type = CV_MESSAGE_PAIR_PUT;
    message->put.pair = record->pair;
    message->put.relay_port = record->relay_port;
    message->put.idle_s = record->idle_s;
    message->put.rate_bytes_per_second = record->rate_bytes_per_second;
    for (unsigned leg = 0; leg < 2; leg++)
        put_leg(&record->legs[leg], &message->put.legs[leg]);
    message->sequence = 1; /* until it gets its own: a request without one is not well formed */
    error = cv_message_check(message, CV_SENDER_CONTROL);
    message->sequence = 0;
    return error;
}

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
    commits_wait(change->control->commits, &change->waiter);
}

/* Who has the pair. That it is kept does not hang on this: if it is not noted, it is put once more. */
static void note_boot_id(struct pair_change *change, uint64_t boot_id)
{
    if (store_set_boot_id(change->control->store, change->record.pair, boot_id) == -ENOENT) {
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
        (void)store_remove_pair(change->control->store, change->record.pair);
        finish(change, CHANGE_REFUSED, error);
    } else {
        change->installed = true;
        note_boot_id(change, dataplane_boot_id(change->control->dataplane));
    }
}

/* The store has it: now the data plane. */
static void on_added(struct commit_waiter *waiter, int error)
{
    struct pair_change *change = CONTAINER(waiter, waiter);
    struct pair_record record;

    /* It may have been deleted meanwhile, before the data plane had it. */
    if (error != 0 || store_get_pair(change->control->store, change->record.pair, &record) != 0) {
        change->outcome = CHANGE_UNSAVED;
        change->done(change);
        return;
    }
    change->kept = true;
    change->request.state = NULL;
    change->request.done = on_put;
    if (dataplane_request(change->control->dataplane, &change->request) != 0)
        finish(change, CHANGE_DONE, 0);
}

/* Whether a pair added now would wait in vain for a data plane like the last one. */
static bool is_beyond_limit(struct control *control)
{
    uint64_t count = 0;

    return control->pairs_max != 0 && !dataplane_attached(control->dataplane) &&
           store_count_pairs(control->store, &count) == 0 && count >= control->pairs_max;
}

int pairs_add(struct control *control, struct pair_change *change)
{
    int error;

    change->control = control;
    change->kept = false;
    change->installed = false;
    if (is_beyond_limit(control)) {
        finish(change, CHANGE_REFUSED, -ENOSPC);
        return 0;
    }
    change->record.created_ms = clock_unix_ms();
    error = store_add_pair(control->store, &change->record);
    if (error != 0)
        return error;
    error = pairs_put_message(&change->record, &change->request.message);
    if (error != 0) {
        (void)store_remove_pair(control->store, change->record.pair);
        finish(change, CHANGE_REFUSED, -EINVAL);
        return 0;
    }
    change->waiter.done = on_added;
    commits_wait(control->commits, &change->waiter);
    return 0;
}

static void on_deleted(struct request *request, int error, const struct cv_pair_state *state)
{
    struct pair_change *change = CONTAINER(request, request);
    struct pair_record record;

    (void)state;
    if (error == 0)
        waiting_room(change->control->waiting);
    if (error == 0 || error == -ENOENT || error == -ECONNRESET)
        finish(change,
               outcome_if(store_get_pair(change->control->store, change->record.pair, &record) == -ENOENT),
               0);
    else
        finish(change, CHANGE_REFUSED, error);
}

int pairs_remove(struct control *control, struct pair_change *change, uint64_t pair)
{
    struct cv_message *message = &change->request.message;
    int error = store_get_pair(control->store, pair, &change->record);

    if (error == -EBADMSG)
        change->record.pair = pair; /* a damaged record can still be removed */
    else if (error != 0)
        return error;
    change->control = control;
    change->kept = false;
    change->installed = false;
    error = store_remove_pair(control->store, pair);
    if (error != 0)
        return error;
    memset(message, 0, sizeof(*message));
    message->type = CV_MESSAGE_PAIR_DELETE;
    message->pair = pair;
    change->request.state = NULL;
    change->request.done = on_deleted;
    if (dataplane_request(control->dataplane, &change->request) != 0)
        finish(change, CHANGE_DONE, 0);
    return 0;
}
