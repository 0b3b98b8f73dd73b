/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace_json.h"

#include "base/clock.h"
#include "json.h"
#include "shared/trace_path.h"
#include "shared_json.h"

#include <string.h>

/* What is shown of it, at one look. */
static bool load(const struct cv_shared *shared, unsigned place, struct cv_trace_stats *trace)
{
    const struct cv_trace_stats *shown = &shared->sessions->traces[place];

    *trace = (struct cv_trace_stats){
        .trace = SHARED_LOAD(shown->trace),
        .session = SHARED_LOAD(shown->session),
        .until_unix_ms = SHARED_LOAD(shown->until_unix_ms),
        .qlog_bytes = SHARED_LOAD(shown->qlog_bytes),
        .lost_events = SHARED_LOAD(shown->lost_events),
        .kinds = SHARED_LOAD(shown->kinds),
        .state = SHARED_LOAD(shown->state),
    };
    memcpy(&trace->network, &shown->network, sizeof(trace->network));
    return trace->trace != 0 && trace->state != CV_TRACE_NONE && trace->state < CV_TRACE_STATE_END &&
           trace->network.length <= 128;
}

static void add_path(struct call *call, yyjson_mut_val *object, const char *name,
                     const struct cv_shared *shared, const struct cv_trace_stats *trace,
                     enum cv_trace_kind kind)
{
    char directory[sizeof(shared->sessions->trace_directory) + 1] = "";
    char path[CV_TRACE_PATH];

    memcpy(directory, shared->sessions->trace_directory, sizeof(directory) - 1);
    if (trace->session != 0 && (trace->kinds & kind) != 0 &&
        cv_trace_path(path, sizeof(path), directory, trace->session,
                      SHARED_LOAD(shared->keeper->start_unix_ms), kind))
        shared_add_text(call->doc, object, name, path, sizeof(path));
    else
        (void)yyjson_mut_obj_add_null(call->doc, object, name);
}

static yyjson_mut_val *make(struct call *call, const struct cv_shared *shared,
                            const struct cv_trace_stats *trace)
{
    static const char *const states[CV_TRACE_STATE_END] = {"none", "armed", "recording", "stopped"};
    yyjson_mut_val *object = yyjson_mut_obj(call->doc), *kinds;
    char network[CV_PREFIX_TEXT], until[TIME_TEXT];

    (void)yyjson_mut_obj_add_uint(call->doc, object, "trace", trace->trace);
    (void)yyjson_mut_obj_add_strcpy(call->doc, object, "network", cv_prefix_print(&trace->network, network));
    (void)yyjson_mut_obj_add_str(call->doc, object, "state", states[trace->state]);
    kinds = yyjson_mut_obj_add_arr(call->doc, object, "kinds");
    if ((trace->kinds & CV_TRACE_QLOG) != 0)
        (void)yyjson_mut_arr_add_str(call->doc, kinds, "qlog");
    if ((trace->kinds & CV_TRACE_KEYS) != 0)
        (void)yyjson_mut_arr_add_str(call->doc, kinds, "keylog");
    json_add_number(call->doc, object, "session", trace->session != 0, trace->session);
    (void)yyjson_mut_obj_add_strcpy(call->doc, object, "until", time_print(trace->until_unix_ms, until));
    add_path(call, object, "qlog", shared, trace, CV_TRACE_QLOG);
    add_path(call, object, "keylog", shared, trace, CV_TRACE_KEYS);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "qlog_bytes", trace->qlog_bytes);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "lost_events", trace->lost_events);
    return object;
}

yyjson_mut_val *trace_json(struct call *call, const struct cv_shared *shared, unsigned place)
{
    struct cv_trace_stats trace;

    return load(shared, place, &trace) ? make(call, shared, &trace) : NULL;
}

yyjson_mut_val *trace_json_of_session(struct call *call, uint64_t session)
{
    const struct cv_shared *shared = dataplane_shared(call->api->services->dataplane);
    struct cv_trace_stats trace;

    for (unsigned i = 0; shared != NULL && i < CV_TRACES; i++) {
        if (load(shared, i, &trace) && trace.session == session)
            return make(call, shared, &trace);
    }
    return yyjson_mut_null(call->doc);
}
