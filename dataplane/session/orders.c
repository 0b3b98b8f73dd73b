/* SPDX-License-Identifier: BSD-3-Clause */
#include "orders.h"

#include "ending.h"
#include "handover.h"
#include "handshake.h"
#include "peer_probe.h"
#include "protocol/session_error.h"
#include "round_trip.h"
#include "schedule.h"
#include "stream.h"
#include "trace.h"

#include <errno.h>
#include <string.h>

#define ORDERS_PER_TURN 64
#define DUMP_PER_TURN   64

static void describe(struct cv_shard *shard, struct cv_session *session, struct cv_session_state *state)
{
    *state = (struct cv_session_state){
        .session = cv_session_number(session),
        .address = session->address,
        .local = cv_session_local(shard->all, session->local),
        .phase = session->phase,
        .suite = (uint8_t)(session->suite + 1),
        .worker = shard->id,
        .quic_version = session->quic_version,
        .age_ms = (uint32_t)RTE_MIN((shard->now_ns - session->start_ns) / 1000000, (uint64_t)UINT32_MAX),
        .seen_ms_ago = (uint32_t)RTE_MIN((shard->now_ns - session->seen_ns) / 1000000, (uint64_t)UINT32_MAX),
        .rx_pkts = session->rx_pkts,
        .tx_pkts = session->tx_pkts,
        .received = cv_stream_received(session),
        .credited = session->stream.credited,
        .sent = session->stream.taken,
        .acknowledged = cv_stream_first_kept(session),
    };
    state->payload_bytes = session->datagram_bytes;
    cv_round_trip_notice(session, shard->now_ns);
    cv_round_trip_describe(session, shard->now_ns, state);
    if (session->phase == CV_SESSION_OPEN)
        cv_peer_probe_ticket(session, state->ticket);
    memcpy(state->tag, session->tag, sizeof(state->tag));
}

static bool send_state(struct cv_shard *shard, struct cv_session *session, uint32_t sequence)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_STATE, .sequence = sequence};

    describe(shard, session, &message.session_state);
    return cv_shard_tell_control(shard, &message);
}

static void answer(struct cv_shard *shard, const struct cv_message *request, int error)
{
    struct cv_message message = {.type = CV_MESSAGE_RESULT, .sequence = request->sequence};

    message.result.pair = request->order.session;
    message.result.error = error;
    cv_shard_tell_control(shard, &message);
}

static int close_session(struct cv_shard *shard, struct cv_session *session, enum cv_session_end end,
                         uint64_t code)
{
    if (session->ending)
        return -EALREADY;
    cv_session_end(shard, session, end, code, true);
    return 0;
}

static int ping(struct cv_shard *shard, struct cv_session *session)
{
    if (session->ending)
        return -EALREADY;
    session->ping = true;
    cv_schedule_write(shard, session);
    return 0;
}

/* Bytes for the peer; these have no answer. */
static void send_bytes(struct cv_shard *shard, struct cv_session *session,
                       const struct cv_session_data *piece)
{
    int result = cv_stream_send(session, piece);

    if (result == 0)
        cv_schedule_write(shard, session);
    else if (result == -ENOBUFS)
        cv_session_end(shard, session, CV_SESSION_END_SLOW_PEER, CV_SESSION_ERROR_NOT_READING, true);
    else if (result == -ENOMEM)
        cv_session_end(shard, session, CV_SESSION_END_NO_ROOM, CV_SESSION_ERROR_RELAY_FULL, true);
    else
        cv_session_end(shard, session, CV_SESSION_END_CONTROL, CV_SESSION_ERROR_INTERNAL, true);
}

