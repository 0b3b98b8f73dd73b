/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What each capsule of a peer does, and the making of those that control sends. */
#include "sessions/session.h"
#include "store/store_pairs.h"

/* A capsule that has passed the rules of order. */
void capsules_take(struct session *session, const struct cv_capsule *capsule);

void capsules_observed(struct session *session);
void capsules_refused(struct session *session, enum cv_pair_origin origin, uint64_t number,
                      enum cv_session_error code, const char *sentence);

/* The session's leg of the pair: `leg` of the record. */
void capsules_made(struct session *session, enum cv_pair_origin origin, uint64_t number,
                   const struct pair_record *record, unsigned leg);
void capsules_limit(struct session *session, uint16_t channel);
void capsules_closed(struct session *session, uint64_t pair, enum cv_session_error code);
