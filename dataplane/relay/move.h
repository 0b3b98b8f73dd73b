/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The keeper's decisions about what workers saw: may this leg take that address?
 *
 *   token           at once: the holder of the token is the peer. At most one move per leg and 100 ms. A
 *                   token of one use that has bound its leg does nothing any more, nor does one that
 *                   LEG_TOKEN has replaced.
 *   prefix          a leg takes the first address from its prefix; another one when it has been silent for
 *                   30 s.
 *   connection ID   a NAT has given the peer a new address, or somebody who saw a packet pretends so. The
 *                   leg moves when the new address has sent 3 packets and the old one has been silent for
 *                   50 ms, or 3 s with fewer; at most once in 2 s, but at any time after it was first bound.
 *   return          the old address spoke again within 10 s of a move by connection ID: the leg goes back,
 *                   and for the next 10 s no connection ID moves it. Whoever copied packets gets nothing for
 *                   longer than the peer is silent.
 *
 * An address that another leg on the relay port already has is taken from it only by a token, and only when
 * that leg has been silent for 30 s (the NAT gave the address to another peer), or is a former one (spares.h) or not proven
 * there while the newcomer is proven. On the listening port, where
 * CV_LEGS_AT_MAX legs may have one address, that goes for the one that would be too many; and a token that
 * comes again from where its leg is makes it the latest there (claim.h).
 *
 * A leg that a LEG_CHANGE has brought takes its place when it is bound (change.h).
 *
 * Bounded memory: the moves in progress live in a fixed table, the oldest is forgotten when it is full.
 * Keeper only.
 */
#include "pair_table.h"
#include "shared/message.h"

struct cv_moves;

/* What came of a notice, for counters and events. */
enum cv_move_result {
    CV_MOVE_NOTHING,
    CV_MOVE_BOUND,    /* event: LEG_BOUND */
    CV_MOVE_MOVED,    /* event: LEG_MOVED */
    CV_MOVE_CHANGED,  /* event: LEG_CHANGED */
    CV_MOVE_CONFLICT, /* another leg has the address */
};

struct cv_moves *cv_moves_create(void); /* NULL: no memory */
void cv_moves_destroy(struct cv_moves *moves);

/*
 * Acts on a notice of type TOKEN, PREFIX, CID_HIT, CID_LEARN or LOCAL; one whose generation is not the
 * slot's is ignored. With BOUND, MOVED and CHANGED `event` is filled. When a leg lost its address on the
 * way, `unbound` is filled, else its `pair` is 0.
 */
enum cv_move_result cv_moves_notice(struct cv_moves *moves, struct cv_pair_table *table,
                                    const struct cv_notice *notice, uint32_t now_ms,
                                    struct cv_leg_event *event, struct cv_leg_event *unbound);

/* What connection IDs did to this leg counts no more: it has been changed. */
void cv_moves_forget(struct cv_moves *moves, uint32_t leg);
