/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_state.h"

#include "spares.h"

#include <string.h>

static void add_counters(const struct cv_leg *leg, struct cv_leg_state *state)
{
    state->pkts += __atomic_load_n(&leg->pkts, __ATOMIC_RELAXED);
    state->bytes += __atomic_load_n(&leg->bytes, __ATOMIC_RELAXED);
}

/* The leg that is in use, with the counters of those that were or will be in its place. */
static void describe_leg(const struct cv_pair_table *table, uint32_t number, uint32_t now_ms,
                         struct cv_leg_state *state)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    const struct cv_standing *standing = cv_standing_at(table, number);
    uint32_t seen_ms = __atomic_load_n(&leg->seen_ms, __ATOMIC_RELAXED);
    uint32_t spare = cv_spare_leg(table, number);

    if (leg->flags & CV_LEG_BOUND)
        state->address = (struct cv_address){.ip = leg->source, .port_be = leg->source_port_be};
    if (leg->bind_kind == CV_BIND_TOKEN)
        memcpy(state->token, leg->bind.token, CV_TOKEN_BYTES);
    if (leg->bind_kind == CV_BIND_TUNNEL) {
        state->session = leg->bind.tunnel.session;
        state->channel = leg->bind.tunnel.channel;
    }
    state->bind = leg->bind_kind;
    state->relay_port = rte_be_to_cpu_16(leg->relay_port_be);
    state->moves = leg->moves;
    state->seen_ms_ago = seen_ms == 0 ? UINT32_MAX : cv_ms_since(now_ms, seen_ms);
    state->proof = standing->state;
    state->withheld_pkts = __atomic_load_n(&standing->withheld_pkts, __ATOMIC_RELAXED);
    state->pkts = standing->carried_pkts;
    state->bytes = standing->carried_bytes;
    add_counters(leg, state);
    if (spare == CV_NO_LEG)
        return;
    add_counters(cv_leg_at(table, spare), state);
    state->changing = cv_spare_is_coming(table, spare);
}

void cv_pair_describe(const struct cv_pair_table *table, uint32_t slot, uint32_t now_ms,
                      struct cv_pair_state *state)
{
    const struct cv_pair *pair = &table->pairs[slot];

    memset(state, 0, sizeof(*state));
    state->pair = pair->number;
    state->idle_s = pair->idle_s;
    state->rate_bytes_per_second = pair->rate.ebs;
    for (unsigned side = 0; side < 2; side++)
        describe_leg(table, 2 * slot + side, now_ms, &state->legs[side]);
}
