/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch.h"

#include "interrupt.h"

static enum cli_exit print_answer(struct cli_call *call, const struct cli_view *view, yyjson_val *now,
                                  yyjson_val *before, double seconds)
{
    yyjson_val *part = view->pick ? view->pick(call, now) : now;

    if (!part)
        return CLI_REFUSED;
    if (!call->json)
        view->show(call, now, before, seconds);
    else if (cli_parse_option(call->parse, "watch")->text)
        cli_print_json_line(call, part);
    else
        cli_print_json(call, part);
    return CLI_DONE;
}

static enum cli_exit watch(struct cli_call *call, const struct cli_view *view, uint64_t interval_ns,
                           uint64_t count)
{
    struct cli_reply before = {0};
    uint64_t before_ns = 0, next_ns = cli_now_ns();
    enum cli_exit outcome = CLI_DONE;

    for (uint64_t shown = 0; shown < count;) {
        struct cli_request request = cli_request_new();
        struct cli_reply now;

        outcome = cli_ask(call, view->method, &request, &now);
        if (outcome != CLI_DONE)
            break;
        const uint64_t now_ns = cli_now_ns();
        if (call->json || before.result) {
            if (shown++ > 0 && !call->json)
                fputs("\n", call->out);
            outcome = print_answer(call, view, now.result, before.result, (double)(now_ns - before_ns) / 1e9);
            fflush(call->out);
        }
        cli_reply_free(&before);
        before = now;
        before_ns = now_ns;
        next_ns += interval_ns;
        if (outcome != CLI_DONE || shown == count)
            break;
        const enum cli_rpc_status waited = cli_rpc_wait(&call->rpc, next_ns);
        if (waited != CLI_RPC_EXPIRED) {
            outcome = cli_explain(call, waited, NULL);
            break;
        }
    }
    cli_reply_free(&before);
    /* Ctrl-C is how one stops watching. */
    return outcome == CLI_INTERRUPTED ? CLI_DONE : outcome;
}

enum cli_exit cli_show_or_watch(struct cli_call *call, const struct cli_view *view)
{
    const struct cli_value *interval = cli_parse_option(call->parse, "watch");
    const struct cli_value *count = cli_parse_option(call->parse, "count");
    struct cli_request request;
    struct cli_reply reply;

    if (interval->text)
        return watch(call, view, interval->number * 1000000000, count->text ? count->number : UINT64_MAX);
    request = cli_request_new();
    enum cli_exit outcome = cli_ask(call, view->method, &request, &reply);
    if (outcome != CLI_DONE)
        return outcome;
    outcome = print_answer(call, view, reply.result, NULL, 0);
    cli_reply_free(&reply);
    return outcome;
}

double cli_growth(yyjson_val *now, yyjson_val *before, const char *name, double seconds)
{
    const uint64_t new = cli_member_number(now, name), old = cli_member_number(before, name);

    if (seconds <= 0)
        return 0;
    return (double)(new >= old ? new - old : new) / seconds;
}
