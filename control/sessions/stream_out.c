/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_out.h"

#include "base/clock.h"
#include "base/timer.h"
#include "protocol/capsule_value.h"
#include "protocol/varint.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS      5
#define ASK_MS        20
#define ASKS          32   /* sessions that are asked about each time */
#define CONFIRM_BYTES 4096 /* sent, and perhaps not there yet: time to ask */

#define PATIENCE_MS 10000 /* with a peer that acknowledges nothing while it is not read on */

struct confirmation {
    struct request request;
    struct sessions *all;
};

void stream_out_start(struct session *session, uint64_t acknowledged)
{
    session->acknowledged = acknowledged;
    session->pushed = session->capsule_end = session->record.sent;
    session->confirming = false;
}

uint64_t stream_out_end(const struct session *session)
{
    return session->record.sent + session->outbox.bytes;
}

bool stream_out_sent(struct session *session, uint64_t sent)
{
    if (sent < session->record.sent || sent > stream_out_end(session))
        return false;
    outbox_drop(&session->outbox, (uint32_t)(sent - session->record.sent));
    session->record.sent = sent;
    return true;
}

/* A peer that has, or had, many pairs is told much at once: when it resumes them, and when all of them end. */
static size_t outbox_most(struct session *session)
{
    if (session->record.order.pairs > session->pairs_most)
        session->pairs_most = session->record.order.pairs;
    return OUTBOX_BYTES_MAX + session->pairs_most * OUTBOX_PAIR_BYTES;
}

void session_write(struct session *session, const struct cv_capsule *capsule)
{
    uint8_t written[CV_CAPSULE_BYTES_MAX];
    const char *wrong;
    int bytes;

    if (session->phase != SESSION_OPEN)
        return;
    wrong = cv_capsule_order_next(&session->record.order, capsule);
    if (wrong != NULL) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, wrong);
        return;
    }
    bytes = cv_capsule_write(capsule, written, sizeof(written));
    if (bytes < 0) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, cv_capsule_name(capsule->type));
        return;
    }
    if (outbox_reserve(&session->outbox, (size_t)bytes, outbox_most(session)) != 0) {
        session_close(session, CV_SESSION_ERROR_NOT_READING, "too much waits for the peer");
        return;
    }
    memcpy(session->outbox.data + session->outbox.bytes, written, (size_t)bytes);
    session->outbox.bytes += (uint32_t)bytes;
    session_changed(session);
}

void session_write_observed(struct session *session, uint64_t probe, const struct cv_address *peer,
                            const struct cv_address *relay)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_OBSERVED_ADDRESS,
                                       .observed = {.probe = probe, .peer = *peer, .relay = *relay}};

    if (probe == 0)
        session->record.observed = *peer;
    session_write(session, &capsule);
}

void session_moved(struct session *session)
{
    const struct sessions *all = session->all;

    session_write_observed(session, 0, &session->address, &session->local);
    if (session->phase == SESSION_OPEN)
        all->handlers->address(all->context, session);
}

static void set_readable(struct session *session)
{
    struct sessions *all = session->all;

    if (session->readable)
        return;
    session->readable = true;
    TAILQ_INSERT_TAIL(&all->readable, session, readable_entry);
    event_active(all->read, EV_TIMEOUT, 0);
}

/* What it says waits until there is room for answers, which the peer has to make. */
static void look_at_unread(struct session *session, bool moved)
{
    uint64_t now = clock_monotonic_ms();

    if (moved)
        session->moved_ms = now;
    if (session_has_room_for_others(session))
        set_readable(session);
    else if (now - session->moved_ms >= PATIENCE_MS)
        session_close(session, CV_SESSION_ERROR_NOT_READING, "it acknowledges nothing of what waits for it");
}

static void on_confirmed(struct request *request, const struct cv_session_state *state)
{
    const struct confirmation *confirmation = (struct confirmation *)(void *)request;
    struct session *session = session_find(confirmation->all, state->session);
    bool moved;

    if (session == NULL || state->sent > session->pushed || !stream_out_sent(session, state->sent))
        return;
    moved = state->acknowledged != session->acknowledged || state->acknowledged == state->sent;
    session->acknowledged = state->acknowledged;
    if (session->unread != NULL)
        look_at_unread(session, moved);
    if (session->full)
        stream_out_push(session);
}

static void on_confirmation_done(struct request *request, int error, const struct cv_pair_state *state)
{
    struct confirmation *confirmation = (struct confirmation *)(void *)request;
    struct session *session = session_find(confirmation->all, request->message.order.session);

    (void)error;
    (void)state;
    if (session != NULL)
        session->confirming = false;
    free(confirmation);
}

