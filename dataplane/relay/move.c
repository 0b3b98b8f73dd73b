/* SPDX-License-Identifier: BSD-3-Clause */
#include "move.h"

#include "change.h"
#include "find.h"
#include "leg.h"
#include "spares.h"
#include "standing.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_GAP_MS  100
#define CID_GAP_MS    2000
#define CID_PACKETS   3
#define CID_SILENT_MS 50
#define CID_LONG_MS   3000
#define HOLD_MS       10000

#define MOVES 4096 /* a power of two */
#define WAYS  4

/* What is remembered of a leg that moves, or may be about to, because of a connection ID. */
struct move {
    uint32_t leg;
    uint32_t generation;
    uint32_t touched_ms; /* when it was last used; 0: free */
    uint32_t packets;    /* from the candidate */
    struct cv_address candidate;
    struct cv_address previous; /* before the last move by connection ID */
    uint32_t moved_ms;          /* that move; 0: none */
    uint32_t returned_ms;       /* when it went back; 0: never */
};

struct cv_moves {
    struct move table[MOVES];
};

struct cv_moves *cv_moves_create(void)
{
    return calloc(1, sizeof(struct cv_moves));
}

void cv_moves_destroy(struct cv_moves *moves)
{
    free(moves);
}

static struct move *set_of(struct cv_moves *moves, uint32_t leg)
{
    return &moves->table[(leg * UINT32_C(0x9e3779b1) >> 8) % MOVES & ~(uint32_t)(WAYS - 1)];
}

void cv_moves_forget(struct cv_moves *moves, uint32_t leg)
{
    struct move *set = set_of(moves, leg);

    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].leg == leg)
            set[i].touched_ms = 0;
}

/* The leg's entry; a fresh one in place of the longest untouched of its set when there is none. */
static struct move *entry_for(struct cv_moves *moves, uint32_t leg, uint32_t generation, uint32_t now_ms)
{
    struct move *set = set_of(moves, leg);
    struct move *oldest = set;

    for (unsigned i = 0; i < WAYS; i++) {
        struct move *move = &set[i];

        if (move->touched_ms && move->leg == leg && move->generation == generation) {
            move->touched_ms = now_ms;
            return move;
        }
        if (oldest->touched_ms && (!move->touched_ms || cv_ms_since(now_ms, move->touched_ms) >
                                                            cv_ms_since(now_ms, oldest->touched_ms)))
            oldest = move;
    }
    *oldest = (struct move){.leg = leg, .generation = generation, .touched_ms = now_ms};
    return oldest;
}

/* Whether a leg has to leave its address to one whose token has come from there, and that would be proven there or not. */
static bool gives_way(const struct cv_pair_table *table, uint32_t number, bool proven, uint32_t now_ms)
{
    const struct cv_leg *leg = cv_leg_at(table, number);

    return leg->bind_kind != CV_BIND_FIXED &&
           (cv_leg_is_vacant(leg, now_ms) ||
            (proven && (cv_spare_is_former(table, number) ||
                        cv_standing_at(table, number)->state == CV_LEG_PROOF_UNPROVEN)));
}

static void give_up(struct cv_pair_table *table, uint32_t owner, struct cv_leg_event *unbound)
{
    if (cv_spare_is_former(table, owner)) {
        cv_spare_end(table, cv_leg_target(table, owner) ^ 1);
        return;
    }
    if (cv_spare_of(table, owner) == NULL)
        *unbound = cv_leg_describe(table, owner);
    cv_leg_unbind(table, owner);
}

/*
 * Where as many legs have the address as may have one: takes it from one that has to give way. A leg's own former one
 * gives it up at once.
 */
static void take_over(struct cv_pair_table *table, uint32_t leg, const struct cv_address *address,
                      uint32_t now_ms, struct cv_leg_event *unbound)
{
    uint16_t relay_port_be = cv_leg_at(table, leg)->relay_port_be;
    uint32_t room = relay_port_be == rte_cpu_to_be_16(table->listen_port) ? CV_LEGS_AT_MAX : 1;
    uint32_t owners[CV_LEGS_AT_MAX];
    uint32_t count = cv_find_legs_at(table, address, relay_port_be, owners);
    bool proven = cv_standing_judge(cv_standing_at(table, leg), address, now_ms) != CV_LEG_PROOF_UNPROVEN;

    for (uint32_t i = 0; i < count; i++) {
        if (owners[i] == cv_spare_leg(table, leg) && cv_spare_is_former(table, owners[i])) {
            cv_spare_end(table, leg);
            return;
        }
    }
    for (uint32_t i = 0; count == room && i < count; i++) {
        if (owners[i] == leg || !gives_way(table, owners[i], proven, now_ms))
            continue;
        give_up(table, owners[i], unbound);
        return;
    }
}

