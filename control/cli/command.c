/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"

#include <string.h>

const struct cli_noun *cli_noun_find(const struct cli_noun *nouns, const char *name)
{
    for (const struct cli_noun *noun = nouns; noun->name; noun++) {
        if (strcmp(noun->name, name) == 0)
            return noun;
    }
    return NULL;
}

const struct cli_command *cli_command_find(const struct cli_noun *noun, const char *verb)
{
    for (const struct cli_command *command = noun->commands; command->run; command++) {
        if (verb && command->verb ? strcmp(command->verb, verb) == 0 : verb == command->verb)
            return command;
    }
    return NULL;
}

const struct cli_item *cli_item_find(const struct cli_item *items, const char *name, size_t length)
{
    for (; items && items->name; items++) {
        if (strlen(items->name) == length && memcmp(items->name, name, length) == 0)
            return items;
    }
    return NULL;
}

const struct cli_item *cli_item_find_letter(const struct cli_item *items, char letter)
{
    for (; items && items->name; items++) {
        if (items->letter && items->letter == letter)
            return items;
    }
    return NULL;
}

const struct cli_item *cli_argument_at(const struct cli_command *command, size_t index)
{
    const struct cli_item *item = command->arguments;

    for (; item && item->name; item++) {
        if (index == 0 || item->repeats)
            return item;
        index--;
    }
    return NULL;
}
