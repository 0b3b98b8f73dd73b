/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include "words.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- Parts ---- */

static void add_code(struct report_line *line, uint64_t code)
{
    line_number(line, "code", code);
    line_text(line, "name", cv_session_error_name(code));
}

static void add_origin(struct report_line *line, uint8_t origin, uint64_t number)
{
    if (origin == CV_ORIGIN_RESUMED)
        line_flag(line, "resumed", true);
    else
        line_number(line, origin == CV_ORIGIN_REQUEST ? "request" : "offer", number);
}

static void add_other(struct report_line *line, const struct cv_other_peer *other)
{
    line_id(line, "peer", &other->ids.list[0]);
    line_id(line, "asked", &other->asked);
    line_ids(line, "ids", &other->ids);
    line_hex(line, "instance", other->instance, sizeof(other->instance));
}

/* The application's. */
static void add_parameters(struct report_line *line, const struct cv_parameters *parameters)
{
    if (cv_parameter_is_set(parameters, CV_PARAMETER_SERVICE))
        line_bytes(line, "service", &parameters->spans[CV_PARAMETER_SERVICE]);
    if (cv_parameter_is_set(parameters, CV_PARAMETER_DATA))
        line_bytes(line, "data", &parameters->spans[CV_PARAMETER_DATA]);
    if (cv_parameter_is_set(parameters, CV_PARAMETER_PARAMETER))
        line_number(line, "parameter", parameters->numbers[CV_PARAMETER_PARAMETER]);
}

/* Its token is a secret. */
static void add_leg(struct report_line *line, const struct cv_capsule_leg *leg)
{
    line_text(line, "leg", kind_name(leg->kind));
    if (leg->kind == CV_LEG_KIND_TUNNEL) {
        line_number(line, "channel", leg->channel);
    } else if (leg->kind == CV_LEG_KIND_UDP || leg->kind == CV_LEG_KIND_LISTEN) {
        const struct cv_relay_addresses *relay = &leg->udp.relay;
        const struct cv_address first = {relay->ips[0], relay->port_be};

        line_address(line, "address", &first);
        line_number(line, "relay_port", ntohs(relay->port_be));
    }
}

/* ---- Capsules ---- */

