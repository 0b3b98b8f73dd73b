/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The question "who has this address?", as an ARP request (RFC 826) or a neighbour solicitation (RFC 4861).
 */
#include "local.h"

struct rte_mbuf;
struct rte_mempool;

/*
 * A frame that asks for the MAC of `target` from our address `local`, of the same family: to all (ARP) or to
 * the target's solicited-node group, or to `known` alone when that is not NULL. Padded to 60 bytes;
 * mbuf->port is set. NULL: the pool is empty.
 */
struct rte_mbuf *cv_probe_make(struct rte_mempool *pool, const struct cv_local *local,
                               const struct cv_ip *target, const struct rte_ether_addr *known);
