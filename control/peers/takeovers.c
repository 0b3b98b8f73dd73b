/* SPDX-License-Identifier: BSD-3-Clause */
#include "takeovers.h"

#include "base/log.h"
#include "base/timer.h"
#include "pairs/leg_change.h"
#include "pairs/record.h"
#include "peer_pairs.h"
#include "sessions/keep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct takeover {
    struct leg_change change;
    struct peers *all;
    uint64_t instance;
    unsigned tries;
    TAILQ_ENTRY(takeover) entry; /* while it waits to be tried again */
};

/* Whether the leg is a tunnel leg, of an instance that is here; in `leg` as the store has it. */
static bool find_leg(const struct peer_pair *pair, unsigned side, struct leg_record *leg)
{
    const struct peer *peer = pair->peers[side];
    struct pair_record record;

    if (!peer_is_here(peer) || !pair_record_find(peer->all->services->store, pair->record.pair, &record))
        return false;
    *leg = record.legs[side];
    return leg->bind == CV_BIND_TUNNEL;
}

static bool is_wanted(const struct peer_pair *pair, unsigned side)
{
    struct leg_record leg;

    return find_leg(pair, side, &leg) && leg.session != pair->peers[side]->session->record.session;
}

static void try_later(struct takeover *takeover)
{
    TAILQ_INSERT_TAIL(&takeover->all->takeovers, takeover, entry);
    if (!evtimer_pending(takeover->all->takeovers_timer, NULL))
        timer_start(takeover->all->takeovers_timer, TAKEOVER_RETRY_MS);
}

/* Frees `takeover`, or keeps it for another try. */
static void refused(struct takeover *takeover, struct peer_pair *pair, int error)
{
    if (error == -ENOSPC && ++takeover->tries < TAKEOVER_TRIES) {
        try_later(takeover);
        return;
    }
    log_warning("pair %" PRIu64 " ends: its tunnel leg cannot go over to session %" PRIu64 ": %s",
                takeover->change.pair, takeover->change.next.session, cv_result_text(error));
    peer_pairs_end(pair, CV_SESSION_ERROR_INTERNAL);
    free(takeover);
}

/* Whether it is this takeover that the leg waits for: no later session, and no other change has begun. */
static bool is_the_latest(const struct takeover *takeover, const struct peer_pair *pair)
{
    struct leg_record leg, next;

    return find_leg(pair, takeover->change.leg, &leg) &&
           takeover->change.next.session == pair->peers[takeover->change.leg]->session->record.session &&
           store_get_next_leg(takeover->all->services->store, takeover->change.pair, takeover->change.leg,
                              &next) != 0;
}

/* A session that the data plane has no more is one whose end control has yet to hear of. */
static void on_done(struct leg_change *change)
{
    struct takeover *takeover = (struct takeover *)(void *)change;
    struct peers *all = takeover->all;
    struct peer *peer = peer_find(all, takeover->instance);
    struct peer_pair *pair = peer == NULL ? NULL : peer_pairs_find(all, change->pair, peer);

    if (pair != NULL && change->outcome == CHANGE_DONE && change->taken)
        peer_pairs_settle(pair, change->leg);
    if (pair != NULL && change->outcome == CHANGE_UNSAVED && is_the_latest(takeover, pair))
        try_later(takeover);
    else if (pair != NULL && change->outcome == CHANGE_REFUSED && change->error != -ENOTCONN &&
             is_the_latest(takeover, pair))
        refused(takeover, pair, change->error);
    else
        free(takeover);
    sessions_keep(all->sessions);
}

/* Frees `takeover` when there is nothing to take over, or nothing to do it with. */
static void begin(struct takeover *takeover, const struct peer_pair *pair)
{
    struct leg_change *change = &takeover->change;

    if (!find_leg(pair, change->leg, &change->next)) {
        free(takeover);
        return;
    }
    change->next.session = pair->peers[change->leg]->session->record.session;
    change->done = on_done;
    if (leg_change_begin(takeover->all->pairs, change) != 0)
        try_later(takeover);
}

void takeover_begin(struct peer_pair *pair, unsigned side)
{
    const struct peer *peer = pair->peers[side];
    struct takeover *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        log_error("out of memory: a leg of pair %" PRIu64 " stays with a session that is gone",
                  pair->record.pair);
        return;
    }
    made->all = peer->all;
    made->instance = peer->record.number;
    made->change.pair = pair->record.pair;
    made->change.leg = side;
    begin(made, pair);
}

static void begin_again(struct peer_pair *pair, unsigned side)
{
    if (is_wanted(pair, side))
        takeover_begin(pair, side);
}

void takeovers_known(struct peers *all)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        struct peer *peer;

        LIST_FOREACH(peer, &all->by_number[i], by_number)
        peer_pairs_each(peer, begin_again);
    }
}

void takeovers_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct peers *all = context;
    struct takeover_queue due = TAILQ_HEAD_INITIALIZER(due);
    struct takeover *takeover;

    (void)fd;
    (void)what;
    TAILQ_CONCAT(&due, &all->takeovers, entry);
    while ((takeover = TAILQ_FIRST(&due)) != NULL) {
        struct peer *peer = peer_find(all, takeover->instance);
        struct peer_pair *pair = peer == NULL ? NULL : peer_pairs_find(all, takeover->change.pair, peer);

        TAILQ_REMOVE(&due, takeover, entry);
        if (pair != NULL && is_wanted(pair, takeover->change.leg))
            begin(takeover, pair);
        else
            free(takeover);
    }
}

void takeovers_free(struct peers *all)
{
    struct takeover *takeover;

    while ((takeover = TAILQ_FIRST(&all->takeovers)) != NULL) {
        TAILQ_REMOVE(&all->takeovers, takeover, entry);
        free(takeover);
    }
}
