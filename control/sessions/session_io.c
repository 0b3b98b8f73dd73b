/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_io.h"

#include "peers/capsules.h"
#include "control.h"
#include "base/log.h"
#include "protocol/varint.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_US      5000
#define CONFIRM_BYTES 4096 /* sent, and perhaps not there yet: time to ask */
#define UNKNOWN_TYPE  0x17 /* of a capsule that means nothing (RFC 9297 section 5.4) */

struct confirmation {
    struct request request;
    struct sessions *all;
};

static uint64_t outbox_end(const struct session *session)
{
    return session->record.sent + session->outbox_bytes;
}

/* Within an unknown capsule the reader is brought back by the header of one that is as long as what is left.
 */
static void resume_skipping(struct session *session)
{
    uint8_t header[1 + CV_VARINT_BYTES] = {UNKNOWN_TYPE};
    const uint8_t *at = header;
    size_t bytes = 1 + cv_varint_write(header + 1, CV_VARINT_BYTES, session->record.skip);
    struct cv_capsule_frame frame;

    (void)cv_capsule_next(&session->reader, &at, &bytes, &frame);
}

void session_io_start(struct session *session)
{
    cv_capsule_reader_init(&session->reader, CV_FROM_PEER, session->reader_buffer);
    if (session->record.skip > 0)
        resume_skipping(session);
    session->received = session->record.consumed;
    session->credited = 0;
    session->pushed = session->capsule_end = session->record.sent;
    session->confirming = false;
}

static int grow(struct session *session, size_t bytes)
{
    size_t needed = session->outbox_bytes + bytes;
    size_t room = session->outbox_room == 0 ? 512 : session->outbox_room;
    uint8_t *outbox;

    if (needed > SESSION_OUTBOX_BYTES)
        return -ENOBUFS;
    while (room < needed)
        room *= 2;
    if (room == session->outbox_room)
        return 0;
    outbox = realloc(session->outbox, room);
    if (outbox == NULL)
        return -ENOMEM;
    session->outbox = outbox;
    session->outbox_room = (uint32_t)room;
    return 0;
}

int session_io_restore(struct session *session, const uint8_t *outbox, size_t bytes)
{
    int error = bytes == 0 ? 0 : grow(session, bytes);

    if (error == 0 && bytes > 0)
        memcpy(session->outbox, outbox, bytes);
    if (error == 0)
        session->outbox_bytes = (uint32_t)bytes;
    session->kept_in = session->releasable_in = session->record.consumed;
    session->kept_out = session->releasable_out = outbox_end(session);
    return error;
}

bool session_io_sent(struct session *session, uint64_t sent)
{
    uint32_t gone;

    if (sent < session->record.sent || sent > outbox_end(session))
        return false;
    gone = (uint32_t)(sent - session->record.sent);
    if (gone > 0)
        memmove(session->outbox, session->outbox + gone, session->outbox_bytes - gone);
    session->outbox_bytes -= gone;
    session->record.sent = sent;
    if (session->outbox_bytes == 0) {
        free(session->outbox);
        session->outbox = NULL;
        session->outbox_room = 0;
    }
    return true;
}

/* True to go on with what is left. */
static bool take_capsule(struct session *session, const struct cv_capsule_frame *frame)
{
    struct cv_capsule capsule;
    const char *wrong;

    if (cv_capsule_parse(frame, &capsule) != 0) {
        session_close(session, CV_SESSION_ERROR_MALFORMED, cv_capsule_name(frame->type));
        return false;
    }
    wrong = cv_capsule_order_next(&session->record.order, &capsule);
    if (wrong != NULL) {
        session_close(session, CV_SESSION_ERROR_OUT_OF_ORDER, wrong);
        return false;
    }
    capsules_take(session, &capsule);
    return session->phase == SESSION_OPEN;
}

static void read_stream(struct session *session, const uint8_t *data, size_t bytes)
{
    struct cv_capsule_frame frame;
    uint64_t skip;

    for (;;) {
        size_t before = bytes;
        enum cv_capsule_reading reading = cv_capsule_next(&session->reader, &data, &bytes, &frame);

        session->received += before - bytes;
        if (reading == CV_CAPSULE_FAILED) {
            session_close(session, session->reader.error, "a capsule's header");
            return;
        }
        if (session->received != session->record.consumed &&
            cv_capsule_reader_idle(&session->reader, &skip)) {
            session->record.consumed = session->received;
            session->record.skip = skip;
            session_changed(session);
        }
        if (reading == CV_CAPSULE_MORE || !take_capsule(session, &frame))
            return;
    }
}

void session_io_take(struct session *session, const struct cv_session_data *data)
{
    uint64_t end = data->offset + data->bytes;
    size_t known;

    if (session->phase != SESSION_OPEN && session->phase != SESSION_ADMITTED)
        return;
    if (end <= session->received)
        return;
    if (data->offset > session->received) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "bytes of the control stream are missing");
        return;
    }
    session->phase = SESSION_OPEN;
    known = (size_t)(session->received - data->offset);
    read_stream(session, data->data + known, data->bytes - known);
}

void session_write(struct session *session, const struct cv_capsule *capsule)
{
    const char *wrong;
    int bytes;

    if (session->phase != SESSION_OPEN)
        return;
    wrong = cv_capsule_order_next(&session->record.order, capsule);
    if (wrong != NULL) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, wrong);
        return;
    }
    if (grow(session, CV_CAPSULE_BYTES_MAX) != 0) {
        session_close(session, CV_SESSION_ERROR_NOT_READING, "too much waits for the peer");
        return;
    }
    bytes = cv_capsule_write(capsule, session->outbox + session->outbox_bytes, CV_CAPSULE_BYTES_MAX);
    if (bytes < 0) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, cv_capsule_name(capsule->type));
        return;
    }
    session->outbox_bytes += (uint32_t)bytes;
    session_changed(session);
}

