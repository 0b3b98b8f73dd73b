/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static bool as_json;

void report_json(bool json)
{
    as_json = json;
}

/* ---- A line ---- */

struct line {
    yyjson_mut_doc *document;
    yyjson_mut_val *object;
};

static struct line begin(const char *event)
{
    struct line line = {.document = yyjson_mut_doc_new(NULL)};

    line.object = yyjson_mut_obj(line.document);
    yyjson_mut_doc_set_root(line.document, line.object);
    yyjson_mut_obj_add_str(line.document, line.object, "event", event);
    return line;
}

static void add_number(struct line *line, const char *name, uint64_t value)
{
    yyjson_mut_obj_add_uint(line->document, line->object, name, value);
}

static void add_flag(struct line *line, const char *name, bool value)
{
    yyjson_mut_obj_add_bool(line->document, line->object, name, value);
}

/* NULL: nothing is added. */
static void add_text(struct line *line, const char *name, const char *text)
{
    if (text != NULL)
        yyjson_mut_obj_add_strcpy(line->document, line->object, name, text);
}

static void add_peer(struct line *line, const struct cv_peer_id *id)
{
    char text[CV_PEER_ID_TEXT];

    add_text(line, "peer", cv_peer_id_print(id, text));
}

static void add_address(struct line *line, const struct cv_address *address)
{
    char text[CV_ADDRESS_TEXT];

    add_text(line, "address", cv_address_print(address, text));
}

static void add_code(struct line *line, uint64_t code)
{
    add_number(line, "code", code);
    add_text(line, "name", cv_session_error_name(code));
}

static void add_origin(struct line *line, uint8_t origin, uint64_t number)
{
    add_number(line, origin == CV_ORIGIN_REQUEST ? "request" : "offer", number);
}

static void print_plain(const struct line *line)
{
    const char *separator = "";
    yyjson_mut_obj_iter fields;
    yyjson_mut_val *key;

    (void)yyjson_mut_obj_iter_init(line->object, &fields);
    while ((key = yyjson_mut_obj_iter_next(&fields)) != NULL) {
        yyjson_mut_val *value = yyjson_mut_obj_iter_get_val(key);
        bool is_event = separator[0] == '\0';

        (void)printf("%s%s%s", separator, is_event ? "" : yyjson_mut_get_str(key), is_event ? "" : " ");
        if (yyjson_mut_is_str(value))
            (void)fputs(yyjson_mut_get_str(value), stdout);
        else if (yyjson_mut_is_bool(value))
            (void)fputs(yyjson_mut_get_bool(value) ? "yes" : "no", stdout);
        else
            (void)printf("%llu", (unsigned long long)yyjson_mut_get_uint(value));
        separator = is_event ? ": " : ", ";
    }
    (void)putchar('\n');
}

static void finish(struct line *line)
{
    if (as_json) {
        char *text = yyjson_mut_write(line->document, 0, NULL);

        (void)puts(text != NULL ? text : "{}");
        free(text);
    } else {
        print_plain(line);
    }
    (void)fflush(stdout);
    yyjson_mut_doc_free(line->document);
}

/* ---- What is told ---- */

static void add_made(struct line *line, const struct cv_capsule *capsule)
{
    const struct cv_capsule_leg *leg = &capsule->made.leg;

    add_origin(line, capsule->made.origin, capsule->number);
    add_number(line, "pair", capsule->made.pair);
    if (leg->kind == CV_LEG_KIND_TUNNEL) {
        add_text(line, "leg", "tunnel");
        add_number(line, "channel", leg->channel);
    } else {
        const struct cv_relay_addresses *relay = &leg->udp.relay;
        const struct cv_address first = {relay->ips[0], relay->port_be};

        add_text(line, "leg", "udp"); /* its token is a secret */
        add_address(line, &first);
        add_number(line, "relay_port", ntohs(relay->port_be));
    }
}

static void add_refused(struct line *line, const struct cv_capsule *capsule)
{
    char sentence[CV_CAPSULE_SENTENCE_MAX + 1];

    memcpy(sentence, capsule->refused.sentence, capsule->refused.sentence_bytes);
    sentence[capsule->refused.sentence_bytes] = '\0';
    add_origin(line, capsule->refused.origin, capsule->number);
    add_code(line, capsule->refused.code);
    add_text(line, "sentence", sentence);
}

