/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* How the keeper tells control what became of a request, and what happened to a leg. */
#include "shared/message.h"

struct cv_keeper;

/* RESULT of a request about a pair. */
void cv_keeper_answer(struct cv_keeper *keeper, const struct cv_message *request, uint64_t pair, int error);

/* An event about a leg: LEG_BOUND and those after it in the list. */
void cv_keeper_tell_leg(struct cv_keeper *keeper, enum cv_message_type type,
                        const struct cv_leg_event *event);
