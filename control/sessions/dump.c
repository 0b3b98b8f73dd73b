/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump.h"

#include "base/log.h"
#include "drain.h"
#include "keep.h"
#include "news.h"
#include "registration.h"
#include "stream_in.h"
#include "stream_out.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

struct loading {
    struct sessions *all;
    int error;
};

/* The outbox as it was kept. -ENOMEM. */
static int restore_outbox(struct session *session, const uint8_t *outbox, size_t bytes)
{
    int error = bytes == 0 ? 0 : outbox_reserve(&session->outbox, bytes, bytes);

    if (error == 0 && bytes > 0)
        memcpy(session->outbox.data, outbox, bytes);
    if (error == 0)
        session->outbox.bytes = (uint32_t)bytes;
    session->kept_in = session->releasable_in = session->record.consumed;
    session->kept_out = session->releasable_out = stream_out_end(session);
    return error;
}

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
    session->payload_bytes = record->told_bytes;
    session->phase = SESSION_OPEN; /* if the data plane has it at all */
    session->told = true;
    if (restore_outbox(session, outbox, outbox_bytes) != 0)
        loading->error = -ENOMEM;
}

int dump_load(struct sessions *all)
{
    struct loading loading = {.all = all};
    int error = store_load_sessions(all->services->store, load_session, &loading);

    return error != 0 ? error : loading.error;
}

/* A session that both know. */
static void resume(struct session *session, const struct cv_session_state *state)
{
    bool moved = !cv_address_equal(&state->address, &session->record.observed);

    session->phase = SESSION_OPEN;
    if (!stream_out_sent(session, state->sent) || state->credited > session->record.consumed) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "the store and the data plane know it differently");
        return;
    }
    stream_in_start(session);
    stream_out_start(session, state->acknowledged);
    session->credited = state->credited;
    if (!session->record.order.registering)
        registration_await(session);
    else if (session->record.order.registered && moved)
        session_moved(session);
    session_limit(session, state->payload_bytes);
    stream_out_push(session);
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
    memcpy(session->record.ticket, state->ticket, sizeof(session->record.ticket));
    session->quic_version = state->quic_version;
    if (session->phase == SESSION_CLOSING)
        session_order(session, CV_MESSAGE_SESSION_CLOSE, session->close_code);
    else if (state->phase == CV_SESSION_OPEN)
        resume(session, state);
    /* Else SESSION_ASK comes again. */
}

static void end(struct session *session)
{
    session_news_ended(session, "gone", 0);
    session_free(session, true);
}

static void end_any(void *context, struct session *session)
{
    (void)context;
    end(session);
}

static void end_missing(void *context, struct session *session)
{
    (void)context;
    if (!session->confirmed)
        end(session);
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
        sessions_each_known(all, end_missing, NULL);
    drain_known(all);
    all->handlers->known(all->context);
    sessions_keep(all);
}

static void forget_confirmation(void *context, struct session *session)
{
    (void)context;
    session->confirmed = false;
}

void dump_forget(struct sessions *all)
{
    sessions_each(all, forget_confirmation, NULL);
}

void dump_start(struct sessions *all, bool restarted)
{
    if (restarted)
        sessions_each_known(all, end_any, NULL);
    dump_forget(all);
    memset(&all->dump, 0, sizeof(all->dump));
    all->dump.message.type = CV_MESSAGE_SESSION_DUMP;
    all->dump.session = on_state;
    all->dump.done = on_dump_done;
    (void)dataplane_request(all->services->dataplane, &all->dump);
}
