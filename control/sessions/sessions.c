/* SPDX-License-Identifier: BSD-3-Clause */
#include "sessions.h"

#include "admission.h"
#include "drain.h"
#include "dump.h"
#include "keep.h"
#include "news.h"
#include "registration.h"
#include "stream_in.h"
#include "stream_out.h"

#include <stdlib.h>
#include <string.h>

/* For sessions->leave. */
static void on_leave(evutil_socket_t fd, short what, void *context)
{
    struct sessions *sessions = context;

    (void)fd;
    (void)what;
    while (session_leave_next(sessions))
        ;
    sessions_keep(sessions);
}

/* For sessions->read. */
static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct sessions *sessions = context;
    struct session *session;

    (void)fd;
    (void)what;
    while ((session = TAILQ_FIRST(&sessions->readable)) != NULL) {
        TAILQ_REMOVE(&sessions->readable, session, readable_entry);
        session->readable = false;
        stream_in_go_on(session);
    }
    sessions_keep(sessions);
}

struct sessions *sessions_new(struct services *services)
{
    struct sessions *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->services = services;
    TAILQ_INIT(&made->unregistered);
    TAILQ_INIT(&made->changed);
    TAILQ_INIT(&made->writing);
    TAILQ_INIT(&made->blocked);
    TAILQ_INIT(&made->full);
    TAILQ_INIT(&made->readable);
    TAILQ_INIT(&made->leaving);
    made->timer = evtimer_new(services->loop, registration_on_timer, made);
    made->retry = evtimer_new(services->loop, stream_out_on_retry, made);
    made->ask = evtimer_new(services->loop, stream_out_on_ask, made);
    made->read = evtimer_new(services->loop, on_readable, made);
    made->leave = evtimer_new(services->loop, on_leave, made);
    made->drain.timer = drain_timer_new(made);
    if (made->timer == NULL || made->retry == NULL || made->ask == NULL || made->read == NULL ||
        made->leave == NULL || made->drain.timer == NULL || dump_load(made) != 0) {
        sessions_free(made);
        return NULL;
    }
    return made;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        while (!LIST_EMPTY(&sessions->by_number[i]))
            session_discard(LIST_FIRST(&sessions->by_number[i]));
    }
    if (sessions->timer != NULL)
        event_free(sessions->timer);
    if (sessions->retry != NULL)
        event_free(sessions->retry);
    if (sessions->ask != NULL)
        event_free(sessions->ask);
    if (sessions->read != NULL)
        event_free(sessions->read);
    if (sessions->leave != NULL)
        event_free(sessions->leave);
    if (sessions->drain.timer != NULL)
        event_free(sessions->drain.timer);
    free(sessions);
}

void sessions_handle(struct sessions *sessions, const struct session_handlers *handlers, void *context)
{
    sessions->handlers = handlers;
    sessions->context = context;
}

void sessions_attached(struct sessions *sessions, bool restarted)
{
    dump_start(sessions, restarted);
    sessions_keep(sessions);
}

void sessions_lost(struct sessions *sessions)
{
    dump_forget(sessions);
}

static void take_up(struct session *session, const struct cv_session_event *event)
{
    if (session->phase != SESSION_ADMITTED)
        return;
    session->phase = SESSION_OPEN;
    session->address = event->address;
    session->local = event->local;
    session->payload_bytes = event->payload_bytes;
    memcpy(session->record.ticket, event->ticket, sizeof(session->record.ticket));
    session_changed(session);
    registration_await(session);
    session_news_up(session);
}

static void take_address(struct session *session, const struct cv_session_event *event)
{
    if (!session->confirmed)
        return;
    session->address = event->address;
    session->local = event->local;
    if (session->phase == SESSION_OPEN && session->record.order.registered)
        session_moved(session);
}

static void take_limit(struct session *session, const struct cv_session_event *event)
{
    if (session->confirmed && session->phase == SESSION_OPEN)
        session_limit(session, event->payload_bytes);
}

static void take_probe(struct session *session, const struct cv_session_probe *probe)
{
    const struct sessions *all = session->all;

    if (session->confirmed && session->phase == SESSION_OPEN && session->record.order.registered)
        all->handlers->probe(all->context, session, probe);
}

static void take_data(struct session *session, const struct cv_session_data *data)
{
    if (!session->confirmed)
        return;
    if (data->kind == CV_SESSION_CHAIN)
        admission_take(session, data);
    else
        stream_in_take(session, data);
    if (session->unread != NULL)
        stream_out_push(session); /* asks how far its answers have come */
}

/* Whether nobody has closed it: the peer may come back for what it had. */
static bool is_lost(const struct session *session, const struct cv_session_event *event)
{
    if (session->phase == SESSION_CLOSING)
        return false;
    switch ((enum cv_session_end)event->end) {
    case CV_SESSION_END_PEER:
        return event->application == 0;
    case CV_SESSION_END_IDLE:
    case CV_SESSION_END_PROTOCOL:
    case CV_SESSION_END_NO_ROOM:
    case CV_SESSION_END_STOP:
        return true;
    default:
        return false;
    }
}

static void take_closed(struct session *session, const struct cv_session_event *event)
{
    const char *name = cv_session_end_name(event->end);

    session_news_ended(session, name == NULL ? "unknown" : name, event->application ? event->code : 0);
    session_free(session, is_lost(session, event));
}

void sessions_event(struct sessions *sessions, const struct cv_message *message)
{
    struct session *session;

    if (message->type == CV_MESSAGE_SESSION_ASK) {
        admission_ask(sessions, &message->ask);
    } else if (message->type >= CV_MESSAGE_SESSION_DATA && message->type <= CV_MESSAGE_SESSION_CLOSED) {
        /* The session's number comes first in all of them. */
        session = session_find(sessions, message->data.session);
        if (session == NULL)
            return;
        switch (message->type) {
        case CV_MESSAGE_SESSION_DATA:
            take_data(session, &message->data);
            break;
        case CV_MESSAGE_SESSION_UP:
            take_up(session, &message->session);
            break;
        case CV_MESSAGE_SESSION_ADDRESS:
            take_address(session, &message->session);
            break;
        case CV_MESSAGE_SESSION_LIMIT:
            take_limit(session, &message->session);
            break;
        case CV_MESSAGE_SESSION_PROBE:
            take_probe(session, &message->probe);
            break;
        default:
            take_closed(session, &message->session);
            break;
        }
    } else {
        return;
    }
    sessions_keep(sessions);
}
