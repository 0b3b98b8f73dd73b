/* SPDX-License-Identifier: BSD-3-Clause */
#include "handover.h"

#include "handshakes.h"
#include "keys.h"
#include "schedule.h"
#include "slots.h"
#include "writing.h"

#include <errno.h>
#include <string.h>

int cv_handover_give(struct cv_session *session, const struct cv_session_order *order)
{
    struct cv_shard *shard = session->shard;
    struct rte_ring *ring = shard->all->rings[session->shard_id].handed;
    const struct cv_handed handed = {.session = session, .kind = CV_HANDED_SESSION};
    struct cv_moving_keys *moving;

    if (rte_ring_full(ring))
        return -EAGAIN;
    moving = cv_arena_alloc(&session->arena, sizeof(*moving));
    if (moving == NULL)
        return -ENOMEM;
    memcpy(session->tag, order->tag, sizeof(session->tag));
    memcpy(moving, &session->handshake->moving, sizeof(*moving));
    cv_keys_give(session, moving);
    cv_handshake_forget(session);
    session->events &= (uint8_t)~CV_EVENT_ASK; /* a question that is answered before all of it was told */
    session->moving = moving;
    session->handed_ns = shard->now_ns;
    cv_slot_leave(shard, session);
    atomic_store_explicit(&session->slot_state, CV_SLOT_MOVING, memory_order_release);
    cv_hand(ring, &handed);
    return 0;
}

void cv_handover_take(struct cv_shard *shard, struct cv_session *session)
{
    shard->now_ns = RTE_MAX(shard->now_ns, session->handed_ns);
    cv_slot_join(shard, session);
    shard->suites[session->suite]++;
    cv_keys_take(session, shard->crypto, session->moving);
    cv_arena_free(&session->arena, session->moving);
    session->moving = NULL;
    session->phase = CV_SESSION_OPEN;
    cv_session_measure(session);
    atomic_store_explicit(&session->slot_state, CV_SLOT_WORKER, memory_order_release);
    cv_schedule_event(shard, session, CV_EVENT_UP | (session->stream.in_bytes > 0 ? CV_EVENT_DATA : 0));
}
