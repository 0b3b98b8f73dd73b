/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct session *session_new(struct sessions *all, uint64_t number)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->all = all;
    session->record.session = number;
    LIST_INSERT_HEAD(&all->by_number[number % SESSION_BUCKETS], session, by_number);
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

static void each(struct sessions *sessions, bool confirmed,
                 void (*found)(void *context, struct session *session), void *context)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++) {
        struct session *session, *next;

        for (session = LIST_FIRST(&sessions->by_number[i]); session != NULL; session = next) {
            next = LIST_NEXT(session, by_number);
            if (session->confirmed || !confirmed)
                found(context, session);
        }
    }
}

void sessions_each_known(struct sessions *all, void (*found)(void *context, struct session *session),
                         void *context)
{
    each(all, false, found, context);
}

void sessions_each(struct sessions *sessions, void (*found)(void *context, struct session *session),
                   void *context)
{
    each(sessions, true, found, context);
}

const char *session_label(const struct session *session, char text[CV_PEER_ID_TEXT])
{
    if (session->record.chain.count == 0)
        return strcpy(text, "unknown");
    return cv_peer_id_print(&session->record.chain.ids[0], text);
}

void session_changed(struct session *session)
{
    if (session->changed)
        return;
    session->changed = true;
    TAILQ_INSERT_TAIL(&session->all->changed, session, changed_entry);
}

void session_registered(struct session *session)
{
    if (session->register_by_ms != 0)
        TAILQ_REMOVE(&session->all->unregistered, session, unregistered);
    session->register_by_ms = 0;
}

void session_limit(struct session *session, uint16_t payload_bytes)
{
    const struct sessions *all = session->all;

    if (session->payload_bytes == payload_bytes)
        return;
    session->payload_bytes = payload_bytes;
    all->handlers->limit(all->context, session);
}

static void on_ordered(struct request *request, int error, const struct cv_pair_state *state)
{
    (void)state;
    if (error != 0 && error != -ECONNRESET)
        log_debug("%s of session %" PRIu64 ": %s", cv_message_name(request->message.type),
                  request->message.order.session, cv_result_text(error));
    free(request);
}

void sessions_order(struct sessions *all, const struct cv_session_order *order, enum cv_message_type type)
{
    struct request *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->message.type = (uint16_t)type;
    made->message.order = *order;
    made->done = on_ordered;
    if (dataplane_request(all->services->dataplane, made) != 0)
        free(made);
}

void session_order(struct session *session, enum cv_message_type type, uint64_t value)
{
    struct cv_session_order order = {.session = session->record.session, .value = value};

    if (type == CV_MESSAGE_SESSION_ADMIT)
        memcpy(order.tag, session->record.chain.ids[0].bytes, sizeof(order.tag));
    sessions_order(session->all, &order, type);
}

/* It takes no more, and nobody speaks to it. */
static void end(struct session *session)
{
    session->phase = SESSION_CLOSING;
    session_registered(session);
    (void)store_remove_session(session->all->services->store, session->record.session);
}

static void set_leaving(struct session *session, bool leaving)
{
    struct sessions *all = session->all;

    if (leaving == session->leaving)
        return;
    session->leaving = leaving;
    if (!leaving) {
        TAILQ_REMOVE(&all->leaving, session, leaving_entry);
        return;
    }
    TAILQ_INSERT_TAIL(&all->leaving, session, leaving_entry);
    event_active(all->leave, EV_TIMEOUT, 0);
}

bool session_leave_next(struct sessions *all)
{
    struct session *session = TAILQ_FIRST(&all->leaving);

    if (session == NULL)
        return false;
    set_leaving(session, false);
    all->handlers->leave(all->context, session, SESSION_CLOSED);
    return true;
}

void session_close(struct session *session, enum cv_session_error code, const char *why)
{
    bool told = session->phase == SESSION_OPEN || session->told;

    if (session->phase == SESSION_CLOSING)
        return;
    log_info("session %" PRIu64 " closed as %s: %s", session->record.session, cv_session_error_name(code),
             why == NULL ? "" : why);
    end(session);
    set_leaving(session, true);
    session->close_code = code;
    session_order(session, told ? CV_MESSAGE_SESSION_CLOSE : CV_MESSAGE_SESSION_REFUSE, code);
}

void session_discard(struct session *session)
{
    struct sessions *all = session->all;

    if (session->changed)
        TAILQ_REMOVE(&all->changed, session, changed_entry);
    if (session->writing)
        TAILQ_REMOVE(&all->writing, session, writing_entry);
    if (session->blocked)
        TAILQ_REMOVE(&all->blocked, session, blocked_entry);
    if (session->full)
        TAILQ_REMOVE(&all->full, session, full_entry);
    if (session->readable)
        TAILQ_REMOVE(&all->readable, session, readable_entry);
    set_leaving(session, false);
    LIST_REMOVE(session, by_number);
    outbox_free(&session->outbox);
    free(session->chain);
    free(session->reader_buffer);
    free(session->unread);
    free(session);
}

void session_free(struct session *session, bool lost)
{
    const struct sessions *all = session->all;
    bool closed = !lost || session->leaving;

    end(session);
    all->handlers->leave(all->context, session, closed ? SESSION_CLOSED : SESSION_LOST);
    session_discard(session);
}
