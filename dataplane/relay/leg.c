/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg.h"

#include "find.h"
#include "hash.h"
#include "standing.h"

#include <errno.h>
#include <string.h>

/* A reader that sees the sequence odd, or changed when it is done, reads again (cv_route_read). */
static void begin_change(struct cv_leg *leg)
{
    __atomic_store_n(&leg->sequence, (uint8_t)(leg->sequence + 1), __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void end_change(struct cv_leg *leg)
{
    __atomic_store_n(&leg->sequence, (uint8_t)(leg->sequence + 1), __ATOMIC_RELEASE);
}

static uint64_t source_hash(const struct cv_pair_table *table, const struct cv_leg *leg)
{
    return cv_address_hash(table, &leg->source, leg->source_port_be, leg->relay_port_be);
}

static void set_source(struct cv_leg *leg, const struct cv_address *address, uint8_t local)
{
    begin_change(leg);
    leg->source = address->ip;
    leg->source_port_be = address->port_be;
    leg->local = local;
    leg->flags |= CV_LEG_BOUND;
    end_change(leg);
}

uint32_t cv_leg_senders(const struct cv_pair_table *table, uint32_t leg, uint32_t senders[CV_LEG_SENDERS])
{
    uint32_t spare = cv_standing_at(table, leg ^ 1)->spare;

    senders[0] = leg ^ 1;
    if (spare == 0)
        return 1;
    senders[1] = 2 * spare + ((leg & 1) ^ 1);
    return 2;
}

void cv_leg_hold(struct cv_pair_table *table, uint32_t from)
{
    begin_change(cv_leg_at(table, from));
}

uint16_t cv_leg_hop(struct cv_pair_table *table, const struct cv_leg *to)
{
    return to->bind_kind != CV_BIND_TUNNEL && (to->flags & CV_LEG_BOUND)
               ? cv_next_hop_take(table->hops, to->local, &to->source)
               : CV_NO_NEXT_HOP;
}

static uint8_t flags_towards(const struct cv_leg *leg, const struct cv_leg *to, bool metered)
{
    uint8_t flags = leg->flags & (CV_LEG_BOUND | CV_LEG_CID | CV_LEG_SHARED);

    if (to->bind_kind == CV_BIND_TUNNEL)
        flags |= CV_LEG_READY | CV_LEG_TUNNEL_OUT;
    else if (to->flags & CV_LEG_BOUND)
        flags |= cv_ip_is_v4(&to->source) ? CV_LEG_READY : CV_LEG_READY | CV_LEG_V6_OUT;
    if (leg->relay_port_be != to->relay_port_be)
        flags |= CV_LEG_OTHER_PORT;
    return metered ? flags | CV_LEG_METERED : flags;
}

uint16_t cv_leg_point(struct cv_pair_table *table, uint32_t from, uint32_t number, uint16_t hop)
{
    const struct cv_leg *to = cv_leg_at(table, number);
    struct cv_leg *leg = cv_leg_at(table, from);
    uint16_t old_hop = leg->next_hop;

    if (to->bind_kind == CV_BIND_TUNNEL) {
        leg->tunnel_out = to->bind.tunnel;
    } else {
        leg->destination = to->source;
        leg->destination_port_be = to->source_port_be;
        leg->local_out = to->local;
    }
    leg->next_hop = hop;
    leg->flags = flags_towards(leg, to, cv_leg_is_metered(table, from));
    if (cv_spare_of(table, from) != NULL) /* whose neighbour in the spare stands for where it sends to */
        cv_leg_at(table, from ^ 1)->relay_port_be = to->relay_port_be;
    end_change(leg);
    return old_hop;
}

void cv_leg_turn(struct cv_pair_table *table, uint32_t from, uint32_t number)
{
    uint16_t hop = cv_leg_hop(table, cv_leg_at(table, number));

    cv_leg_hold(table, from);
    cv_pair_table_retire_next_hop(table, cv_leg_point(table, from, number, hop));
}

/* All that send to a leg follow it. */
static void point_senders(struct cv_pair_table *table, uint32_t number)
{
    uint32_t senders[CV_LEG_SENDERS];
    uint32_t count = cv_spare_of(table, number) != NULL ? 0 : cv_leg_senders(table, number, senders);

    for (uint32_t i = 0; i < count; i++)
        cv_leg_turn(table, senders[i], number);
}

void cv_leg_join_tunnel(struct cv_pair_table *table, uint32_t number)
{
    point_senders(table, number);
}

/* ---- Legs with one address ---- */

static void set_shared(struct cv_pair_table *table, uint32_t number, bool shared)
{
    struct cv_leg *leg = cv_leg_at(table, number);

    begin_change(leg);
    if (shared)
        leg->flags |= CV_LEG_SHARED;
    else
        leg->flags &= (uint8_t)~CV_LEG_SHARED;
    end_change(leg);
}

/* Whether one more leg may have an address that `count` have. */
static bool may_join(const struct cv_pair_table *table, uint32_t number, const uint32_t *legs, uint32_t count)
{
    if (count == 0)
        return true;
    for (uint32_t i = 0; i < count; i++) /* also from a spare: the packets of both would be for themselves */
        if (cv_leg_target(table, legs[i]) == (cv_leg_target(table, number) ^ 1))
            return false;
    return cv_leg_at(table, number)->relay_port_be == rte_cpu_to_be_16(table->listen_port) &&
           count < CV_LEGS_AT_MAX;
}

/* Makes it the latest of `count` legs, which have its address and may be it; the others stay in their order. */
static void put_last(struct cv_pair_table *table, uint32_t number, const uint32_t *legs, uint32_t count)
{
    uint8_t orders[CV_LEGS_AT_MAX];

    for (uint32_t i = 0; i < count; i++) {
        orders[i] = 0;
        for (uint32_t k = 0; k < count; k++)
            if (legs[k] != number &&
                cv_standing_at(table, legs[k])->order < cv_standing_at(table, legs[i])->order)
                orders[i]++;
    }
    for (uint32_t i = 0; i < count; i++)
        cv_standing_at(table, legs[i])->order = orders[i];
    cv_standing_at(table, number)->order = CV_LEGS_AT_MAX - 1;
}

/*
 * The leg comes to the address of others. One that moves away from others stays shared, also when it is alone
 * where it comes to: they may be about to follow.
 */
static void join(struct cv_pair_table *table, uint32_t number, const uint32_t *legs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        set_shared(table, legs[i], true);
    if (count > 0)
        set_shared(table, number, true);
    put_last(table, number, legs, count);
}

/* A leg has lost this address for good: who is alone with it now has it to itself. */
static void part(struct cv_pair_table *table, const struct cv_address *address, uint16_t relay_port_be)
{
    uint32_t legs[CV_LEGS_AT_MAX];

    if (cv_find_legs_at(table, address, relay_port_be, legs) == 1)
        set_shared(table, legs[0], false);
}

void cv_leg_prefer(struct cv_pair_table *table, uint32_t number)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    const struct cv_address address = {.ip = leg->source, .port_be = leg->source_port_be};
    uint32_t legs[CV_LEGS_AT_MAX];

    put_last(table, number, legs, cv_find_legs_at(table, &address, leg->relay_port_be, legs));
}

/* ---- Binding ---- */

static int enter_address(struct cv_pair_table *table, uint32_t number, const struct cv_address *address)
{
    uint16_t relay_port_be = cv_leg_at(table, number)->relay_port_be;
    uint32_t legs[CV_LEGS_AT_MAX];
    uint32_t count = cv_find_legs_at(table, address, relay_port_be, legs);
    uint64_t hash = cv_address_hash(table, &address->ip, address->port_be, relay_port_be);
    int error;

    if (!may_join(table, number, legs, count))
        return -EADDRINUSE;
    error = cv_index_insert(&table->by_address, hash, number);
    if (error)
        return error;
    join(table, number, legs, count);
    return 0;
}

int cv_leg_bind(struct cv_pair_table *table, uint32_t number, const struct cv_address *address, uint8_t local,
                uint32_t now_ms)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    bool was_bound = leg->flags & CV_LEG_BOUND, stays = cv_leg_is_at(leg, address);
    uint64_t old_hash = was_bound ? source_hash(table, leg) : 0;
    enum cv_leg_proof proof = (enum cv_leg_proof)cv_standing_at(table, number)->state;

    if (!stays) {
        int error = enter_address(table, number, address);

        if (error)
            return error;
        proof = cv_standing_prepare(table, number, address, now_ms);
    }
    set_source(leg, address, local);
    point_senders(table, number);
    if (!stays)
        cv_standing_settle(table, number, proof);
    if (was_bound && !stays) {
        cv_index_remove(&table->by_address, old_hash, number);
        leg->moves++;
    }
    table->bound_legs += !was_bound;
    if (!stays)
        leg->moved_ms = now_ms;
    return 0;
}

