/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

/* It wants some of the above first. */
#include <cmocka.h>

bool fake_tell(struct fake_dataplane *fake, const struct cv_message *event)
{
    bool sent = cv_control_link_room(fake->link) > 0 && cv_control_link_send(fake->link, event);

    cv_control_link_flush(fake->link);
    return sent;
}

void fake_answer(struct fake_dataplane *fake, const struct cv_message *request, int error)
{
    struct cv_message message = {.type = CV_MESSAGE_RESULT, .sequence = request->sequence};

    message.result.error = error;
    assert_true(cv_control_link_send(fake->link, &message));
}
