/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_table.h"

#include "keys.h"
#include "packet.h"

#include <errno.h>
#include <rte_random.h>
#include <string.h>

static size_t align64(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* A slot or a next hop that workers may still be looking at. */
struct cv_retired {
    uint64_t token; /* of rte_rcu_qsbr: when all workers have passed it, nobody looks any more */
    uint32_t id;
    uint32_t is_slot;
};

#define RETIRED_MAX 16384 /* a power of two */

struct layout {
    size_t pairs, by_address, by_claim, by_cid, by_number, retired, qsbr, total;
};

static struct layout lay_out(const struct cv_pair_table_limits *limits)
{
    struct layout at = {0};
    size_t offset = 0;

#define TAKE(field, bytes)        \
    do {                          \
        at.field = offset;        \
        offset += align64(bytes); \
    } while (0)
    TAKE(pairs, (size_t)limits->pairs * sizeof(struct cv_pair));
    TAKE(by_address, cv_index_footprint(2 * limits->pairs));
    TAKE(by_claim, cv_index_footprint(2 * limits->pairs));
    TAKE(by_cid, cv_index_footprint(2 * limits->pairs));
    TAKE(by_number, cv_index_footprint(limits->pairs));
    TAKE(retired, RETIRED_MAX * sizeof(struct cv_retired));
    TAKE(qsbr, rte_rcu_qsbr_get_memsize(limits->workers));
#undef TAKE
    at.total = offset;
    return at;
}

size_t cv_pair_table_bytes(const struct cv_pair_table_limits *limits)
{
    return lay_out(limits).total;
}

size_t cv_pair_bytes(void)
{
    const struct cv_pair_table_limits some = {.pairs = 1 << 20, .workers = 1};
    const struct cv_pair_table_limits twice = {.pairs = 2 << 20, .workers = 1};

    return (cv_pair_table_bytes(&twice) - cv_pair_table_bytes(&some) + some.pairs - 1) / some.pairs;
}

int cv_pair_table_create(struct cv_pair_table *table, const struct cv_pair_table_limits *limits, void *memory,
                         struct cv_next_hops *hops, const struct cv_locals *locals)
{
    struct layout at = lay_out(limits);
    uint8_t *base = memory;

    /* Touches each page: a worker's first look at one must not be a page fault, nor find that memory has run
     * out. */
    memset(memory, 0, at.total);
    memset(table, 0, sizeof(*table));
    table->memory = memory;
    table->memory_bytes = at.total;
    table->pairs = (struct cv_pair *)(base + at.pairs);
    cv_index_init(&table->by_address, base + at.by_address, 2 * limits->pairs);
    cv_index_init(&table->by_claim, base + at.by_claim, 2 * limits->pairs);
    cv_index_init(&table->by_cid, base + at.by_cid, 2 * limits->pairs);
    cv_index_init(&table->by_number, base + at.by_number, limits->pairs);
    table->retired = (struct cv_retired *)(base + at.retired);
    table->qsbr = (struct rte_rcu_qsbr *)(base + at.qsbr);
    table->free_slot = CV_NO_SLOT;
    table->max = limits->pairs;
    table->hops = hops;
    table->locals = locals;
    table->relay_port_first = limits->relay_port_first;
    table->relay_port_last = limits->relay_port_last;
    for (unsigned i = 0; i < RTE_DIM(table->secrets); i++)
        table->secrets[i] = rte_rand() | 1;
    return rte_rcu_qsbr_init(table->qsbr, limits->workers) == 0 ? 0 : -EINVAL;
}

static uint32_t take_slot(struct cv_pair_table *table)
{
    uint32_t slot = table->free_slot;

    if (slot != CV_NO_SLOT)
        table->free_slot = table->pairs[slot].next_free;
    else if (table->next_unused < table->max)
        slot = table->next_unused++;
    return slot;
}

static void free_slot(struct cv_pair_table *table, uint32_t slot)
{
    struct cv_pair *pair = &table->pairs[slot];
    uint32_t generation = pair->generation;

    memset(pair, 0, sizeof(*pair));
    pair->generation = generation + 1;
    pair->next_free = table->free_slot;
    table->free_slot = slot;
}

/* ---- Grace periods ---- */

static void retire(struct cv_pair_table *table, uint32_t id, bool is_slot)
{
    struct cv_retired *entry;

    if (table->retired_head - table->retired_tail == RETIRED_MAX) {
        rte_rcu_qsbr_check(table->qsbr, table->retired[table->retired_tail % RETIRED_MAX].token, true);
        cv_pair_table_reclaim(table);
    }
    entry = &table->retired[table->retired_head++ % RETIRED_MAX];
    *entry = (struct cv_retired){.token = rte_rcu_qsbr_start(table->qsbr), .id = id, .is_slot = is_slot};
}

void cv_retire_next_hop(struct cv_pair_table *table, uint16_t hop)
{
    if (hop != CV_NO_NEXT_HOP)
        retire(table, hop, false);
}

void cv_pair_table_reclaim(struct cv_pair_table *table)
{
    while (table->retired_tail != table->retired_head) {
        struct cv_retired *entry = &table->retired[table->retired_tail % RETIRED_MAX];

        if (!rte_rcu_qsbr_check(table->qsbr, entry->token, false))
            return;
        if (entry->is_slot)
            free_slot(table, entry->id);
        else
            cv_next_hop_release(table->hops, (uint16_t)entry->id);
        table->retired_tail++;
    }
}

/* ---- Making and removing ---- */

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

static void fill_leg(struct cv_leg *leg, const struct cv_leg_config *config, uint16_t relay_port,
                     uint32_t now_ms)
{
    leg->relay_port_be = rte_cpu_to_be_16(relay_port);
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
    /* Only green passes, so the second bucket decides nothing: it keeps the rate as it was given, to be
     * shown. */
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
    retire(table, slot, true);
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
        fill_leg(&pair->legs[side], &config->legs[side], config->relay_port, now_ms);
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

        fill_leg(&wanted, &config->legs[side], config->relay_port, 0);
        if (leg->relay_port_be != wanted.relay_port_be || leg->bind_kind != wanted.bind_kind ||
            memcmp(&leg->bind, &wanted.bind, sizeof(leg->bind)) != 0)
            return false;
        if (leg->bind_kind == CV_BIND_FIXED && (leg->source_port_be != config->legs[side].address.port_be ||
                                                !cv_ip_equal(&leg->source, &config->legs[side].address.ip)))
            return false;
    }
    return true;
}

