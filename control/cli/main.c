/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch.h"
#include "command_table.h"
#include "run.h"
#include "shell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum cli_exit without_command(const struct cli_noun *nouns, size_t count, const char *const *words)
{
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return cli_shell(nouns, count, words);
    return cli_batch(nouns, stdin, count, words);
}

int main(int argc, char **argv)
{
    const size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    enum cli_exit outcome = cli_run(cli_nouns, count, (const char *const *)argv + 1, without_command);

    if ((fflush(stdout) != 0 || ferror(stdout)) && outcome == CLI_DONE) {
        fprintf(stderr, "culvertctl: the output could not be written: %s\n", strerror(errno));
        outcome = CLI_NO_DAEMON;
    }
    return (int)outcome;
}
