/* SPDX-License-Identifier: BSD-3-Clause */
#include "messages.h"

#include "capsules.h"
#include "limits.h"
#include "pairing.h"
#include "registry.h"

static enum cv_session_error hindrance(struct peer *sender, const struct peer *target, const char **why)
{
    if (target->session->record.order.going_away) {
        *why = "the relay is sending its peers away";
        return CV_SESSION_ERROR_GOING_AWAY;
    }
    if (target == sender || !pairing_is_reachable(target, sender)) {
        *why = "the other peer does not want messages of this one";
        return CV_SESSION_ERROR_NOT_WANTED;
    }
    if (!session_has_room_for_others(target->session)) {
        *why = "too much waits for the other peer already";
        return CV_SESSION_ERROR_BUSY;
    }
    return CV_SESSION_ERROR_NONE;
}

void messages_take(struct peer *sender, const struct cv_capsule *capsule)
{
    const struct registry_query query = {
        .id = capsule->message.peer,
        .service = capsule->parameters.spans[CV_PARAMETER_SERVICE],
        .instance = capsule->parameters.spans[CV_PARAMETER_INSTANCE].at,
    };
    enum cv_session_error error = CV_SESSION_ERROR_TOO_MANY;
    const char *why = "too many messages in too short a time";
    struct peer *target = NULL;

    if (limits_message(sender)) {
        target = registry_find(sender->all, &query, &error);
        why = cv_session_error_meaning(error);
    }
    if (target != NULL)
        error = hindrance(sender, target, &why);
    if (error != CV_SESSION_ERROR_NONE) {
        capsules_refused(sender, CV_ORIGIN_REQUEST, capsule->number, error, why, NULL);
        return;
    }
    capsules_message(target, sender, capsule);
    capsules_done(sender, capsule->number);
}
