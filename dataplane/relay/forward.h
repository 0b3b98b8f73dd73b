/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * From leg to leg: what a worker does with a packet whose leg is known. Meter, route, rewrite, count,
 * transmit.
 */
#include "packet.h"
#include "shard/worker.h"

/*
 * Forwards or drops each packet; the mbufs are gone afterwards. `found` packets came from their leg's own
 * address; those that only a claim names (found false) do not count as a sign of life of that address.
 */
void cv_forward(struct cv_worker *worker, struct cv_packet **packets, uint32_t count, bool found);
