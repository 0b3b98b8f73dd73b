/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_in.h"

#include "base/clock.h"
#include "protocol/capsule_value.h"
#include "protocol/varint.h"

#include <stdlib.h>
#include <string.h>

#define UNKNOWN_TYPE 0x17 /* of a capsule that means nothing (RFC 9297 section 5.4) */

/*
 * Within an unknown capsule the reader is brought back by the header of one that is as long as what is
 * left.
 */
static void resume_skipping(struct session *session)
{
    uint8_t header[1 + CV_VARINT_BYTES] = {UNKNOWN_TYPE};
    const uint8_t *at = header;
    size_t bytes = 1 + cv_varint_write(header + 1, CV_VARINT_BYTES, session->record.skip);
    struct cv_capsule_frame frame;

    (void)cv_capsule_next(&session->reader, &at, &bytes, &frame);
}

static void drop_unread(struct session *session)
{
    free(session->unread);
    session->unread = NULL;
    session->unread_bytes = 0;
}

void stream_in_start(struct session *session)
{
    drop_unread(session); /* it comes again */
    cv_capsule_reader_init(&session->reader, CV_FROM_PEER, session->reader_buffer);
    if (session->record.skip > 0)
        resume_skipping(session);
    session->received = session->record.consumed;
    session->credited = 0;
}

/*
 * What is wrong with one request ends that one, and is for who is above; what makes the stream unreadable,
 * the session.
 */
static bool take_bad(struct session *session, const struct cv_capsule *capsule, enum cv_capsule_parsed parsed)
{
    const struct sessions *all = session->all;
    const char *wrong;

    if (cv_capsule_begins(capsule->type) == CV_BEGINS_WITH_NOTHING) {
        session_close(session,
                      parsed == CV_CAPSULE_NOT_UNDERSTOOD ? CV_SESSION_ERROR_NOT_UNDERSTOOD
                                                          : CV_SESSION_ERROR_MALFORMED,
                      cv_capsule_name(capsule->type));
        return false;
    }
    wrong = cv_capsule_order_refuse(&session->record.order, capsule);
    if (wrong != NULL) {
        session_close(session, CV_SESSION_ERROR_OUT_OF_ORDER, wrong);
        return false;
    }
    all->handlers->bad(all->context, session, capsule, parsed);
    return session->phase == SESSION_OPEN;
}

/* True to go on with what is left. */
static bool take_capsule(struct session *session, const struct cv_capsule_frame *frame)
{
    const struct sessions *all = session->all;
    struct cv_capsule capsule;
    enum cv_capsule_parsed parsed = cv_capsule_parse(frame, &capsule);
    const char *wrong;

    if (parsed == CV_CAPSULE_UNREADABLE) {
        session_close(session, CV_SESSION_ERROR_MALFORMED, cv_capsule_name(frame->type));
        return false;
    }
    if (parsed != CV_CAPSULE_GOOD)
        return take_bad(session, &capsule, parsed);
    wrong = cv_capsule_order_next(&session->record.order, &capsule);
    if (wrong != NULL) {
        session_close(session, CV_SESSION_ERROR_OUT_OF_ORDER, wrong);
        return false;
    }
    all->handlers->capsule(all->context, session, &capsule);
    return session->phase == SESSION_OPEN;
}

/* Returns how much it has read. */
static size_t read_stream(struct session *session, const uint8_t *data, size_t count)
{
    struct cv_capsule_frame frame;
    size_t bytes = count;
    uint64_t skip;

    while (session_has_room_for_others(session)) {
        size_t before = bytes;
        enum cv_capsule_reading reading = cv_capsule_next(&session->reader, &data, &bytes, &frame);

        session->received += before - bytes;
        if (reading == CV_CAPSULE_FAILED) {
            session_close(session, session->reader.error, "a capsule's header");
            break;
        }
        if (session->received != session->record.consumed &&
            cv_capsule_reader_idle(&session->reader, &skip)) {
            session->record.consumed = session->received;
            session->record.skip = skip;
            session_changed(session);
        }
        if (reading == CV_CAPSULE_MORE || !take_capsule(session, &frame))
            break;
    }
    return count - bytes;
}

/* Most sessions have no capsule in their reader most of the time, and then no memory for one. */
static bool lend_buffer(struct session *session)
{
    if (session->reader_buffer == NULL)
        session->reader_buffer = malloc(CV_CAPSULE_VALUE_MAX);
    session->reader.buffer = session->reader_buffer;
    return session->reader_buffer != NULL;
}

static void take_buffer_back(struct session *session)
{
    uint64_t skip;

    if (!cv_capsule_reader_idle(&session->reader, &skip))
        return;
    free(session->reader_buffer);
    session->reader_buffer = session->reader.buffer = NULL;
}

static size_t read_on(struct session *session, const uint8_t *data, size_t bytes)
{
    size_t read;

    if (!lend_buffer(session)) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "out of memory");
        return 0;
    }
    read = read_stream(session, data, bytes);
    take_buffer_back(session);
    return read;
}

static void hold(struct session *session, const uint8_t *data, size_t bytes)
{
    if (session->unread == NULL) {
        session->unread = malloc(CV_SESSION_WINDOW_BYTES);
        session->moved_ms = clock_monotonic_ms();
    }
    if (session->unread == NULL) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "out of memory");
        return;
    }
    if (bytes > CV_SESSION_WINDOW_BYTES - session->unread_bytes) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "more of the control stream than has credit");
        return;
    }
    memcpy(session->unread + session->unread_bytes, data, bytes);
    session->unread_bytes += (uint32_t)bytes;
}

void stream_in_take(struct session *session, const struct cv_session_data *data)
{
    uint64_t end = data->offset + data->bytes, known = session->received + session->unread_bytes;
    size_t past, read = 0;

    if (session->phase != SESSION_OPEN && session->phase != SESSION_ADMITTED)
        return;
    if (end <= known)
        return;
    if (data->offset > known) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "bytes of the control stream are missing");
        return;
    }
    session->phase = SESSION_OPEN;
    past = (size_t)(known - data->offset);
    if (session->unread == NULL)
        read = read_on(session, data->data + past, data->bytes - past);
    past += read;
    if (session->phase == SESSION_OPEN && past < data->bytes)
        hold(session, data->data + past, data->bytes - past);
}

void stream_in_go_on(struct session *session)
{
    size_t read;

    if (session->unread == NULL || session->phase != SESSION_OPEN)
        return;
    read = read_on(session, session->unread, session->unread_bytes);
    session->unread_bytes -= (uint32_t)read;
    memmove(session->unread, session->unread + read, session->unread_bytes);
    if (session->unread_bytes == 0)
        drop_unread(session);
}
