/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch.h"

#include "call.h"
#include "line.h"

#include <stdlib.h>
#include <string.h>

enum cli_exit cli_batch(const struct cli_noun *nouns, FILE *in, size_t prefix_count,
                        const char *const *prefix)
{
    enum cli_exit outcome = CLI_DONE;
    size_t room = 0, number = 0;
    char *line = NULL;
    bool leave = false;

    while (outcome == CLI_DONE && !leave && getline(&line, &room, in) >= 0) {
        number++;
        outcome = cli_line_run(nouns, line, prefix_count, prefix, &leave);
        fflush(stdout);
    }
    if (outcome != CLI_DONE)
        (void)cli_complain_early(cli_json_wanted(prefix_count, prefix), "stopped at line %zu", number);
    free(line);
    return outcome;
}
