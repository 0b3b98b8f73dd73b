/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Tables for people. Cells are filled left to right, row by row; flushing prints what has gathered, the
 * heading above the first row. Columns are as wide as their widest cell so far, so a table that is flushed
 * page by page or row by row only ever grows. What control characters a cell holds (peers' names are
 * others' text) are printed as '?'.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CLI_COLUMNS_MAX 16

/* The heading of a column that starts with '>' is aligned right, without the '>'. */
struct cli_table {
    FILE *out;
    bool bold; /* the heading */
    bool headed;
    const char *columns[CLI_COLUMNS_MAX];
    size_t column_count;
    size_t widths[CLI_COLUMNS_MAX];
    char **cells;
    size_t cell_count;
    size_t cell_room;
};

/* `columns` ends with NULL; its texts outlive the table. Empty headings only: no heading line. */
void cli_table_begin(struct cli_table *table, FILE *out, bool bold, const char *const *columns);
void cli_table_cell(struct cli_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes column `column` at least `width` wide before anything is printed. */
void cli_table_widen(struct cli_table *table, size_t column, size_t width);

/* Prints the heading by itself, when it has not been printed yet. */
void cli_table_head(struct cli_table *table);
void cli_table_flush(struct cli_table *table);

/* Flushes and frees. */
void cli_table_end(struct cli_table *table);

/* Replaces control characters by '?', in place. */
void cli_text_clean(char *text);
