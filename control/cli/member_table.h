/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Tables of the relay's objects: a row per object, a column per member, described in a list. */
#include "call.h"
#include "text_table.h"

/* How a column shows its member. Missing and null members are "-", also in rates of nothing before. */
enum cli_as {
    CLI_AS_TEXT,
    CLI_AS_NUMBER, /* 1,234 */
    CLI_AS_ID,     /* 1234 */
    CLI_AS_BYTES,
    CLI_AS_AGE,        /* of milliseconds */
    CLI_AS_PKT_RATE,   /* growth between two reads, in packets */
    CLI_AS_BIT_RATE,   /* the same of bytes, in bits */
    CLI_AS_EVENT_RATE, /* the same of anything */
    CLI_AS_COMPUTED,   /* what `compute` returns */
};

/* One object as it was read. */
struct cli_sample {
    yyjson_val *answer; /* that it is part of */
    yyjson_val *object;
    yyjson_val *before; /* the same object, a read before; NULL: none */
    double seconds;     /* between the two */
};

struct cli_column {
    const char *heading; /* see text_table.h; NULL ends a list */
    const char *member;
    enum cli_as as;
    struct cli_text (*compute)(const struct cli_sample *sample);
};

void cli_member_table_begin(struct cli_table *table, struct cli_call *call, const struct cli_column *columns);
void cli_member_table_row(struct cli_table *table, const struct cli_column *columns,
                          const struct cli_sample *sample);
