/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_state.h"

#include <string.h>

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
    state->relay_port = rte_be_to_cpu_16(leg->relay_port_be);
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
    state->idle_s = pair->idle_s;
    if (pair->legs[0].flags & CV_LEG_METERED)
        state->rate_bytes_per_second = pair->rate.ebs;
    for (unsigned side = 0; side < 2; side++)
        describe_leg(&pair->legs[side], now_ms, &state->legs[side]);
}