void cv_leg_unbind(struct cv_pair_table *table, uint32_t number)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_address address = {.ip = leg->source, .port_be = leg->source_port_be};
    bool shared = leg->flags & CV_LEG_SHARED;

    if (!(leg->flags & CV_LEG_BOUND))
        return;
    cv_index_remove(&table->by_address, source_hash(table, leg), number);
    begin_change(leg);
    leg->flags &= (uint8_t)~(CV_LEG_BOUND | CV_LEG_SHARED);
    end_change(leg);
    if (shared)
        part(table, &address, leg->relay_port_be);
    point_senders(table, number);
    cv_standing_leave(table, number);
    table->bound_legs--;
}

int cv_leg_enter_address(struct cv_pair_table *table, uint32_t number)
{
    const struct cv_leg *leg = cv_leg_at(table, number);

    if (!(leg->flags & CV_LEG_BOUND))
        return 0;
    table->bound_legs++;
    return cv_index_insert(&table->by_address, source_hash(table, leg), number);
}

void cv_leg_leave_address_as(struct cv_pair_table *table, uint32_t number, const struct cv_leg *as)
{
    const struct cv_address address = {.ip = as->source, .port_be = as->source_port_be};

    if (!(as->flags & CV_LEG_BOUND))
        return;
    table->bound_legs--;
    cv_index_remove(&table->by_address, source_hash(table, as), number);
    if (as->flags & CV_LEG_SHARED)
        part(table, &address, as->relay_port_be);
}

