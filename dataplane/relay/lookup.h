/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The second stage: whose packet is this? Finds the leg of every FORWARD packet of a burst by (relay port,
 * source address). Done over the burst in three sweeps, so that the cache misses on buckets and legs overlap.
 */
#include "pair_table.h"

/*
 * Sets packet->leg, CV_NO_LEG where no leg has that address to itself (CV_LEG_SHARED); returns how many have
 * one. `count` is at most CV_BURST.
 */
uint32_t cv_lookup(const struct cv_pair_table *table, struct cv_packet **packets, uint32_t count);
