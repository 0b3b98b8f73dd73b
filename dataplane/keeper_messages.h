/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the keeper does with control's messages. A request is taken
 * only when the ring back has room for its answer, so that no answer is ever lost.
 */
#include "shared/message.h"

struct cv_keeper;

/*
 * Takes and answers what control has sent, and goes on with a dump under way. Sets keeper->busy when there
 * may be more.
 */
void cv_keeper_take_messages(struct cv_keeper *keeper);