static const char *event_of(enum cv_capsule_type type)
{
    switch (type) {
    case CV_CAPSULE_REGISTERED:
        return "registered";
    case CV_CAPSULE_OBSERVED_ADDRESS:
        return "observed";
    case CV_CAPSULE_PAIR_OFFER:
        return "offer";
    case CV_CAPSULE_PAIR_MADE:
        return "made";
    case CV_CAPSULE_REFUSED:
        return "refused";
    case CV_CAPSULE_PAIR_CLOSED:
        return "pair_closed";
    case CV_CAPSULE_TUNNEL_LIMIT:
        return "tunnel_limit";
    case CV_CAPSULE_GO_AWAY:
        return "go_away";
    default:
        return "other";
    }
}

void report_capsule(const struct cv_capsule *capsule)
{
    struct line line = begin(event_of(capsule->type));

    switch (capsule->type) {
    case CV_CAPSULE_REGISTERED:
        add_peer(&line, &capsule->registered.own);
        add_number(&line, "pairs", capsule->registered.pairs);
        add_number(&line, "idle_s", capsule->registered.idle_s);
        break;
    case CV_CAPSULE_OBSERVED_ADDRESS:
        add_address(&line, &capsule->observed.peer);
        break;
    case CV_CAPSULE_PAIR_OFFER:
        add_number(&line, "offer", capsule->number);
        add_peer(&line, &capsule->offer.other.ids.list[0]);
        add_number(&line, "answer_s", capsule->offer.answer_s);
        break;
    case CV_CAPSULE_PAIR_MADE:
        add_made(&line, capsule);
        break;
    case CV_CAPSULE_REFUSED:
        add_refused(&line, capsule);
        break;
    case CV_CAPSULE_PAIR_CLOSED:
        add_number(&line, "pair", capsule->closed.pair);
        add_code(&line, capsule->closed.code);
        break;
    case CV_CAPSULE_TUNNEL_LIMIT:
        add_number(&line, "payload_bytes",
                   cv_datagram_room(capsule->tunnel_limit.frame_bytes, CV_CHANNEL_MAX));
        break;
    case CV_CAPSULE_GO_AWAY:
        add_number(&line, "seconds", capsule->go_away.seconds);
        break;
    default:
        break;
    }
    finish(&line);
}

void report_end(const struct cv_peer_end *end)
{
    static const char *const who[] = {
        [CV_PEER_ENDED_BY_US] = "us",
        [CV_PEER_ENDED_BY_RELAY] = "relay",
        [CV_PEER_ENDED_BY_TIME] = "time",
    };
    struct line line = begin("ended");

    add_text(&line, "by", who[end->by]);
    add_flag(&line, "application", end->application);
    if (end->application)
        add_code(&line, end->code);
    else
        add_number(&line, "code", end->code);
    add_text(&line, "sentence", end->sentence);
    finish(&line);
}

void report_stats(const struct cv_peer_stats *stats)
{
    struct line line = begin("statistics");

    add_number(&line, "rx_pkts", stats->rx_pkts);
    add_number(&line, "tx_pkts", stats->tx_pkts);
    add_number(&line, "lost_pkts", stats->lost_pkts);
    add_number(&line, "rx_datagrams", stats->rx_datagrams);
    add_number(&line, "tx_datagrams", stats->tx_datagrams);
    add_number(&line, "dropped_late", stats->dropped_late);
    add_number(&line, "dropped_large", stats->dropped_large);
    add_number(&line, "key_updates", stats->key_updates);
    add_number(&line, "smoothed_rtt_us", stats->smoothed_rtt_ns / 1000);
    add_number(&line, "payload_bytes", stats->payload_bytes);
    add_number(&line, "quic_version", stats->quic_version);
    add_flag(&line, "retried", stats->retried);
    finish(&line);
}

void report_moved(const struct cv_address *local, int result)
{
    struct line line = begin(result == 0 ? "moved" : "not_moved");

    add_address(&line, local);
    if (result != 0)
        add_text(&line, "why", strerror(-result));
    finish(&line);
}

void report_pair(uint64_t pair, const struct bridge_counters *counters)
{
    struct line line = begin("pair");

    add_number(&line, "pair", pair);
    add_number(&line, "to_pair_pkts", counters->to_pair_pkts);
    add_number(&line, "from_pair_pkts", counters->from_pair_pkts);
    add_number(&line, "too_large", counters->too_large);
    add_number(&line, "queue_full", counters->queue_full);
    add_number(&line, "undelivered", counters->undelivered);
    finish(&line);
}
