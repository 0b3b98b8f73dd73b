/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What control hears of sessions, through the keeper: see lib/shared/message.h. What finds no room in the ring waits,
 * in the list of sessions with events (schedule.h). */
#include "shard.h"

/* As far as the ring has room. Returns of how many sessions all has been told. */
uint32_t cv_events_send(struct cv_shard *shard);
