/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a peer is told, made into capsules and queued. To one that is away nothing is said. Each may close
 * the session.
 */
#include "peer_pair.h"
#include "store/store_pairs.h"

struct cv_span;

/* The answer to REGISTER: so many pairs of the session before go on. */
void capsules_registered(struct peer *peer, uint32_t resumed);

/* REFUSED. `data`, of the other peer's answer, may be NULL. */
void capsules_refused(struct peer *peer, enum cv_pair_origin origin, uint64_t number,
                      enum cv_session_error code, const char *sentence, const struct cv_span *data);

/* REFUSED of a request, or of the offer that it answers, for what is wrong in the capsule. */
void capsules_refused_bad(struct peer *peer, enum cv_pair_origin origin, const struct cv_capsule *bad,
                          enum cv_capsule_parsed parsed);

/* `service` and `data` may have no bytes. */
void capsules_offer(struct peer *peer, const struct offer_record *offer, const struct peer *asker,
                    uint64_t answer_s);

/* Its leg of the pair; `data`: NULL for none. `number` is 0 with CV_ORIGIN_RESUMED. */
void capsules_made(struct peer *peer, enum cv_pair_origin origin, uint64_t number,
                   const struct peer_pair *pair, const struct pair_record *record,
                   const struct cv_span *data);

void capsules_other_leg(struct peer *peer, uint64_t pair, const struct other_leg *leg);

void capsules_leg_made(struct peer *peer, uint64_t request, uint64_t pair, const struct leg_record *leg);
void capsules_leg_token(struct peer *peer, uint64_t pair, const uint8_t token[CV_TOKEN_BYTES]);
void capsules_closed(struct peer *peer, uint64_t pair, enum cv_session_error code);
void capsules_done(struct peer *peer, uint64_t request);
void capsules_message(struct peer *peer, const struct peer *sender, const struct cv_capsule *message);
void capsules_limited(struct peer *peer, enum cv_limited what, uint64_t pair, uint64_t for_ms);

/* TUNNEL_LIMIT: what fits now. */
void capsules_limit(struct session *session);
