/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_json.h"

#include "base/clock.h"
#include "json.h"
#include "peers/peer_pairs.h"
#include "trace_json.h"

static const char *phase_name(enum session_phase phase)
{
    switch (phase) {
    case SESSION_ASKING:
        return "asking";
    case SESSION_ADMITTED:
        return "admitted";
    case SESSION_OPEN:
        return "open";
    case SESSION_CLOSING:
        return "closing";
    }
    return "?";
}

static const char *suite_name(uint8_t suite)
{
    switch (suite) {
    case 1:
        return "AES-128-GCM";
    case 2:
        return "AES-256-GCM";
    case 3:
        return "ChaCha20-Poly1305";
    default:
        return "?";
    }
}

static void add_ids(struct call *call, yyjson_mut_val *object, const struct chain *chain)
{
    yyjson_mut_val *ids;
    char text[CV_PEER_ID_TEXT];

    if (chain->count == 0)
        (void)yyjson_mut_obj_add_null(call->doc, object, "peer");
    else
        (void)yyjson_mut_obj_add_strcpy(call->doc, object, "peer", cv_peer_id_print(&chain->ids[0], text));
    ids = yyjson_mut_obj_add_arr(call->doc, object, "chain");
    for (uint32_t i = 0; i < chain->count; i++)
        (void)yyjson_mut_arr_add_strcpy(call->doc, ids, cv_peer_id_print(&chain->ids[i], text));
}

static void add_legs(struct call *call, yyjson_mut_val *object, uint8_t legs)
{
    yyjson_mut_val *names = yyjson_mut_obj_add_arr(call->doc, object, "legs");

    if (legs & CV_LEG_KIND_UDP)
        (void)yyjson_mut_arr_add_str(call->doc, names, "udp");
    if (legs & CV_LEG_KIND_LISTEN)
        (void)yyjson_mut_arr_add_str(call->doc, names, "listen");
    if (legs & CV_LEG_KIND_TUNNEL)
        (void)yyjson_mut_arr_add_str(call->doc, names, "tunnel");
}

static void add_services(struct call *call, yyjson_mut_val *object, const struct instance_record *record)
{
    yyjson_mut_val *names = yyjson_mut_obj_add_arr(call->doc, object, "services");
    const uint8_t *at = record->services;

    for (uint16_t used = 0; used < record->services_bytes; used = (uint16_t)(used + 1 + at[used]))
        (void)yyjson_mut_arr_add_strncpy(call->doc, names, (const char *)at + used + 1, at[used]);
}

static const char *reachable_name(uint8_t reachable)
{
    switch (reachable) {
    case CV_REACHABLE_BY_ANYONE:
        return "anyone";
    case CV_REACHABLE_BY_LISTED:
        return "listed";
    default:
        return "nobody";
    }
}

static void add_instance(struct call *call, yyjson_mut_val *object, const struct instance_record *record)
{
    static const char digits[] = "0123456789abcdef";
    char id[2 * CV_INSTANCE_BYTES];

    for (unsigned i = 0; i < CV_INSTANCE_BYTES; i++) {
        id[2 * i] = digits[record->id[i] >> 4];
        id[2 * i + 1] = digits[record->id[i] & 15];
    }
    (void)yyjson_mut_obj_add_strncpy(call->doc, object, "instance", id, sizeof(id));
    add_services(call, object, record);
    (void)yyjson_mut_obj_add_str(call->doc, object, "reachable", reachable_name(record->reachable));
}

yyjson_mut_val *session_json(struct call *call, const struct session *session)
{
    yyjson_mut_val *object = yyjson_mut_obj(call->doc);
    const struct session_record *record = &session->record;
    const struct peer *peer = peer_of(session);
    char created[TIME_TEXT];

    (void)yyjson_mut_obj_add_uint(call->doc, object, "session", record->session);
    add_ids(call, object, &record->chain);
    json_add_address(call->doc, object, "address", &session->address);
    (void)yyjson_mut_obj_add_str(call->doc, object, "phase", phase_name(session->phase));
    (void)yyjson_mut_obj_add_bool(call->doc, object, "registered", record->order.registered);
    add_legs(call, object, record->order.legs);
    if (peer != NULL)
        add_instance(call, object, &peer->record);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "pairs", peer == NULL ? 0 : peer_pairs_count(peer));
    (void)yyjson_mut_obj_add_uint(call->doc, object, "requests", record->order.requests);
    (void)yyjson_mut_obj_add_uint(call->doc, object, "offers", record->order.offers);
    if (record->created_ms == 0)
        (void)yyjson_mut_obj_add_null(call->doc, object, "admitted");
    else
        (void)yyjson_mut_obj_add_strcpy(call->doc, object, "admitted",
                                        time_print(record->created_ms, created));
    return object;
}

static const char *version_name(uint32_t version)
{
    switch (version) {
    case 1:
        return "QUIC v1";
    case 0x6b3343cf:
        return "QUIC v2";
    default:
        return "?";
    }
}

yyjson_mut_val *session_json_state(struct call *call, const struct session *session,
                                   const struct cv_session_state *state)
{
    yyjson_mut_val *object = session_json(call, session);
    yyjson_mut_doc *doc = call->doc;

    json_add_address(call->doc, object, "local", &session->local);
    (void)yyjson_mut_obj_add_val(doc, object, "trace", trace_json_of_session(call, session->record.session));
    (void)yyjson_mut_obj_add_str(doc, object, "version", version_name(session->quic_version));
    if (state == NULL)
        return object;
    (void)yyjson_mut_obj_add_str(doc, object, "suite", suite_name(state->suite));
    json_add_number(doc, object, "worker", state->worker != UINT16_MAX, state->worker);
    (void)yyjson_mut_obj_add_uint(doc, object, "payload_bytes", state->payload_bytes);
    (void)yyjson_mut_obj_add_uint(doc, object, "age_ms", state->age_ms);
    (void)yyjson_mut_obj_add_uint(doc, object, "seen_ms_ago", state->seen_ms_ago);
    json_add_number(doc, object, "round_trip_us", state->round_trip_us != 0, state->round_trip_us);
    json_add_number(doc, object, "round_trip_ms_ago", state->round_trip_us != 0, state->round_trip_ms_ago);
    (void)yyjson_mut_obj_add_uint(doc, object, "rx_pkts", state->rx_pkts);
    (void)yyjson_mut_obj_add_uint(doc, object, "tx_pkts", state->tx_pkts);
    return object;
}
