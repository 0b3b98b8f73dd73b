/* SPDX-License-Identifier: BSD-3-Clause */
#include "keeper_sessions.h"

#include "keeper_state.h"
#include "session/table.h"

#include <errno.h>

#define EVENTS_PER_TURN 4096

/* Room in the ring to control that is left to answers and to events of pairs. */
#define ROOM_LEFT 2048

static void answer(struct cv_keeper *keeper, const struct cv_message *request, int error)
{
    struct cv_message message = {.type = CV_MESSAGE_RESULT, .sequence = request->sequence};

    if (request->sequence == 0) /* SESSION_SEND and SESSION_CREDIT have no answer */
        return;
    message.result.pair = request->order.session;
    message.result.error = error;
    cv_control_link_send(keeper->link, &message);
}

static void end_dump(struct cv_keeper *keeper, uint32_t sequence, uint64_t sent)
{
    struct cv_message end = {.type = CV_MESSAGE_DUMP_END, .sequence = sequence, .count = sent};

    cv_control_link_send(keeper->link, &end);
}

/* To all shards; a new one makes those that are under way void. */
static bool start_dump(struct cv_keeper *keeper, const struct cv_message *message)
{
    const struct cv_sessions *all = keeper->sessions;

    for (uint32_t i = 0; i <= all->workers; i++)
        if (rte_ring_full(all->rings[i].orders))
            return false;
    for (uint32_t i = 0; i <= all->workers; i++)
        rte_ring_sp_enqueue_elem(all->rings[i].orders, (void *)(uintptr_t)message, sizeof(*message));
    keeper->session_dump.sequence = message->sequence;
    keeper->session_dump.owners = all->workers + 1u;
    keeper->session_dump.sent = 0;
    return true;
}

/* False: no room now. */
static bool to_shard(const struct cv_sessions *all, uint32_t shard_id, const struct cv_message *message)
{
    return rte_ring_sp_enqueue_elem(all->rings[shard_id].orders, (void *)(uintptr_t)message,
                                    sizeof(*message)) == 0;
}

bool cv_keeper_session_order(struct cv_keeper *keeper, const struct cv_message *message)
{
    const struct cv_sessions *all = keeper->sessions;
    const struct cv_session *session;
    uint32_t shard_id; /* the handshake thread: behind the workers */

    if (all == NULL) {
        answer(keeper, message, -EOPNOTSUPP);
        return true;
    }
    if (message->type == CV_MESSAGE_SESSION_DUMP)
        return start_dump(keeper, message);
    if (message->type == CV_MESSAGE_SESSION_TRACE || message->type == CV_MESSAGE_SESSION_UNTRACE)
        return to_shard(all, all->workers, message);
    session = cv_session_of_number(all, message->type == CV_MESSAGE_SESSION_SEND ? message->data.session
                                                                                 : message->order.session);
    if (session == NULL) {
        answer(keeper, message, -ENOENT);
        return true;
    }
    switch ((enum cv_slot_state)atomic_load_explicit(&session->slot_state, memory_order_acquire)) {
    case CV_SLOT_HANDSHAKE:
        shard_id = all->workers;
        break;
    case CV_SLOT_WORKER:
        shard_id = session->shard_id;
        break;
    default: /* in a ring, for a moment */
        return false;
    }
    return to_shard(all, shard_id, message);
}

int cv_keeper_check_tunnel(const struct cv_keeper *keeper, const struct cv_leg_config *leg)
{
    if (leg->bind != CV_BIND_TUNNEL)
        return 0;
    if (keeper->sessions == NULL)
        return -EOPNOTSUPP;
    return cv_session_is_admitted(keeper->sessions, leg->session) ? 0 : -ENOTCONN;
}

static void pass_on(struct cv_keeper *keeper, const struct cv_message *message)
{
    if (message->type != CV_MESSAGE_DUMP_END) {
        cv_control_link_send(keeper->link, message);
        return;
    }
    if (keeper->session_dump.owners == 0 || message->sequence != keeper->session_dump.sequence)
        return;
    keeper->session_dump.sent += message->count;
    if (--keeper->session_dump.owners == 0)
        end_dump(keeper, message->sequence, keeper->session_dump.sent);
}

void cv_keeper_take_sessions(struct cv_keeper *keeper)
{
    const struct cv_sessions *all = keeper->sessions;
    bool attached = cv_control_link_attached(keeper->link);

    for (uint32_t i = 0; all != NULL && i <= all->workers; i++) {
        struct cv_message message;

        for (uint32_t taken = 0; taken < EVENTS_PER_TURN; taken++) {
            if (attached && cv_control_link_room(keeper->link) <= ROOM_LEFT)
                return;
            if (rte_ring_sc_dequeue_elem(all->rings[i].events, &message, sizeof(message)) != 0)
                break;
            if (attached)
                pass_on(keeper, &message);
        }
    }
}

void cv_keeper_forget_sessions(struct cv_keeper *keeper)
{
    keeper->held_count = keeper->held_next = 0;
    keeper->session_dump.owners = 0;
}
