/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_pair.h"

#include "call.h"
#include "member_table.h"

#include <inttypes.h>
#include <string.h>

static void add_leg(struct cli_request *request, const struct cli_parse *parse, const char *leg,
                    const char *peer)
{
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(request->doc, request->params, leg);
    char option[16];

    yyjson_mut_obj_add_str(request->doc, object, "peer", peer);
    snprintf(option, sizeof(option), "%s-address", leg);
    const char *address = cli_parse_option(parse, option)->text;
    if (address)
        yyjson_mut_obj_add_str(request->doc, object, "address", address);
    snprintf(option, sizeof(option), "%s-prefix", leg);
    const char *prefix = cli_parse_option(parse, option)->text;
    if (prefix)
        yyjson_mut_obj_add_str(request->doc, object, "prefix", prefix);
}

/* "192.0.2.1:40000 or [2001:db8::1]:40000": where the peers send to. */
static void print_destinations(struct cli_call *call, yyjson_val *pair)
{
    yyjson_val *address;
    size_t i, count;

    yyjson_arr_foreach(yyjson_obj_get(pair, "addresses"), i, count, address)
    {
        const char *text = yyjson_get_str(address);
        const bool v6 = text && strchr(text, ':');

        fprintf(call->out, "%s%s%s%s:%" PRIu64, i ? " or " : "", v6 ? "[" : "", text ? text : "?",
                v6 ? "]" : "", cli_member_number(pair, "relay_port"));
    }
    if (count == 0)
        fprintf(call->out, "port %" PRIu64 " of the relay", cli_member_number(pair, "relay_port"));
}

/* "token", "fixed 192.0.2.7:4433", "prefix 198.51.100.0/24" or "session 5, channel 3" */
static struct cli_text bind_text(const struct cli_sample *sample)
{
    yyjson_val *leg = sample->object;
    const bool fixed = cli_member_is(leg, "bind", "fixed"), prefix = cli_member_is(leg, "bind", "prefix");
    struct cli_text text;

    if (cli_member_is(leg, "kind", "tunnel")) {
        snprintf(text.s, sizeof(text.s), "session %" PRIu64 ", channel %" PRIu64,
                 cli_member_number(leg, "session"), cli_member_number(leg, "channel"));
        return text;
    }
    snprintf(text.s, sizeof(text.s), "%s%s%s", cli_member_text(leg, "bind"), fixed || prefix ? " " : "",
             fixed    ? cli_member_text(leg, "address")
             : prefix ? cli_member_text(leg, "prefix")
                      : "");
    return text;
}

static const struct cli_column leg_columns[] = {
    {"leg", "leg", CLI_AS_TEXT, NULL},
    {"peer", "peer", CLI_AS_TEXT, NULL},
    {"kind", "kind", CLI_AS_TEXT, NULL},
    {"bound by", NULL, CLI_AS_COMPUTED, bind_text},
    {"address", "address", CLI_AS_TEXT, NULL},
    {">payload", "payload_bytes", CLI_AS_NUMBER, NULL},
    {">last packet", "seen_ms_ago", CLI_AS_AGE, NULL},
    {">moves", "moves", CLI_AS_NUMBER, NULL},
    {">packets", "pkts", CLI_AS_NUMBER, NULL},
    {">bytes", "bytes", CLI_AS_BYTES, NULL},
    {"proof", "proof", CLI_AS_TEXT, NULL},
    {">withheld", "withheld_pkts", CLI_AS_NUMBER, NULL},
    {0},
};

/* The only place where a token is shown. */
static void print_leg(struct cli_call *call, yyjson_val *pair, yyjson_val *leg)
{
    const char *token = yyjson_get_str(yyjson_obj_get(leg, "token"));

    fprintf(call->out, "\nLeg %s, %s: ", cli_member_text(leg, "leg"), cli_member_text(leg, "peer"));
    if (token)
        fputs("the peer sends the 32 bytes of this token (here in hex) as one datagram,\n"
              "from its QUIC socket, and then speaks QUIC to the same place: to\n    ",
              call->out);
    else
        fprintf(call->out, "bound by %s, without a token. The peer speaks QUIC to\n    ",
                bind_text(&(struct cli_sample){.object = leg}).s);
    print_destinations(call, pair);
    fprintf(call->out, "\n%s%s%s", token ? "    " : "", token ? token : "", token ? "\n" : "");
}

static void print_added(struct cli_call *call, yyjson_val *pair)
{
    yyjson_val *leg, *installed = yyjson_obj_get(pair, "installed");
    bool tokens = false;
    size_t i, count;

    fprintf(call->out, "Pair %" PRIu64 ", relay port %" PRIu64 "\n", cli_member_number(pair, "pair"),
            cli_member_number(pair, "relay_port"));
    yyjson_arr_foreach(yyjson_obj_get(pair, "legs"), i, count, leg)
    {
        tokens |= yyjson_obj_get(leg, "token") != NULL;
        print_leg(call, pair, leg);
    }
    if (tokens)
        fputs("\nTokens are shown once: keep them now. Who has one can bind its leg.\n", call->out);
    if (installed && !yyjson_get_bool(installed))
        fputs("\nThe data plane is not attached: it gets the pair as soon as it is.\n", call->out);
}

