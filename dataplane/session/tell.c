/* SPDX-License-Identifier: BSD-3-Clause */
/* What an owner and control say to each other, through the keeper. */
#include "tell.h"
#include "connection.h"
#include "handshake.h"
#include "protocol/session_error.h"
#include "stream.h"
#include "trace.h"

#include <errno.h>
#include <rte_ring_elem.h>
#include <string.h>

#define ORDERS_PER_TURN  64
#define TELLERS_PER_TURN 64
#define DUMP_PER_TURN    64

bool cv_owner_say(struct cv_session_owner *owner, const struct cv_message *message)
{
    return rte_ring_sp_enqueue_elem(owner->rings->told, (void *)(uintptr_t)message, sizeof(*message)) == 0;
}

void cv_owner_result(struct cv_session_owner *owner, const struct cv_message *request, int error)
{
    struct cv_message message = {.type = CV_MESSAGE_RESULT, .sequence = request->sequence};

    message.result.pair = request->order.session;
    message.result.error = error;
    cv_owner_say(owner, &message);
}

/* ---- Events ---- */

static bool say_event(struct cv_session_owner *owner, struct cv_session *session, enum cv_message_type type)
{
    struct cv_message message = {.type = (uint16_t)type};

    message.session.session = cv_session_number(session);
    message.session.address = session->address;
    if (type == CV_MESSAGE_SESSION_UP || type == CV_MESSAGE_SESSION_LIMIT)
        message.session.payload_bytes = session->datagram_bytes;
    if (type == CV_MESSAGE_SESSION_ADDRESS)
        message.session.previous = session->previous;
    if (type == CV_MESSAGE_SESSION_CLOSED) {
        message.session.end = session->end;
        message.session.code = session->end_code;
        message.session.application = session->end_application;
    }
    return cv_owner_say(owner, &message);
}

static bool say_stream(struct cv_session_owner *owner, struct cv_session *session)
{
    struct cv_control_stream *stream = &session->stream;

    while (stream->told < cv_stream_received(session)) {
        uint64_t left = cv_stream_received(session) - stream->told;
        struct cv_message message = {.type = CV_MESSAGE_SESSION_DATA};

        message.data.session = cv_session_number(session);
        message.data.offset = stream->told;
        message.data.kind = CV_SESSION_STREAM;
        message.data.bytes = (uint8_t)RTE_MIN(left, (uint64_t)CV_SESSION_DATA_BYTES);
        memcpy(message.data.data, stream->in + (stream->told - stream->credited), message.data.bytes);
        if (!cv_owner_say(owner, &message))
            return false;
        stream->told += message.data.bytes;
    }
    return true;
}

/* True when all was told, or when only admission holds back the rest. */
static bool tell_session(struct cv_session_owner *owner, struct cv_session *session)
{
    if ((session->tell & CV_TELL_ASK) != 0) {
        if (!cv_handshake_ask(session))
            return false;
        session->tell &= (uint8_t)~CV_TELL_ASK;
    }
    if ((session->tell & CV_TELL_UP) != 0) {
        if (!say_event(owner, session, CV_MESSAGE_SESSION_UP))
            return false;
        session->tell &= (uint8_t)~CV_TELL_UP;
    }
    if ((session->tell & CV_TELL_ADDRESS) != 0 && session->asked) {
        if (!say_event(owner, session, CV_MESSAGE_SESSION_ADDRESS))
            return false;
        session->tell &= (uint8_t)~CV_TELL_ADDRESS;
    }
    if ((session->tell & CV_TELL_LIMIT) != 0) {
        if (!say_event(owner, session, CV_MESSAGE_SESSION_LIMIT))
            return false;
        session->tell &= (uint8_t)~CV_TELL_LIMIT;
    }
    if ((session->tell & CV_TELL_DATA) != 0 && session->phase == CV_SESSION_OPEN) {
        if (!say_stream(owner, session))
            return false;
        session->tell &= (uint8_t)~CV_TELL_DATA;
    }
    return true;
}