struct cv_leg_event cv_leg_describe(const struct cv_pair_table *table, uint32_t leg)
{
    const struct cv_leg *record = cv_leg_at(table, leg);
    struct cv_leg_event event = {
        .pair = cv_pair_of(table, leg)->number,
        .leg = leg & 1,
        .proof = cv_standing_at(table, leg)->state,
        .bind = record->bind_kind,
        .relay_port = rte_be_to_cpu_16(record->relay_port_be),
    };

    if (record->flags & CV_LEG_BOUND)
        event.address = (struct cv_address){.ip = record->source, .port_be = record->source_port_be};
    return event;
}

void cv_leg_forget_cid(struct cv_pair_table *table, uint32_t number)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    const uint8_t *key = cv_pair_of(table, number)->cid_keys[number & 1];

    if (leg->cid_bytes == 0)
        return;
    if (leg->relay_port_be != 0)
        cv_index_remove(&table->by_cid, cv_cid_hash(table, key, leg->cid_bytes, leg->relay_port_be), number);
    begin_change(leg);
    leg->flags &= (uint8_t)~CV_LEG_CID;
    leg->cid_bytes = 0;
    end_change(leg);
}

/* The packet path's question, asked for a bare connection ID: a long header is made around it. */
static bool known_elsewhere(const struct cv_pair_table *table, const uint8_t *cid, uint8_t bytes,
                            uint16_t relay_port_be)
{
    uint8_t header[7 + CV_QUIC_CID_MAX] = {0x80, 0, 0, 0, 1, bytes};

    memcpy(header + 6, cid, bytes);
    return cv_find_cid(table, header, (uint16_t)(7 + bytes), relay_port_be) != CV_NO_LEG;
}