int cv_pair_put(struct cv_pair_table *table, const struct cv_pair_config *config, uint32_t now_ms,
                uint32_t *slot)
{
    int error;

    if (config->relay_port != 0 &&
        (config->relay_port < table->relay_port_first || config->relay_port > table->relay_port_last))
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
    *slot = take_slot(table);
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
    retire(table, slot, true);
}

/* ---- Showing ---- */

static void describe_leg(const struct cv_leg *leg, uint32_t now_ms, struct cv_leg_state *state)
{
    uint32_t seen_ms = __atomic_load_n(&leg->seen_ms, __ATOMIC_RELAXED);

    if (leg->flags & CV_LEG_BOUND)
        state->address = (struct cv_address){.ip = leg->source, .port_be = leg->source_port_be};
    if (leg->bind_kind == CV_BIND_TUNNEL) {
        state->session = leg->bind.tunnel.session;
        state->channel = leg->bind.tunnel.channel;
    }
    state->bind = leg->bind_kind;
    state->moves = leg->moves;
    state->seen_ms_ago = seen_ms == 0 ? UINT32_MAX : cv_ms_since(now_ms, seen_ms);
    state->pkts = __atomic_load_n(&leg->pkts, __ATOMIC_RELAXED);
    state->bytes = __atomic_load_n(&leg->bytes, __ATOMIC_RELAXED);
}

void cv_pair_describe(const struct cv_pair_table *table, uint32_t slot, uint32_t now_ms,
                      struct cv_pair_state *state)
{
    const struct cv_pair *pair = &table->pairs[slot];

    memset(state, 0, sizeof(*state));
    state->pair = pair->number;
    state->relay_port = rte_be_to_cpu_16(pair->legs[0].relay_port_be);
    state->idle_s = pair->idle_s;
    if (pair->legs[0].flags & CV_LEG_METERED)
        state->rate_bytes_per_second = pair->rate.ebs;
    for (unsigned side = 0; side < 2; side++)
        describe_leg(&pair->legs[side], now_ms, &state->legs[side]);
}
