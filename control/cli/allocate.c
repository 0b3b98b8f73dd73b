/* SPDX-License-Identifier: BSD-3-Clause */
#include "allocate.h"

#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_out_of_memory(void)
{
    fputs("culvertctl: out of memory\n", stderr);
    exit(CLI_NO_DAEMON);
}

void *cli_resize(void *memory, size_t bytes)
{
    void *resized = realloc(memory, bytes ? bytes : 1);

    if (!resized)
        cli_out_of_memory();
    return resized;
}

char *cli_copy_part(const char *text, size_t bytes)
{
    char *copy = cli_resize(NULL, bytes + 1);

    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

char *cli_copy(const char *text)
{
    return cli_copy_part(text, strlen(text));
}
