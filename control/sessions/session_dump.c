/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_dump.h"

#include "peers/capsules.h"
#include "control.h"
#include "base/log.h"
#include "base/numbers.h"
#include "peers/peer_offers.h"
#include "peers/peer_pairs.h"
#include "peers/peers.h"
#include "session_events.h"
#include "session_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

struct loading {
    struct sessions *all;
    struct numbers orphans; /* pairs without their sessions */
    int error;
};

static void load_session(void *context, const struct session_record *record, const uint8_t *outbox,
                         size_t outbox_bytes)
{
    struct loading *loading = context;
    struct session *session = session_new(loading->all, record->session);

    if (session == NULL) {
        loading->error = -ENOMEM;
        return;
    }
    session->record = *record;
    session->address = record->observed;
    session->phase = SESSION_OPEN; /* if the data plane has it at all */
    session->told = true;
    if (session_io_restore(session, outbox, outbox_bytes) != 0)
        loading->error = -ENOMEM;
}

static void load_offer(void *context, const struct offer_record *record)
{
    struct loading *loading = context;

    peer_offers_load(loading->all, record);
}

/* A pair whose offer is still open was made, but neither peer was told: see on_dump_done. */
static void load_pair(void *context, const struct peer_pair_record *record)
{
    struct loading *loading = context;
    struct session *const sessions[2] = {session_find(loading->all, record->asker),
                                         session_find(loading->all, record->answerer)};
    struct peer_offer *offer;

    if (sessions[0] == NULL || sessions[1] == NULL) {
        numbers_add(&loading->orphans, record->pair);
        return;
    }
    for (unsigned side = 0; side < 2; side++) {
        if (record->channels[side] != 0 &&
            !channels_mark(&sessions[side]->channels, record->channels[side])) {
            loading->error = -ENOMEM;
            return;
        }
    }
    offer = peer_offers_find(sessions[1], record->offer);
    if (offer != NULL)
        peer_offers_load_made(offer, record);
    else if (!peer_pairs_add(sessions[0], sessions[1], record->pair, record->channels))
        loading->error = -ENOMEM;
}

/* False: the store failed. If the data plane has such a pair, it goes there when the pairs are brought in
 * line.
 */
static bool remove_orphans(struct loading *loading)
{
    struct store *store = loading->all->control->store;
    bool removed = true;

    while (removed && loading->orphans.count > 0)
        removed = store_remove_pair(store, numbers_pop(&loading->orphans)) == 0;
    numbers_free(&loading->orphans);
    return removed;
}

int session_dump_load(struct sessions *all)
{
    struct loading loading = {.all = all};
    struct store *store = all->control->store;
    int error = store_load_sessions(store, load_session, &loading);

    if (error == 0)
        error = store_load_offers(store, load_offer, &loading);
    if (error == 0)
        error = store_load_peer_pairs(store, load_pair, &loading);
    if (error == 0 && !remove_orphans(&loading))
        error = -EIO;
    for (unsigned i = 0; i < SESSION_BUCKETS && error == 0; i++) {
        struct session *session;

        LIST_FOREACH(session, &all->by_number[i], by_number)
        {
            if (session->record.order.registered)
                peers_register(session);
        }
    }
    return error != 0 ? error : loading.error;
}

/* A session that both know. */
static void resume(struct session *session, const struct cv_session_state *state)
{
    bool moved = !cv_address_equal(&state->address, &session->record.observed);

    session->phase = SESSION_OPEN;
    if (!session_io_sent(session, state->sent) || state->credited > session->record.consumed) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "the store and the data plane know it differently");
        return;
    }
    session_io_start(session);
    session->credited = state->credited;
    if (!session->record.order.registering)
        session_await_register(session);
    else if (session->record.order.registered && moved)
        capsules_observed(session);
    peer_pairs_limit(session, state->payload_bytes);
    session_io_push(session);
}

static void on_state(struct request *request, const struct cv_session_state *state)
{
    struct sessions *all = (struct sessions *)(void *)((char *)request - offsetof(struct sessions, dump));
    struct session *session = session_find(all, state->session);

    if (session == NULL) {
        if (state->phase == CV_SESSION_OPEN) {
            log_warning("session %" PRIu64 " is unknown here: closing it", state->session);
            sessions_order(
                all,
                &(struct cv_session_order){.session = state->session, .value = CV_SESSION_ERROR_INTERNAL},
                CV_MESSAGE_SESSION_CLOSE);
        }
        return;
    }
    session->confirmed = true;
    session->address = state->address;
    session->local = state->local;
    session->quic_version = state->quic_version;
    if (session->phase == SESSION_CLOSING)
        session_order(session, CV_MESSAGE_SESSION_CLOSE, session->close_code);
    else if (state->phase == CV_SESSION_OPEN)
        resume(session, state);
    /* Else SESSION_ASK comes again. */
}

/* `all_too`: also those that the data plane has. */
static void end_missing(struct sessions *all, bool all_too)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        struct session *session, *next;

        for (session = LIST_FIRST(&all->by_number[i]); session != NULL; session = next) {
            next = LIST_NEXT(session, by_number);
            if (session->confirmed && !all_too)
                continue;
            session_events_ended(session, "gone", 0);
            session_free(session);
        }
    }
}

/* Pairs that were made just before control was killed. */
static void announce_made(struct sessions *all)
{
    struct peer_offer *offer, *next;

    for (offer = TAILQ_FIRST(&all->offers); offer != NULL; offer = next) {
        struct pair_record record;

        next = TAILQ_NEXT(offer, entry);
        if (offer->pair != 0 && store_get_pair(all->control->store, offer->pair, &record) == 0)
            peer_offers_made(offer, &record);
    }
}

static void on_dump_done(struct request *request, int error, const struct cv_pair_state *state)
{
    struct sessions *all = (struct sessions *)(void *)((char *)request - offsetof(struct sessions, dump));

    (void)state;
    if (error == -ECONNRESET)
        return;
    if (error != 0 && error != -EOPNOTSUPP)
        log_error("cannot learn the sessions: %s", cv_result_text(error));
    else
        end_missing(all, false);
    announce_made(all);
    sessions_arm(all);
    sessions_keep(all);
}

static void forget_confirmation(void *context, struct session *session)
{
    (void)context;
    session->confirmed = false;
}

void sessions_attached(struct sessions *sessions, bool restarted)
{
    if (restarted)
        end_missing(sessions, true);
    sessions_each(sessions, forget_confirmation, NULL);
    memset(&sessions->dump, 0, sizeof(sessions->dump));
    sessions->dump.message.type = CV_MESSAGE_SESSION_DUMP;
    sessions->dump.session = on_state;
    sessions->dump.done = on_dump_done;
    (void)dataplane_request(sessions->control->dataplane, &sessions->dump);
    sessions_keep(sessions);
}

void sessions_lost(struct sessions *sessions)
{
    sessions_each(sessions, forget_confirmation, NULL);
}
