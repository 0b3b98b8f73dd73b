/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair_json.h"

#include "base/clock.h"
#include "json.h"
#include "link/relay_addresses.h"
#include "sessions/session.h"

static void add_addresses(struct call *call, yyjson_mut_val *pair)
{
    struct cv_ip ips[CV_SHARED_PORTS * CV_PORT_ADDRESSES];
    const struct services *services = call->api->services;
    uint32_t count =
        relay_addresses(services->config, services->dataplane, ips, sizeof(ips) / sizeof(ips[0]));
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(call->doc, pair, "addresses");
    char text[CV_IP_TEXT];

    for (uint32_t i = 0; i < count; i++)
        (void)yyjson_mut_arr_add_strcpy(call->doc, array, cv_ip_print(&ips[i], text));
}

static const char *bind_name(uint8_t bind)
{
    switch (bind) {
    case CV_BIND_TOKEN:
        return "token";
    case CV_BIND_FIXED:
        return "fixed";
    case CV_BIND_PREFIX:
        return "prefix";
    case CV_BIND_TUNNEL:
        return "session";
    default:
        return "?";
    }
}

static yyjson_mut_val *begin_pair(struct call *call, const struct pair_record *record)
{
    yyjson_mut_val *pair = yyjson_mut_obj(call->doc);

    (void)yyjson_mut_obj_add_uint(call->doc, pair, "pair", record->pair);
    json_add_number(call->doc, pair, "relay_port", pair_record_port(record) != 0, pair_record_port(record));
    add_addresses(call, pair);
    (void)yyjson_mut_obj_add_uint(call->doc, pair, "idle_s", record->idle_s);
    (void)yyjson_mut_obj_add_uint(call->doc, pair, "rate_bps", record->rate_bytes_per_second * 8);
    return pair;
}

static void add_tunnel(struct call *call, yyjson_mut_val *leg, const struct leg_record *record)
{
    const struct session *session = sessions_find(call->api->sessions, record->session);

    (void)yyjson_mut_obj_add_uint(call->doc, leg, "session", record->session);
    (void)yyjson_mut_obj_add_uint(call->doc, leg, "channel", record->channel);
    if (session == NULL)
        (void)yyjson_mut_obj_add_null(call->doc, leg, "payload_bytes");
    else
        (void)yyjson_mut_obj_add_uint(call->doc, leg, "payload_bytes",
                                      channels_payload(session->payload_bytes, record->channel));
}

static yyjson_mut_val *begin_leg(struct call *call, yyjson_mut_val *legs, const struct pair_record *record,
                                 unsigned side)
{
    const struct leg_record *from = &record->legs[side];
    yyjson_mut_val *leg = yyjson_mut_arr_add_obj(call->doc, legs);
    char text[CV_PREFIX_TEXT];

    (void)yyjson_mut_obj_add_str(call->doc, leg, "leg", side == 0 ? "a" : "b");
    (void)yyjson_mut_obj_add_strcpy(call->doc, leg, "peer", from->peer);
    (void)yyjson_mut_obj_add_str(call->doc, leg, "kind", leg_kind_name(from));
    (void)yyjson_mut_obj_add_str(call->doc, leg, "bind", bind_name(from->bind));
    json_add_number(call->doc, leg, "relay_port", from->relay_port != 0, from->relay_port);
    if (from->bind == CV_BIND_PREFIX)
        (void)yyjson_mut_obj_add_strcpy(call->doc, leg, "prefix", cv_prefix_print(&from->prefix, text));
    if (from->bind == CV_BIND_TUNNEL)
        add_tunnel(call, leg, from);
    return leg;
}

static void add_token(struct call *call, yyjson_mut_val *leg, const uint8_t token[CV_TOKEN_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * CV_TOKEN_BYTES];

    for (unsigned i = 0; i < CV_TOKEN_BYTES; i++) {
        text[2 * i] = digits[token[i] >> 4];
        text[2 * i + 1] = digits[token[i] & 15];
    }
    (void)yyjson_mut_obj_add_strncpy(call->doc, leg, "token", text, sizeof(text));
}

yyjson_mut_val *pair_json_added(struct call *call, const struct pair_record *record, bool installed)
{
    yyjson_mut_val *pair = begin_pair(call, record);
    yyjson_mut_val *legs;

    (void)yyjson_mut_obj_add_bool(call->doc, pair, "installed", installed);
    legs = yyjson_mut_obj_add_arr(call->doc, pair, "legs");
    for (unsigned side = 0; side < 2; side++) {
        yyjson_mut_val *leg = begin_leg(call, legs, record, side);

        if (record->legs[side].bind == CV_BIND_TOKEN)
            add_token(call, leg, record->legs[side].token);
        if (record->legs[side].bind == CV_BIND_FIXED)
            json_add_address(call->doc, leg, "address", &record->legs[side].address);
    }
    return pair;
}

/*
 * Where the leg's peer is, as far as it is known: the data plane tells it of UDP legs, and control of
 * sessions.
 */
static const struct cv_address *where(struct call *call, const struct leg_record *record,
                                      const struct cv_leg_state *state)
{
    if (record->bind == CV_BIND_TUNNEL) {
        const struct session *session = sessions_find(call->api->sessions, record->session);

        return session == NULL ? &record->last : &session->address;
    }
    if (state != NULL)
        return &state->address;
    return record->bind == CV_BIND_FIXED ? &record->address : &record->last;
}

/* Null: it needs none, or the data plane has not said. */
static void add_proof(struct call *call, yyjson_mut_val *leg, const struct cv_leg_state *state)
{
    const char *name = state == NULL ? NULL : cv_leg_proof_name(state->proof);

    if (name == NULL)
        (void)yyjson_mut_obj_add_null(call->doc, leg, "proof");
    else
        (void)yyjson_mut_obj_add_str(call->doc, leg, "proof", name);
}

static void add_state(struct call *call, yyjson_mut_val *leg, const struct leg_record *record,
                      const struct cv_leg_state *state)
{
    bool known = state != NULL;

    json_add_address(call->doc, leg, "address", where(call, record, state));
    add_proof(call, leg, state);
    json_add_number(call->doc, leg, "moves", known, known ? state->moves : 0);
    json_add_number(call->doc, leg, "seen_ms_ago", known && state->seen_ms_ago != UINT32_MAX,
                    known ? state->seen_ms_ago : 0);
    json_add_number(call->doc, leg, "pkts", known, known ? state->pkts : 0);
    json_add_number(call->doc, leg, "bytes", known, known ? state->bytes : 0);
    json_add_number(call->doc, leg, "withheld_pkts", known, known ? state->withheld_pkts : 0);
}

yyjson_mut_val *pair_json(struct call *call, const struct pair_record *record,
                          const struct cv_pair_state *state)
{
    yyjson_mut_val *pair = begin_pair(call, record);
    yyjson_mut_val *legs;
    char created[TIME_TEXT];

    (void)yyjson_mut_obj_add_strcpy(call->doc, pair, "created", time_print(record->created_ms, created));
    (void)yyjson_mut_obj_add_bool(call->doc, pair, "installed", state != NULL);
    legs = yyjson_mut_obj_add_arr(call->doc, pair, "legs");
    for (unsigned side = 0; side < 2; side++) {
        add_state(call, begin_leg(call, legs, record, side), &record->legs[side],
                  state == NULL ? NULL : &state->legs[side]);
    }
    return pair;
}