uint32_t cv_owner_tell(struct cv_session_owner *owner)
{
    struct cv_session *session;
    uint32_t count = 0;

    while (count < TELLERS_PER_TURN && (session = TAILQ_FIRST(&owner->telling)) != NULL) {
        if ((session->tell & CV_TELL_CLOSED) != 0) {
            if (!say_event(owner, session, CV_MESSAGE_SESSION_CLOSED))
                break;
            cv_owner_release(owner, session);
            count++;
            continue;
        }
        if (!tell_session(owner, session))
            break;
        TAILQ_REMOVE(&owner->telling, session, tell_link);
        session->telling = false;
        count++;
    }
    return count;
}

/* ---- Orders ---- */

static void describe(struct cv_session_owner *owner, const struct cv_session *session,
                     struct cv_session_state *state)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info(session->conn, &info);
    *state = (struct cv_session_state){
        .session = cv_session_number(session),
        .address = session->address,
        .local = cv_session_local(owner->all, session->local),
        .phase = session->phase,
        .suite = (uint8_t)(session->suite + 1),
        .worker = owner->shard,
        .quic_version = session->quic_version,
        .age_ms = (uint32_t)RTE_MIN((owner->now_ns - session->start_ns) / 1000000, (uint64_t)UINT32_MAX),
        .seen_ms_ago = (uint32_t)RTE_MIN((owner->now_ns - session->seen_ns) / 1000000, (uint64_t)UINT32_MAX),
        .round_trip_us = (uint32_t)RTE_MIN(info.smoothed_rtt / 1000, (uint64_t)UINT32_MAX),
        .rx_pkts = session->rx_pkts,
        .tx_pkts = session->tx_pkts,
        .received = cv_stream_received(session),
        .credited = session->stream.credited,
        .sent = session->stream.taken,
    };
    state->payload_bytes = session->datagram_bytes;
    memcpy(state->tag, session->tag, sizeof(state->tag));
}

void cv_session_measure(struct cv_session *session)
{
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params(session->conn);
    size_t path = ngtcp2_conn_get_path_max_tx_udp_payload_size(session->conn);
    size_t headers = 1 + ngtcp2_conn_get_dcid(session->conn)->datalen + 4 + CV_AEAD_TAG_BYTES + 3;

    session->path_bytes = (uint16_t)path;
    session->datagram_bytes = 0;
    if (peer != NULL && peer->max_datagram_frame_size > 3 && path > headers)
        session->datagram_bytes =
            (uint16_t)RTE_MIN(path - headers, (size_t)(peer->max_datagram_frame_size - 3));
}

static bool say_state(struct cv_session_owner *owner, const struct cv_session *session, uint32_t sequence)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_STATE, .sequence = sequence};

    describe(owner, session, &message.session_state);
    return cv_owner_say(owner, &message);
}

static int close_session(struct cv_session_owner *owner, struct cv_session *session, enum cv_session_end end,
                         uint64_t code)
{
    if (session->ending)
        return -EALREADY;
    cv_owner_end(owner, session, end, code, true);
    return 0;
}

/* Bytes for the peer; these have no answer. */
static void send_bytes(struct cv_session_owner *owner, struct cv_session *session,
                       const struct cv_session_data *piece)
{
    int result = cv_stream_send(session, piece);

    if (result == 0)
        cv_owner_mark_writing(owner, session);
    else if (result == -ENOBUFS)
        cv_owner_end(owner, session, CV_SESSION_END_SLOW_PEER, CV_SESSION_ERROR_NOT_READING, true);
    else if (result == -ENOMEM)
        cv_owner_end(owner, session, CV_SESSION_END_NO_ROOM, CV_SESSION_ERROR_RELAY_FULL, true);
    else
        cv_owner_end(owner, session, CV_SESSION_END_CONTROL, CV_SESSION_ERROR_INTERNAL, true);
}

