/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What can stand at the end of a command line, from the command table and, for pairs and ports, from the
 * running relay. The shell's TAB and other shells' completion scripts ask the same engine.
 */
#include "parse.h"

#include <stdio.h>

struct cli_candidates {
    char **words; /* whole words; each begins with the last `stem` bytes that the line's reader sees */
    size_t count, room;
    size_t stem; /* bytes of each word that are typed already */
    bool files;  /* a path is wanted: the shell knows better */
};

/*
 * Adds what the relay on `socket` knows of `kind` (CLI_PAIR, CLI_SESSION, CLI_TRACE, CLI_SHARD, CLI_PORT).
 * Quick: a relay that does not answer at once has no candidates.
 */
typedef void cli_lookup(enum cli_kind kind, const char *socket, struct cli_candidates *candidates);

/*
 * The candidates for the last word of `line` (commands without the program's name; the cursor is at its
 * end). `words` are the ones before it that every line of this shell starts with, such as -s PATH.
 * Free with cli_candidates_free.
 */
void cli_complete(const struct cli_noun *nouns, const char *line, size_t word_count, const char *const *words,
                  cli_lookup *lookup, struct cli_candidates *candidates);
void cli_candidates_add(struct cli_candidates *candidates, const char *word);
void cli_candidates_free(struct cli_candidates *candidates);

/* The text that all candidates begin with has this many bytes. */
size_t cli_candidates_common(const struct cli_candidates *candidates);
