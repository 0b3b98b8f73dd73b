/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg.h"

#include "find.h"
#include "hash.h"

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

/* Where `leg` sends to: the address of its other side, from our address `local_out`. */
static void set_destination(struct cv_leg *leg, const struct cv_address *address, uint8_t local_out,
                            uint16_t next_hop)
{
    begin_change(leg);
    leg->destination = address->ip;
    leg->destination_port_be = address->port_be;
    leg->local_out = local_out;
    leg->next_hop = next_hop;
    leg->flags |= CV_LEG_READY;
    if (cv_ip_is_v4(&address->ip))
        leg->flags &= (uint8_t)~CV_LEG_V6_OUT;
    else
        leg->flags |= CV_LEG_V6_OUT;
    end_change(leg);
}

void cv_leg_join_tunnel(struct cv_pair_table *table, uint32_t number)
{
    struct cv_leg *other = cv_leg_at(table, number ^ 1);

    begin_change(other);
    other->tunnel_out = cv_leg_at(table, number)->bind.tunnel;
    other->flags |= CV_LEG_READY | CV_LEG_TUNNEL_OUT;
    end_change(other);
}

int cv_leg_bind(struct cv_pair_table *table, uint32_t number, const struct cv_address *address, uint8_t local,
                uint32_t now_ms)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_leg *other = cv_leg_at(table, number ^ 1);
    uint32_t owner = cv_find_address(table, address, leg->relay_port_be);
    uint16_t old_hop = other->next_hop;
    bool was_bound = leg->flags & CV_LEG_BOUND;
    uint64_t old_hash = was_bound ? source_hash(table, leg) : 0;

    if (owner != CV_NO_LEG && owner != number)
        return -EADDRINUSE;
    if (owner == CV_NO_LEG) {
        uint64_t hash = cv_address_hash(table, &address->ip, address->port_be, leg->relay_port_be);
        int error = cv_index_insert(&table->by_address, hash, number);

        if (error)
            return error;
    }
    set_source(leg, address, local);
    set_destination(other, address, local, cv_next_hop_take(table->hops, local, &address->ip));
    cv_pair_table_retire_next_hop(table, old_hop);
    if (was_bound && owner == CV_NO_LEG) {
        cv_index_remove(&table->by_address, old_hash, number);
        leg->moves++;
    }
    table->bound_legs += !was_bound;
    leg->moved_ms = now_ms;
    return 0;
}

void cv_leg_unbind(struct cv_pair_table *table, uint32_t number)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_leg *other = cv_leg_at(table, number ^ 1);
    uint16_t hop = other->next_hop;

    if (!(leg->flags & CV_LEG_BOUND))
        return;
    cv_index_remove(&table->by_address, source_hash(table, leg), number);
    begin_change(leg);
    leg->flags &= (uint8_t)~CV_LEG_BOUND;
    end_change(leg);
    begin_change(other);
    other->flags &= (uint8_t)~CV_LEG_READY;
    other->next_hop = CV_NO_NEXT_HOP;
    end_change(other);
    cv_pair_table_retire_next_hop(table, hop);
    table->bound_legs--;
}

void cv_leg_forget_cid(struct cv_pair_table *table, uint32_t number)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    const uint8_t *key = cv_pair_of(table, number)->cid_keys[number & 1];

    if (leg->cid_bytes == 0)
        return;
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

void cv_leg_learn_cid(struct cv_pair_table *table, uint32_t number, const uint8_t *cid, uint8_t bytes)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    uint8_t(*key)[CV_CID_KEY_BYTES] = &cv_pair_of(table, number)->cid_keys[number & 1];

    if (bytes < CV_CID_MIN_BYTES || bytes > CV_QUIC_CID_MAX || cv_leg_has_cid(table, number, cid, bytes) ||
        known_elsewhere(table, cid, bytes, leg->relay_port_be))
        return;
    cv_leg_forget_cid(table, number);
    if (cv_index_insert(&table->by_cid, cv_cid_hash(table, cid, bytes, leg->relay_port_be), number) != 0)
        return;
    begin_change(leg);
    memset(*key, 0, sizeof(*key));
    memcpy(*key, cid, RTE_MIN((size_t)bytes, (size_t)CV_CID_KEY_BYTES));
    leg->cid_tag = cv_cid_tag(table, cid, bytes);
    leg->cid_bytes = bytes & 0x1fu;
    leg->flags |= CV_LEG_CID;
    end_change(leg);
}
