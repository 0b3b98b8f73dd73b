/* SPDX-License-Identifier: BSD-3-Clause */
#include "route.h"

#include "standing.h"

/*
 * `own` is a leg in its pair. What comes by a leg that is coming or going is counted with it, so two flows, of two workers,
 * may be counted at once. Each works on a copy whose time never runs backwards, which would fill the bucket; what one of
 * them has just counted may be lost, and so a little more pass.
 */
static bool within_rate(const struct cv_relay *relay, uint32_t own, uint16_t payload_bytes)
{
    struct rte_meter_srtcm_profile *rate = &cv_pair_of(relay->table, own)->rate;
    struct rte_meter_srtcm *kept = &cv_leg_at(relay->table, own)->meter;
    struct rte_meter_srtcm meter = {.time = __atomic_load_n(&kept->time, __ATOMIC_RELAXED),
                                    .tc = __atomic_load_n(&kept->tc, __ATOMIC_RELAXED)};
    enum rte_color color;

    if (__atomic_load_n(&rate->ebs, __ATOMIC_ACQUIRE) == 0)
        return true;
    color = rte_meter_srtcm_color_blind_check(&meter, rate, RTE_MAX(rte_rdtsc(), meter.time), payload_bytes);
    __atomic_store_n(&kept->time, meter.time, __ATOMIC_RELAXED);
    __atomic_store_n(&kept->tc, meter.tc, __ATOMIC_RELAXED);
    return color == RTE_COLOR_GREEN;
}

enum cv_drop cv_leg_may_pass(const struct cv_relay *relay, uint32_t number, uint16_t payload_bytes,
                             uint8_t flags, uint16_t next_hop)
{
    const struct cv_route route = {.next_hop = next_hop};
    uint32_t target = cv_leg_target(relay->table, number), own = target ^ 1;

    if (!within_rate(relay, own, payload_bytes)) {
        __atomic_store_n(&cv_standing_at(relay->table, own)->over_rate, 1, __ATOMIC_RELAXED);
        return CV_DROP_OVER_RATE;
    }
    if (flags & CV_LEG_TUNNEL_OUT)
        return CV_DROP_COUNT;
    if (cv_route_hop(relay, &route) == NULL) /* it costs the other leg nothing */
        return CV_DROP_NO_NEXT_HOP;
    return cv_standing_spend(relay->table, target, flags & CV_LEG_V6_OUT, payload_bytes,
                             relay->context.now_ms)
               ? CV_DROP_COUNT
               : CV_DROP_UNPROVEN;
}
