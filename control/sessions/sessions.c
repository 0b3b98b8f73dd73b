/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

#include "control.h"
#include "drain.h"
#include "base/clock.h"
#include "base/log.h"
#include "peers/peer_offers.h"
#include "peers/peer_pairs.h"
#include "peers/peers.h"
#include "session_dump.h"
#include "session_events.h"
#include "session_io.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* An order to the data plane. Its sessions are known by number: they may be gone when the answer comes. */
struct session_request {
    struct request request;
};

static struct session_list *bucket(struct sessions *all, uint64_t number)
{
    return &all->by_number[number % SESSION_BUCKETS];
}

struct session *session_new(struct sessions *all, uint64_t number)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->all = all;
    session->record.session = number;
    LIST_INSERT_HEAD(bucket(all, number), session, by_number);
    return session;
}

struct session *session_find(const struct sessions *all, uint64_t number)
{
    struct session *session;

    LIST_FOREACH(session, &all->by_number[number % SESSION_BUCKETS], by_number)
    {
        if (session->record.session == number)
            return session;
    }
    return NULL;
}

struct session *sessions_find(struct sessions *sessions, uint64_t number)
{
    struct session *session = session_find(sessions, number);

    return session != NULL && session->confirmed ? session : NULL;
}

void sessions_each(struct sessions *sessions, void (*found)(void *context, struct session *session),
                   void *context)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        struct session *session, *next;

        for (session = LIST_FIRST(&sessions->by_number[i]); session != NULL; session = next) {
            next = LIST_NEXT(session, by_number);
            if (session->confirmed)
                found(context, session);
        }
    }
}

const char *session_label(const struct session *session, char text[CV_PEER_ID_TEXT])
{
    if (session->record.chain.count == 0)
        return strcpy(text, "unknown");
    return cv_peer_id_print(&session->record.chain.ids[0], text);
}

/* Ends what it has open with others. */
static void leave(struct session *session)
{
    session->phase = SESSION_CLOSING;
    peers_forget(session);
    if (session->register_by_ms != 0)
        TAILQ_REMOVE(&session->all->unregistered, session, unregistered);
    session->register_by_ms = 0;
    peer_offers_leave(session);
    peer_pairs_leave(session);
    (void)store_remove_session(session->all->control->store, session->record.session);
}

static void release(struct session *session)
{
    session_io_forget(session);
    LIST_REMOVE(session, by_number);
    free(session->chain);
    free(session->channels);
    free(session);
}

void session_free(struct session *session)
{
    leave(session);
    release(session);
}

static void on_ordered(struct request *request, int error, const struct cv_pair_state *state)
{
    (void)state;
    if (error != 0 && error != -ECONNRESET)
        log_debug("%s of session %" PRIu64 ": %s", cv_message_name(request->message.type),
                  request->message.order.session, cv_result_text(error));
    free((struct session_request *)(void *)request);
}

void sessions_order(struct sessions *all, const struct cv_session_order *order, enum cv_message_type type)
{
    struct session_request *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->request.message.type = (uint16_t)type;
    made->request.message.order = *order;
    made->request.done = on_ordered;
    if (dataplane_request(all->control->dataplane, &made->request) != 0)
        free(made);
}

void session_order(struct session *session, enum cv_message_type type, uint64_t value)
{
    struct cv_session_order order = {.session = session->record.session, .value = value};

    if (type == CV_MESSAGE_SESSION_ADMIT)
        memcpy(order.tag, session->record.chain.ids[0].bytes, sizeof(order.tag));
    sessions_order(session->all, &order, type);
}

void session_close(struct session *session, enum cv_session_error code, const char *why)
{
    bool told = session->phase == SESSION_OPEN || session->told;

    if (session->phase == SESSION_CLOSING)
        return;
    log_info("session %" PRIu64 " closed as %s: %s", session->record.session, cv_session_error_name(code),
             why == NULL ? "" : why);
    leave(session);
    session->close_code = code;
    session_order(session, told ? CV_MESSAGE_SESSION_CLOSE : CV_MESSAGE_SESSION_REFUSE, code);
}

void sessions_pair_gone(struct sessions *sessions, uint64_t pair, enum cv_session_error code)
{
    peer_pairs_gone(sessions, pair, code);
    sessions_keep(sessions);
}

/* The earlier of two times; 0 is never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

void sessions_arm(struct sessions *all)
{
    const struct session *session = TAILQ_FIRST(&all->unregistered);
    const struct peer_offer *offer = TAILQ_FIRST(&all->offers);
    uint64_t mono = clock_monotonic_ms(), now = clock_unix_ms();
    uint64_t next = 0;
    struct timeval wait;

    if (session != NULL)
        next = session->register_by_ms > mono ? session->register_by_ms - mono : 1;
    if (offer != NULL)
        next = earlier(next, offer->record.deadline_ms > now ? offer->record.deadline_ms - now : 1);
    if (next == 0)
        return;
    wait.tv_sec = (time_t)(next / 1000);
    wait.tv_usec = (suseconds_t)(next % 1000 * 1000);
    (void)evtimer_add(all->timer, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct sessions *all = context;
    uint64_t now = clock_monotonic_ms();
    struct session *session;

    (void)fd;
    (void)what;
    while ((session = TAILQ_FIRST(&all->unregistered)) != NULL && session->register_by_ms <= now)
        session_close(session, CV_SESSION_ERROR_TOO_LATE, "no REGISTER in time");
    (void)peer_offers_expire(all, clock_unix_ms());
    sessions_arm(all);
    sessions_keep(all);
}

struct sessions *sessions_new(struct control *control)
{
    struct sessions *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->control = control;
    TAILQ_INIT(&made->unregistered);
    TAILQ_INIT(&made->changed);
    TAILQ_INIT(&made->writing);
    TAILQ_INIT(&made->blocked);
    TAILQ_INIT(&made->offers);
    made->timer = evtimer_new(control->base, on_timer, made);
    made->retry = evtimer_new(control->base, sessions_on_retry, made);
    made->drain.timer = drain_timer_new(made);
    if (made->timer == NULL || made->retry == NULL || made->drain.timer == NULL ||
        session_dump_load(made) != 0) {
        sessions_free(made);
        return NULL;
    }
    return made;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    peer_pairs_free(sessions);
    peer_offers_free(sessions);
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        while (!LIST_EMPTY(&sessions->by_number[i]))
            release(LIST_FIRST(&sessions->by_number[i]));
    }
    if (sessions->timer != NULL)
        event_free(sessions->timer);
    if (sessions->retry != NULL)
        event_free(sessions->retry);
    if (sessions->drain.timer != NULL)
        event_free(sessions->drain.timer);
    free(sessions);
}
