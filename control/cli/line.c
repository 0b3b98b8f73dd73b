/* SPDX-License-Identifier: BSD-3-Clause */
#include "line.h"

#include "allocate.h"
#include "call.h"
#include "run.h"

#include <histedit.h>
#include <stdlib.h>
#include <string.h>

static enum cli_exit run_words(const struct cli_noun *nouns, size_t count, const char *const *words,
                               size_t prefix_count, const char *const *prefix, bool *leave)
{
    const size_t all = prefix_count + count;

    if (count == 0 || words[0][0] == '#')
        return CLI_DONE;
    if (count == 1 && (strcmp(words[0], "exit") == 0 || strcmp(words[0], "quit") == 0)) {
        *leave = true;
        return CLI_DONE;
    }
    const char **joined = cli_resize(NULL, all * sizeof(*joined));
    if (prefix_count > 0)
        memcpy(joined, prefix, prefix_count * sizeof(*joined));
    memcpy(joined + prefix_count, words, count * sizeof(*joined));
    const enum cli_exit outcome = cli_run(nouns, all, joined, NULL);
    free(joined);
    return outcome;
}

enum cli_exit cli_line_run(const struct cli_noun *nouns, const char *line, size_t prefix_count,
                           const char *const *prefix, bool *leave)
{
    char *text = cli_copy_part(line, strcspn(line, "\r\n"));
    Tokenizer *tokenizer = tok_init(NULL);
    enum cli_exit outcome = CLI_DONE;
    const char **words;
    int count;

    if (!tokenizer)
        cli_out_of_memory();
    if (text[strspn(text, " \t")] == '#') {
        outcome = CLI_DONE;
    } else if (tok_str(tokenizer, text, &count, &words) != 0) {
        outcome = cli_complain_early(cli_json_wanted(prefix_count, prefix),
                                     "the quote at the end of the line is not closed");
    } else {
        outcome = run_words(nouns, (size_t)count, words, prefix_count, prefix, leave);
    }
    tok_end(tokenizer);
    free(text);
    return outcome;
}