enum cli_exit cli_pair_add(struct cli_call *call)
{
    const struct cli_parse *parse = call->parse;
    const struct cli_value *idle = cli_parse_option(parse, "idle"), *rate = cli_parse_option(parse, "rate");
    struct cli_request request = cli_request_new();

    add_leg(&request, parse, "a", parse->arguments[0].text);
    add_leg(&request, parse, "b", parse->arguments[1].text);
    if (idle->text)
        yyjson_mut_obj_add_uint(request.doc, request.params, "idle_s", idle->number);
    if (rate->text)
        yyjson_mut_obj_add_uint(request.doc, request.params, "rate_bps", rate->number);

    return cli_ask_and_show(call, "pair.add", &request, print_added);
}

static enum cli_exit delete_one(struct cli_call *call, uint64_t pair)
{
    struct cli_request request = cli_request_new();
    struct cli_reply reply;

    yyjson_mut_obj_add_uint(request.doc, request.params, "pair", pair);
    const enum cli_exit outcome = cli_ask(call, "pair.delete", &request, &reply);
    cli_reply_free(&reply);
    return outcome;
}

/* A pair that is refused does not keep the others from being deleted; a silent relay does. */
enum cli_exit cli_pair_del(struct cli_call *call)
{
    const struct cli_parse *parse = call->parse;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_val *deleted = yyjson_mut_obj_add_arr(doc, root, "deleted");
    enum cli_exit outcome = CLI_DONE;

    yyjson_mut_doc_set_root(doc, root);
    for (size_t i = 0; i < parse->argument_count; i++) {
        const enum cli_exit one = delete_one(call, parse->arguments[i].number);

        if (one == CLI_DONE)
            yyjson_mut_arr_add_uint(doc, deleted, parse->arguments[i].number);
        else
            outcome = one;
        if (one == CLI_DONE && !call->json)
            fprintf(call->out, "Pair %" PRIu64 " deleted\n", parse->arguments[i].number);
        if (one != CLI_DONE && one != CLI_REFUSED)
            break;
    }
    if (call->json) {
        yyjson_doc *printed = yyjson_mut_doc_imut_copy(doc, NULL);

        cli_print_json(call, yyjson_doc_get_root(printed));
        yyjson_doc_free(printed);
    }
    yyjson_mut_doc_free(doc);
    return outcome;
}

static void print_facts(struct cli_call *call, yyjson_val *pair)
{
    static const char *const columns[] = {"", "", NULL};
    const uint64_t idle_s = cli_member_number(pair, "idle_s"), rate = cli_member_number(pair, "rate_bps");
    struct cli_table table;

    fprintf(call->out, "Pair %" PRIu64 "\n", cli_member_number(pair, "pair"));
    cli_table_begin(&table, call->out, false, columns);
    cli_table_cell(&table, "  relay port");
    cli_table_cell(&table, "%s", cli_id(yyjson_obj_get(pair, "relay_port")).s);
    cli_table_cell(&table, "  removed when idle for");
    cli_table_cell(&table, "%s", idle_s ? cli_duration(idle_s * 1000).s : "never");
    cli_table_cell(&table, "  rate limit");
    cli_table_cell(&table, "%s", rate ? cli_bit_rate((double)rate).s : "none");
    cli_table_cell(&table, "  created");
    cli_table_cell(&table, "%s", cli_member_text(pair, "created"));
    cli_table_cell(&table, "  in the data plane");
    cli_table_cell(&table, "%s", yyjson_get_bool(yyjson_obj_get(pair, "installed")) ? "yes" : "not yet");
    cli_table_end(&table);
}

static void print_legs(struct cli_call *call, yyjson_val *pair)
{
    struct cli_table table;
    yyjson_val *leg;
    size_t i, count;

    fputs("\n", call->out);
    cli_member_table_begin(&table, call, leg_columns);
    yyjson_arr_foreach(yyjson_obj_get(pair, "legs"), i, count, leg)
    {
        cli_member_table_row(&table, leg_columns, &(struct cli_sample){.answer = pair, .object = leg});
    }
    cli_table_end(&table);
}

static void print_pair(struct cli_call *call, yyjson_val *pair)
{
    print_facts(call, pair);
    print_legs(call, pair);
}

enum cli_exit cli_pair_show(struct cli_call *call)
{
    struct cli_request request = cli_request_new();

    yyjson_mut_obj_add_uint(request.doc, request.params, "pair", call->parse->arguments[0].number);
    return cli_ask_and_show(call, "pair.get", &request, print_pair);
}