void session_changed(struct session *session)
{
    if (session->changed)
        return;
    session->changed = true;
    TAILQ_INSERT_TAIL(&session->all->changed, session, changed_entry);
}

static void on_committed(struct commit_waiter *waiter, int error)
{
    struct sessions *all = (struct sessions *)(void *)((char *)waiter - offsetof(struct sessions, waiter));
    struct session *session;

    all->waiting = false;
    while ((session = TAILQ_FIRST(&all->writing)) != NULL) {
        TAILQ_REMOVE(&all->writing, session, writing_entry);
        session->writing = false;
        if (error != 0) {
            session_close(session, CV_SESSION_ERROR_INTERNAL, "the store does not keep it");
            continue;
        }
        session->releasable_in = session->kept_in;
        session->releasable_out = session->kept_out;
        session_io_push(session);
    }
    sessions_keep(all);
}

static void keep(struct session *session)
{
    /* When this fails so does the commit, and says so. */
    (void)store_put_session(session->all->control->store, &session->record, session->outbox,
                            session->outbox_bytes);
    session->kept_in = session->record.consumed;
    session->kept_out = outbox_end(session);
    if (session->writing)
        return;
    session->writing = true;
    TAILQ_INSERT_TAIL(&session->all->writing, session, writing_entry);
}

void sessions_keep(struct sessions *all)
{
    struct session *session;

    while ((session = TAILQ_FIRST(&all->changed)) != NULL) {
        TAILQ_REMOVE(&all->changed, session, changed_entry);
        session->changed = false;
        if (session->phase != SESSION_CLOSING)
            keep(session);
    }
    if (TAILQ_EMPTY(&all->writing) || all->waiting)
        return;
    all->waiting = true;
    all->waiter.done = on_committed;
    commits_wait(all->control->commits, &all->waiter);
}

static void on_confirmed(struct request *request, const struct cv_session_state *state)
{
    const struct confirmation *confirmation = (struct confirmation *)(void *)request;
    struct session *session = session_find(confirmation->all, state->session);

    if (session != NULL && state->sent <= session->pushed)
        (void)session_io_sent(session, state->sent);
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
    if (dataplane_request(session->all->control->dataplane, &made->request) == 0)
        session->confirming = true;
    else
        free(made);
}

/* Where the capsule at `pushed` ends. The outbox holds whole capsules. */
static uint64_t find_end(const struct session *session)
{
    const uint8_t *at = session->outbox + (session->pushed - session->record.sent);
    size_t left = (size_t)(outbox_end(session) - session->pushed);
    uint64_t type = 0, length = 0;
    size_t type_bytes = cv_varint_read(at, left, &type);
    size_t length_bytes = cv_varint_read(at + type_bytes, left - type_bytes, &length);

    return session->pushed + type_bytes + length_bytes + length;
}

/* False: no room. */
static bool push_piece(struct session *session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_SEND};
    uint64_t left;

    if (session->pushed == session->capsule_end)
        session->capsule_end = find_end(session);
    left = session->capsule_end - session->pushed;
    message.data.session = session->record.session;
    message.data.offset = session->pushed;
    message.data.kind = CV_SESSION_STREAM;
    message.data.more = left > CV_SESSION_DATA_BYTES;
    message.data.bytes = (uint8_t)(left > CV_SESSION_DATA_BYTES ? CV_SESSION_DATA_BYTES : left);
    memcpy(message.data.data, session->outbox + (session->pushed - session->record.sent), message.data.bytes);
    if (!dataplane_tell(session->all->control->dataplane, &message))
        return false;
    session->pushed += message.data.bytes;
    return true;
}

static bool push_credit(struct session *session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_CREDIT};

    message.order.session = session->record.session;
    message.order.value = session->releasable_in;
    if (!dataplane_tell(session->all->control->dataplane, &message))
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
    if (session->phase != SESSION_OPEN)
        return true;
    while (session->pushed < session->releasable_out) {
        if (!push_piece(session))
            return false;
    }
    if (session->credited < session->releasable_in && !push_credit(session))
        return false;
    if (session->pushed - session->record.sent > CONFIRM_BYTES && !session->confirming)
        confirm(session);
    return true;
}

void session_io_push(struct session *session)
{
    const struct timeval wait = {.tv_usec = RETRY_US};
    struct sessions *all = session->all;

    if (!session->confirmed || session->blocked || push_all(session))
        return;
    session->blocked = true;
    TAILQ_INSERT_TAIL(&all->blocked, session, blocked_entry);
    if (!evtimer_pending(all->retry, NULL))
        (void)evtimer_add(all->retry, &wait);
}

void sessions_on_retry(evutil_socket_t fd, short what, void *context)
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
        session_io_push(session);
    }
}

void session_io_forget(struct session *session)
{
    struct sessions *all = session->all;

    if (session->changed)
        TAILQ_REMOVE(&all->changed, session, changed_entry);
    if (session->writing)
        TAILQ_REMOVE(&all->writing, session, writing_entry);
    if (session->blocked)
        TAILQ_REMOVE(&all->blocked, session, blocked_entry);
    session->changed = session->writing = session->blocked = false;
    free(session->outbox);
    session->outbox = NULL;
}
