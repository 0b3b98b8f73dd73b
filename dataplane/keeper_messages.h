/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the keeper does with control's messages, and how it tells control what happened. A request is taken
 * only when the ring back has room for its answer, so that no answer is ever lost.
 */
#include "shared/message.h"

struct cv_keeper;

/*
 * Takes and answers what control has sent, and goes on with a dump under way. Sets keeper->busy when there
 * may be more.
 */
void cv_keeper_take_messages(struct cv_keeper *keeper);

/* An event about a leg: LEG_BOUND, LEG_MOVED, LEG_UNBOUND. */
void cv_keeper_tell_leg(struct cv_keeper *keeper, enum cv_message_type type,
                        const struct cv_leg_event *event);