void cv_owner_order(struct cv_session_owner *owner, struct cv_session *session,
                    const struct cv_message *message)
{
    bool lives = session != NULL && session->conn != NULL && session->asked;
    int result = -ENOENT;

    if (message->type == CV_MESSAGE_SESSION_DUMP) {
        owner->dump.active = true;
        owner->dump.sequence = message->sequence;
        owner->dump.next_slot = 0;
        owner->dump.sent = 0;
        return;
    }
    if (message->type == CV_MESSAGE_SESSION_SEND) {
        if (lives && session->phase == CV_SESSION_OPEN)
            send_bytes(owner, session, &message->data);
        return;
    }
    if (message->type == CV_MESSAGE_SESSION_CREDIT) {
        if (lives && session->phase == CV_SESSION_OPEN && cv_stream_credit(session, message->order.value))
            cv_owner_mark_writing(owner, session);
        return;
    }
    if (lives && message->type == CV_MESSAGE_SESSION_GET) {
        say_state(owner, session, message->sequence);
        return;
    }
    if (lives && message->type == CV_MESSAGE_SESSION_CLOSE)
        result = close_session(owner, session, CV_SESSION_END_CONTROL, message->order.value);
    else if (lives && session->phase != CV_SESSION_ASKING)
        result = -EALREADY;
    else if (lives && message->type == CV_MESSAGE_SESSION_REFUSE)
        result = close_session(owner, session, CV_SESSION_END_REFUSED, message->order.value);
    else if (lives && message->type == CV_MESSAGE_SESSION_ADMIT)
        result = cv_handshake_admit(session, &message->order);
    cv_owner_result(owner, message, result);
}

static bool owned(const struct cv_session_owner *owner, const struct cv_session *session)
{
    return atomic_load_explicit(&session->place, memory_order_acquire) ==
               (owner->relay != NULL ? CV_PLACE_WORKER : CV_PLACE_HANDSHAKE) &&
           session->owner == owner;
}

static void take_order(struct cv_session_owner *owner, const struct cv_message *message)
{
    uint64_t number =
        message->type == CV_MESSAGE_SESSION_SEND ? message->data.session : message->order.session;
    struct cv_session *session =
        message->type == CV_MESSAGE_SESSION_DUMP ? NULL : cv_session_of_number(owner->all, number);

    if (session != NULL && !owned(owner, session) && message->sequence != 0)
        cv_owner_result(owner, message, -EAGAIN); /* on its way to a worker */
    else
        cv_owner_order(owner, session != NULL && owned(owner, session) ? session : NULL, message);
}

uint32_t cv_owner_take_orders(struct cv_session_owner *owner)
{
    struct cv_message message;
    uint32_t count = 0;

    /* An order may have an answer: without room for it, it waits. */
    while (count < ORDERS_PER_TURN && rte_ring_free_count(owner->rings->told) > 1 &&
           rte_ring_sc_dequeue_elem(owner->rings->orders, &message, sizeof(message)) == 0) {
        count++;
        if (message.type == CV_MESSAGE_SESSION_TRACE || message.type == CV_MESSAGE_SESSION_UNTRACE)
            cv_owner_result(owner, &message, cv_traces_order(owner->all->traces, &message));
        else
            take_order(owner, &message);
    }
    return count;
}

/* What control has to hear again: who waits for it, and what has no credit. */
static void repeat(struct cv_session_owner *owner, struct cv_session *session)
{
    if (session->phase == CV_SESSION_ASKING) {
        session->handshake->ask_told = false;
        session->handshake->chain_told = 0;
        cv_owner_mark_telling(owner, session, CV_TELL_ASK);
        return;
    }
    cv_stream_forget_part(session);
    session->stream.told = session->stream.credited;
    if (session->stream.in_bytes > 0)
        cv_owner_mark_telling(owner, session, CV_TELL_DATA);
}

void cv_owner_go_on_with_dump(struct cv_session_owner *owner)
{
    struct cv_message end = {.type = CV_MESSAGE_DUMP_END, .sequence = owner->dump.sequence};

    for (uint32_t budget = DUMP_PER_TURN; owner->dump.next_slot < owner->all->max; owner->dump.next_slot++) {
        struct cv_session *session = &owner->all->slots[owner->dump.next_slot];

        if (!owned(owner, session) || session->conn == NULL || !session->asked)
            continue;
        if (budget-- == 0 || !say_state(owner, session, owner->dump.sequence))
            return;
        repeat(owner, session);
        owner->dump.sent++;
    }
    end.count = owner->dump.sent;
    owner->dump.active = !cv_owner_say(owner, &end);
}
