/* SPDX-License-Identifier: BSD-3-Clause */
#include "news.h"

#include "base/log.h"

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

    events_session(&session->all->services->events, kind, &news);
}

void session_news_up(const struct session *session)
{
    publish(session, EVENT_SESSION_UP, NULL, 0);
}

void session_news_refused(const struct session *session, const char *reason)
{
    publish(session, EVENT_SESSION_REFUSED, reason, 0);
}

void session_news_ended(const struct session *session, const char *reason, uint64_t code)
{
    log_info("session %" PRIu64 " ended: %s", session->record.session, reason);
    publish(session, EVENT_SESSION_CLOSED, reason, code);
}
