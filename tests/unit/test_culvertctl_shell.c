/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl under somebody's fingers: its own shell on a terminal, and bash with its completion script. */
#include "child.h"
#include "fake_relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct fake_relay *relay;
static char state_folder[64];

static void start_shell(struct child *child)
{
    const char *const words[] = {getenv("CULVERTCTL"), "-s", fake_relay_socket(relay), NULL};

    /* libedit never frees the names of the functions that it was given. */
    setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
    child_start_on_terminal(child, words);
    unsetenv("LSAN_OPTIONS");
    child_expect(child, 0, "culvert> ");
}

static void leave(struct child *child)
{
    child_wait(child);
    if (child->status != 0)
        fail_msg("exit status %d\n%s", child->status, child->texts[0]);
    child_free(child);
}

static void test_shell_runs_and_remembers(void **state)
{
    struct child child;
    struct stat history;
    char path[128];
    size_t at;

    (void)state;
    start_shell(&child);
    child_type(&child, "pair show 7\n");
    at = child_expect(&child, 0, "Pair 7\r\n");
    child_expect(&child, at, "culvert> ");
    child_type(&child, "pair show 404\n");
    at = child_expect(&child, at, "refused: that cannot be");
    child_expect(&child, at, "culvert> ");
    child_type(&child, "exit\n");
    leave(&child);
    snprintf(path, sizeof(path), "%s/culvertctl_history", state_folder);
    assert_int_equal(stat(path, &history), 0);
    assert_int_equal(history.st_mode & 0777, 0600);

    /* The next one has it: two steps back is what was typed before "exit" and "pair show 404". */
    start_shell(&child);
    child_type(&child, "\020\020\020\n");
    at = child_expect(&child, 0, "Pair 7\r\n");
    child_expect(&child, at, "culvert> ");
    child_type(&child, "\004");
    leave(&child);
}

static void test_shell_completes(void **state)
{
    struct child child;
    size_t at;

    (void)state;
    start_shell(&child);
    child_type(&child, "pai\tsh\t");
    child_type(&child, "7\n");
    at = child_expect(&child, 0, "Pair 7\r\n");
    at = child_expect(&child, at, "culvert> ");
    /* Nothing certain: all that is possible is listed, and the line stands again. */
    child_type(&child, "p\t");
    at = child_expect(&child, at, "pair  port\r\n");
    at = child_expect(&child, at, "culvert> p");
    child_type(&child, "ort show w\t\n"); /* there is no port 'w' */
    at = child_expect(&child, at, "net_af_xdp");
    child_expect(&child, at, "culvert> ");
    child_type(&child, "\004");
    leave(&child);
}

static void test_shell_interrupts(void **state)
{
    struct child child;
    size_t at;

    (void)state;
    start_shell(&child);
    /* Ctrl-C gives up the line, */
    child_type(&child, "pair del 7\003");
    at = child_expect(&child, 0, "^C\r\n");
    child_expect(&child, at, "culvert> ");
    /* and ends a command, but not the shell. */
    child_type(&child, "events\n");
    at = child_expect(&child, at, "restarted yes");
    child_type(&child, "\003");
    at = child_expect(&child, at, "culvert> ");
    child_type(&child, "pair show 8\n");
    at = child_expect(&child, at, "Pair 8\r\n");
    child_expect(&child, at, "culvert> ");
    child_type(&child, "quit\n");
    leave(&child);
    assert_int_equal(fake_relay_heard(relay, "pair.delete"), 0);
    assert_int_equal(fake_relay_heard(relay, "\"method\":\"cancel\""), 1);
}

static const char script[] = "eval \"$($CULVERTCTL completion bash)\" || exit\n"
                             "complete -p culvertctl >/dev/null || exit\n"
                             "COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9; shift\n"
                             "COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))\n"
                             "_culvertctl culvertctl\n"
                             "echo \"${COMPREPLY[*]}\"\n";

