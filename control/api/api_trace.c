/* SPDX-License-Identifier: BSD-3-Clause */
/* trace.add, trace.list and trace.delete. */
#include "api_trace.h"

#include "api.h"
#include "base/log.h"
#include "params.h"
#include "refuse.h"
#include "shared_json.h"
#include "trace_json.h"

#include <inttypes.h>
#include <stdlib.h>

#define FOR_DEFAULT_S 600

/* A trace.add or trace.delete under way. */
struct trace_call {
    struct request request;
    struct call *call;
};

static void on_answer(struct request *request, int error, const struct cv_pair_state *state)
{
    struct trace_call *made = (struct trace_call *)(void *)request;
    const struct cv_session_trace *trace = &request->message.trace;
    struct call *call = made->call;
    yyjson_mut_val *result;

    (void)state;
    if (error != 0) {
        call_refuse_result(call, error);
    } else {
        result = yyjson_mut_obj(call->doc);
        if (request->message.type == CV_MESSAGE_SESSION_TRACE) {
            log_notice("trace %" PRIu64 " armed by a client, for %u s%s", trace->trace, trace->for_s,
                       (trace->kinds & CV_TRACE_KEYS) != 0 ? ", with keys" : "");
            (void)yyjson_mut_obj_add_uint(call->doc, result, "trace", trace->trace);
        }
        call_answer(call, result);
    }
    free(made);
}

static void ask(struct call *call, enum cv_message_type type, const struct cv_session_trace *trace)
{
    struct trace_call *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        call_refuse_no_memory(call);
        return;
    }
    made->call = call;
    made->request.message.type = (uint16_t)type;
    made->request.message.trace = *trace;
    made->request.done = on_answer;
    if (dataplane_request(call->api->services->dataplane, &made->request) == 0)
        return;
    free(made);
    call_refuse_no_dataplane(call);
}

static bool read_flag(struct call *call, yyjson_val *params, const char *name, bool *flag)
{
    yyjson_val *value = yyjson_obj_get(params, name);

    *flag = yyjson_is_true(value);
    if (value == NULL || yyjson_is_bool(value))
        return true;
    call_bad_params(call, "%s must be true or false", name);
    return false;
}

static bool read_trace(struct call *call, yyjson_val *params, struct cv_session_trace *trace)
{
    static const char *const members[] = {"network", "qlog", "keylog", "for_s", NULL};
    uint64_t for_s = FOR_DEFAULT_S;
    struct cv_prefix network;
    bool qlog, keylog;
    const char *text;

    if (!params_only(call, params, members) || !params_text(call, params, "network", true, &text) ||
        !read_flag(call, params, "qlog", &qlog) || !read_flag(call, params, "keylog", &keylog) ||
        !params_number(call, params, "for_s", false, CV_TRACE_MAX_S, &for_s))
        return false;
    if (cv_prefix_parse(text, &network) != 0) {
        call_refuse(call, REFUSAL_INVALID,
                    "%.60s is not an address or a prefix, such as 192.0.2.7 or 2001:db8::/32", text);
        return false;
    }
    if (for_s == 0) {
        call_bad_params(call, "for_s must be at least 1");
        return false;
    }
    trace->network = cv_ip_mask(&network.ip, network.length);
    trace->network_bits = network.length;
    trace->kinds = (uint8_t)((qlog || !keylog ? CV_TRACE_QLOG : 0) | (keylog ? CV_TRACE_KEYS : 0));
    trace->for_s = (uint32_t)for_s;
    return true;
}

void api_trace_add(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = dataplane_shared(call->api->services->dataplane);
    struct api *api = call->api;
    struct cv_session_trace trace = {0};
    uint64_t last;

    if (!read_trace(call, params, &trace))
        return;
    if (shared == NULL) {
        call_refuse_no_dataplane(call);
        return;
    }
    last = SHARED_LOAD(shared->sessions->trace_last);
    if (last > api->trace_last)
        api->trace_last = last;
    trace.trace = ++api->trace_last;
    ask(call, CV_MESSAGE_SESSION_TRACE, &trace);
}

void api_trace_list(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = shared_for_call(call, params);
    yyjson_mut_val *result, *list;

    if (shared == NULL)
        return;
    result = yyjson_mut_obj(call->doc);
    (void)yyjson_mut_obj_add_bool(call->doc, result, "allowed",
                                  SHARED_LOAD(shared->sessions->trace_directory[0]) != '\0');
    list = yyjson_mut_obj_add_arr(call->doc, result, "traces");
    for (unsigned i = 0; i < CV_TRACES; i++)
        (void)yyjson_mut_arr_append(list, trace_json(call, shared, i)); /* not NULL's */
    call_answer(call, result);
}

void api_trace_delete(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"trace", NULL};
    struct cv_session_trace trace = {0};

    if (!params_only(call, params, members) ||
        !params_number(call, params, "trace", true, INT64_MAX, &trace.trace))
        return;
    if (trace.trace == 0)
        call_bad_params(call, "trace must be at least 1");
    else
        ask(call, CV_MESSAGE_SESSION_UNTRACE, &trace);
}
