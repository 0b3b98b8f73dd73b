/* SPDX-License-Identifier: BSD-3-Clause */
#include "route.h"

#include "standing.h"

static bool within_rate(const struct cv_relay *relay, uint32_t number, uint16_t payload_bytes)
{
    struct rte_meter_srtcm_profile *rate = &cv_pair_of(relay->table, number)->rate;
    struct cv_leg *leg = cv_leg_at(relay->table, number);

    return __atomic_load_n(&rate->ebs, __ATOMIC_ACQUIRE) == 0 ||
           rte_meter_srtcm_color_blind_check(&leg->meter, rate, rte_rdtsc(), payload_bytes) ==
               RTE_COLOR_GREEN;
}

enum cv_drop cv_leg_may_pass(const struct cv_relay *relay, uint32_t number, uint16_t payload_bytes,
                             uint8_t flags, uint16_t next_hop)
{
    const struct cv_route route = {.next_hop = next_hop};

    if (!within_rate(relay, number, payload_bytes)) {
        __atomic_store_n(&cv_standing_at(relay->table, number)->over_rate, 1, __ATOMIC_RELAXED);
        return CV_DROP_OVER_RATE;
    }
    if (flags & CV_LEG_TUNNEL_OUT)
        return CV_DROP_COUNT;
    if (cv_route_hop(relay, &route) == NULL) /* it costs the other leg nothing */
        return CV_DROP_NO_NEXT_HOP;
    return cv_standing_spend(relay->table, cv_leg_target(relay->table, number), flags & CV_LEG_V6_OUT,
                             payload_bytes, relay->context.now_ms)
               ? CV_DROP_COUNT
               : CV_DROP_UNPROVEN;
}
