/* SPDX-License-Identifier: BSD-3-Clause */
#include "keeper_messages.h"

#include "keeper_legs.h"
#include "keeper_sessions.h"
#include "keeper_state.h"
#include "keeper_tell.h"
#include "relay/find.h"
#include "relay/pair_state.h"
#include "relay/pairs.h"

#include <errno.h>
#include <rte_log.h>

#define MESSAGES_PER_TURN 512
#define DUMP_PER_TURN     1024

/* Room in the ring to control that answers leave to events. */
#define EVENT_ROOM 1024

static void put(struct cv_keeper *keeper, const struct cv_message *request)
{
    uint32_t slot;
    int error = cv_keeper_check_tunnel(keeper, &request->put.legs[0]);

    if (error == 0)
        error = cv_keeper_check_tunnel(keeper, &request->put.legs[1]);
    if (error == 0)
        error = cv_pair_put(&keeper->table, &request->put, keeper->now_ms, &slot);

    cv_keeper_answer(keeper, request, request->put.pair, error);
}

static void delete(struct cv_keeper *keeper, const struct cv_message *request)
{
    uint32_t slot = cv_find_pair(&keeper->table, request->pair);

    if (slot != CV_NO_SLOT)
        cv_pair_remove(&keeper->table, slot);
    cv_keeper_answer(keeper, request, request->pair, slot == CV_NO_SLOT ? -ENOENT : 0);
}

static void send_state(struct cv_keeper *keeper, uint32_t sequence, uint32_t slot)
{
    struct cv_message message = {.type = CV_MESSAGE_PAIR_STATE, .sequence = sequence};

    cv_pair_describe(&keeper->table, slot, keeper->now_ms, &message.state);
    cv_control_link_send(keeper->link, &message);
}

static void get(struct cv_keeper *keeper, const struct cv_message *request)
{
    uint32_t slot = cv_find_pair(&keeper->table, request->pair);

    if (slot == CV_NO_SLOT)
        cv_keeper_answer(keeper, request, request->pair, -ENOENT);
    else
        send_state(keeper, request->sequence, slot);
}

/* Starts over when one is under way: the asker forgot the first. */
static void start_dump(struct cv_keeper *keeper, const struct cv_message *request)
{
    keeper->dump.active = true;
    keeper->dump.sequence = request->sequence;
    keeper->dump.next_slot = 0;
    keeper->dump.sent = 0;
}

static void go_on_with_dump(struct cv_keeper *keeper)
{
    uint32_t room = cv_control_link_room(keeper->link);
    uint32_t budget = room > EVENT_ROOM ? RTE_MIN(room - EVENT_ROOM, (uint32_t)DUMP_PER_TURN) : 0;
    struct cv_message end = {.type = CV_MESSAGE_DUMP_END, .sequence = keeper->dump.sequence};

    for (; budget > 1 && keeper->dump.next_slot < keeper->table.next_unused; keeper->dump.next_slot++) {
        if (keeper->table.pairs[keeper->dump.next_slot].number == 0)
            continue;
        send_state(keeper, keeper->dump.sequence, keeper->dump.next_slot);
        keeper->dump.sent++;
        budget--;
    }
    if (budget == 0 || keeper->dump.next_slot < keeper->table.next_unused)
        return;
    end.count = keeper->dump.sent;
    cv_control_link_send(keeper->link, &end);
    keeper->dump.active = false;
}

static void set_log_level(struct cv_keeper *keeper, const struct cv_message *request)
{
    int error = rte_log_set_level_pattern("culvert.*", request->log_level);

    cv_keeper_answer(keeper, request, 0, error ? -EINVAL : 0);
}

/* False: it has to wait. */
static bool handle(struct cv_keeper *keeper, const struct cv_message *request)
{
    switch (request->type) {
    case CV_MESSAGE_PAIR_PUT:
        put(keeper, request);
        break;
    case CV_MESSAGE_PAIR_DELETE:
        delete (keeper, request);
        break;
    case CV_MESSAGE_PAIR_GET:
        get(keeper, request);
        break;
    case CV_MESSAGE_PAIR_DUMP:
        start_dump(keeper, request);
        break;
    case CV_MESSAGE_LEG_CHANGE:
    case CV_MESSAGE_LEG_TOKEN:
    case CV_MESSAGE_LEG_VOUCH:
    case CV_MESSAGE_LEG_PROVE:
        cv_keeper_leg_order(keeper, request);
        break;
    case CV_MESSAGE_LOG_LEVEL:
        set_log_level(keeper, request);
        break;
    default: /* cv_message_check lets nothing else through from control but what is for sessions */
        return cv_keeper_session_order(keeper, request);
    }
    return true;
}

/* Handles what was taken, in its order. False: the next one has to wait. */
static bool handle_held(struct cv_keeper *keeper)
{
    while (keeper->held_next < keeper->held_count) {
        if (!handle(keeper, &keeper->held[keeper->held_next]))
            return false;
        keeper->held_next++;
    }
    return true;
}

void cv_keeper_take_messages(struct cv_keeper *keeper)
{
    uint32_t handled = 0;

    keeper->busy = false;
    if (!cv_control_link_attached(keeper->link))
        return;
    while (handle_held(keeper) && handled < MESSAGES_PER_TURN) {
        uint32_t room = cv_control_link_room(keeper->link);
        uint32_t max = room > EVENT_ROOM ? RTE_MIN(room - EVENT_ROOM, (uint32_t)CV_KEEPER_BATCH) : 0;

        keeper->held_next = 0;
        keeper->held_count = max ? cv_control_link_receive(keeper->link, keeper->held, max) : 0;
        if (keeper->held_count == 0)
            break;
        handled += keeper->held_count;
    }
    keeper->busy = keeper->held_count > 0;
    if (keeper->dump.active)
        go_on_with_dump(keeper);
}
