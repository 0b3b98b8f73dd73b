/* SPDX-License-Identifier: BSD-3-Clause */
#include "timers.h"

#include "ending.h"
#include "schedule.h"

#define TIMERS_PER_TURN 256

/*
 * A session with nothing to send is not looked at sooner for its timers: ngtcp2 would acknowledge each
 * packet after an eighth of the round trip, from 1 ms on, by a packet of its own, and the next datagram
 * can carry that. A session that waits for the peer to acknowledge something of the control stream has no
 * such slack.
 */
#define TIMER_FLOOR_NS 10000000

/* When to look at the session again, if nothing comes before. */
static uint64_t next_due_ns(const struct cv_shard *shard, const struct cv_session *session)
{
    uint64_t expiry_ns = ngtcp2_conn_get_expiry(session->conn);

    if (shard->kind == CV_SHARD_HANDSHAKE || session->tunnels != NULL || session->stream.out_first != NULL)
        return RTE_MIN(expiry_ns, cv_tunnel_queue_due_ns(session));
    return RTE_MAX(expiry_ns, shard->now_ns + TIMER_FLOOR_NS);
}

void cv_timers_arm(struct cv_shard *shard, struct cv_session *session)
{
    cv_timer_heap_set(&shard->timers, &session->timer, next_due_ns(shard, session));
}

uint32_t cv_timers_serve(struct cv_shard *shard)
{
    struct cv_timer *timer;
    uint32_t count = 0;

    while (count < TIMERS_PER_TURN && (timer = cv_timer_heap_pop(&shard->timers, shard->now_ns)) != NULL) {
        struct cv_session *session = (struct cv_session *)timer;
        int result = ngtcp2_conn_handle_expiry(session->conn, shard->now_ns);

        count++;
        if (result != 0)
            cv_session_fail(shard, session, result);
        else
            cv_schedule_write(shard, session);
    }
    return count;
}
