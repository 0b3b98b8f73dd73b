/* SPDX-License-Identifier: BSD-3-Clause */
/* pair.add and pair.delete. */
#include "api_pair_change.h"

#include "api.h"
#include "base/log.h"
#include "pair_json.h"
#include "pairs/pair_change.h"
#include "pairs/record.h"
#include "pairs/relay_ports.h"
#include "params.h"
#include "refuse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A pair.add or pair.delete under way. */
struct change_call {
    struct pair_change change;
    struct call *call;
};

static bool peer_ok(const char *peer)
{
    size_t length = strlen(peer);

    for (size_t i = 0; i < length; i++) {
        if (!isgraph((unsigned char)peer[i]))
            return false;
    }
    return length > 0 && length < PEER_LABEL_BYTES;
}

static bool read_bind(struct call *call, const char *name, const char *address, const char *prefix,
                      struct leg_record *leg)
{
    if (address != NULL && prefix != NULL) {
        call_refuse(call, REFUSAL_INVALID, "leg %s has an address and a prefix: give one of them", name);
        return false;
    }
    leg->bind = CV_BIND_TOKEN;
    if (address != NULL) {
        leg->bind = CV_BIND_FIXED;
        if (cv_address_parse(address, &leg->address) != 0 || leg->address.port_be == 0) {
            call_refuse(call, REFUSAL_INVALID,
                        "leg %s: %.60s is not an address with a port, such as 192.0.2.1:4433 or "
                        "[2001:db8::1]:4433",
                        name, address);
            return false;
        }
        if (!cv_ip_may_be_peer(&leg->address.ip)) {
            call_refuse(call, REFUSAL_INVALID, "leg %s: no peer can be at %.60s", name, address);
            return false;
        }
    }
    if (prefix != NULL) {
        leg->bind = CV_BIND_PREFIX;
        if (cv_prefix_parse(prefix, &leg->prefix) != 0) {
            call_refuse(call, REFUSAL_INVALID,
                        "leg %s: %.60s is not a prefix, such as 192.0.2.0/24 or 2001:db8::/32", name, prefix);
            return false;
        }
        leg->prefix.ip = cv_ip_mask(&leg->prefix.ip, leg->prefix.length);
    }
    return true;
}

static bool read_leg(struct call *call, yyjson_val *params, const char *name, struct leg_record *leg)
{
    static const char *const members[] = {"peer", "address", "prefix", NULL};
    yyjson_val *from = yyjson_obj_get(params, name);
    const char *peer;
    const char *address;
    const char *prefix;

    if (!yyjson_is_obj(from)) {
        call_bad_params(call, "%s must be an object such as {\"peer\":\"alice\"}", name);
        return false;
    }
    if (!params_only(call, from, members) || !params_text(call, from, "peer", true, &peer) ||
        !params_text(call, from, "address", false, &address) ||
        !params_text(call, from, "prefix", false, &prefix))
        return false;
    if (!peer_ok(peer)) {
        call_bad_params(call, "the peer of leg %s must be 1 to %d printable ASCII characters without spaces",
                        name, PEER_LABEL_BYTES - 1);
        return false;
    }
    strcpy(leg->peer, peer);
    return read_bind(call, name, address, prefix, leg);
}

static bool read_pair(struct call *call, yyjson_val *params, struct pair_record *record)
{
    static const char *const members[] = {"a", "b", "idle_s", "rate_bps", NULL};
    const struct cv_config *config = call->api->services->config;
    uint64_t idle_s = config->pair_idle_s;
    uint64_t rate_bps = config->pair_rate_bytes_per_second * 8;

    if (!params_only(call, params, members) || !read_leg(call, params, "a", &record->legs[0]) ||
        !read_leg(call, params, "b", &record->legs[1]) ||
        !params_number(call, params, "idle_s", false, CV_PAIR_IDLE_MAX_S, &idle_s) ||
        !params_number(call, params, "rate_bps", false, CV_PAIR_RATE_MAX_BYTES_PER_SECOND * 8, &rate_bps))
        return false;
    if (strcmp(record->legs[0].peer, record->legs[1].peer) == 0) {
        call_refuse(call, REFUSAL_INVALID, "%s cannot be paired with itself: the legs need two peers",
                    record->legs[0].peer);
        return false;
    }
    if (record->legs[0].bind == CV_BIND_FIXED && record->legs[1].bind == CV_BIND_FIXED &&
        cv_address_equal(&record->legs[0].address, &record->legs[1].address)) {
        call_refuse(call, REFUSAL_INVALID, "both legs have the same fixed address");
        return false;
    }
    for (unsigned leg = 0; leg < 2; leg++)
        record->legs[leg].proof =
            record->legs[leg].bind == CV_BIND_FIXED ? CV_PROOF_EXEMPT : CV_PROOF_VOUCHED;
    record->idle_s = (uint32_t)idle_s;
    record->rate_bytes_per_second = (rate_bps + 7) / 8; /* rounded up: 0 would be no limit */
    return true;
}

