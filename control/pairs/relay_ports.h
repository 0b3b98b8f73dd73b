/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Which relay port a new pair gets. Two pairs need different ports only if they share a peer (or a fixed
 * address or prefix), so this is edge colouring: peers are vertices, pairs are edges, ports are colours.
 * Greedy: the lowest port on which neither peer has a pair. With at most d pairs per peer it never needs
 * more than 2d - 1 ports. A tunnel leg is on no port.
 */
#include "config/config.h"
#include "store/store_pairs.h"

/*
 * Gives the legs of a pair to be added their ports: the listening port to those that are on it, and to its
 * other UDP legs the lowest relay port on which neither peer has another, or two where both legs are one
 * peer's. -ENOSPC: there is none, and `why` says for whom; another negative errno: the store's.
 */
int relay_port_choose(const struct cv_config *config, struct store *store, struct pair_record *record,
                      char *why, size_t why_bytes);

/* The same for one leg that is to take another's place: a port on which its peer has no leg now. */
int relay_port_choose_next(const struct cv_config *config, struct store *store, struct leg_record *leg);
