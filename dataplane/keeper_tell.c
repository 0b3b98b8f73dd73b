/* SPDX-License-Identifier: BSD-3-Clause */
#include "keeper_tell.h"

#include "keeper_state.h"

void cv_keeper_answer(struct cv_keeper *keeper, const struct cv_message *request, uint64_t pair, int error)
{
    struct cv_message message = {.type = CV_MESSAGE_RESULT, .sequence = request->sequence};

    message.result.pair = pair;
    message.result.error = error;
    cv_control_link_send(keeper->link, &message);
}

void cv_keeper_tell_leg(struct cv_keeper *keeper, enum cv_message_type type, const struct cv_leg_event *event)
{
    struct cv_message message = {.type = (uint16_t)type, .leg = *event};

    cv_control_link_send(keeper->link, &message);
}
