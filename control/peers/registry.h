/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Instances, by ID: each ID of its chain leads to it. Those that are away are found only by who looks for
 * another session of the same identity.
 */
#include "peer.h"

/* It can be found from now on. */
void registry_add(struct peer *peer);
void registry_remove(struct peer *peer); /* nothing happens to one that is not there */

/* Whom a request or a message is for. */
struct registry_query {
    struct cv_peer_id id;
    struct cv_span service;  /* no bytes: none was named */
    const uint8_t *instance; /* NULL: whichever is the right one */
};

/*
 * The instance that is here and that a query leads to: of the leaf that has the ID, the one asked for, or the
 * newest that offers the service; where none is named, the newest that offers none in particular, or else the
 * newest. Where no such leaf is here, of those that have the ID in their chain: likewise of the leaf whose
 * instance registered last, of those that are asked for or offer the service. NULL, with *error: NO_SUCH_PEER or
 * NO_SUCH_SERVICE.
 */
struct peer *registry_find(struct peers *all, const struct registry_query *query,
                           enum cv_session_error *error);

/*
 * Calls `found` for each instance, here or away, of the identity that has this chain: once for those of its
 * leaf, up to twice for others. The chain has no repeats. It may not remove any.
 */
void registry_each_same(struct peers *all, const struct chain *chain,
                        void (*found)(void *context, struct peer *peer), void *context);