static void add_limits(struct report_line *line, const struct cv_parameters *parameters)
{
    static const struct {
        enum cv_parameter parameter;
        const char *name;
    } limits[] = {
        {CV_PARAMETER_RESUMED, "resumed"},
        {CV_PARAMETER_RESUMPTION_TIME, "resumption_time_s"},
        {CV_PARAMETER_KINDS, "kinds"},
        {CV_PARAMETER_INSTANCES, "instances"},
        {CV_PARAMETER_TUNNEL_LEGS, "tunnel_legs"},
        {CV_PARAMETER_RATE_BYTES, "rate_bytes"},
        {CV_PARAMETER_RATE_PACKETS, "rate_pkts"},
        {CV_PARAMETER_MESSAGES, "messages"},
        {CV_PARAMETER_MESSAGE_BYTES, "message_bytes"},
        {CV_PARAMETER_REQUESTS, "requests"},
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (cv_parameter_is_set(parameters, limits[i].parameter))
            line_number(line, limits[i].name, parameters->numbers[limits[i].parameter]);
}

static void add_registered(struct report_line *line, const struct cv_capsule *capsule)
{
    const struct cv_relay_addresses *relay = &capsule->registered.relay;
    const struct cv_address first = {relay->ips[0], relay->port_be};

    line_id(line, "peer", &capsule->registered.own);
    line_number(line, "pairs", capsule->registered.pairs);
    line_number(line, "idle_s", capsule->registered.idle_s);
    line_address(line, "relay", &first);
    line_number(line, "relay_port_first", ntohs(capsule->registered.relay_port_first_be));
    line_number(line, "relay_port_last", ntohs(capsule->registered.relay_port_last_be));
    add_limits(line, &capsule->parameters);
}

static void add_observed(struct report_line *line, const struct cv_capsule *capsule)
{
    line_address(line, "address", &capsule->observed.peer);
    line_address(line, "relay", &capsule->observed.relay);
    if (capsule->observed.probe != 0)
        line_number(line, "probe", capsule->observed.probe);
}

static void add_made(struct report_line *line, const struct cv_capsule *capsule)
{
    add_origin(line, capsule->made.origin, capsule->number);
    line_number(line, "pair", capsule->made.pair);
    line_hex(line, "id", capsule->made.id, sizeof(capsule->made.id));
    line_text(line, "role", capsule->made.role == CV_ROLE_DIALS ? "dials" : "listens");
    add_other(line, &capsule->made.other);
    add_leg(line, &capsule->made.leg);
}

static void add_refused(struct report_line *line, const struct cv_capsule *capsule)
{
    const struct cv_span sentence = {(const uint8_t *)capsule->refused.sentence,
                                     capsule->refused.sentence_bytes};

    add_origin(line, capsule->refused.origin, capsule->number);
    add_code(line, capsule->refused.code);
    line_bytes(line, "sentence", &sentence);
}

static void add_go_away(struct report_line *line, const struct cv_capsule *capsule)
{
    const struct cv_relay_addresses *relay = &capsule->go_away.relay;
    const struct cv_address first = {relay->ips[0], relay->port_be};
    struct cv_peer_id id;

    line_number(line, "seconds", capsule->go_away.seconds);
    if (relay->count > 0)
        line_address(line, "address", &first);
    if (!cv_parameter_is_set(&capsule->parameters, CV_PARAMETER_RELAY_ID))
        return;
    memcpy(id.bytes, capsule->parameters.spans[CV_PARAMETER_RELAY_ID].at, sizeof(id.bytes));
    line_id(line, "relay_id", &id);
}

static void add_limited(struct report_line *line, const struct cv_capsule *capsule)
{
    line_number(line, "what", capsule->limited.what);
    line_text(line, "name", cv_limited_name(capsule->limited.what));
    if (capsule->limited.pair != 0)
        line_number(line, "pair", capsule->limited.pair);
    line_number(line, "for_ms", capsule->limited.for_ms);
}

/* Of one pair, by its number. */
static void add_of_pair(struct report_line *line, const struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_PAIR_CLOSED:
        line_number(line, "pair", capsule->closed.pair);
        add_code(line, capsule->closed.code);
        break;
    case CV_CAPSULE_LEG_MADE:
        line_number(line, "request", capsule->number);
        line_number(line, "pair", capsule->leg_made.pair);
        add_leg(line, &capsule->leg_made.leg);
        break;
    case CV_CAPSULE_LEG_TOKEN:
        line_number(line, "pair", capsule->leg_token.pair);
        break;
    case CV_CAPSULE_OTHER_LEG:
        line_number(line, "pair", capsule->other_leg.pair);
        line_text(line, "leg", kind_name(capsule->other_leg.kind));
        line_number(line, "payload_bytes", capsule->other_leg.payload_bytes);
        break;
    default:
        break;
    }
}

static void add_fields(struct report_line *line, const struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_REGISTERED:
        add_registered(line, capsule);
        break;
    case CV_CAPSULE_OBSERVED_ADDRESS:
        add_observed(line, capsule);
        break;
    case CV_CAPSULE_PAIR_OFFER:
        line_number(line, "offer", capsule->number);
        line_number(line, "answer_s", capsule->offer.answer_s);
        add_other(line, &capsule->offer.other);
        break;
    case CV_CAPSULE_PAIR_MADE:
        add_made(line, capsule);
        break;
    case CV_CAPSULE_REFUSED:
        add_refused(line, capsule);
        break;
    case CV_CAPSULE_TUNNEL_LIMIT:
        line_number(line, "frame_bytes", capsule->tunnel_limit.frame_bytes);
        line_number(line, "payload_bytes",
                    cv_datagram_room(capsule->tunnel_limit.frame_bytes, CV_CHANNEL_MAX));
        break;
    case CV_CAPSULE_GO_AWAY:
        add_go_away(line, capsule);
        break;
    case CV_CAPSULE_DONE:
        line_number(line, "request", capsule->number);
        break;
    case CV_CAPSULE_MESSAGE_FROM:
        add_other(line, &capsule->message_from.other);
        line_bytes(line, "text", &capsule->message_from.text);
        break;
    case CV_CAPSULE_LIMITED:
        add_limited(line, capsule);
        break;
    default:
        add_of_pair(line, capsule);
        break;
    }
}

