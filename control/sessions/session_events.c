/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_events.h"

#include "peers/capsules.h"
#include "control.h"
#include "base/clock.h"
#include "base/log.h"
#include "peers/peer_pairs.h"
#include "session_admit.h"
#include "session_io.h"

#include <inttypes.h>

static void publish(const struct session *session, enum event_kind kind, const char *reason, uint64_t code)
{
    char label[CV_PEER_ID_TEXT];
    const struct session_news news = {
        .session = session->record.session,
        .peer = session_label(session, label),
        .address = &session->address,
        .reason = reason,
        .code = code,
    };

    events_session(&session->all->control->events, kind, &news);
}

void session_events_ended(const struct session *session, const char *reason, uint64_t code)
{
    log_info("session %" PRIu64 " ended: %s", session->record.session, reason);
    publish(session, EVENT_SESSION_CLOSED, reason, code);
}

void session_events_refused(const struct session *session, const char *reason)
{
    publish(session, EVENT_SESSION_REFUSED, reason, 0);
}

void session_await_register(struct session *session)
{
    struct sessions *all = session->all;

    if (session->register_by_ms != 0)
        return;
    session->register_by_ms =
        clock_monotonic_ms() + all->control->config->session_register_s * UINT64_C(1000);
    TAILQ_INSERT_TAIL(&all->unregistered, session, unregistered);
    sessions_arm(all);
}

void session_registered(struct session *session)
{
    if (session->register_by_ms != 0)
        TAILQ_REMOVE(&session->all->unregistered, session, unregistered);
    session->register_by_ms = 0;
}

static void take_up(struct session *session, const struct cv_session_event *event)
{
    if (session->phase != SESSION_ADMITTED)
        return;
    session->phase = SESSION_OPEN;
    session->address = event->address;
    session->record.payload_bytes = event->payload_bytes;
    session_await_register(session);
    publish(session, EVENT_SESSION_UP, NULL, 0);
}

static void take_address(struct session *session, const struct cv_session_event *event)
{
    if (!session->confirmed)
        return;
    session->address = event->address;
    if (session->phase == SESSION_OPEN && session->record.order.registered)
        capsules_observed(session);
}

static void take_limit(struct session *session, const struct cv_session_event *event)
{
    if (session->confirmed && session->phase == SESSION_OPEN)
        peer_pairs_limit(session, event->payload_bytes);
}

static void take_data(struct session *session, const struct cv_session_data *data)
{
    if (!session->confirmed)
        return;
    if (data->kind == CV_SESSION_CHAIN)
        session_admit_take(session, data);
    else
        session_io_take(session, data);
}

static void take_closed(struct session *session, const struct cv_session_event *event)
{
    const char *name = cv_session_end_name(event->end);

    session_events_ended(session, name == NULL ? "unknown" : name, event->application ? event->code : 0);
    session_free(session);
}

void sessions_event(struct sessions *sessions, const struct cv_message *message)
{
    struct session *session;

    if (message->type == CV_MESSAGE_SESSION_ASK) {
        session_admit_ask(sessions, &message->ask);
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
        default:
            take_closed(session, &message->session);
            break;
        }
    } else {
        return;
    }
    sessions_keep(sessions);
}
