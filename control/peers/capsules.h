/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The capsules that tell a peer of its pairs, made and queued. Each may close the session. */
#include "sessions/session.h"
#include "store/store_pairs.h"

void capsules_refused(struct session *session, enum cv_pair_origin origin, uint64_t number,
                      enum cv_session_error code, const char *sentence);

/* The session's leg of the pair: `leg` of the record. */
void capsules_made(struct session *session, enum cv_pair_origin origin, uint64_t number,
                   const struct pair_record *record, unsigned leg);
void capsules_limit(struct session *session, uint16_t channel);
void capsules_closed(struct session *session, uint64_t pair, enum cv_session_error code);
