/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The program's pairs: a bridge each. */
#include "bridge.h"
#include "kept.h"

#define PAIRS_MAX 64

struct pairs {
    struct bridge_settings settings;
    struct bridge *list[PAIRS_MAX]; /* NULL: none */
};

/* Whether a pair with this peer could be had in this session: there is room, or a bridge that it goes on with. */
bool pairs_have_room(const struct pairs *pairs, const struct session_socket *session,
                     const struct cv_peer_id *other);

/*
 * By a PAIR_MADE: a new bridge, or one that goes on, since its pair was resumed or is one with the same peer in
 * a session that is lost or is being left. 0 or negative errno.
 */
int pairs_made(struct pairs *pairs, struct session_socket *session, const struct cv_capsule *made);

struct bridge *pairs_find(const struct pairs *pairs, const struct session_socket *session, uint64_t pair);

/* Says how it fared, and closes it. */
void pairs_drop(struct pairs *pairs, struct bridge *bridge);
void pairs_drop_all(struct pairs *pairs);

/* A session is gone; drops those that are lost, but for those with this peer (NULL: none). */
void pairs_lose(struct pairs *pairs, const struct session_socket *session);
void pairs_drop_lost(struct pairs *pairs, const struct cv_peer_id *but);

/* In this session; NULL: lost. */
unsigned pairs_count(const struct pairs *pairs, const struct session_socket *session);

/* In any session, or in none. */
bool pairs_are_any(const struct pairs *pairs);

/* Our addresses may have changed. */
void pairs_rebind(const struct pairs *pairs);

/* False: the channel is no leg's. */
bool pairs_datagram(const struct pairs *pairs, const struct session_socket *session, uint64_t channel,
                    const uint8_t *payload, size_t bytes);

/* Puts the numbers of those in this session in place of those that were kept. */
void pairs_keep(const struct pairs *pairs, const struct session_socket *session, struct kept *kept);
