/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairs.h"

#include "claims.h"
#include "find.h"
#include "hash.h"
#include "leg.h"
#include "spares.h"
#include "standing.h"

#include <errno.h>
#include <string.h>

void cv_leg_fill(struct cv_leg *leg, const struct cv_leg_config *config, uint32_t now_ms)
{
    leg->relay_port_be = rte_cpu_to_be_16(config->relay_port);
    leg->next_hop = CV_NO_NEXT_HOP;
    leg->local = leg->local_out = CV_NO_LOCAL;
    leg->bind_kind = config->bind & 7u;
    leg->moved_ms = now_ms;
    if (config->bind == CV_BIND_TOKEN) {
        memcpy(leg->bind.token, config->token, CV_TOKEN_BYTES);
    } else if (config->bind == CV_BIND_PREFIX) {
        leg->bind.prefix.length = config->prefix_length;
        leg->bind.prefix.ip = cv_ip_mask(&config->address.ip, config->prefix_length);
    } else if (config->bind == CV_BIND_TUNNEL) {
        leg->bind.tunnel.session = config->session;
        leg->bind.tunnel.channel = config->channel;
    }
}

/* Our first address of that family, or CV_NO_LOCAL. */
static uint8_t local_for(const struct cv_pair_table *table, const struct cv_ip *ip)
{
    bool v4 = cv_ip_is_v4(ip);

    for (uint32_t i = 0; i < table->locals->count; i++)
        if (!table->locals->list[i].link_local && !table->locals->list[i].is_v6 == v4)
            return (uint8_t)i;
    return CV_NO_LOCAL;
}

int cv_leg_bind_configured(struct cv_pair_table *table, uint32_t number, const struct cv_leg_config *config,
                           uint32_t now_ms)
{
    const struct cv_address *address = config->bind == CV_BIND_FIXED ? &config->address : &config->last;
    uint8_t local;
    int error;

    if (config->bind == CV_BIND_TUNNEL) {
        cv_leg_join_tunnel(table, number);
        return 0;
    }
    if (cv_ip_is_zero(&address->ip))
        return 0;
    local = local_for(table, &address->ip);
    error = local == CV_NO_LOCAL ? -ENETUNREACH : cv_leg_bind(table, number, address, local, now_ms);
    /* A last address is a hint: without it the leg waits for its token, as a new one does. */
    return config->bind == CV_BIND_FIXED ? error : 0;
}

/* Undoes what was done of a pair that could not be made whole. */
static void undo(struct cv_pair_table *table, uint32_t slot, unsigned claims)
{
    for (unsigned side = 0; side < 2; side++) {
        cv_leg_unbind(table, 2 * slot + side);
        if (side < claims)
            cv_claims_leave(table, 2 * slot + side);
    }
    cv_index_remove(&table->by_number, cv_number_hash(table, table->pairs[slot].number), slot);
    table->pairs[slot].number = 0;
    cv_pair_table_retire_slot(table, slot);
}

static int make(struct cv_pair_table *table, uint32_t slot, const struct cv_pair_config *config,
                uint32_t now_ms)
{
    struct cv_pair *pair = &table->pairs[slot];
    unsigned claims = 0;
    int error;

    pair->number = config->pair;
    pair->idle_s = config->idle_s;
    for (unsigned side = 0; side < 2; side++) {
        cv_leg_fill(&pair->legs[side], &config->legs[side], now_ms);
        cv_standing_init(cv_standing_at(table, 2 * slot + side), &config->legs[side]);
    }
    if (pair->legs[0].relay_port_be != pair->legs[1].relay_port_be)
        for (unsigned side = 0; side < 2; side++)
            pair->legs[side].flags |= CV_LEG_OTHER_PORT;
    cv_pair_set_rate(table, slot, config->rate_bytes_per_second);
    error = cv_index_insert(&table->by_number, cv_number_hash(table, config->pair), slot);
    for (unsigned side = 0; side < 2 && error == 0; side++) {
        error = cv_claims_enter(table, 2 * slot + side);
        claims += error == 0;
    }
    for (unsigned side = 0; side < 2 && error == 0; side++)
        error = cv_leg_bind_configured(table, 2 * slot + side, &config->legs[side], now_ms);
    if (error)
        undo(table, slot, claims);
    return error;
}

bool cv_leg_is_such(const struct cv_leg *leg, const struct cv_leg_config *config)
{
    struct cv_leg wanted = {0};

    cv_leg_fill(&wanted, config, 0);
    if (leg->relay_port_be != wanted.relay_port_be || leg->bind_kind != wanted.bind_kind ||
        memcmp(&leg->bind, &wanted.bind, sizeof(leg->bind)) != 0)
        return false;
    return leg->bind_kind != CV_BIND_FIXED ||
           (leg->source_port_be == config->address.port_be && cv_ip_equal(&leg->source, &config->address.ip));
}

static bool same_legs(const struct cv_pair *pair, const struct cv_pair_config *config)
{
    return cv_leg_is_such(&pair->legs[0], &config->legs[0]) &&
           cv_leg_is_such(&pair->legs[1], &config->legs[1]);
}

bool cv_relay_port_is_ours(const struct cv_pair_table *table, uint16_t relay_port)
{
    return relay_port == 0 || relay_port == table->listen_port ||
           (relay_port >= table->relay_port_first && relay_port <= table->relay_port_last);
}

int cv_pair_put(struct cv_pair_table *table, const struct cv_pair_config *config, uint32_t now_ms,
                uint32_t *slot)
{
    int error;

    if (!cv_relay_port_is_ours(table, config->legs[0].relay_port) ||
        !cv_relay_port_is_ours(table, config->legs[1].relay_port))
        return -EADDRNOTAVAIL;
    *slot = cv_find_pair(table, config->pair);
    if (*slot != CV_NO_SLOT) {
        if (!same_legs(&table->pairs[*slot], config))
            return -EEXIST;
        table->pairs[*slot].idle_s = config->idle_s;
        cv_pair_set_rate(table, *slot, config->rate_bytes_per_second);
        return 0;
    }
    cv_pair_table_reclaim(table);
    *slot = cv_pair_table_take_slot(table);
    if (*slot == CV_NO_SLOT)
        return -ENOSPC;
    error = make(table, *slot, config, now_ms);
    table->count += error == 0;
    return error;
}

void cv_pair_remove(struct cv_pair_table *table, uint32_t slot)
{
    struct cv_pair *pair = &table->pairs[slot];

    cv_index_remove(&table->by_number, cv_number_hash(table, pair->number), slot);
    for (unsigned side = 0; side < 2; side++) {
        cv_spare_end(table, 2 * slot + side);
        cv_claims_leave(table, 2 * slot + side);
        cv_leg_forget_cid(table, 2 * slot + side);
        cv_leg_unbind(table, 2 * slot + side);
    }
    pair->number = 0;
    table->count--;
    cv_pair_table_retire_slot(table, slot);
}
