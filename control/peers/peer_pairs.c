/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_pairs.h"

#include "base/log.h"
#include "capsules.h"
#include "pair_updates.h"
#include "pairs/pair_change.h"
#include "pairs/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct peer_pairs *bucket(struct peers *all, uint64_t pair)
{
    return &all->pairs_by_number[pair % SESSION_BUCKETS];
}

struct peer_pair *peer_pairs_find(struct peers *all, uint64_t number, const struct peer *peer)
{
    struct peer_pair *pair;

    LIST_FOREACH(pair, bucket(all, number), by_number)
    {
        if (pair->record.pair == number)
            return peer == NULL || pair->peers[0] == peer || pair->peers[1] == peer ? pair : NULL;
    }
    return NULL;
}

struct peer_pair *peer_pairs_add(struct peer *asker, struct peer *answerer,
                                 const struct peer_pair_record *record)
{
    struct peer_pair *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->record = *record;
    made->peers[0] = asker;
    made->peers[1] = answerer;
    LIST_INSERT_HEAD(bucket(asker->all, record->pair), made, by_number);
    LIST_INSERT_HEAD(&asker->pairs[0], made, of_peer[0]);
    LIST_INSERT_HEAD(&answerer->pairs[1], made, of_peer[1]);
    return made;
}

static void unlink_pair(struct peer_pair *pair)
{
    for (unsigned side = 0; side < 2; side++) {
        if (pair->record.channels[side] != 0)
            channels_give_back(pair->peers[side]->channels, pair->record.channels[side]);
    }
    pair_updates_forget(pair);
    LIST_REMOVE(pair, by_number);
    LIST_REMOVE(pair, of_peer[0]);
    LIST_REMOVE(pair, of_peer[1]);
    free(pair);
}

static void on_removed(struct pair_change *change)
{
    if (change->outcome == CHANGE_DONE)
        events_pair(&change->pairs->services->events, EVENT_PAIR_REMOVED, &change->record);
    else if (change->outcome == CHANGE_REFUSED)
        log_warning("pair %" PRIu64 " could not be removed: %s; it goes when it is idle", change->record.pair,
                    cv_result_text(change->error));
    free(change);
}

void peer_pairs_remove(struct peers *all, uint64_t pair)
{
    struct pair_change *change = calloc(1, sizeof(*change));
    int error = -ENOMEM;

    if (change != NULL) {
        change->done = on_removed;
        error = pair_change_remove(all->pairs, change, pair);
    }
    if (error == 0)
        return;
    free(change);
    if (error != -ENOENT)
        log_error("pair %" PRIu64 " could not be removed: %s", pair,
                  error == -ENOMEM ? "out of memory" : store_error(all->services->store));
}

/* Who is away is told nothing. */
static void end_pair(struct peer_pair *pair, const enum cv_session_error codes[2], bool remove)
{
    struct peer *const peers[2] = {pair->peers[0], pair->peers[1]};
    uint64_t number = pair->record.pair;

    unlink_pair(pair);
    for (unsigned side = 0; side < 2; side++)
        capsules_closed(peers[side], number, codes[side]);
    if (remove)
        peer_pairs_remove(peers[0]->all, number);
}

void peer_pairs_close(struct peer *peer, uint64_t number)
{
    struct peer_pair *pair = peer_pairs_find(peer->all, number, peer);
    enum cv_session_error codes[2] = {CV_SESSION_ERROR_PEER_CLOSED, CV_SESSION_ERROR_PEER_CLOSED};

    if (pair == NULL)
        return;
    codes[peer_pair_side(pair, peer)] = CV_SESSION_ERROR_NONE;
    end_pair(pair, codes, true);
}

void peer_pairs_leave(struct peer *peer)
{
    static const enum cv_session_error codes[2] = {CV_SESSION_ERROR_PEER_GONE, CV_SESSION_ERROR_PEER_GONE};
    struct peer_pair *pair;

    for (unsigned side = 0; side < 2; side++) {
        while ((pair = LIST_FIRST(&peer->pairs[side])) != NULL)
            end_pair(pair, codes, true);
    }
}

void peer_pairs_drop(struct peer *peer, bool (*unwanted)(const struct peer_pair *pair, unsigned side))
{
    static const enum cv_session_error codes[2] = {CV_SESSION_ERROR_PEER_GONE, CV_SESSION_ERROR_PEER_GONE};
    struct peer_pair *pair, *next;

    for (unsigned side = 0; side < 2; side++) {
        for (pair = LIST_FIRST(&peer->pairs[side]); pair != NULL; pair = next) {
            next = LIST_NEXT(pair, of_peer[side]);
            if (unwanted(pair, side))
                end_pair(pair, codes, true);
        }
    }
}

void peer_pairs_end(struct peer_pair *pair, enum cv_session_error code)
{
    const enum cv_session_error codes[2] = {code, code};

    end_pair(pair, codes, true);
}

/* A channel that was given back by then, for a change that a later one has undone, is the leg's again. */
static void settle_channel(struct peer *peer, uint16_t before, uint16_t now)
{
    if (before == now)
        return;
    if (before != 0)
        channels_give_back(peer->channels, before);
    if (now != 0 && !channels_mark(&peer->channels, now))
        log_error("out of memory: channel %u may be given to another leg as well", now);
}

void peer_pairs_settle(struct peer_pair *pair, unsigned side)
{
    struct peer *peer = pair->peers[side];
    struct pair_record record;

    if (!pair_record_find(peer->all->services->store, pair->record.pair, &record))
        return;
    settle_channel(peer, pair->record.channels[side], record.legs[side].channel);
    pair->record.channels[side] = record.legs[side].channel;
    pair_updates_other_leg(pair, 1 - side, &record.legs[side]);
}

void peer_pairs_gone(struct peers *all, uint64_t number, enum cv_session_error code)
{
    const enum cv_session_error codes[2] = {code, code};
    struct peer_pair *pair = peer_pairs_find(all, number, NULL);

    if (pair != NULL)
        end_pair(pair, codes, false);
}

void peer_pairs_each(struct peer *peer, void (*found)(struct peer_pair *pair, unsigned side))
{
    struct peer_pair *pair, *next;

    for (unsigned side = 0; side < 2; side++) {
        for (pair = LIST_FIRST(&peer->pairs[side]); pair != NULL && peer_is_here(peer); pair = next) {
            next = LIST_NEXT(pair, of_peer[side]);
            found(pair, side);
        }
    }
}

uint32_t peer_pairs_count(const struct peer *peer)
{
    const struct peer_pair *pair;
    uint32_t count = 0;

    LIST_FOREACH(pair, &peer->pairs[0], of_peer[0])
    count++;
    LIST_FOREACH(pair, &peer->pairs[1], of_peer[1])
    count++;
    return count;
}

void peer_pairs_free(struct peers *all)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        while (!LIST_EMPTY(&all->pairs_by_number[i]))
            unlink_pair(LIST_FIRST(&all->pairs_by_number[i]));
    }
}
