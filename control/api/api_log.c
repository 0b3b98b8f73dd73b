/* SPDX-License-Identifier: BSD-3-Clause */
/* log.level. */
#include "api_log.h"

#include "api.h"
#include "base/log.h"
#include "params.h"
#include "refuse.h"

#include <stdlib.h>
#include <string.h>

struct level_call {
    struct request request;
    struct call *call;
};

static void on_set(struct request *request, int error, const struct cv_pair_state *state)
{
    struct level_call *set = (struct level_call *)(void *)request;
    struct call *call = set->call;

    (void)state;
    free(set);
    if (error == 0)
        call_answer(call, yyjson_mut_obj(call->doc));
    else
        call_refuse_result(call, error);
}

static void set_dataplane(struct call *call, enum log_level level)
{
    struct level_call *set = calloc(1, sizeof(*set));

    if (set == NULL) {
        call_refuse_no_memory(call);
        return;
    }
    set->call = call;
    set->request.message.type = CV_MESSAGE_LOG_LEVEL;
    set->request.message.log_level = level;
    set->request.done = on_set;
    if (dataplane_request(call->api->services->dataplane, &set->request) == 0)
        return;
    free(set);
    call_refuse_no_dataplane(call);
}

void api_log_level(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"target", "level", NULL};
    const char *target;
    const char *name;
    enum log_level level;

    if (!params_only(call, params, members) || !params_text(call, params, "target", true, &target) ||
        !params_text(call, params, "level", true, &name))
        return;
    if (!log_level_parse(name, &level)) {
        call_bad_params(call, "level must be debug, info, notice, warning or error");
    } else if (strcmp(target, "dataplane") == 0) {
        set_dataplane(call, level);
    } else if (strcmp(target, "control") == 0) {
        log_set_level(level);
        call_answer(call, yyjson_mut_obj(call->doc));
    } else {
        call_bad_params(call, "target must be control or dataplane");
    }
}