/* True when the change came to nothing, and the call has been refused. */
static bool refuse_change(struct call *call, const struct pair_change *change)
{
    if (change->outcome == CHANGE_REFUSED)
        call_refuse_result(call, change->error);
    else if (change->outcome == CHANGE_UNSAVED)
        call_refuse_store(call);
    return change->outcome != CHANGE_DONE;
}

static void on_added(struct pair_change *change)
{
    struct change_call *added = (struct change_call *)(void *)change;
    const struct pair_record *record = &change->record;
    struct call *call = added->call;

    if (!refuse_change(call, change)) {
        log_info("pair %" PRIu64 " added: %s and %s on relay port %u", record->pair, record->legs[0].peer,
                 record->legs[1].peer, pair_record_port(record));
        events_pair(&call->api->services->events, EVENT_PAIR_ADDED, record);
        call_answer(call, pair_json_added(call, record, change->installed));
    }
    free(added);
}

/* False when the call has been refused. */
static bool add(struct call *call, yyjson_val *params, struct change_call *added)
{
    const struct services *services = call->api->services;
    struct pair_record *record = &added->change.record;
    char why[320];
    int error;

    if (!read_pair(call, params, record))
        return false;
    error = relay_port_choose(services->config, services->store, record, why, sizeof(why));
    if (error == -ENOSPC) {
        call_refuse(call, REFUSAL_NO_PORTS, "%s", why);
        return false;
    }
    if (error == 0 && pair_record_make_tokens(record) != 0) {
        call_refuse(call, REFUSAL_DATAPLANE, "the kernel gave no random bytes for tokens");
        return false;
    }
    if (error == 0)
        error = pair_change_add(call->api->pairs, &added->change);
    if (error != 0) {
        call_refuse_store(call);
        return false;
    }
    return true;
}

void api_pair_add(struct call *call, yyjson_val *params)
{
    struct change_call *added = calloc(1, sizeof(*added));

    if (added == NULL) {
        call_refuse_no_memory(call);
        return;
    }
    added->call = call;
    added->change.done = on_added;
    if (!add(call, params, added))
        free(added);
}

static void on_removed(struct pair_change *change)
{
    struct change_call *removed = (struct change_call *)(void *)change;
    uint64_t pair = change->record.pair;
    struct call *call = removed->call;

    if (!refuse_change(call, change)) {
        log_info("pair %" PRIu64 " deleted", pair);
        peers_pair_gone(call->api->peers, pair, CV_SESSION_ERROR_OPERATOR);
        events_pair(&call->api->services->events, EVENT_PAIR_REMOVED, &change->record);
        call_answer(call, yyjson_mut_obj(call->doc));
    }
    free(removed);
}

void api_pair_delete(struct call *call, yyjson_val *params)
{
    static const char *const members[] = {"pair", NULL};
    struct change_call *removed;
    uint64_t pair = 0;
    int error;

    if (!params_only(call, params, members) || !params_number(call, params, "pair", true, INT64_MAX, &pair))
        return;
    removed = calloc(1, sizeof(*removed));
    if (removed == NULL) {
        call_refuse_no_memory(call);
        return;
    }
    removed->call = call;
    removed->change.done = on_removed;
    error = pair_change_remove(call->api->pairs, &removed->change, pair);
    if (error == 0)
        return;
    free(removed);
    if (error == -ENOENT)
        call_refuse_no_pair(call, pair);
    else
        call_refuse_store(call);
}
