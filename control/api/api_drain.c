/* SPDX-License-Identifier: BSD-3-Clause */
/* session.drain and session.resume. */
#include "api_drain.h"

#include "api.h"
#include "params.h"
#include "sessions/drain.h"

#define AFTER_DEFAULT_S 30

void api_session_drain(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"after_s", NULL};
    uint64_t after_s = AFTER_DEFAULT_S;
    yyjson_mut_val *result;
    uint32_t told;

    if (!params_only(call, params, members) ||
        !params_number(call, params, "after_s", false, CV_CAPSULE_GO_AWAY_MAX_S, &after_s))
        return;
    if (drain_begin(call->api->sessions, (uint32_t)after_s, &told) != 0) {
        call_refuse(call, REFUSAL_EXISTS, "sessions are being drained already; session.resume ends that");
        return;
    }
    result = yyjson_mut_obj(call->doc);
    (void)yyjson_mut_obj_add_uint(call->doc, result, "told", told);
    call_answer(call, result);
}

void api_session_resume(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {NULL};

    if (!params_only(call, params, members))
        return;
    if (drain_end(call->api->sessions) != 0)
        call_refuse(call, REFUSAL_NOT_FOUND, "sessions are not being drained");
    else
        call_answer(call, yyjson_mut_obj(call->doc));
}
