/* SPDX-License-Identifier: BSD-3-Clause */
#include "schedule.h"

#define SESSIONS_PER_TURN 256 /* of each list */

/*
 * An acknowledgement waits for a datagram to go with: two peers that talk to each other then cost a write
 * each, not two. All within the 25 ms of max_ack_delay (RFC 9000 sections 13.2.1 and 18.2).
 *
 * The control stream does not wait for tunnels. Its data are acknowledged at once: they are an event for
 * control. And while the peer has not acknowledged all of ours, it gets its turn with each packet, so
 * that what that says of losses is acted on.
 */
#define ACK_AT_PKTS 8
#define ACK_SOON_NS 2000000
#define ACK_LATE_NS 20000000

static void leave_due(struct cv_shard *shard, struct cv_session *session)
{
    if (session->due == CV_DUE_WRITE)
        TAILQ_REMOVE(&shard->writing, session, due_link);
    else if (session->due == CV_DUE_ACK_SOON)
        TAILQ_REMOVE(&shard->acking_soon, session, due_link);
    else if (session->due == CV_DUE_ACK_LATE)
        TAILQ_REMOVE(&shard->acking_late, session, due_link);
    session->due = CV_DUE_NOTHING;
}

void cv_schedule_write(struct cv_shard *shard, struct cv_session *session)
{
    if (session->due == CV_DUE_WRITE)
        return;
    leave_due(shard, session);
    session->due = CV_DUE_WRITE;
    TAILQ_INSERT_TAIL(&shard->writing, session, due_link);
}

static void schedule_ack(struct cv_shard *shard, struct cv_session *session, enum cv_session_due due)
{
    if (session->due == CV_DUE_WRITE || session->due == due)
        return;
    leave_due(shard, session);
    session->due = (uint8_t)due;
    session->ack_ns = shard->now_ns;
    TAILQ_INSERT_TAIL(due == CV_DUE_ACK_SOON ? &shard->acking_soon : &shard->acking_late, session, due_link);
}

void cv_schedule_after_read(struct cv_shard *shard, struct cv_session *session, const struct cv_rx_packet *rx)
{
    session->unanswered = (uint8_t)RTE_MIN(session->unanswered + 1, ACK_AT_PKTS);
    if (shard->kind == CV_SHARD_HANDSHAKE || session->tunnels != NULL || session->stream.out_first != NULL ||
        session->events != 0 || session->unanswered == ACK_AT_PKTS ||
        !cv_address_equal(&rx->address, &session->address))
        cv_schedule_write(shard, session);
    else
        schedule_ack(shard, session, session->unanswered > 1 ? CV_DUE_ACK_SOON : CV_DUE_ACK_LATE);
}

void cv_schedule_event(struct cv_shard *shard, struct cv_session *session, uint8_t events)
{
    session->events |= events;
    if (session->in_events)
        return;
    session->in_events = true;
    TAILQ_INSERT_TAIL(&shard->events, session, events_link);
}

static void end_waits(struct cv_shard *shard, struct cv_session_list *list, uint64_t wait_ns)
{
    for (unsigned i = 0; i < SESSIONS_PER_TURN; i++) {
        struct cv_session *session = TAILQ_FIRST(list);

        if (session == NULL || shard->now_ns - session->ack_ns < wait_ns)
            return;
        cv_schedule_write(shard, session);
    }
}

void cv_schedule_late_acks(struct cv_shard *shard)
{
    end_waits(shard, &shard->acking_soon, ACK_SOON_NS);
    end_waits(shard, &shard->acking_late, ACK_LATE_NS);
}

struct cv_session *cv_schedule_take(struct cv_shard *shard)
{
    struct cv_session *session = TAILQ_FIRST(&shard->writing);

    leave_due(shard, session);
    return session;
}

void cv_schedule_forget(struct cv_shard *shard, struct cv_session *session)
{
    leave_due(shard, session);
    if (session->in_events)
        TAILQ_REMOVE(&shard->events, session, events_link);
    session->in_events = false;
}
