/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* When ngtcp2 wants to be looked after: loss detection, delayed acknowledgements, idle timeout. */
#include "shard.h"

/* Sets the session's timer, after it was written. */
void cv_timers_arm(struct cv_shard *shard, struct cv_session *session);

/* Serves those that are due. Returns how many. */
uint32_t cv_timers_serve(struct cv_shard *shard);
