/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include "allocate.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct cli_parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct cli_parse *parse, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(parse->error, sizeof(parse->error), format, arguments);
    va_end(arguments);
    return -EINVAL;
}

struct cli_command_name cli_command_name(const struct cli_noun *noun, const struct cli_command *command)
{
    struct cli_command_name name;
    const bool verb = command && command->verb;

    snprintf(name.s, sizeof(name.s), "%s%s%s", noun->name, verb ? " " : "", verb ? command->verb : "");
    return name;
}

void cli_parse_begin(struct cli_parse *parse, const struct cli_noun *nouns, size_t words)
{
    *parse =
        (struct cli_parse){.nouns = nouns, .arguments = cli_resize(NULL, words * sizeof(struct cli_value))};
}

void cli_parse_end(struct cli_parse *parse)
{
    free(parse->arguments);
    parse->arguments = NULL;
}

/* Where the value of a known option goes. */
static struct cli_value *option_slot(struct cli_parse *parse, const struct cli_item *option)
{
    if (option >= cli_globals && option < cli_globals + CLI_GLOBALS)
        return &parse->globals[option - cli_globals];
    assert(option - parse->command->options < CLI_OPTIONS_MAX);
    return &parse->options[option - parse->command->options];
}

static int set_option(struct cli_parse *parse, const struct cli_item *option, const char *text)
{
    struct cli_value *slot = option_slot(parse, option);

    if (slot->text && option->kind != CLI_FLAG)
        return fail(parse, "--%s is given twice", option->name);
    if (option->not_with && cli_parse_option(parse, option->not_with)->text)
        return fail(parse, "--%s and --%s exclude each other", option->not_with, option->name);
    return cli_value_parse(option, text, slot, parse->error, sizeof(parse->error));
}

/* An option whose value, if it takes one, is `attached` or the next word. */
static int take_option(struct cli_parse *parse, const struct cli_item *option, const char *attached)
{
    if (option->kind == CLI_FLAG) {
        if (attached)
            return fail(parse, "--%s takes no value", option->name);
        return set_option(parse, option, "yes");
    }
    if (attached)
        return set_option(parse, option, attached);
    parse->pending = option;
    return 0;
}

static int unknown_option(struct cli_parse *parse, const char *word, size_t length)
{
    if (parse->command)
        return fail(parse, "'%s' has no option %.*s", cli_command_name(parse->noun, parse->command).s,
                    (int)length, word);
    return fail(parse, "there is no option %.*s before the command", (int)length, word);
}

static int take_long_option(struct cli_parse *parse, const char *word)
{
    const char *name = word + 2;
    const size_t length = strcspn(name, "=");
    const struct cli_item *option = cli_item_find(cli_globals, name, length);

    if (!option && parse->command)
        option = cli_item_find(parse->command->options, name, length);
    if (!option)
        return unknown_option(parse, word, length + 2);
    return take_option(parse, option, name[length] ? name + length + 1 : NULL);
}

/* Flags may be joined: -jh. */
static int take_letters(struct cli_parse *parse, const char *word)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const struct cli_item *option = cli_item_find_letter(cli_globals, *letter);

        if (!option && parse->command)
            option = cli_item_find_letter(parse->command->options, *letter);
        if (!option)
            return unknown_option(parse, word, strlen(word));
        if (option->kind != CLI_FLAG)
            return take_option(parse, option, letter[1] ? letter + 1 : NULL);
        if (set_option(parse, option, "yes") < 0)
            return -EINVAL;
    }
    return 0;
}

static int take_noun(struct cli_parse *parse, const char *word)
{
    parse->noun = cli_noun_find(parse->nouns, word);
    if (!parse->noun)
        return fail(parse, "there is no command '%s'", word);
    parse->command = cli_command_find(parse->noun, NULL);
    return 0;
}

static int take_verb(struct cli_parse *parse, const char *word)
{
    parse->command = cli_command_find(parse->noun, word);
    if (!parse->command)
        return fail(parse, "'%s' has no verb '%s'", parse->noun->name, word);
    return 0;
}

static int take_argument(struct cli_parse *parse, const char *word)
{
    const struct cli_item *item = cli_argument_at(parse->command, parse->argument_count);

    if (!item)
        return fail(parse, "'%s' has no use for '%s'", cli_command_name(parse->noun, parse->command).s, word);
    return cli_value_parse(item, word, &parse->arguments[parse->argument_count++], parse->error,
                           sizeof(parse->error));
}

int cli_parse_word(struct cli_parse *parse, const char *word)
{
    if (parse->pending) {
        const struct cli_item *option = parse->pending;

        parse->pending = NULL;
        return set_option(parse, option, word);
    }
    if (!parse->only_arguments && word[0] == '-' && word[1] != '\0') {
        if (strcmp(word, "--") == 0) {
            parse->only_arguments = true;
            return 0;
        }
        return word[1] == '-' ? take_long_option(parse, word) : take_letters(parse, word);
    }
    if (!parse->noun)
        return take_noun(parse, word);
    if (!parse->command)
        return take_verb(parse, word);
    return take_argument(parse, word);
}

/* After the last word: whether the command is whole. When help was asked for, everything is. */
static int check_whole(struct cli_parse *parse)
{
    if (parse->pending)
        return fail(parse, "--%s wants a value", parse->pending->name);
    if (!parse->noun || parse->globals[CLI_GLOBAL_HELP].text || parse->globals[CLI_GLOBAL_VERSION].text)
        return 0;
    if (!parse->command)
        return fail(parse, "'%s' wants a verb", parse->noun->name);

    const struct cli_item *item = cli_argument_at(parse->command, parse->argument_count);

    if (item && !item->optional && !(item->repeats && parse->argument_count > 0))
        return fail(parse, "'%s' wants %s", cli_command_name(parse->noun, parse->command).s, item->name);
    return 0;
}

int cli_parse_words(struct cli_parse *parse, const struct cli_noun *nouns, size_t count,
                    const char *const *words)
{
    cli_parse_begin(parse, nouns, count);
    for (size_t i = 0; i < count; i++) {
        if (cli_parse_word(parse, words[i]) < 0)
            return -EINVAL;
    }
    return check_whole(parse);
}

const struct cli_value *cli_parse_option(const struct cli_parse *parse, const char *name)
{
    const struct cli_item *option = cli_item_find(parse->command->options, name, strlen(name));

    assert(option);
    return &parse->options[option - parse->command->options];
}
