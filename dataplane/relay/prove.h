/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What time does to proofs: legs that fall silent or speak again, accounts of a minute, challenges that
 * are due; and what is told of legs about once a second: that they send more than they may, or were sent more. The keeper
 * looks at some pairs in every turn, so that each is seen about once a second (in 8 s at a million pairs), and all that is
 * counted in seconds here is late by so much. Keeper only.
 */
#include "standing.h"

struct cv_proof_sweep {
    uint32_t next_slot;
    uint32_t last_ms;
};

enum cv_proof_event {
    CV_PROOF_EVENT_PROVEN,
    CV_PROOF_EVENT_UNPROVEN, /* it has spoken again, and has to be proven again */
    CV_PROOF_EVENT_SILENT,
    CV_PROOF_EVENT_CHALLENGE, /* one is due; when it is sent: cv_standing_challenged */
    CV_PROOF_EVENT_LIMITED,   /* it has sent more than its pair's rate since the last look */
    CV_PROOF_EVENT_WITHHELD,  /* something was not sent to it, on an account of which this was not told yet */
};

/* False: there was no room. LIMITED and WITHHELD are told again then, at the next look. */
typedef bool cv_proof_tell(void *context, enum cv_proof_event event, uint32_t leg);

/* Looks at the pairs that are due, and calls `tell` for each leg of which there is something to tell. */
void cv_proof_sweep(struct cv_proof_sweep *sweep, struct cv_pair_table *table, uint32_t now_ms,
                    cv_proof_tell *tell, void *context);