/* For a leg that has none, and that is on that port, or about to be. */
static void enter_cid(struct cv_pair_table *table, uint32_t number, const uint8_t key[CV_CID_KEY_BYTES],
                      uint8_t bytes, uint8_t tag, uint16_t relay_port_be)
{
    struct cv_leg *leg = cv_leg_at(table, number);

    if (cv_index_insert(&table->by_cid, cv_cid_hash(table, key, bytes, relay_port_be), number) != 0)
        return;
    begin_change(leg);
    memcpy(cv_pair_of(table, number)->cid_keys[number & 1], key, CV_CID_KEY_BYTES);
    leg->cid_tag = tag;
    leg->cid_bytes = bytes & 0x1fu;
    leg->flags |= CV_LEG_CID;
    end_change(leg);
}

void cv_leg_learn_cid(struct cv_pair_table *table, uint32_t number, const uint8_t *cid, uint8_t bytes)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    uint8_t key[CV_CID_KEY_BYTES] = {0};

    if (bytes < CV_CID_MIN_BYTES || bytes > CV_QUIC_CID_MAX || cv_leg_has_cid(table, number, cid, bytes) ||
        known_elsewhere(table, cid, bytes, leg->relay_port_be))
        return;
    memcpy(key, cid, RTE_MIN((size_t)bytes, sizeof(key)));
    cv_leg_forget_cid(table, number);
    enter_cid(table, number, key, bytes, cv_cid_tag(table, cid, bytes), leg->relay_port_be);
}

struct cid_start {
    const struct cv_pair_table *table;
    const uint8_t *key;
    uint16_t relay_port_be;
};

static int begins_alike(uint32_t leg, const void *context)
{
    const struct cid_start *start = context;
    const struct cv_leg *candidate = cv_leg_at(start->table, leg);

    return candidate->cid_bytes != 0 && candidate->relay_port_be == start->relay_port_be &&
           memcmp(cv_pair_of(start->table, leg)->cid_keys[leg & 1], start->key, CV_CID_KEY_BYTES) == 0;
}

static bool is_free_at(const struct cv_pair_table *table, uint64_t hash, const uint8_t *key,
                       uint16_t relay_port_be)
{
    const struct cid_start start = {table, key, relay_port_be};

    return cv_index_find(&table->by_cid, hash, begins_alike, &start) == CV_NO_LEG;
}

/*
 * Of a connection ID only its beginning is known here, so one that begins alike is in the way. A tunnel leg keeps its own
 * for the day when it is a UDP leg again, but is not found by it.
 */
static void move_cid(struct cv_pair_table *table, uint32_t number, uint16_t relay_port_be)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    const uint8_t *key = cv_pair_of(table, number)->cid_keys[number & 1];
    uint64_t hash;

    if (leg->cid_bytes == 0 || leg->relay_port_be == relay_port_be)
        return;
    hash = cv_cid_hash(table, key, leg->cid_bytes, relay_port_be);
    if (relay_port_be != 0 && (!is_free_at(table, hash, key, relay_port_be) ||
                               cv_index_insert(&table->by_cid, hash, number) != 0)) {
        cv_leg_forget_cid(table, number);
        return;
    }
    if (leg->relay_port_be != 0)
        cv_index_remove(&table->by_cid, cv_cid_hash(table, key, leg->cid_bytes, leg->relay_port_be), number);
}

void cv_leg_take_cid(struct cv_pair_table *table, uint32_t number, uint32_t coming)
{
    const struct cv_leg arriving = *cv_leg_at(table, coming);
    uint8_t key[CV_CID_KEY_BYTES];

    if (arriving.cid_bytes == 0) {
        move_cid(table, number, arriving.relay_port_be);
        return;
    }
    memcpy(key, cv_pair_of(table, coming)->cid_keys[coming & 1], sizeof(key));
    cv_leg_forget_cid(table, coming);
    cv_leg_forget_cid(table, number);
    enter_cid(table, number, key, arriving.cid_bytes, arriving.cid_tag, arriving.relay_port_be);
}
