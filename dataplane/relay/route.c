/* SPDX-License-Identifier: BSD-3-Clause */
#include "route.h"

bool cv_leg_within_rate(const struct cv_relay *relay, uint32_t number, uint16_t payload_bytes)
{
    struct rte_meter_srtcm_profile *rate = &cv_pair_of(relay->table, number)->rate;
    struct cv_leg *leg = cv_leg_at(relay->table, number);

    return rte_meter_srtcm_color_blind_check(&leg->meter, rate, rte_rdtsc(), payload_bytes) ==
           RTE_COLOR_GREEN;
}
