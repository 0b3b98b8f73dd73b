/* SPDX-License-Identifier: BSD-3-Clause */
/* session.drain and session.resume. */
#include "api_drain.h"

#include "api.h"
#include "params.h"
#include "sessions/drain.h"

#define AFTER_DEFAULT_S 30

/* Where peers are sent: "to" and "relay" come together. False when the call has been refused. */
static bool read_place(struct call *call, yyjson_val *params, struct cv_relay_addresses *to,
                       struct cv_peer_id *relay)
{
    struct cv_address address;
    const char *text, *id;

    if (!params_text(call, params, "to", false, &text) || !params_text(call, params, "relay", false, &id))
        return false;
    if ((text == NULL) != (id == NULL)) {
        call_bad_params(call,
                        "to and relay come together: an address and port, and the ID of the relay there");
        return false;
    }
    if (text == NULL)
        return true;
    if (cv_address_parse(text, &address) != 0 || address.port_be == 0 || !cv_ip_may_be_peer(&address.ip)) {
        call_bad_params(call, "to must be an address and a port, such as 192.0.2.2:443 or [2001:db8::2]:443");
        return false;
    }
    if (cv_peer_id_parse(id, relay) != 0) {
        call_bad_params(call, "relay must be a peer ID: 52 characters of a-z and 2-7");
        return false;
    }
    to->port_be = address.port_be;
    to->count = 1;
    to->ips[0] = address.ip;
    return true;
}

void api_session_drain(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"after_s", "to", "relay", NULL};
    struct cv_relay_addresses to = {0};
    struct cv_peer_id relay;
    uint64_t after_s = AFTER_DEFAULT_S;
    yyjson_mut_val *result;
    uint32_t told;

    if (!params_only(call, params, members) ||
        !params_number(call, params, "after_s", false, CV_CAPSULE_GO_AWAY_MAX_S, &after_s) ||
        !read_place(call, params, &to, &relay))
        return;
    if (drain_begin(call->api->sessions, (uint32_t)after_s, to.count > 0 ? &to : NULL, &relay, &told) != 0) {
        call_refuse(call, REFUSAL_EXISTS, "sessions are being drained already; session resume ends that");
        return;
    }
    result = yyjson_mut_obj(call->doc);
    (void)yyjson_mut_obj_add_uint(call->doc, result, "told", told);
    call_answer(call, result);
}

void api_session_resume(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {NULL};
    yyjson_mut_val *result;
    uint32_t told;

    if (!params_only(call, params, members))
        return;
    if (drain_end(call->api->sessions, &told) != 0) {
        call_refuse(call, REFUSAL_NOT_FOUND, "sessions are not being drained");
        return;
    }
    result = yyjson_mut_obj(call->doc);
    (void)yyjson_mut_obj_add_uint(call->doc, result, "told", told);
    call_answer(call, result);
}
