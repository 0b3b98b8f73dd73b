/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a peer may do how often, and that it is told when it does more. In memory only: a restart is a fresh
 * minute.
 */
#include "peer.h"

/* Whether it may make one more request, send one more message. If not it is told, at most once a second. */
bool limits_request(struct peer *peer);
bool limits_message(struct peer *peer);

/* One more probe of its was seen: it is told when there are more than the data plane tells of. */
void limits_probe(struct peer *peer);
