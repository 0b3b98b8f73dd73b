/* SPDX-License-Identifier: BSD-3-Clause */
#include "member_table.h"

#include "watch.h"

#include <inttypes.h>

void cli_member_table_begin(struct cli_table *table, struct cli_call *call, const struct cli_column *columns)
{
    const char *headings[CLI_COLUMNS_MAX + 1];
    size_t count = 0;

    while (columns[count].heading && count < CLI_COLUMNS_MAX) {
        headings[count] = columns[count].heading;
        count++;
    }
    headings[count] = NULL;
    cli_table_begin(table, call->out, call->bold, headings);
}

static struct cli_text cell(const struct cli_column *column, const struct cli_sample *sample)
{
    yyjson_val *value = yyjson_obj_get(sample->object, column->member);
    const double growth = cli_growth(sample->object, sample->before, column->member, sample->seconds);
    struct cli_text text;

    switch (column->as) {
    case CLI_AS_NUMBER:
        return cli_count(value);
    case CLI_AS_ID:
        snprintf(text.s, sizeof(text.s), "%" PRIu64, cli_member_number(sample->object, column->member));
        return text;
    case CLI_AS_BYTES:
        return cli_amount(value);
    case CLI_AS_AGE:
        return cli_age(value);
    case CLI_AS_PKT_RATE:
        return cli_pkt_rate(growth);
    case CLI_AS_BIT_RATE:
        return cli_bit_rate(8 * growth);
    case CLI_AS_EVENT_RATE:
        return cli_event_rate(growth);
    case CLI_AS_COMPUTED:
        return column->compute(sample);
    case CLI_AS_TEXT:
        break;
    }
    snprintf(text.s, sizeof(text.s), "%s", cli_member_text(sample->object, column->member));
    return text;
}

void cli_member_table_row(struct cli_table *table, const struct cli_column *columns,
                          const struct cli_sample *sample)
{
    for (; columns->heading; columns++)
        cli_table_cell(table, "%s", cell(columns, sample).s);
}