/* Fails unless bash, at the end of `line`, which it has cut into `words`, would offer `expected`. */
static void complete_words(const char *expected, const char *line, const char *const *words, size_t count)
{
    const char *arguments[24] = {"bash", "--norc", "-c", script, "bash", line, getenv("CULVERTCTL")};
    struct child child;

    assert_true(count + 8 < sizeof(arguments) / sizeof(arguments[0]));
    memcpy(arguments + 7, words, count * sizeof(*words));
    child_run(&child, arguments, NULL);
    assert_int_equal(child.status, 0);
    assert_string_equal(child.texts[1], "");
    child.texts[0][strcspn(child.texts[0], "\n")] = '\0';
    if (strcmp(child.texts[0], expected) != 0)
        fail_msg("'%s' is completed with '%s', not '%s'", line, child.texts[0], expected);
    child_free(&child);
}

#define complete(expected, line, ...)                                  \
    complete_words(expected, line, (const char *const[]){__VA_ARGS__}, \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void test_bash_completes(void **state)
{
    (void)state;
    setenv("CULVERT_SOCKET", fake_relay_socket(relay), 1);
    complete("pair port", "culvertctl p", "p");
    complete("add del show list", "culvertctl pair ", "pair", "");
    complete("--limit", "culvertctl pair list --l", "pair", "list", "--l");
    complete("wan lan", "culvertctl port show ", "port", "show", "");
    complete("99 990 991 992 993 994 995 996 997 998 999", "culvertctl pair del 99", "pair", "del", "99");
    complete("leg_bound leg_moved leg_unbound leg_changed leg_proven leg_unproven",
             "culvertctl events --event=leg", "events", "--event", "=", "leg");
    complete("error warning notice info debug", "culvertctl log level control ", "log", "level", "control",
             "");
    unsetenv("CULVERT_SOCKET");
}

/* Characters of an address break words in bash; the line does not mind. */
static void test_bash_completes_after_address(void **state)
{
    (void)state;
    complete("--a-address", "culvertctl pair add a b --b-address 192.0.2.1:4433 --a-a", "pair", "add", "a",
             "b", "--b-address", "192.0.2.1", ":", "4433", "--a-a");
    /* Somebody took '=' out of COMP_WORDBREAKS. */
    complete("--event=leg_bound", "culvertctl events --event=leg_b", "events", "--event=leg_b");
}

static void test_bash_completes_paths(void **state)
{
    char line[128], expected[128];

    (void)state;
    snprintf(line, sizeof(line), "culvertctl -s %s/f", state_folder);
    snprintf(expected, sizeof(expected), "%s/file", state_folder);
    fclose(fopen(expected, "w"));
    complete(expected, line, "-s", line + strlen("culvertctl -s "));
    snprintf(line, sizeof(line), "culvertctl --socket=%s/f", state_folder);
    complete(expected, line, "--socket", "=", line + strlen("culvertctl --socket="));
    unlink(expected);
}

/* Without a relay, what the table knows is offered all the same. */
static void test_bash_completes_without_relay(void **state)
{
    (void)state;
    setenv("CULVERT_SOCKET", "/nonexistent/control.sock", 1);
    complete("", "culvertctl pair show ", "pair", "show", "");
    complete("show", "culvertctl pair s", "pair", "s");
    unsetenv("CULVERT_SOCKET");
}

static int set_up(void **state)
{
    (void)state;
    relay = fake_relay_start();
    strcpy(state_folder, "/tmp/culvertctl-state-XXXXXX");
    if (!mkdtemp(state_folder))
        return -1;
    setenv("XDG_STATE_HOME", state_folder, 1);
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    return 0;
}

static int tear_down(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/culvertctl_history", state_folder);
    unlink(path);
    rmdir(state_folder);
    fake_relay_stop(relay);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_shell_runs_and_remembers),
        TEST(test_shell_completes),
        TEST(test_shell_interrupts),
        TEST(test_bash_completes),
        TEST(test_bash_completes_after_address),
        TEST(test_bash_completes_paths),
        TEST(test_bash_completes_without_relay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
