/* SPDX-License-Identifier: BSD-3-Clause */
/* session.list, session.get and session.close. */
#include "api_session.h"

#include "api.h"
#include "base/numbers.h"
#include "json.h"
#include "params.h"
#include "refuse.h"
#include "session_json.h"
#include "sessions/keep.h"

#include <inttypes.h>
#include <stdlib.h>

/* A session.get under way. */
struct get_call {
    struct request request;
    struct call *call;
    struct cv_session_state state;
    bool known;
};

static void refuse_no_session(struct call *call, uint64_t number)
{
    call_refuse(call, REFUSAL_NOT_FOUND, "there is no session %" PRIu64 "; it may have ended", number);
}

/* NULL: the call has been refused. */
static struct session *read_session(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"session", NULL};
    struct session *session;
    uint64_t number = 0;

    if (!params_only(call, params, members) ||
        !params_number(call, params, "session", true, UINT64_MAX, &number))
        return NULL;
    session = sessions_find(call->api->sessions, number);
    if (session == NULL)
        refuse_no_session(call, number);
    return session;
}

static void add_number(void *context, struct session *session)
{
    numbers_add(context, session->record.session);
}

/* How many of the sorted numbers are up to `cursor`. */
static size_t count_up_to(const struct numbers *numbers, uint64_t cursor)
{
    size_t first = 0, last = numbers->count;

    while (first < last) {
        size_t middle = first + (last - first) / 2;

        if (numbers->values[middle] <= cursor)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

void api_session_list(struct call *call, yyjson_val *params)
{
    struct sessions *sessions = call->api->sessions;
    struct numbers numbers = {0};
    yyjson_mut_val *result, *list;
    uint64_t cursor;
    uint32_t limit;
    size_t i;

    if (!params_page(call, params, UINT64_MAX, &cursor, &limit))
        return;
    sessions_each(sessions, add_number, &numbers);
    if (numbers.failed) {
        numbers_free(&numbers);
        call_refuse_no_memory(call);
        return;
    }
    numbers_sort(&numbers);
    result = yyjson_mut_obj(call->doc);
    list = yyjson_mut_obj_add_arr(call->doc, result, "sessions");
    for (i = count_up_to(&numbers, cursor); i < numbers.count && limit > 0; i++, limit--) {
        cursor = numbers.values[i];
        (void)yyjson_mut_arr_append(list, session_json(call, sessions_find(sessions, cursor)));
    }
    json_add_number(call->doc, result, "next", i < numbers.count, cursor);
    numbers_free(&numbers);
    call_answer(call, result);
}

static void on_state(struct request *request, const struct cv_session_state *state)
{
    struct get_call *get = (struct get_call *)(void *)request;

    get->state = *state;
    get->known = true;
}

static void on_got(struct request *request, int error, const struct cv_pair_state *state)
{
    struct get_call *get = (struct get_call *)(void *)request;
    uint64_t number = request->message.order.session;
    struct call *call = get->call;
    const struct session *session = sessions_find(call->api->sessions, number);

    (void)error;
    (void)state;
    if (session == NULL)
        refuse_no_session(call, number);
    else
        call_answer(call, session_json_state(call, session, get->known ? &get->state : NULL));
    free(get);
}

void api_session_get(struct call *call, yyjson_val *params)
{
    struct session *session = read_session(call, params);
    struct get_call *get;

    if (session == NULL)
        return;
    get = calloc(1, sizeof(*get));
    if (get == NULL) {
        call_refuse_no_memory(call);
        return;
    }
    get->call = call;
    get->request.message.type = CV_MESSAGE_SESSION_GET;
    get->request.message.order.session = session->record.session;
    get->request.session = on_state;
    get->request.done = on_got;
    if (dataplane_request(call->api->services->dataplane, &get->request) == 0)
        return;
    free(get);
    call_refuse_no_dataplane(call);
}

void api_session_close(struct call *call, yyjson_val *params)
{
    struct session *session = read_session(call, params);

    if (session == NULL)
        return;
    session_close(session, CV_SESSION_ERROR_OPERATOR, "asked for by an operator");
    sessions_keep(call->api->sessions);
    call_answer(call, yyjson_mut_obj(call->doc));
}
