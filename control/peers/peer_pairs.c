/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_pairs.h"

#include "capsules.h"
#include "control.h"
#include "base/log.h"
#include "pairs/pairs.h"
#include "sessions/session_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct peer_pairs *bucket(struct sessions *all, uint64_t pair)
{
    return &all->pairs[pair % SESSION_BUCKETS];
}

static struct peer_pair *find(struct sessions *all, uint64_t number)
{
    struct peer_pair *pair;

    LIST_FOREACH(pair, bucket(all, number), by_number)
    {
        if (pair->pair == number)
            return pair;
    }
    return NULL;
}

static unsigned side_of(const struct peer_pair *pair, const struct session *session)
{
    return pair->sessions[0] == session ? 0 : 1;
}

bool peer_pairs_add(struct session *asker, struct session *answerer, uint64_t number,
                    const uint16_t channels[2])
{
    struct peer_pair *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return false;
    made->pair = number;
    made->sessions[0] = asker;
    made->sessions[1] = answerer;
    memcpy(made->channels, channels, sizeof(made->channels));
    LIST_INSERT_HEAD(bucket(asker->all, number), made, by_number);
    LIST_INSERT_HEAD(&asker->pairs[0], made, of_session[0]);
    LIST_INSERT_HEAD(&answerer->pairs[1], made, of_session[1]);
    return true;
}

static void unlink_pair(struct peer_pair *pair)
{
    for (unsigned side = 0; side < 2; side++) {
        if (pair->channels[side] != 0)
            channels_give_back(pair->sessions[side]->channels, pair->channels[side]);
    }
    LIST_REMOVE(pair, by_number);
    LIST_REMOVE(pair, of_session[0]);
    LIST_REMOVE(pair, of_session[1]);
    free(pair);
}

static void on_removed(struct pair_change *change)
{
    if (change->outcome == CHANGE_DONE)
        events_pair(&change->control->events, EVENT_PAIR_REMOVED, &change->record);
    else if (change->outcome == CHANGE_REFUSED)
        log_warning("pair %" PRIu64 " could not be removed: %s; it goes when it is idle", change->record.pair,
                    cv_result_text(change->error));
    free(change);
}

void peer_pairs_remove(struct sessions *all, uint64_t pair)
{
    struct pair_change *change = calloc(1, sizeof(*change));
    int error = -ENOMEM;

    if (change != NULL) {
        change->done = on_removed;
        error = pairs_remove(all->control, change, pair);
    }
    if (error == 0)
        return;
    free(change);
    if (error != -ENOENT)
        log_error("pair %" PRIu64 " could not be removed: %s", pair,
                  error == -ENOMEM ? "out of memory" : store_error(all->control->store));
}

/* `side` is told nothing when its session has ended. */
static void end_pair(struct peer_pair *pair, const enum cv_session_error codes[2], bool remove)
{
    struct session *sessions[2] = {pair->sessions[0], pair->sessions[1]};
    uint64_t number = pair->pair;

    unlink_pair(pair);
    for (unsigned side = 0; side < 2; side++)
        capsules_closed(sessions[side], number, codes[side]);
    if (remove)
        peer_pairs_remove(sessions[0]->all, number);
}

void peer_pairs_close(struct session *session, uint64_t number)
{
    struct peer_pair *pair = find(session->all, number);
    enum cv_session_error codes[2] = {CV_SESSION_ERROR_PEER_CLOSED, CV_SESSION_ERROR_PEER_CLOSED};

    if (pair == NULL || (pair->sessions[0] != session && pair->sessions[1] != session))
        return;
    codes[side_of(pair, session)] = CV_SESSION_ERROR_NONE;
    end_pair(pair, codes, true);
}

void peer_pairs_leave(struct session *session)
{
    static const enum cv_session_error codes[2] = {CV_SESSION_ERROR_PEER_GONE, CV_SESSION_ERROR_PEER_GONE};
    struct peer_pair *pair;

    for (unsigned side = 0; side < 2; side++) {
        while ((pair = LIST_FIRST(&session->pairs[side])) != NULL)
            end_pair(pair, codes, true);
    }
}

void peer_pairs_gone(struct sessions *all, uint64_t number, enum cv_session_error code)
{
    const enum cv_session_error codes[2] = {code, code};
    struct peer_pair *pair = find(all, number);

    if (pair != NULL)
        end_pair(pair, codes, false);
}

#define LIMIT_BYTES 11 /* of a TUNNEL_LIMIT at most */

_Static_assert(CHANNELS_MAX *LIMIT_BYTES < SESSION_OUTBOX_BYTES - SESSION_OUTBOX_BYTES / 4,
               "a change of the path must not fill an outbox");

void peer_pairs_limit(struct session *session, uint16_t payload_bytes)
{
    uint16_t before = session->record.payload_bytes;

    session->record.payload_bytes = payload_bytes;
    for (unsigned side = 0; side < 2; side++) {
        const struct peer_pair *pair;

        LIST_FOREACH(pair, &session->pairs[side], of_session[side])
        {
            uint16_t channel = pair->channels[side];

            if (channel == 0 || channels_payload(before, channel) == channels_payload(payload_bytes, channel))
                continue;
            capsules_limit(session, channel);
            if (session->phase != SESSION_OPEN)
                return; /* and has no pairs any more */
        }
    }
}

uint32_t peer_pairs_count(const struct session *session)
{
    const struct peer_pair *pair;
    uint32_t count = 0;

    LIST_FOREACH(pair, &session->pairs[0], of_session[0])
    count++;
    LIST_FOREACH(pair, &session->pairs[1], of_session[1])
    count++;
    return count;
}

void peer_pairs_free(struct sessions *all)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        while (!LIST_EMPTY(&all->pairs[i]))
            unlink_pair(LIST_FIRST(&all->pairs[i]));
    }
}