static enum cv_move_result bind_leg(struct cv_pair_table *table, uint32_t leg,
                                    const struct cv_address *address, uint8_t local, uint32_t now_ms,
                                    enum cv_move_cause cause, struct cv_leg_event *event)
{
    struct cv_leg_event before = cv_leg_describe(table, leg);
    bool was_bound = cv_leg_at(table, leg)->flags & CV_LEG_BOUND;

    if (cv_leg_bind(table, leg, address, local, now_ms) != 0)
        return CV_MOVE_CONFLICT;
    *event = cv_leg_describe(table, leg);
    event->cause = (uint8_t)cause;
    event->previous = before.address;
    return was_bound ? CV_MOVE_MOVED : CV_MOVE_BOUND;
}

/* Whether the token that came is the leg's present one, and still good for this. */
static bool may_bind(const struct cv_pair_table *table, const struct cv_notice *notice)
{
    const struct cv_standing *standing = cv_standing_at(table, notice->leg);

    return !(standing->one_use && standing->used) &&
           memcmp(notice->cid, cv_leg_at(table, notice->leg)->bind.token,
                  RTE_MIN((size_t)notice->cid_bytes, (size_t)CV_CID_KEY_BYTES)) == 0;
}

static enum cv_move_result on_token(struct cv_moves *moves, struct cv_pair_table *table,
                                    const struct cv_notice *notice, uint32_t now_ms,
                                    struct cv_leg_event *event, struct cv_leg_event *unbound)
{
    const struct cv_leg *leg = cv_leg_at(table, notice->leg);
    enum cv_move_result result;

    if (leg->bind_kind != CV_BIND_TOKEN)
        return CV_MOVE_NOTHING;
    if (cv_leg_is_at(leg, &notice->address)) {
        cv_leg_prefer(table, notice->leg);
        return CV_MOVE_NOTHING;
    }
    if (!may_bind(table, notice))
        return CV_MOVE_NOTHING;
    if (cv_spare_is_coming(table, notice->leg) &&
        cv_leg_arrive_here(table, notice->leg, &notice->address, now_ms, event))
        return CV_MOVE_CHANGED;
    if ((leg->flags & CV_LEG_BOUND) && cv_ms_since(now_ms, leg->moved_ms) < TOKEN_GAP_MS)
        return CV_MOVE_NOTHING;
    take_over(table, notice->leg, &notice->address, now_ms, unbound);
    result = bind_leg(table, notice->leg, &notice->address, notice->local, now_ms, CV_MOVE_TOKEN, event);
    if (result == CV_MOVE_CONFLICT)
        return result;
    cv_standing_at(table, notice->leg)->used = 1;
    cv_moves_forget(moves, notice->leg);
    return result;
}

static enum cv_move_result on_prefix(struct cv_pair_table *table, const struct cv_notice *notice,
                                     uint32_t now_ms, struct cv_leg_event *event)
{
    const struct cv_leg *leg = cv_leg_at(table, notice->leg);

    if (leg->bind_kind != CV_BIND_PREFIX || !cv_leg_is_vacant(leg, now_ms) ||
        !cv_prefix_contains(&leg->bind.prefix, &notice->address.ip))
        return CV_MOVE_NOTHING;
    return bind_leg(table, notice->leg, &notice->address, notice->local, now_ms, CV_MOVE_PREFIX, event);
}

/* Whether a leg that was not bound by a token may have this address at all. */
static bool allowed(const struct cv_leg *leg, const struct cv_address *address)
{
    return leg->bind_kind == CV_BIND_TOKEN ||
           (leg->bind_kind == CV_BIND_PREFIX && cv_prefix_contains(&leg->bind.prefix, &address->ip));
}

static bool may_move(const struct cv_leg *leg, const struct move *move, uint32_t now_ms)
{
    uint32_t silent_ms = cv_ms_since(now_ms, __atomic_load_n(&leg->seen_ms, __ATOMIC_RELAXED));

    if (move->returned_ms && cv_ms_since(now_ms, move->returned_ms) < HOLD_MS)
        return false;
    if (cv_ms_since(now_ms, leg->moved_ms) < CID_GAP_MS && leg->moves > 0)
        return false;
    return (move->packets >= CID_PACKETS && silent_ms >= CID_SILENT_MS) || silent_ms >= CID_LONG_MS;
}

