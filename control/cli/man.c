/* SPDX-License-Identifier: BSD-3-Clause */
#include "man.h"

#include "help.h"
#include "parse.h"

#include <string.h>

/* Text as roff has to read it: its own characters escaped, no line that starts with a request. */
static void put(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '\'')
            fputs("\\(aq", out);
        else
            fputc(*text, out);
    }
}

static void put_line(FILE *out, const char *text)
{
    put(out, text);
    fputc('\n', out);
}

static void put_bold(FILE *out, const char *text)
{
    fputs("\\fB", out);
    put(out, text);
    fputs("\\fR", out);
}

/* A tagged paragraph. */
static void put_entry(FILE *out, const char *tag, const char *text)
{
    fputs(".TP\n", out);
    put_bold(out, tag);
    fputc('\n', out);
    put_line(out, text);
}

static void put_items(FILE *out, const struct cli_item *items, bool options)
{
    for (; items && items->name; items++) {
        const struct cli_option_text text = cli_option_text(items);
        const char *option = text.s + strspn(text.s, " ");

        put_entry(out, options ? option : items->name, items->summary);
        for (size_t i = 0; items->choices && items->choices[i]; i++) {
            fputs(i ? ", " : "One of ", out);
            put(out, items->choices[i]);
        }
        if (items->choices)
            fputs(".\n", out);
    }
}

static void put_terms(FILE *out, const struct cli_term *terms)
{
    for (; terms && terms->name; terms++)
        put_entry(out, terms->name, terms->meaning);
}

static void put_examples(FILE *out, const struct cli_example *examples)
{
    for (; examples && examples->line; examples++) {
        fputs(".TP\n\\fBculvertctl", out);
        fputs(*examples->line ? " " : "", out);
        put(out, examples->line);
        fputs("\\fR\n", out);
        put_line(out, examples->why);
    }
}

static void put_command(FILE *out, const struct cli_noun *noun, const struct cli_command *command)
{
    fputs(".SS ", out);
    put_line(out, cli_synopsis(noun, command).s);
    put_line(out, command->description);
    put_items(out, command->arguments, false);
    put_items(out, command->options, true);
    put_terms(out, command->terms);
    put_examples(out, command->examples);
}

static void put_commands(FILE *out, const struct cli_noun *nouns)
{
    fputs(".SH COMMANDS\n", out);
    for (const struct cli_noun *noun = nouns; noun->name; noun++) {
        for (const struct cli_command *command = noun->commands; command->run; command++) {
            if (!command->hidden)
                put_command(out, noun, command);
        }
    }
}

void cli_man_print(FILE *out, const struct cli_noun *nouns)
{
    fputs(
        ".TH CULVERTCTL 1 \"\" \"Culvert " CULVERT_VERSION "\" \"Culvert\"\n"
        ".SH NAME\nculvertctl \\- show and manage a running Culvert relay\n"
        ".SH SYNOPSIS\n"
        ".B culvertctl\n[\\fB\\-s\\fR \\fIPATH\\fR] [\\fB\\-j\\fR] \\fINOUN\\fR [\\fIVERB\\fR] "
        "[\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n.br\n"
        ".B culvertctl\n[\\fB\\-s\\fR \\fIPATH\\fR] [\\fB\\-j\\fR]\n"
        ".SH DESCRIPTION\n"
        "culvertctl talks to \\fBculvert\\-control\\fR over its Unix socket: it makes and deletes pairs, and "
        "shows ports, workers, counters, drops and events.\n"
        ".PP\n"
        "Without a command it is a shell with history and TAB completion when standard input is a terminal; "
        "otherwise it reads commands line by line, without the word culvertctl, passes over empty lines and "
        "those that start with #, and stops at the first command that fails, with its exit status.\n"
        ".PP\n"
        "With \\fB\\-\\-json\\fR a command prints the relay\\(aqs answer as one JSON document; commands that "
        "go "
        "on (events, pair list \\-\\-all, \\-\\-watch) print one per line.\n"
        ".SH OPTIONS\nThese may stand before, between and after a command\\(aqs words.\n",
        out);
    put_items(out, cli_globals, true);
    put_commands(out, nouns);
    fputs(".SH EXIT STATUS\n", out);
    put_terms(out, cli_exit_terms);
    fputs(".SH ENVIRONMENT\n", out);
    put_terms(out, cli_environment_terms);
    fputs(".SH EXAMPLES\n", out);
    put_examples(out, cli_program_examples);
}
