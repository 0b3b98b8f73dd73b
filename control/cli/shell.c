/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell.h"

#include "allocate.h"
#include "batch.h"
#include "completion_relay.h"
#include "interrupt.h"
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HISTORY_LINES 1000

struct shell {
    const struct cli_noun *nouns;
    EditLine *editor;
    History *history;
    HistEvent event;
    char *history_path; /* NULL: not kept */
    size_t prefix_count;
    const char *const *prefix;
};

static char *prompt(EditLine *editor)
{
    static char text[] = "culvert> ";

    (void)editor;
    return text;
}

/* $XDG_STATE_HOME/culvertctl_history, or ~/.local/state/culvertctl_history, whose folders are made. */
static char *find_history_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path = NULL;

    if (state && *state == '/') {
        if (asprintf(&path, "%s/culvertctl_history", state) < 0)
            return NULL;
    } else if (home && *home == '/') {
        if (asprintf(&path, "%s/.local/state/culvertctl_history", home) < 0)
            return NULL;
    } else {
        return NULL;
    }
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* what cannot be made shows when the file is opened */
        *slash = '/';
    }
    return path;
}

static void list_candidates(const struct cli_candidates *candidates)
{
    size_t widest = 0, column = 0;

    for (size_t i = 0; i < candidates->count; i++) {
        const size_t length = strlen(candidates->words[i]);

        widest = length > widest ? length : widest;
    }
    putchar('\n');
    for (size_t i = 0; i < candidates->count; i++) {
        const bool last = i + 1 == candidates->count || column + 2 * (widest + 2) > 80;

        printf("%-*s", last ? 0 : (int)widest + 2, candidates->words[i]);
        column = last ? 0 : column + widest + 2;
        if (last)
            putchar('\n');
    }
    fflush(stdout);
}

/* TAB: adds what is certain; lists what is possible when nothing is. */
static unsigned char complete(EditLine *editor, int key)
{
    const LineInfo *info = el_line(editor);
    char *line = cli_copy_part(info->buffer, (size_t)(info->cursor - info->buffer));
    struct cli_candidates candidates;
    unsigned char outcome = CC_ERROR;
    struct shell *shell;

    (void)key;
    el_get(editor, EL_CLIENTDATA, &shell);
    cli_complete(shell->nouns, line, shell->prefix_count, shell->prefix, cli_lookup_relay, &candidates);

    const size_t common = cli_candidates_common(&candidates);
    if (common > candidates.stem || candidates.count == 1) {
        char *added = cli_copy_part(candidates.words[0] + candidates.stem, common - candidates.stem);

        el_insertstr(editor, added);
        if (candidates.count == 1)
            el_insertstr(editor, " ");
        free(added);
        outcome = CC_REFRESH;
    } else if (candidates.count > 1) {
        list_candidates(&candidates);
        outcome = CC_REDISPLAY;
    }
    cli_candidates_free(&candidates);
    free(line);
    return outcome;
}

/* Ctrl-C at the prompt: the line is given up. */
static unsigned char give_up(EditLine *editor, int key)
{
    const LineInfo *info = el_line(editor);

    (void)key;
    fputs("^C\n", stdout);
    fflush(stdout);
    el_cursor(editor, (int)(info->lastchar - info->cursor));
    el_deletestr(editor, (int)(info->lastchar - info->buffer));
    return CC_REDISPLAY;
}

static void begin_history(struct shell *shell)
{
    shell->history = history_init();
    if (!shell->history)
        cli_out_of_memory();
    history(shell->history, &shell->event, H_SETSIZE, HISTORY_LINES);
    history(shell->history, &shell->event, H_SETUNIQUE, 1);
    shell->history_path = find_history_path();
    if (shell->history_path)
        history(shell->history, &shell->event, H_LOAD, shell->history_path);
    el_set(shell->editor, EL_HIST, history, shell->history);
}

static void end_history(struct shell *shell)
{
    const int fd = shell->history_path ? open(shell->history_path,
                                              O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
                                       : -1;
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (file) {
        history(shell->history, &shell->event, H_SAVE_FP, file);
        fclose(file);
    }
    history_end(shell->history);
    free(shell->history_path);
}

static int begin_editor(struct shell *shell)
{
    shell->editor = el_init("culvertctl", stdin, stdout, stderr);
    if (!shell->editor)
        return -ENOTTY;
    el_set(shell->editor, EL_CLIENTDATA, shell);
    el_set(shell->editor, EL_PROMPT, prompt);
    el_set(shell->editor, EL_EDITOR, "emacs");
    el_set(shell->editor, EL_SIGNAL, 1);
    el_set(shell->editor, EL_ADDFN, "complete", "complete the word", complete);
    el_set(shell->editor, EL_BIND, "^I", "complete", NULL);
    /* While a line is edited, Ctrl-C is a key; while a command runs, it is a signal. */
    el_set(shell->editor, EL_SETTY, "-d", "-isig", NULL);
    el_set(shell->editor, EL_ADDFN, "give-up", "give the line up", give_up);
    el_set(shell->editor, EL_BIND, "^C", "give-up", NULL);
    el_set(shell->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(shell->editor, NULL);
    return 0;
}

static void read_commands(struct shell *shell)
{
    bool leave = false;
    int length;

    while (!leave) {
        /* libedit would do this after the prompt: what was typed before it would show twice. */
        el_set(shell->editor, EL_PREP_TERM, 1);
        const char *line = el_gets(shell->editor, &length);

        if (!line || length <= 0) {
            putchar('\n');
            break;
        }
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        history(shell->history, &shell->event, H_ENTER, line);
        char *copy = cli_copy(line);
        cli_line_run(shell->nouns, copy, shell->prefix_count, shell->prefix, &leave);
        if (cli_interrupt_take())
            putchar('\n'); /* after the terminal's ^C */
        free(copy);
        fflush(stdout);
    }
}

enum cli_exit cli_shell(const struct cli_noun *nouns, size_t prefix_count, const char *const *prefix)
{
    struct shell shell = {.nouns = nouns, .prefix_count = prefix_count, .prefix = prefix};

    if (begin_editor(&shell) < 0)
        return cli_batch(nouns, stdin, prefix_count, prefix);
    begin_history(&shell);
    signal(SIGINT, SIG_IGN); /* between commands; see begin_editor and interrupt.h for the rest */
    puts("help explains the commands, TAB completes them, exit leaves.");
    read_commands(&shell);
    end_history(&shell);
    el_end(shell.editor);
    return CLI_DONE;
}
