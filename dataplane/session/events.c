/* SPDX-License-Identifier: BSD-3-Clause */
#include "events.h"

#include "await_admission.h"
#include "peer_probe.h"
#include "slots.h"
#include "stream.h"

#include <string.h>

#define SESSIONS_PER_TURN 64

static bool tell_event(struct cv_shard *shard, struct cv_session *session, enum cv_message_type type)
{
    struct cv_message message = {.type = (uint16_t)type};

    message.session.session = cv_session_number(session);
    message.session.address = session->address;
    if (type == CV_MESSAGE_SESSION_UP || type == CV_MESSAGE_SESSION_ADDRESS)
        message.session.local = cv_session_local(shard->all, session->local);
    if (type == CV_MESSAGE_SESSION_UP || type == CV_MESSAGE_SESSION_LIMIT)
        message.session.payload_bytes = session->datagram_bytes;
    if (type == CV_MESSAGE_SESSION_UP)
        cv_peer_probe_ticket(session, message.session.ticket);
    if (type == CV_MESSAGE_SESSION_ADDRESS)
        message.session.previous = session->previous;
    if (type == CV_MESSAGE_SESSION_CLOSED) {
        message.session.end = session->end;
        message.session.code = session->end_code;
        message.session.application = session->end_application;
    }
    return cv_shard_tell_control(shard, &message);
}

static bool tell_stream(struct cv_shard *shard, struct cv_session *session)
{
    struct cv_control_stream *stream = &session->stream;

    while (stream->passed < cv_stream_received(session)) {
        uint64_t left = cv_stream_received(session) - stream->passed;
        struct cv_message message = {.type = CV_MESSAGE_SESSION_DATA};

        message.data.session = cv_session_number(session);
        message.data.offset = stream->passed;
        message.data.kind = CV_SESSION_STREAM;
        message.data.bytes = (uint8_t)RTE_MIN(left, (uint64_t)CV_SESSION_DATA_BYTES);
        memcpy(message.data.data, stream->in + (stream->passed - stream->credited), message.data.bytes);
        if (!cv_shard_tell_control(shard, &message))
            return false;
        stream->passed += message.data.bytes;
    }
    return true;
}

/* True when all was told, or when only admission holds back the rest. */
static bool tell_session(struct cv_shard *shard, struct cv_session *session)
{
    if ((session->events & CV_EVENT_ASK) != 0) {
        if (!cv_admission_ask(session))
            return false;
        session->events &= (uint8_t)~CV_EVENT_ASK;
    }
    if ((session->events & CV_EVENT_UP) != 0) {
        if (!tell_event(shard, session, CV_MESSAGE_SESSION_UP))
            return false;
        session->events &= (uint8_t)~CV_EVENT_UP;
    }
    if ((session->events & CV_EVENT_ADDRESS) != 0 && session->announced) {
        if (!tell_event(shard, session, CV_MESSAGE_SESSION_ADDRESS))
            return false;
        session->events &= (uint8_t)~CV_EVENT_ADDRESS;
    }
    if ((session->events & CV_EVENT_LIMIT) != 0) {
        if (!tell_event(shard, session, CV_MESSAGE_SESSION_LIMIT))
            return false;
        session->events &= (uint8_t)~CV_EVENT_LIMIT;
    }
    if ((session->events & CV_EVENT_DATA) != 0 && session->phase == CV_SESSION_OPEN) {
        if (!tell_stream(shard, session))
            return false;
        session->events &= (uint8_t)~CV_EVENT_DATA;
    }
    return true;
}

uint32_t cv_events_send(struct cv_shard *shard)
{
    struct cv_session *session;
    uint32_t count = 0;

    while (count < SESSIONS_PER_TURN && (session = TAILQ_FIRST(&shard->events)) != NULL) {
        if ((session->events & CV_EVENT_CLOSED) != 0) {
            if (!tell_event(shard, session, CV_MESSAGE_SESSION_CLOSED))
                break;
            cv_slot_free(shard, session);
            count++;
            continue;
        }
        if (!tell_session(shard, session))
            break;
        TAILQ_REMOVE(&shard->events, session, events_link);
        session->in_events = false;
        count++;
    }
    return count;
}
