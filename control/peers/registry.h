/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Registered peers, by ID. Each ID of a session's chain leads to it. Two sessions are of the same peer when
 * the leaf of one is in the chain of the other: then the newer replaces the older. Peers that have no more in
 * common than an issuer stay apart; who asks for the issuer's ID gets the one that registered last.
 */
#include "peer.h"

/* The peer has registered: it can be found from now on, and closes the older sessions of the same peer. */
void registry_add(struct peer *peer);
void registry_remove(struct peer *peer); /* nothing happens to one that is not there */

/* The registered peer that has this ID, as its leaf's first. NULL: there is none. */
struct peer *registry_find(struct peers *all, const struct cv_peer_id *id);