static const char *event_of(enum cv_capsule_type type)
{
    static const struct {
        enum cv_capsule_type type;
        const char *event;
    } events[] = {
        {CV_CAPSULE_REGISTERED, "registered"},
        {CV_CAPSULE_OBSERVED_ADDRESS, "observed"},
        {CV_CAPSULE_PAIR_OFFER, "offer"},
        {CV_CAPSULE_PAIR_MADE, "made"},
        {CV_CAPSULE_REFUSED, "refused"},
        {CV_CAPSULE_PAIR_CLOSED, "pair_closed"},
        {CV_CAPSULE_TUNNEL_LIMIT, "tunnel_limit"},
        {CV_CAPSULE_GO_AWAY, "go_away"},
        {CV_CAPSULE_STAY, "stay"},
        {CV_CAPSULE_DONE, "done"},
        {CV_CAPSULE_LEG_MADE, "leg_made"},
        {CV_CAPSULE_LEG_TOKEN, "leg_token"},
        {CV_CAPSULE_OTHER_LEG, "other_leg"},
        {CV_CAPSULE_MESSAGE_FROM, "message"},
        {CV_CAPSULE_LIMITED, "limited"},
    };

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i].type == type)
            return events[i].event;
    return "other";
}

void report_capsule(const struct cv_capsule *capsule)
{
    struct report_line line = line_begin(event_of(capsule->type));

    add_fields(&line, capsule);
    add_parameters(&line, &capsule->parameters);
    line_end(&line);
}

/* ---- The rest ---- */

void report_end(const struct cv_peer_end *end, unsigned wait_s)
{
    static const char *const who[] = {
        [CV_PEER_ENDED_BY_US] = "us",
        [CV_PEER_ENDED_BY_RELAY] = "relay",
        [CV_PEER_ENDED_BY_TIME] = "time",
    };
    struct report_line line = line_begin("ended");

    line_text(&line, "by", who[end->by]);
    line_flag(&line, "application", end->application);
    if (end->application)
        add_code(&line, end->code);
    else
        line_number(&line, "code", end->code);
    line_text(&line, "sentence", end->sentence);
    if (wait_s > 0)
        line_number(&line, "again_in_s", wait_s);
    line_end(&line);
}

void report_stats(const struct cv_peer_stats *stats)
{
    struct report_line line = line_begin("statistics");

    line_number(&line, "rx_pkts", stats->rx_pkts);
    line_number(&line, "tx_pkts", stats->tx_pkts);
    line_number(&line, "lost_pkts", stats->lost_pkts);
    line_number(&line, "rx_datagrams", stats->rx_datagrams);
    line_number(&line, "tx_datagrams", stats->tx_datagrams);
    line_number(&line, "dropped_late", stats->dropped_late);
    line_number(&line, "dropped_large", stats->dropped_large);
    line_number(&line, "key_updates", stats->key_updates);
    line_number(&line, "smoothed_rtt_us", stats->smoothed_rtt_ns / 1000);
    line_number(&line, "payload_bytes", stats->payload_bytes);
    line_number(&line, "quic_version", stats->quic_version);
    line_flag(&line, "retried", stats->retried);
    line_end(&line);
}

void report_moved(const struct cv_address *local, int result)
{
    struct report_line line = line_begin(result == 0 ? "moved" : "not_moved");

    line_address(&line, "address", local);
    if (result != 0)
        line_text(&line, "why", strerror(-result));
    line_end(&line);
}

void report_pair(const struct bridge *bridge)
{
    const struct bridge_counters *counters = bridge_counters(bridge);
    struct report_line line = line_begin("pair");

    line_number(&line, "pair", bridge_pair(bridge));
    line_hex(&line, "id", bridge_pair_id(bridge), CV_PAIR_ID_BYTES);
    line_number(&line, "to_pair_pkts", counters->to_pair_pkts);
    line_number(&line, "from_pair_pkts", counters->from_pair_pkts);
    line_number(&line, "too_large", counters->too_large);
    line_number(&line, "queue_full", counters->queue_full);
    line_number(&line, "undelivered", counters->undelivered);
    line_number(&line, "challenges", counters->challenges);
    line_end(&line);
}

void report_lost(uint64_t pair)
{
    struct report_line line = line_begin("pair_lost");

    line_number(&line, "pair", pair);
    line_end(&line);
}

void report_asked(const char *command, uint64_t request)
{
    struct report_line line = line_begin("asked");

    line_text(&line, "command", command);
    if (request != 0)
        line_number(&line, "request", request);
    line_end(&line);
}

void report_not_asked(const char *command, const char *why)
{
    struct report_line line = line_begin("not_asked");

    line_text(&line, "command", command);
    line_text(&line, "why", why);
    line_end(&line);
}
