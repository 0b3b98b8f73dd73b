/* SPDX-License-Identifier: BSD-3-Clause */
#include "help.h"

#include "parse.h"
#include "text_table.h"

#include <string.h>

#define LINE_WIDTH 78

struct cli_option_text cli_option_text(const struct cli_item *option)
{
    struct cli_option_text text;
    char letter[8] = "    ";

    if (option->letter)
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    snprintf(text.s, sizeof(text.s), "%s--%s%s%s", letter, option->name, option->value ? " " : "",
             option->value ? option->value : "");
    return text;
}

struct cli_synopsis cli_synopsis(const struct cli_noun *noun, const struct cli_command *command)
{
    struct cli_synopsis text;
    size_t used = (size_t)snprintf(text.s, sizeof(text.s), "%s", cli_command_name(noun, command).s);

    for (const struct cli_item *item = command->arguments; item && item->name; item++)
        used += (size_t)snprintf(text.s + used, sizeof(text.s) - used, " %s%s%s%s", item->optional ? "[" : "",
                                 item->name, item->repeats ? "..." : "", item->optional ? "]" : "");
    if (command->options)
        snprintf(text.s + used, sizeof(text.s) - used, " [OPTION...]");
    return text;
}

/* Text in lines of at most LINE_WIDTH, each indented by `indent`; the first from column `column` on. */
static void fill(FILE *out, const char *text, int indent, int column)
{
    while (*text) {
        const int length = (int)strcspn(text, " ");

        if (column > indent && column + 1 + length > LINE_WIDTH) {
            fputs("\n", out);
            column = 0;
        }
        const int gap = column < indent ? indent - column : column > indent ? 1 : 0;
        fprintf(out, "%*s%.*s", gap, "", length, text);
        column += gap + length;
        text += length;
        text += strspn(text, " ");
    }
    fputs("\n", out);
}

/* A word at the left and its explanation at the right, from column `indent` on. */
static void entry(FILE *out, const char *word, const char *text, int indent)
{
    const int column = fprintf(out, "  %s", word);

    if (column >= indent) {
        fputs("\n", out);
        fill(out, text, indent, 0);
    } else {
        fill(out, text, indent, column);
    }
}

static void list_options(FILE *out, const char *title, const struct cli_item *options)
{
    if (!options || !options->name)
        return;
    fprintf(out, "\n%s:\n", title);
    for (; options->name; options++) {
        char text[400];

        snprintf(text, sizeof(text), "%s", options->summary);
        entry(out, cli_option_text(options).s, text, 28);
    }
}

static void list_arguments(FILE *out, const struct cli_item *arguments)
{
    if (!arguments || !arguments->name)
        return;
    fputs("\nArguments:\n", out);
    for (; arguments->name; arguments++) {
        char text[400];
        size_t used = (size_t)snprintf(text, sizeof(text), "%s", arguments->summary);

        for (size_t i = 0; arguments->choices && arguments->choices[i]; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? ", " : ": ",
                                     arguments->choices[i]);
        entry(out, arguments->name, text, 10);
    }
}

static void list_terms(FILE *out, const char *title, const struct cli_term *terms)
{
    int widest = 0;

    if (!terms)
        return;
    for (const struct cli_term *term = terms; term->name; term++)
        widest = (int)strlen(term->name) > widest ? (int)strlen(term->name) : widest;
    fprintf(out, "\n%s:\n", title);
    for (; terms->name; terms++)
        entry(out, terms->name, terms->meaning, widest + 4);
}

static void list_examples(FILE *out, const struct cli_example *examples)
{
    fputs("\nExamples:\n", out);
    for (; examples && examples->line; examples++) {
        fprintf(out, "  culvertctl%s%s\n", *examples->line ? " " : "", examples->line);
        fprintf(out, "      %s\n", examples->why);
    }
}

static void list_commands(FILE *out, const struct cli_noun *noun, size_t width)
{
    for (const struct cli_command *command = noun->commands; command->run; command++) {
        if (!command->hidden)
            entry(out, cli_synopsis(noun, command).s, command->summary, (int)width + 4);
    }
}

static size_t widest_synopsis(const struct cli_noun *noun)
{
    size_t widest = 0;

    for (const struct cli_command *command = noun->commands; command->run; command++) {
        const size_t width = command->hidden ? 0 : strlen(cli_synopsis(noun, command).s);

        widest = width > widest ? width : widest;
    }
    return widest;
}

void cli_help_program(FILE *out, const struct cli_noun *nouns)
{
    size_t widest = 0;

    fputs("Usage: culvertctl [-s PATH] [-j] NOUN [VERB] [ARGUMENT...] [OPTION...]\n"
          "       culvertctl [-s PATH] [-j]\n\n"
          "Shows what a running Culvert relay does, and makes and deletes its pairs.\n"
          "Without a command: a shell on a terminal; else commands are read line by line.\n\n"
          "Commands (--help after any of them, or after a noun, explains it):\n",
          out);
    for (const struct cli_noun *noun = nouns; noun->name; noun++)
        widest = widest_synopsis(noun) > widest ? widest_synopsis(noun) : widest;
    for (const struct cli_noun *noun = nouns; noun->name; noun++)
        list_commands(out, noun, widest);
    list_options(out, "Options of every command", cli_globals);
    list_examples(out, cli_program_examples);
    list_terms(out, "Exit status", cli_exit_terms);
    list_terms(out, "Environment", cli_environment_terms);
}

void cli_help_noun(FILE *out, const struct cli_noun *noun)
{
    const struct cli_command *only = cli_command_find(noun, NULL);

    if (only) {
        cli_help_command(out, noun, only);
        return;
    }
    fprintf(out, "Usage: culvertctl %s VERB [ARGUMENT...] [OPTION...]\n\n%s: %s\n\nVerbs:\n", noun->name,
            noun->name, noun->summary);
    list_commands(out, noun, widest_synopsis(noun));
    fputs("\nExamples:\n", out);
    for (const struct cli_command *command = noun->commands; command->run; command++) {
        if (!command->hidden && command->examples)
            fprintf(out, "  culvertctl %s\n      %s\n", command->examples->line, command->examples->why);
    }
}

void cli_help_command(FILE *out, const struct cli_noun *noun, const struct cli_command *command)
{
    fprintf(out, "Usage: culvertctl %s\n\n", cli_synopsis(noun, command).s);
    fill(out, command->description, 0, 0);
    list_arguments(out, command->arguments);
    list_options(out, "Options", command->options);
    list_options(out, "Options of every command", cli_globals);
    list_terms(out, command->terms_title, command->terms);
    list_examples(out, command->examples);
}
