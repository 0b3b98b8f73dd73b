/* SPDX-License-Identifier: BSD-3-Clause */
#include "slots.h"

#include "schedule.h"

#include <string.h>

static struct cv_session *free_slot(struct cv_shard *shard)
{
    struct cv_session *session = NULL;

    if (shard->free_count > 0)
        session = shard->free_slots[--shard->free_count];
    else if (rte_ring_sc_dequeue(shard->all->free_slots, (void **)&session) != 0)
        return NULL;
    return session;
}

struct cv_session *cv_slot_take(struct cv_shard *shard, uint16_t shard_id)
{
    struct cv_session *session = free_slot(shard);
    uint32_t slot, generation;

    if (session == NULL)
        return NULL;
    slot = (uint32_t)(session - shard->all->slots);
    generation = session->generation == 0 ? shard->all->first_generation
                                          : cv_session_next_generation(session->generation);
    memset(session, 0, sizeof(*session));
    session->slot = slot;
    session->shard_id = shard_id;
    session->phase = CV_SESSION_PHASE_END;
    session->start_ns = shard->now_ns;
    __atomic_store_n(&session->generation, generation, __ATOMIC_RELEASE);
    cv_arena_init(&session->arena, shard->all->bases + (size_t)slot * CV_ARENA_BASE_BYTES, &shard->pages,
                  CV_HANDSHAKE_PAGES_MAX);
    cv_slot_join(shard, session);
    atomic_store_explicit(&session->slot_state, CV_SLOT_HANDSHAKE, memory_order_release);
    return session;
}

void cv_slot_join(struct cv_shard *shard, struct cv_session *session)
{
    session->shard = shard;
    cv_arena_adopt(&session->arena, &shard->pages,
                   shard->kind == CV_SHARD_WORKER ? CV_ARENA_PAGES_MAX : CV_HANDSHAKE_PAGES_MAX);
    shard->sessions++;
    cv_schedule_write(shard, session);
}

void cv_slot_leave(struct cv_shard *shard, struct cv_session *session)
{
    cv_timer_heap_set(&shard->timers, &session->timer, CV_TIMER_NEVER);
    cv_schedule_forget(shard, session);
    shard->sessions--;
    if (shard->kind == CV_SHARD_WORKER)
        shard->suites[session->suite]--;
}

void cv_slot_free(struct cv_shard *shard, struct cv_session *session)
{
    cv_slot_leave(shard, session);
    atomic_store_explicit(&session->slot_state, CV_SLOT_FREE, memory_order_release);
    if (shard->kind == CV_SHARD_HANDSHAKE)
        shard->free_slots[shard->free_count++] = session;
    else
        rte_ring_mp_enqueue(shard->all->free_slots, session);
}
