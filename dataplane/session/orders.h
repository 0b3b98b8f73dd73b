/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What control wants of sessions, through the keeper: see lib/shared/message.h. */
#include "shard.h"

/* Follows control's messages. Returns how many. */
uint32_t cv_orders_take(struct cv_shard *shard);

/* More of a SESSION_DUMP, while shard->dump.active. */
void cv_orders_dump(struct cv_shard *shard);
