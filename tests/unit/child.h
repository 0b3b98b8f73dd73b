/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A program under test: started, fed, watched, and never waited for longer than CHILD_SECONDS. Fails the
 * running cmocka test instead of returning errors.
 */
#include <stddef.h>
#include <sys/types.h>

#define CHILD_SECONDS 30

struct child {
    pid_t pid;
    int streams[2]; /* what it writes to stdout and stderr; -1 at their end */
    char *texts[2]; /* what came from them, NUL-terminated */
    size_t sizes[2];
    int status; /* of a child_wait: exit status, or 128 + signal */
};

/* `arguments[0]` is the program; ends with NULL. `input` is all that its stdin holds; NULL: nothing. */
void child_start(struct child *child, const char *const *arguments, const char *input);

/* Starts it on a terminal of its own. What it writes is all in texts[0]. */
void child_start_on_terminal(struct child *child, const char *const *arguments);

/* Types on that terminal. */
void child_type(struct child *child, const char *keys);

/* Waits until stdout so far holds `text`, after its first `from` bytes. Returns the offset after it. */
size_t child_expect(struct child *child, size_t from, const char *text);

void child_wait(struct child *child);
void child_free(struct child *child);

/* child_start and child_wait. */
void child_run(struct child *child, const char *const *arguments, const char *input);
