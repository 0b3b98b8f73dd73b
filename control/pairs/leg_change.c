/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg_change.h"

#include "record.h"
#include "relay_ports.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define CONTAINER(pointer, member) \
    ((struct leg_change *)(void *)((char *)(pointer) - offsetof(struct leg_change, member)))

static struct store *store_of(const struct leg_change *change)
{
    return change->pairs->services->store;
}

/* What it leaves in the store is committed together with what comes of it above. */
static void finish(struct leg_change *change, enum change_outcome outcome, int error)
{
    change->outcome = outcome;
    change->error = error;
    change->done(change);
}

bool leg_change_waits(const struct leg_change *change)
{
    struct leg_record next;

    return store_get_next_leg(store_of(change), change->pair, change->leg, &next) == 0 &&
           leg_record_is_same(&next, &change->next);
}

/*
 * Another change may have begun since: its leg waits, and takes the place of this one. Or the leg is known
 * to be there already, from a dump.
 */
static void take(struct leg_change *change)
{
    struct pair_record record;

    if (leg_change_waits(change))
        (void)store_take_next_leg(store_of(change), change->pair, change->leg);
    else if (store_get_pair(store_of(change), change->pair, &record) == 0 &&
             leg_record_is_same(&record.legs[change->leg], &change->next))
        return;
    else
        (void)store_put_leg(store_of(change), change->pair, change->leg, &change->next);
    change->taken = true;
}

/* The new leg is forgotten. */
static void undo(struct leg_change *change, int error)
{
    if (leg_change_waits(change))
        (void)store_remove_next_leg(store_of(change), change->pair, change->leg);
    finish(change, CHANGE_REFUSED, error);
}

/* A lost data plane is one whose pairs are put anew. */
static void on_changed(struct request *request, int error, const struct cv_pair_state *state)
{
    struct leg_change *change = CONTAINER(request, request);
    struct pair_record record;

    (void)state;
    if (error == 0 && store_get_pair(store_of(change), change->pair, &record) != 0)
        error = -ENOENT; /* it has ended meanwhile */
    if (error != 0 && error != -ECONNRESET) {
        undo(change, error);
        return;
    }
    if (change->next.bind == CV_BIND_TUNNEL || (error == -ECONNRESET && leg_change_waits(change)))
        take(change);
    finish(change, CHANGE_DONE, 0);
}

/*
 * The data plane does not have the pair: it gets the new leg here, and is put when nothing else is being
 * put.
 */
static void take_at_once(struct leg_change *change, const struct pair_record *record)
{
    take(change);
    waiting_add(change->pairs->waiting, change->pair, record->idle_s);
    waiting_room(change->pairs->waiting);
    finish(change, CHANGE_DONE, 0);
}

/* The store has it: now the data plane, if it has the pair. */
static void on_kept(struct commit_waiter *waiter, int error)
{
    struct leg_change *change = CONTAINER(waiter, waiter);
    struct dataplane *dataplane = change->pairs->services->dataplane;
    struct cv_message *message = &change->request.message;
    struct pair_record record;

    if (error == 0)
        error = store_get_pair(store_of(change), change->pair, &record);
    if (error != 0) {
        change->outcome = CHANGE_UNSAVED;
        change->done(change);
        return;
    }
    if (!dataplane_attached(dataplane) || record.boot_id != dataplane_boot_id(dataplane)) {
        take_at_once(change, &record);
        return;
    }
    memset(message, 0, sizeof(*message));
    message->type = CV_MESSAGE_LEG_CHANGE;
    message->change.pair = change->pair;
    message->change.leg = (uint8_t)change->leg;
    leg_record_fill(&change->next, &message->change.to);
    change->request.state = NULL;
    change->request.done = on_changed;
    if (dataplane_request(dataplane, &change->request) != 0)
        take_at_once(change, &record);
}

int leg_change_begin(struct pairs *pairs, struct leg_change *change)
{
    struct services *services = pairs->services;
    struct pair_record record;
    int error = store_get_pair(services->store, change->pair, &record);

    change->pairs = pairs;
    change->taken = false;
    /* With the leg that waits now, if one does: the data plane may be about to say that it has come. */
    if (error == 0)
        error = relay_port_choose_next(services->config, services->store, &change->next);
    if (error == 0 && change->next.bind == CV_BIND_TOKEN)
        error = leg_record_make_token(&change->next);
    if (error == 0)
        error = store_put_next_leg(services->store, change->pair, change->leg, &change->next);
    if (error != 0)
        return error;
    change->waiter.done = on_kept;
    commits_wait(services->commits, &change->waiter);
    return 0;
}

void leg_change_repeat(struct pairs *pairs, struct leg_change *change)
{
    change->pairs = pairs;
    change->taken = false;
    change->waiter.done = on_kept;
    commits_wait(pairs->services->commits, &change->waiter);
}
