/* SPDX-License-Identifier: BSD-3-Clause */
#include "completion.h"

#include "allocate.h"

#include <histedit.h>
#include <stdlib.h>
#include <string.h>

/* What the candidates are found for. */
struct search {
    struct cli_parse parse; /* of the words before the one under the cursor */
    const char *stem;       /* what is typed of the word, or of the value after its '=' */
    cli_lookup *lookup;
    struct cli_candidates *found;
};

void cli_candidates_add(struct cli_candidates *candidates, const char *word)
{
    if (candidates->count == candidates->room) {
        candidates->room = candidates->room ? 2 * candidates->room : 32;
        candidates->words = cli_resize(candidates->words, candidates->room * sizeof(*candidates->words));
    }
    candidates->words[candidates->count++] = cli_copy(word);
}

void cli_candidates_free(struct cli_candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++)
        free(candidates->words[i]);
    free(candidates->words);
    *candidates = (struct cli_candidates){0};
}

size_t cli_candidates_common(const struct cli_candidates *candidates)
{
    size_t common = candidates->count > 0 ? strlen(candidates->words[0]) : 0;

    for (size_t i = 1; i < candidates->count; i++) {
        size_t same = 0;

        while (same < common && candidates->words[i][same] == candidates->words[0][same])
            same++;
        common = same;
    }
    return common;
}

static bool starts_with_stem(const struct search *search, const char *word)
{
    return strncmp(word, search->stem, strlen(search->stem)) == 0;
}

static void offer(struct search *search, const char *word)
{
    if (starts_with_stem(search, word))
        cli_candidates_add(search->found, word);
}

static void offer_nouns(struct search *search)
{
    for (const struct cli_noun *noun = search->parse.nouns; noun->name; noun++)
        offer(search, noun->name);
}

static void offer_verbs(struct search *search, const struct cli_noun *noun)
{
    for (const struct cli_command *command = noun->commands; command->run; command++) {
        if (command->verb && !command->hidden)
            offer(search, command->verb);
    }
}

/* What only the relay knows; the answer holds all of it, and the stem picks. */
static void offer_from_relay(struct search *search, enum cli_kind kind)
{
    const char *named = search->parse.globals[CLI_GLOBAL_SOCKET].text;
    struct cli_candidates known = {0};

    if (!search->lookup)
        return;
    search->lookup(kind, cli_socket_path(named), &known);
    for (size_t i = 0; i < known.count; i++)
        offer(search, known.words[i]);
    cli_candidates_free(&known);
}

static void offer_topics(struct search *search)
{
    const struct cli_noun *noun;

    if (search->parse.argument_count == 0) {
        offer_nouns(search);
        return;
    }
    noun = cli_noun_find(search->parse.nouns, search->parse.arguments[0].text);
    if (noun && search->parse.argument_count == 1)
        offer_verbs(search, noun);
}

static void offer_values(struct search *search, const struct cli_item *item)
{
    switch (item->kind) {
    case CLI_CHOICE:
        for (size_t i = 0; item->choices[i]; i++)
            offer(search, item->choices[i]);
        break;
    case CLI_PAIR:
    case CLI_SESSION:
    case CLI_SHARD:
    case CLI_TRACE:
    case CLI_PORT:
        offer_from_relay(search, item->kind);
        break;
    case CLI_TOPIC:
        offer_topics(search);
        break;
    case CLI_FILE:
        search->found->files = true;
        break;
    default:
        break; /* only who types knows */
    }
}

/* Those not given yet, nor excluded by one that is. */
static void offer_options(struct search *search)
{
    const struct cli_parse *parse = &search->parse;
    char word[64];

    if (parse->only_arguments)
        return;
    for (const struct cli_item *item = parse->command ? parse->command->options : NULL; item && item->name;
         item++) {
        if (cli_parse_option(parse, item->name)->text ||
            (item->not_with && cli_parse_option(parse, item->not_with)->text))
            continue;
        snprintf(word, sizeof(word), "--%s", item->name);
        offer(search, word);
    }
    for (size_t i = 0; i < CLI_GLOBALS; i++) {
        if (parse->globals[i].text)
            continue;
        snprintf(word, sizeof(word), "--%s", cli_globals[i].name);
        offer(search, word);
    }
}

static void offer_arguments(struct search *search)
{
    const struct cli_item *item = cli_argument_at(search->parse.command, search->parse.argument_count);

    if (item)
        offer_values(search, item);
    if (search->found->count > 0)
        return;
    if (!item || item->optional || (item->repeats && search->parse.argument_count > 0))
        offer_options(search);
}

/* The word under the cursor is an option with a value attached: --name=va */
static void offer_attached(struct search *search)
{
    const char *name = search->stem + 2;
    const size_t length = strcspn(name, "=");
    const struct cli_command *command = search->parse.command;
    const struct cli_item *option = cli_item_find(cli_globals, name, length);

    if (!option && command)
        option = cli_item_find(command->options, name, length);
    search->stem = name + length + 1;
    if (option)
        offer_values(search, option);
}

static void search_word(struct search *search)
{
    const struct cli_parse *parse = &search->parse;

    if (parse->pending)
        offer_values(search, parse->pending);
    else if (!parse->only_arguments && strncmp(search->stem, "--", 2) == 0 && strchr(search->stem, '='))
        offer_attached(search);
    else if (!parse->only_arguments && search->stem[0] == '-')
        offer_options(search);
    else if (!parse->noun)
        offer_nouns(search);
    else if (!parse->command)
        offer_verbs(search, parse->noun);
    else
        offer_arguments(search);
    search->found->stem = strlen(search->stem);
}

void cli_complete(const struct cli_noun *nouns, const char *line, size_t word_count, const char *const *words,
                  cli_lookup *lookup, struct cli_candidates *candidates)
{
    const char *end = line + strlen(line), **typed;
    const LineInfo info = {line, end, end};
    Tokenizer *tokenizer = tok_init(NULL);
    struct search search = {.lookup = lookup, .found = candidates};
    int count, last, offset, error = 0;

    *candidates = (struct cli_candidates){0};
    if (!tokenizer)
        cli_out_of_memory();
    /* Within an open quote there is nothing to offer. */
    if (tok_line(tokenizer, &info, &count, &typed, &last, &offset) == 0) {
        cli_parse_begin(&search.parse, nouns, word_count + (size_t)count);
        for (size_t i = 0; i < word_count && error == 0; i++)
            error = cli_parse_word(&search.parse, words[i]);
        for (int i = 0; i < last && error == 0; i++)
            error = cli_parse_word(&search.parse, typed[i]);
        search.stem = last < count ? typed[last] : "";
        if (error == 0)
            search_word(&search);
        cli_parse_end(&search.parse);
    }
    tok_end(tokenizer);
}
