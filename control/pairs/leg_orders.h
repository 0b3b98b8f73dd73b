/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What control has to say of one leg, beside what it is: a new token, the IP that proves it, a challenge
 * that came back. Nobody waits for the answer: what was lost with a data plane is part of the pair that is
 * put into the next one.
 */
#include "pairs.h"

/*
 * Gives a leg whose token is used another one. `told` is called when store and data plane have it, with the
 * token, and only then: the peer may be told. Killed before that, control finds the leg untold
 * (store_untold_pairs) and calls this again.
 */
void leg_renew_token(struct pairs *pairs, uint64_t pair, unsigned leg,
                     void (*told)(void *context, uint64_t pair, unsigned leg,
                                  const uint8_t token[CV_TOKEN_BYTES]),
                     void *context);

/* The leg's session has this IP now. */
void leg_vouch(struct pairs *pairs, uint64_t pair, unsigned leg, const struct cv_ip *ip);

/* The peer has sent this back. */
void leg_prove(struct pairs *pairs, uint64_t pair, unsigned leg, const uint8_t challenge[CV_CHALLENGE_BYTES]);
