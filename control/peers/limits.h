/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a peer may do how often, and that it is told when it does more. In memory only: a restart is a fresh
 * minute.
 */
#include "peer.h"

/* Whether it may ask for one more pair, send one more message. If not it is told, at most once a second. */
bool limits_request(struct peer *peer);
bool limits_message(struct peer *peer);

/* One more probe of its was seen: it is told when there are more than the data plane tells of. */
void limits_probe(struct peer *peer);

/* It is limited in something that lies with a pair of its. `for_ms` 0: no longer. */
void limits_tell(struct peer *peer, enum cv_limited what, uint64_t pair, uint64_t for_ms);