/* Its answer says how much of the outbox the data plane has. */
static void confirm(struct session *session)
{
    struct confirmation *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->all = session->all;
    made->request.message.type = CV_MESSAGE_SESSION_GET;
    made->request.message.order.session = session->record.session;
    made->request.session = on_confirmed;
    made->request.done = on_confirmation_done;
    if (dataplane_request(session->all->services->dataplane, &made->request) == 0)
        session->confirming = true;
    else
        free(made);
}

/* Where the capsule at `pushed` ends. The outbox holds whole capsules. */
static uint64_t find_end(const struct session *session)
{
    const uint8_t *at = session->outbox.data + (session->pushed - session->record.sent);
    size_t left = (size_t)(stream_out_end(session) - session->pushed);
    uint64_t type = 0, length = 0;
    size_t type_bytes = cv_varint_read(at, left, &type);
    size_t length_bytes = cv_varint_read(at + type_bytes, left - type_bytes, &length);

    return session->pushed + type_bytes + length_bytes + length;
}

/* The next capsule has to wait until the peer has acknowledged more. */
static bool is_full(struct session *session)
{
    if (session->pushed == session->capsule_end)
        session->capsule_end = find_end(session);
    return session->capsule_end - session->acknowledged > CV_SESSION_WAITING_BYTES;
}

static void set_full(struct session *session, bool full)
{
    struct sessions *all = session->all;

    if (full == session->full)
        return;
    session->full = full;
    if (!full) {
        TAILQ_REMOVE(&all->full, session, full_entry);
        return;
    }
    TAILQ_INSERT_TAIL(&all->full, session, full_entry);
    if (!evtimer_pending(all->ask, NULL))
        timer_start(all->ask, ASK_MS);
}

/* False: no room. */
static bool push_piece(struct session *session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_SEND};
    uint64_t left = session->capsule_end - session->pushed;
    message.data.session = session->record.session;
    message.data.offset = session->pushed;
    message.data.kind = CV_SESSION_STREAM;
    message.data.more = left > CV_SESSION_DATA_BYTES;
    message.data.bytes = (uint8_t)(left > CV_SESSION_DATA_BYTES ? CV_SESSION_DATA_BYTES : left);
    memcpy(message.data.data, session->outbox.data + (session->pushed - session->record.sent),
           message.data.bytes);
    if (!dataplane_tell(session->all->services->dataplane, &message))
        return false;
    session->pushed += message.data.bytes;
    return true;
}

static bool push_credit(struct session *session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_CREDIT};

    message.order.session = session->record.session;
    message.order.value = session->releasable_in;
    if (!dataplane_tell(session->all->services->dataplane, &message))
        return false;
    session->credited = session->releasable_in;
    return true;
}

static bool push_all(struct session *session)
{
    if (session->phase == SESSION_ADMITTED && !session->told) {
        session->told = true;
        session_order(session, CV_MESSAGE_SESSION_ADMIT, 0);
    }
    if (session->phase != SESSION_OPEN) {
        set_full(session, false);
        return true;
    }
    while (session->pushed < session->releasable_out && !is_full(session)) {
        if (!push_piece(session))
            return false;
    }
    set_full(session, session->pushed < session->releasable_out || session->unread != NULL);
    if (session->credited < session->releasable_in && !push_credit(session))
        return false;
    if (session->pushed - session->record.sent > CONFIRM_BYTES && !session->confirming)
        confirm(session);
    return true;
}

void stream_out_push(struct session *session)
{
    struct sessions *all = session->all;

    if (!session->confirmed || session->blocked || push_all(session))
        return;
    session->blocked = true;
    TAILQ_INSERT_TAIL(&all->blocked, session, blocked_entry);
    if (!evtimer_pending(all->retry, NULL))
        timer_start(all->retry, RETRY_MS);
}

void stream_out_on_retry(evutil_socket_t fd, short what, void *context)
{
    struct sessions *all = context;
    struct session_queue blocked = TAILQ_HEAD_INITIALIZER(blocked);
    struct session *session;

    (void)fd;
    (void)what;
    TAILQ_CONCAT(&blocked, &all->blocked, blocked_entry);
    while ((session = TAILQ_FIRST(&blocked)) != NULL) {
        TAILQ_REMOVE(&blocked, session, blocked_entry);
        session->blocked = false;
        stream_out_push(session);
    }
}

/* One after the other: it does not matter to a session that waits for its peer how many others do. */
void stream_out_on_ask(evutil_socket_t fd, short what, void *context)
{
    struct sessions *all = context;
    struct session *session;

    (void)fd;
    (void)what;
    for (unsigned i = 0; i < ASKS && (session = TAILQ_FIRST(&all->full)) != NULL; i++) {
        set_full(session, false);
        if (session->phase != SESSION_OPEN)
            continue;
        set_full(session, true);
        if (!session->confirming)
            confirm(session);
    }
    if (!TAILQ_EMPTY(&all->full))
        timer_start(all->ask, ASK_MS);
}
