/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * From words to a command with checked values. Words are fed one by one, so that completion can stop
 * before the word under the cursor and ask what may stand there.
 *
 * Options may stand anywhere: --name VALUE, --name=VALUE, -n VALUE, -nVALUE; after "--" there are none.
 */
#include "program.h"
#include "value.h"

struct cli_parse {
    const struct cli_noun *nouns; /* all there are */
    const struct cli_noun *noun;
    const struct cli_command *command;
    struct cli_value globals[CLI_GLOBALS];
    struct cli_value options[CLI_OPTIONS_MAX]; /* in the order of the command's options */
    struct cli_value *arguments;
    size_t argument_count;
    const struct cli_item *pending; /* an option whose value is the next word */
    bool only_arguments;            /* "--" was seen */
    char error[512];                /* a sentence without the final stop */
};

/* Room for `words` words, which outlive the parse. */
void cli_parse_begin(struct cli_parse *parse, const struct cli_noun *nouns, size_t words);
void cli_parse_end(struct cli_parse *parse);

/* 0, or -EINVAL with `error` set. */
int cli_parse_word(struct cli_parse *parse, const char *word);

/*
 * All of the above for `count` words, which have to make a whole command, unless they ask for help. 0, or
 * -EINVAL with `error` set. A parse without any noun is not an error: `noun` is NULL.
 */
int cli_parse_words(struct cli_parse *parse, const struct cli_noun *nouns, size_t count,
                    const char *const *words);

/* The value of a command's option, by long name; `text` NULL when it was not given. */
const struct cli_value *cli_parse_option(const struct cli_parse *parse, const char *name);

/* "pair add" or "events": how messages name a command. */
struct cli_command_name {
    char s[64];
} cli_command_name(const struct cli_noun *noun, const struct cli_command *command);
