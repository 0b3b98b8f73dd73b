/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairs.h"

#include "find.h"
#include "hash.h"
#include "leg.h"

#include <errno.h>
#include <string.h>

static uint64_t claim_hash(const struct cv_pair_table *table, const struct cv_leg *leg)
{
    if (leg->bind_kind == CV_BIND_TOKEN)
        return cv_token_hash(table, leg->bind.token, leg->relay_port_be);
    if (leg->bind_kind == CV_BIND_TUNNEL)
        return cv_tunnel_hash(table, &leg->bind.tunnel);
    return cv_prefix_hash(table, &leg->bind.prefix, leg->relay_port_be);
}

static void count_prefix(struct cv_pair_table *table, uint8_t length, bool more)
{
    uint64_t bit = UINT64_C(1) << (length % 64);

    if (more && table->prefix_users[length]++ == 0)
        __atomic_fetch_or(&table->prefix_lengths[length / 64], bit, __ATOMIC_RELEASE);
    if (!more && --table->prefix_users[length] == 0)
        __atomic_fetch_and(&table->prefix_lengths[length / 64], ~bit, __ATOMIC_RELEASE);
}

/* The leg that is claimed by the same, or CV_NO_LEG. */
static uint32_t same_claim(const struct cv_pair_table *table, const struct cv_leg *leg)
{
    if (leg->bind_kind == CV_BIND_TOKEN)
        return cv_find_token(table, leg->bind.token, leg->relay_port_be);
    if (leg->bind_kind == CV_BIND_TUNNEL)
        return cv_find_tunnel(table, &leg->bind.tunnel);
    return cv_find_exact_prefix(table, &leg->bind.prefix, leg->relay_port_be);
}

/* Enters what a leg is claimed by. A fixed leg is claimed by nothing. */
static int enter_claim(struct cv_pair_table *table, uint32_t number)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    int error;

    if (leg->bind_kind == CV_BIND_FIXED)
        return 0;
    if (same_claim(table, leg) != CV_NO_LEG)
        return -EADDRINUSE;
    error = cv_index_insert(&table->by_claim, claim_hash(table, leg), number);
    if (error == 0 && leg->bind_kind == CV_BIND_PREFIX)
        count_prefix(table, leg->bind.prefix.length, true);
    return error;
}

static void leave_claim(struct cv_pair_table *table, uint32_t number)
{
    struct cv_leg *leg = cv_leg_at(table, number);

    if (leg->bind_kind == CV_BIND_FIXED)
        return;
    if (cv_index_remove(&table->by_claim, claim_hash(table, leg), number) == 0 &&
        leg->bind_kind == CV_BIND_PREFIX)
        count_prefix(table, leg->bind.prefix.length, false);
}

static void fill_leg(struct cv_leg *leg, const struct cv_leg_config *config, uint32_t now_ms)
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

static int bind_configured(struct cv_pair_table *table, uint32_t number, const struct cv_leg_config *config,
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

static void set_rate(struct cv_pair *pair, uint64_t bytes_per_second)
{
    struct rte_meter_srtcm_params params = {.cir = bytes_per_second};

    /* A tenth of a second's worth may come at once, but never less than a few full packets. */
    params.cbs = RTE_MAX(bytes_per_second / 10, UINT64_C(15000));
    /*
     * Only green passes, so the second bucket decides nothing: it keeps the rate as it was given, to be
     * shown.
     */
    params.ebs = bytes_per_second;
    for (unsigned i = 0; i < 2; i++)
        __atomic_fetch_and(&pair->legs[i].flags, (uint8_t)~CV_LEG_METERED, __ATOMIC_RELEASE);
    if (bytes_per_second == 0 || rte_meter_srtcm_profile_config(&pair->rate, &params) != 0)
        return;
    for (unsigned i = 0; i < 2; i++) {
        rte_meter_srtcm_config(&pair->legs[i].meter, &pair->rate);
        __atomic_fetch_or(&pair->legs[i].flags, CV_LEG_METERED, __ATOMIC_RELEASE);
    }
}

/* Undoes what was done of a pair that could not be made whole. */
static void undo(struct cv_pair_table *table, uint32_t slot, unsigned claims)
{
    for (unsigned side = 0; side < 2; side++) {
        cv_leg_unbind(table, 2 * slot + side);
        if (side < claims)
            leave_claim(table, 2 * slot + side);
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
    for (unsigned side = 0; side < 2; side++)
        fill_leg(&pair->legs[side], &config->legs[side], now_ms);
    if (pair->legs[0].relay_port_be != pair->legs[1].relay_port_be)
        for (unsigned side = 0; side < 2; side++)
            pair->legs[side].flags |= CV_LEG_OTHER_PORT;
    set_rate(pair, config->rate_bytes_per_second);
    error = cv_index_insert(&table->by_number, cv_number_hash(table, config->pair), slot);
    for (unsigned side = 0; side < 2 && error == 0; side++) {
        error = enter_claim(table, 2 * slot + side);
        claims += error == 0;
    }
    for (unsigned side = 0; side < 2 && error == 0; side++)
        error = bind_configured(table, 2 * slot + side, &config->legs[side], now_ms);
    if (error)
        undo(table, slot, claims);
    return error;
}

static bool same_legs(const struct cv_pair *pair, const struct cv_pair_config *config)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct cv_leg *leg = &pair->legs[side];
        struct cv_leg wanted = {0};

        fill_leg(&wanted, &config->legs[side], 0);
        if (leg->relay_port_be != wanted.relay_port_be || leg->bind_kind != wanted.bind_kind ||
            memcmp(&leg->bind, &wanted.bind, sizeof(leg->bind)) != 0)
            return false;
        if (leg->bind_kind == CV_BIND_FIXED && (leg->source_port_be != config->legs[side].address.port_be ||
                                                !cv_ip_equal(&leg->source, &config->legs[side].address.ip)))
            return false;
    }
    return true;
}

/* 0 is a tunnel leg's. */
static bool is_ours(const struct cv_pair_table *table, uint16_t relay_port)
{
    return relay_port == 0 || relay_port == table->listen_port ||
           (relay_port >= table->relay_port_first && relay_port <= table->relay_port_last);
}

int cv_pair_put(struct cv_pair_table *table, const struct cv_pair_config *config, uint32_t now_ms,
                uint32_t *slot)
{
    int error;

    if (!is_ours(table, config->legs[0].relay_port) || !is_ours(table, config->legs[1].relay_port))
        return -EADDRNOTAVAIL;
    *slot = cv_find_pair(table, config->pair);
    if (*slot != CV_NO_SLOT) {
        if (!same_legs(&table->pairs[*slot], config))
            return -EEXIST;
        table->pairs[*slot].idle_s = config->idle_s;
        set_rate(&table->pairs[*slot], config->rate_bytes_per_second);
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
        leave_claim(table, 2 * slot + side);
        cv_leg_forget_cid(table, 2 * slot + side);
        cv_leg_unbind(table, 2 * slot + side);
    }
    pair->number = 0;
    table->count--;
    cv_pair_table_retire_slot(table, slot);
}