static enum cv_move_result go_back(struct cv_pair_table *table, const struct cv_notice *notice,
                                   struct move *move, uint32_t now_ms, struct cv_leg_event *event)
{
    move->moved_ms = 0;
    move->packets = 0;
    move->returned_ms = now_ms;
    return bind_leg(table, notice->leg, &notice->address, notice->local, now_ms, CV_MOVE_RETURN, event);
}

static enum cv_move_result on_cid(struct cv_moves *moves, struct cv_pair_table *table,
                                  const struct cv_notice *notice, uint32_t now_ms, struct cv_leg_event *event)
{
    const struct cv_leg *leg = cv_leg_at(table, notice->leg);
    struct move *move = entry_for(moves, notice->leg, notice->generation, now_ms);
    struct cv_address old = {.ip = leg->source, .port_be = leg->source_port_be};
    enum cv_move_result result;

    if (cv_leg_is_at(leg, &notice->address))
        return CV_MOVE_NOTHING; /* it has moved since the worker looked */
    if (!allowed(leg, &notice->address))
        return CV_MOVE_NOTHING;
    if (move->moved_ms && cv_ms_since(now_ms, move->moved_ms) < HOLD_MS &&
        cv_address_equal(&move->previous, &notice->address))
        return go_back(table, notice, move, now_ms, event);
    if (!cv_address_equal(&move->candidate, &notice->address)) {
        move->candidate = notice->address;
        move->packets = 0;
    }
    move->packets++;
    if (!may_move(leg, move, now_ms))
        return CV_MOVE_NOTHING;
    result =
        bind_leg(table, notice->leg, &notice->address, notice->local, now_ms, CV_MOVE_CONNECTION_ID, event);
    if (result == CV_MOVE_MOVED) {
        move->previous = old;
        move->moved_ms = now_ms;
        move->packets = 0;
    }
    return result;
}

/* The peer sends to another address of ours: answer from there. */
static void on_local(struct cv_pair_table *table, const struct cv_notice *notice, uint32_t now_ms)
{
    const struct cv_leg *leg = cv_leg_at(table, notice->leg);
    struct cv_address address = {.ip = leg->source, .port_be = leg->source_port_be};

    if ((leg->flags & CV_LEG_BOUND) && leg->local != notice->local)
        (void)cv_leg_bind(table, notice->leg, &address, notice->local, now_ms);
}

static enum cv_move_result act_on(struct cv_moves *moves, struct cv_pair_table *table,
                                  const struct cv_notice *notice, uint32_t now_ms, struct cv_leg_event *event,
                                  struct cv_leg_event *unbound)
{
    switch (notice->type) {
    case CV_NOTICE_TOKEN:
        return on_token(moves, table, notice, now_ms, event, unbound);
    case CV_NOTICE_PREFIX:
        return on_prefix(table, notice, now_ms, event);
    case CV_NOTICE_CID_HIT:
        return on_cid(moves, table, notice, now_ms, event);
    case CV_NOTICE_CID_LEARN:
        cv_leg_learn_cid(table, notice->leg, notice->cid, notice->cid_bytes);
        return CV_MOVE_NOTHING;
    case CV_NOTICE_LOCAL:
        on_local(table, notice, now_ms);
        return CV_MOVE_NOTHING;
    default:
        return CV_MOVE_NOTHING;
    }
}

enum cv_move_result cv_moves_notice(struct cv_moves *moves, struct cv_pair_table *table,
                                    const struct cv_notice *notice, uint32_t now_ms,
                                    struct cv_leg_event *event, struct cv_leg_event *unbound)
{
    const struct cv_pair *pair = cv_pair_of(table, notice->leg);
    uint32_t in_use = cv_leg_target(table, notice->leg) ^ 1;
    enum cv_move_result result;

    unbound->pair = 0;
    if (pair->number == 0 || pair->generation != notice->generation)
        return CV_MOVE_NOTHING;
    result = act_on(moves, table, notice, now_ms, event, unbound);
    if (in_use == notice->leg || result == CV_MOVE_CONFLICT || result == CV_MOVE_NOTHING)
        return result;
    if (result == CV_MOVE_BOUND && cv_spare_is_coming(table, notice->leg)) {
        cv_leg_arrive(table, notice->leg, now_ms, event);
        result = CV_MOVE_CHANGED;
    }
    if (result != CV_MOVE_CHANGED)
        return CV_MOVE_NOTHING; /* where a former leg is, is nobody's business */
    cv_moves_forget(moves, in_use);
    return result;
}
