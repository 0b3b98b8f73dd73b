/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The datagram that asks the address of a leg for a sign of its peer: 20 bytes, which the peer says back
 * over its session (docs/protocol.md, "Proof of an address"). Keeper only.
 */
#include "pair_table.h"

struct rte_mbuf;
struct rte_mempool;

/*
 * The leg's challenge, from the port and the address of ours that its peer sends to; mbuf->port is set.
 * NULL: the leg has no address, its next hop is not usable, or the pool is empty.
 */
struct rte_mbuf *cv_challenge_make(const struct cv_pair_table *table, uint32_t leg, struct rte_mempool *pool);
