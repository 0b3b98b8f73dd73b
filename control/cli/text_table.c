/* SPDX-License-Identifier: BSD-3-Clause */
#include "text_table.h"

#include "allocate.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Characters of a UTF-8 text: what it takes on a terminal, wide scripts apart. */
static size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80; /* not a continuation byte */
    return width;
}

void cli_text_clean(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) /* U+0080 to U+009F */
            c[0] = c[1] = '?';
    }
}

static bool is_right(const struct cli_table *table, size_t column)
{
    return table->columns[column][0] == '>';
}

static const char *heading(const struct cli_table *table, size_t column)
{
    return table->columns[column] + is_right(table, column);
}

void cli_table_begin(struct cli_table *table, FILE *out, bool bold, const char *const *columns)
{
    *table = (struct cli_table){.out = out, .bold = bold, .headed = true};
    for (; columns[table->column_count]; table->column_count++) {
        const size_t column = table->column_count;

        assert(column < CLI_COLUMNS_MAX);
        table->columns[column] = columns[column];
        table->widths[column] = text_width(heading(table, column));
        if (*heading(table, column))
            table->headed = false;
    }
}

void cli_table_widen(struct cli_table *table, size_t column, size_t width)
{
    assert(column < table->column_count);
    if (table->widths[column] < width)
        table->widths[column] = width;
}

void cli_table_cell(struct cli_table *table, const char *format, ...)
{
    va_list arguments;
    char *cell;

    va_start(arguments, format);
    if (vasprintf(&cell, format, arguments) < 0)
        cli_out_of_memory();
    va_end(arguments);
    cli_text_clean(cell);

    if (table->cell_count == table->cell_room) {
        table->cell_room = table->cell_room ? 2 * table->cell_room : 64;
        table->cells = cli_resize(table->cells, table->cell_room * sizeof(*table->cells));
    }
    cli_table_widen(table, table->cell_count % table->column_count, text_width(cell));
    table->cells[table->cell_count++] = cell;
}

/* Spaces are held back until something follows them: no line ends with any. */
static void print_row(const struct cli_table *table, const char *const *cells, bool bold)
{
    int gap = 0;

    if (bold)
        fputs("\033[1m", table->out);
    for (size_t i = 0; i < table->column_count; i++) {
        const int padding = (int)(table->widths[i] - text_width(cells[i]));
        const int before = is_right(table, i) ? padding : 0;

        if (*cells[i]) {
            fprintf(table->out, "%*s%s", gap + before, "", cells[i]);
            gap = 0;
        } else {
            gap += before;
        }
        gap += padding - before + 2;
    }
    fputs(bold ? "\033[0m\n" : "\n", table->out);
}

void cli_table_head(struct cli_table *table)
{
    const char *headings[CLI_COLUMNS_MAX];

    if (table->headed)
        return;
    table->headed = true;
    for (size_t i = 0; i < table->column_count; i++)
        headings[i] = heading(table, i);
    print_row(table, headings, table->bold);
}

void cli_table_flush(struct cli_table *table)
{
    assert(table->cell_count % table->column_count == 0);
    if (table->cell_count > 0)
        cli_table_head(table);
    for (size_t i = 0; i < table->cell_count; i += table->column_count)
        print_row(table, (const char *const *)&table->cells[i], false);
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    table->cell_count = 0;
}

void cli_table_end(struct cli_table *table)
{
    cli_table_flush(table);
    free(table->cells);
    table->cells = NULL;
    table->cell_room = 0;
}
