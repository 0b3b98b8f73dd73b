/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Registered peers, by ID. Each ID of a session's chain leads to it. Two sessions are of the same peer when
 * the leaf of one is in the chain of the other: then the newer replaces the older. Peers that have no more in
 * common than an issuer stay apart; who asks for the issuer's ID gets the one that registered last.
 */
#include "sessions/session.h"

/* The peer has registered: it can be found from now on, and closes the older sessions of the same peer. */
void peers_register(struct session *session);
void peers_forget(struct session *session);

/* The session of a registered peer that has this ID, its leaf's first. NULL: there is none. */
struct session *peers_find(struct sessions *all, const struct cv_peer_id *id);

/* Whether both are of the same peer. */
bool peers_same(const struct session *one, const struct session *other);