static void follow(struct cv_shard *shard, struct cv_session *session, const struct cv_message *message)
{
    bool lives = session != NULL && session->conn != NULL && session->announced;
    int result = -ENOENT;

    if (message->type == CV_MESSAGE_SESSION_DUMP) {
        shard->dump.active = true;
        shard->dump.sequence = message->sequence;
        shard->dump.next_slot = 0;
        shard->dump.sent = 0;
        return;
    }
    if (message->type == CV_MESSAGE_SESSION_SEND) {
        if (lives && session->phase == CV_SESSION_OPEN)
            send_bytes(shard, session, &message->data);
        return;
    }
    if (message->type == CV_MESSAGE_SESSION_CREDIT) {
        if (lives && session->phase == CV_SESSION_OPEN && cv_stream_credit(session, message->order.value))
            cv_schedule_write(shard, session);
        return;
    }
    if (lives && message->type == CV_MESSAGE_SESSION_GET) {
        send_state(shard, session, message->sequence);
        return;
    }
    if (lives && message->type == CV_MESSAGE_SESSION_CLOSE)
        result = close_session(shard, session, CV_SESSION_END_CONTROL, message->order.value);
    else if (lives && message->type == CV_MESSAGE_SESSION_PING)
        result = ping(shard, session);
    else if (lives && session->phase != CV_SESSION_ASKING)
        result = -EALREADY;
    else if (lives && message->type == CV_MESSAGE_SESSION_REFUSE)
        result = close_session(shard, session, CV_SESSION_END_REFUSED, message->order.value);
    else if (lives && message->type == CV_MESSAGE_SESSION_ADMIT)
        result = cv_handover_give(session, &message->order);
    answer(shard, message, result);
}

static bool owned(const struct cv_shard *shard, const struct cv_session *session)
{
    return atomic_load_explicit(&session->slot_state, memory_order_acquire) ==
               (shard->kind == CV_SHARD_WORKER ? CV_SLOT_WORKER : CV_SLOT_HANDSHAKE) &&
           session->shard == shard;
}

static void take_order(struct cv_shard *shard, const struct cv_message *message)
{
    uint64_t number =
        message->type == CV_MESSAGE_SESSION_SEND ? message->data.session : message->order.session;
    struct cv_session *session =
        message->type == CV_MESSAGE_SESSION_DUMP ? NULL : cv_session_of_number(shard->all, number);

    if (session != NULL && !owned(shard, session) && message->sequence != 0)
        answer(shard, message, -EAGAIN); /* on its way to a worker */
    else
        follow(shard, session != NULL && owned(shard, session) ? session : NULL, message);
}

uint32_t cv_orders_take(struct cv_shard *shard)
{
    struct cv_message message;
    uint32_t count = 0;

    /* An order may have an answer: without room for it, it waits. */
    while (count < ORDERS_PER_TURN && rte_ring_free_count(shard->rings->events) > 1 &&
           rte_ring_sc_dequeue_elem(shard->rings->orders, &message, sizeof(message)) == 0) {
        count++;
        if (message.type == CV_MESSAGE_SESSION_TRACE || message.type == CV_MESSAGE_SESSION_UNTRACE)
            answer(shard, &message, cv_traces_order(shard->all->traces, &message, shard->now_ns));
        else
            take_order(shard, &message);
    }
    return count;
}

/* What control has to hear again: who waits for it, and what has no credit. */
static void repeat(struct cv_shard *shard, struct cv_session *session)
{
    if (session->phase == CV_SESSION_ASKING) {
        session->handshake->ask_sent = false;
        session->handshake->chain_sent_bytes = 0;
        cv_schedule_event(shard, session, CV_EVENT_ASK);
        return;
    }
    cv_stream_forget_part(session);
    session->stream.passed = session->stream.credited;
    if (session->stream.in_bytes > 0)
        cv_schedule_event(shard, session, CV_EVENT_DATA);
}

void cv_orders_dump(struct cv_shard *shard)
{
    struct cv_message end = {.type = CV_MESSAGE_DUMP_END, .sequence = shard->dump.sequence};

    for (uint32_t budget = DUMP_PER_TURN; shard->dump.next_slot < shard->all->max; shard->dump.next_slot++) {
        struct cv_session *session = &shard->all->slots[shard->dump.next_slot];

        if (!owned(shard, session) || session->conn == NULL || !session->announced)
            continue;
        if (budget-- == 0 || !send_state(shard, session, shard->dump.sequence))
            return;
        repeat(shard, session);
        shard->dump.sent++;
    }
    end.count = shard->dump.sent;
    shard->dump.active = !cv_shard_tell_control(shard, &end);
}
