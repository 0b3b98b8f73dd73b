/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands_crypto.h"

#include "call.h"
#include "member_table.h"

#include <inttypes.h>

/* Limits are powers of two. */
static struct cli_text power_text(uint64_t value)
{
    struct cli_text text;

    if (value == 0 || (value & (value - 1)) != 0)
        return cli_number(value);
    snprintf(text.s, sizeof(text.s), "2^%d", __builtin_ctzll(value));
    return text;
}

static struct cli_text sealed_text(const struct cli_sample *sample)
{
    return power_text(cli_member_number(sample->object, "sealed_max"));
}

static struct cli_text failed_text(const struct cli_sample *sample)
{
    return power_text(cli_member_number(sample->object, "failed_max"));
}

static const struct cli_column columns[] = {
    {"suite", "name", CLI_AS_TEXT, NULL},
    {"code", "code", CLI_AS_TEXT, NULL},
    {">sessions", "sessions", CLI_AS_NUMBER, NULL},
    {">packets per key", NULL, CLI_AS_COMPUTED, sealed_text},
    {">failed per session", NULL, CLI_AS_COMPUTED, failed_text},
    {0},
};

static void print_why(struct cli_table *table, yyjson_val *crypto)
{
    cli_table_cell(table, "why");
    if (!cli_member_is(crypto, "wanted", "auto"))
        cli_table_cell(table, "the configuration says so (dataplane.crypto: %s)",
                       cli_member_text(crypto, "wanted"));
    else if (!cli_member_is(crypto, "passed_over", ""))
        cli_table_cell(table, "%s", cli_member_text(crypto, "passed_over"));
    else
        cli_table_cell(table, "the fastest that runs here (dataplane.crypto: auto)");
}

static void print_facts(struct cli_call *call, yyjson_val *crypto)
{
    static const char *const headings[] = {"", "", NULL};
    struct cli_table table;

    cli_table_begin(&table, call->out, false, headings);
    cli_table_cell(&table, "engine");
    cli_table_cell(&table, "%s", cli_member_text(crypto, "about"));
    print_why(&table, crypto);
    cli_table_cell(&table, "CPU");
    cli_table_cell(&table, "%s", cli_member_text(crypto, "cpu_flags"));
    cli_table_cell(&table, "key updates");
    cli_table_cell(&table, "%s", cli_count(yyjson_obj_get(crypto, "key_updates")).s);
    cli_table_cell(&table, "failed to open");
    cli_table_cell(&table, "%s packets", cli_count(yyjson_obj_get(crypto, "unopened_pkts")).s);
    cli_table_end(&table);
}

static void show(struct cli_call *call, yyjson_val *now)
{
    struct cli_table table;
    yyjson_val *suite;
    size_t i, count;

    if (cli_member_is(now, "engine", "")) {
        fputs("No engine is in use: this relay has no sessions (dataplane.session).\n", call->out);
        return;
    }
    print_facts(call, now);
    fputs("\n", call->out);
    cli_member_table_begin(&table, call, columns);
    yyjson_arr_foreach(yyjson_obj_get(now, "suites"), i, count, suite)
        cli_member_table_row(&table, columns, &(struct cli_sample){.answer = now, .object = suite});
    cli_table_end(&table);
}

enum cli_exit cli_crypto_show(struct cli_call *call)
{
    struct cli_request request = cli_request_new();

    return cli_ask_and_show(call, "crypto.get", &request, show);
}
