/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Which relay port a new pair gets. Two pairs need different ports only if they share a peer (or a fixed
 * address or prefix), so this is edge colouring: peers are vertices, pairs are edges, ports are colours.
 * Greedy: the lowest port on which neither peer has a pair. With at most d pairs per peer it never needs more
 * than 2d - 1 ports. A tunnel leg is on no port.
 */
#include "config/config.h"
#include "store/store_pairs.h"

/*
 * Gives the record of a pair to be added the lowest relay port on which no peer of its UDP legs has another;
 * 0 when it has none. -ENOSPC: there is none, and `why` says for whom; another negative errno: the store's.
 */
int relay_port_choose(const struct cv_config *config, struct store *store, struct pair_record *record,
                      char *why, size_t why_bytes);
