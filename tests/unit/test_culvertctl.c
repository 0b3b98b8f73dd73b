/* SPDX-License-Identifier: BSD-3-Clause */
/* The real culvertctl against a stand-in for control (fake_relay.h): what it prints, asks, and exits with. */
#include "child.h"
#include "fake_relay.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

#include <cmocka.h>

#define WORDS_MAX 24

static struct fake_relay *relay;

/* culvertctl -s SOCKET and the words. */
static void arguments(const char **all, const char *const *words)
{
    size_t count = 0;

    all[count++] = getenv("CULVERTCTL");
    all[count++] = "-s";
    all[count++] = fake_relay_socket(relay);
    while (*words && count + 1 < WORDS_MAX)
        all[count++] = *words++;
    all[count] = NULL;
}

static struct child run_words(const char *const *words, const char *input)
{
    const char *all[WORDS_MAX];
    struct child child;

    arguments(all, words);
    child_run(&child, all, input);
    return child;
}

#define run(...)           run_words((const char *const[]){__VA_ARGS__, NULL}, NULL)
#define run_on(input, ...) run_words((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, input)

static struct child start_words(const char *const *words)
{
    const char *all[WORDS_MAX];
    struct child child;

    arguments(all, words);
    child_start(&child, all, NULL);
    return child;
}

#define start(...) start_words((const char *const[]){__VA_ARGS__, NULL})

static void expect_status(const struct child *child, int status)
{
    if (child->status != status)
        fail_msg("exit status %d instead of %d\nstdout: %s\nstderr: %s", child->status, status,
                 child->texts[0], child->texts[1]);
}

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* The status and a part of stdout; nothing may be on stderr when all went well. */
static void expect(struct child child, int status, const char *part)
{
    expect_status(&child, status);
    expect_text(child.texts[0], part);
    if (status == 0)
        assert_string_equal(child.texts[1], "");
    child_free(&child);
}

static void expect_error(struct child child, int status, const char *part)
{
    expect_status(&child, status);
    assert_string_equal(child.texts[0], "");
    expect_text(child.texts[1], part);
    child_free(&child);
}

/* stdout as one JSON document; the caller frees it. */
static yyjson_doc *json(struct child child, int status)
{
    yyjson_doc *doc = yyjson_read(child.texts[0], child.sizes[0], 0);

    expect_status(&child, status);
    if (!doc)
        fail_msg("not JSON: %s", child.texts[0]);
    child_free(&child);
    return doc;
}

/* stdout as one JSON object per line: how many. */
static unsigned json_lines(const struct child *child)
{
    unsigned count = 0;

    for (const char *line = child->texts[0]; *line; count++) {
        const size_t length = strcspn(line, "\n");
        yyjson_doc *doc = yyjson_read(line, length, 0);

        assert_true(yyjson_is_obj(yyjson_doc_get_root(doc)));
        yyjson_doc_free(doc);
        line += length + 1;
    }
    return count;
}

static void test_pair_add(void **state)
{
    struct child child = run("pair", "add", "alice", "bob", "--idle", "2m", "--rate", "10M");

    (void)state;
    expect_status(&child, 0);
    expect_text(child.texts[0], FAKE_TOKEN_A);
    expect_text(child.texts[0], FAKE_TOKEN_B);
    expect_text(child.texts[0], "192.0.2.1:40000 or [2001:db8::1]:40000");
    expect_text(child.texts[0], "as one datagram");
    expect_text(child.texts[0], "data plane is not attached");
    child_free(&child);
    assert_int_equal(fake_relay_heard(relay,
                                      "\"method\":\"pair.add\",\"params\":{\"a\":{\"peer\":\"alice\"},"
                                      "\"b\":{\"peer\":\"bob\"},\"idle_s\":120,\"rate_bps\":10000000}"),
                     1);
}

static void test_pair_add_fixed(void **state)
{
    struct child child =
        run("pair", "add", "alice", "bob", "--b-address", "192.0.2.80:4433", "--a-prefix", "198.51.100.0/24");

    (void)state;
    expect_status(&child, 0);
    expect_text(child.texts[0], "fixed 192.0.2.80:4433");
    child_free(&child);
    assert_int_equal(fake_relay_heard(relay, "{\"a\":{\"peer\":\"alice\",\"prefix\":\"198.51.100.0/24\"},"
                                             "\"b\":{\"peer\":\"bob\",\"address\":\"192.0.2.80:4433\"}}"),
                     1);
}

static void test_pair_add_json(void **state)
{
    yyjson_doc *doc = json(run("-j", "pair", "add", "alice", "bob"), 0);
    yyjson_val *root = yyjson_doc_get_root(doc);

    (void)state;
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(root, "relay_port")), 40000);
    assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/legs/0/token")), FAKE_TOKEN_A);
    assert_null(yyjson_obj_get(root, "jsonrpc"));
    yyjson_doc_free(doc);
}

static void test_pair_show(void **state)
{
    struct child child = run("pair", "show", "7");
    yyjson_doc *doc = json(run("pair", "show", "7", "--json"), 0);

    (void)state;
    expect_status(&child, 0);
    expect_text(child.texts[0], "removed when idle for  2m\n");
    expect_text(child.texts[0], "rate limit             10.0 Mbit/s\n");
    expect_text(child.texts[0],
                "\nleg  peer   bound by               address             last packet  moves    packets"
                "    bytes\n"
                "a    alice  token                  198.51.100.7:40001   120 ms ago      2  1,234,567"
                "  12.3 MB\n"
                "b    bob    prefix 203.0.113.0/24  -                             -      0          0"
                "      0 B\n");
    child_free(&child);
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "pair")), 7);
    yyjson_doc_free(doc);
}

static void test_pair_del(void **state)
{
    yyjson_doc *doc;
    struct child child;

    (void)state;
    expect(run("pair", "del", "7"), 0, "Pair 7 deleted\n");
    /* One that is refused does not keep the others, but shows in the status. */
    child = run("pair", "del", "404", "8");
    expect_text(child.texts[1], "refused: that cannot be (not_found)");
    expect(child, 2, "Pair 8 deleted\n");
    doc = json(run("-j", "pair", "del", "404", "9", "10"), 2);
    assert_int_equal(yyjson_get_uint(yyjson_ptr_get(yyjson_doc_get_root(doc), "/deleted/1")), 10);
    yyjson_doc_free(doc);
}

static void test_pair_list_page(void **state)
{
    struct child child = run("pair", "list", "--limit", "3", "--cursor", "40");
    yyjson_doc *doc = json(run("pair", "list", "-j", "--limit", "2"), 0);

    (void)state;
    expect_status(&child, 0);
    expect_text(
        child.texts[0],
        "pair   port  a      a's address         b    b's address  last packet    packets    bytes\n"
        "  41  40000  alice  198.51.100.7:40001  bob  -             120 ms ago  1,234,567  12.3 MB\n");
    expect_text(child.texts[0], "\n  43  ");
    assert_null(strstr(child.texts[0], "\n  44  "));
    expect_text(child.texts[1], "pair list --cursor 43");
    child_free(&child);
    assert_int_equal(yyjson_arr_size(yyjson_ptr_get(yyjson_doc_get_root(doc), "/pairs")), 2);
    assert_int_equal(yyjson_get_uint(yyjson_ptr_get(yyjson_doc_get_root(doc), "/next")), 2);
    yyjson_doc_free(doc);
}

static void test_pair_list_all(void **state)
{
    struct child child = run("pair", "list", "--all", "--json");

    (void)state;
    expect_status(&child, 0);
    assert_int_equal(json_lines(&child), FAKE_PAIRS);
    child_free(&child);
    assert_int_equal(fake_relay_heard(relay, "pair.list"), 3);

    child = run("pair", "list", "--all", "--limit", "500", "--cursor", "1000");
    expect_status(&child, 0);
    expect_text(child.texts[0], "\n1001  ");
    expect_text(child.texts[0], "\n2500  ");
    assert_string_equal(child.texts[1], "");
    child_free(&child);
    assert_int_equal(fake_relay_heard(relay, "pair.list"), 3 + 3);
}

static void test_pair_list_cancelled(void **state)
{
    struct child child;

    (void)state;
    fake_relay_stall(relay, 1000);
    child = start("pair", "list", "--all", "--json");
    child_expect(&child, 0, "\"pair\":1000,");
    /* The next page is asked for, and never comes. */
    while (fake_relay_heard(relay, "\"cursor\":1000") == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    kill(child.pid, SIGINT);
    child_wait(&child);
    expect_status(&child, 130);
    assert_int_equal(json_lines(&child), 1000);
    assert_int_equal(fake_relay_heard(relay, "\"method\":\"cancel\",\"params\":{\"id\":2}"), 1);
    child_free(&child);
}

static void test_events(void **state)
{
    struct child child = run("events", "--count", "6");

    (void)state;
    expect_status(&child, 0);
    expect_text(child.texts[0], "time                      event               ");
    expect_text(child.texts[0], "pair_added               7                                      "
                                "  relay_port 40000, peers alice bob\n");
    expect_text(child.texts[0], "leg_moved                7  a    alice     198.51.100.7:40002     "
                                "previous 198.51.100.7:40001, cause token\n");
    expect_text(child.texts[0], "restarted yes\n");
    child_free(&child);
}

static void test_events_filters(void **state)
{
    struct child child = run("events", "-j", "--count", "2", "--event", "leg_bound");

    (void)state;
    expect_status(&child, 0);
    assert_int_equal(json_lines(&child), 2);
    assert_null(strstr(child.texts[0], "leg_moved"));
    child_free(&child);

    child = run("events", "-j", "--count", "3", "--pair", "7");
    expect_status(&child, 0);
    assert_int_equal(json_lines(&child), 3);
    assert_null(strstr(child.texts[0], "carol"));
    child_free(&child);
}

static void test_events_timeout(void **state)
{
    struct child child;

    (void)state;
    /* Without --count the end of the time is what was asked for; with it, too few came. */
    expect(run("events", "--timeout", "1"), 0, "dataplane_attached");
    child = run("events", "-j", "--timeout", "1", "--count", "7");
    expect_status(&child, 3);
    assert_int_equal(json_lines(&child), FAKE_EVENTS);
    expect_text(child.texts[1], "6 of 7 events");
    child_free(&child);
}

static void test_events_interrupted(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct child child = start("events");

        child_expect(&child, 0, "dataplane_attached");
        kill(child.pid, signals[i]);
        child_wait(&child);
        expect_status(&child, 0);
        assert_int_equal(fake_relay_heard(relay, "\"method\":\"cancel\",\"params\":{\"id\":1}"), i + 1);
        child_free(&child);
    }
}

static void test_tables(void **state)
{
    (void)state;
    expect(run("port", "show"), 0,
           "wan   net_af_xdp  eth0    02:00:00:00:00:00  1500  up 10.0 Gbit/s       2\n");
    expect(run("port", "show", "lan"), 0, "lan   192.0.2.2/24\n");
    expect(run("worker", "show"), 0,
           "     0     1  run       1,000        900  1.08 MB   901         -       -       -     2.0 s\n");
    expect(run("stats", "show"), 0, "pairs       2,500 of 100,000 (2.5 %)\n");
    expect(run("stats", "show"), 0, "legs_moved_total     17  legs moved to another address\n");
    expect(run("log", "level", "dataplane", "debug"), 0, "The dataplane logs from level debug up\n");
}

static void test_drops(void **state)
{
    struct child child = run("drop", "show");

    (void)state;
    assert_null(strstr(child.texts[0], "too_short"));
    expect(child, 0, "reason     packets  meaning\nover_rate    1,234  over the pair's rate limit\n");
    expect(run("drop", "show", "--all"), 0, "\ntoo_short        0  ends early\n");
    expect(run("drop", "show", "-j"), 0, "too_short");
}

/* Counters of the stand-in grow with each read; its clock is ours. */
static void test_watch(void **state)
{
    struct child child = run("stats", "show", "--watch", "1", "--count", "2");

    (void)state;
    expect_status(&child, 0);
    expect_text(child.texts[0], " kpps");
    expect_text(child.texts[0], " Mbit/s");
    assert_string_equal(child.texts[1], "");
    child_free(&child);
    assert_int_equal(fake_relay_heard(relay, "stats.get"), 3);

    child = run("worker", "show", "-w1", "-n1");
    expect_status(&child, 0);
    expect_text(child.texts[0], "0     1  run ");
    expect_text(child.texts[0], "1     2  stuck ");
    child_free(&child);
    expect(run("port", "show", "wan", "-w", "1", "-n", "1"), 0, "pps");
    expect(run("drop", "show", "-w", "1", "-n", "1"), 0, "0 pps");
    child = run("stats", "show", "-j", "-w", "1", "-n", "2");
    assert_int_equal(json_lines(&child), 2);
    child_free(&child);
}

static void test_watch_interrupted(void **state)
{
    struct child child = start("stats", "show", "--watch", "1", "-j");

    (void)state;
    child_expect(&child, 0, "}\n");
    kill(child.pid, SIGINT);
    child_wait(&child);
    expect_status(&child, 0);
    child_free(&child);
}

static void test_every_command_in_json(void **state)
{
    static const char *const commands[][5] = {
        {"pair", "show", "7"}, {"pair", "list"},  {"port", "show"}, {"port", "show", "wan"},
        {"worker", "show"},    {"stats", "show"}, {"drop", "show"}, {"log", "level", "control", "info"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const char *const words[] = {"-j",           commands[i][0], commands[i][1],
                                     commands[i][2], commands[i][3], NULL};

        yyjson_doc_free(json(run_words(words, NULL), 0));
    }
}

static void test_usage(void **state)
{
    (void)state;
    expect_error(run("pair"), 1, "Verbs of 'pair': add del show list\n");
    expect_error(run("pair", "add", "alice"), 1, "culvertctl pair add --help");
    expect_error(run("pair", "list", "--limit", "0"), 1, "from 1 to 1000");
    expect_error(run("nonsense"), 1, "no command 'nonsense'");
    expect_error(run("help", "nonsense"), 1, "no command 'nonsense'");
    assert_int_equal(fake_relay_heard(relay, "method"), 0);
    expect(run("--version"), 0, "culvertctl ");
    expect(run("pair", "add", "--help"), 0, "--a-prefix");
    expect(run("help", "pair", "list"), 0, "--cursor");
    expect(run("man"), 0, ".TH CULVERTCTL 1");
}

static void test_refused(void **state)
{
    struct child child = run("-j", "pair", "add", "alice", "nobody");
    yyjson_doc *doc = yyjson_read(child.texts[1], child.sizes[1], 0);

    (void)state;
    assert_string_equal(yyjson_get_str(yyjson_ptr_get(yyjson_doc_get_root(doc), "/error/data/name")),
                        "no_ports");
    yyjson_doc_free(doc);
    expect_error(child, 2, "that cannot be");
    expect_error(run("pair", "show", "404"), 2, "culvertctl: refused: that cannot be (not_found)\n");
    expect_error(run("port", "show", "dmz"), 2, "no port 'dmz'");
    expect_error(run("-j", "port", "show", "dmz"), 2, "\"name\":\"no_such_port\"");
}

static void test_no_daemon(void **state)
{
    const char *const missing[] = {
        getenv("CULVERTCTL"), "-s", "/nonexistent/control.sock", "pair", "list", NULL};
    const char *const json_missing[] = {getenv("CULVERTCTL"), "-js", "/nonexistent/x", "stats", "show", NULL};
    struct child child;
    yyjson_doc *doc;

    (void)state;
    child_run(&child, missing, NULL);
    expect_text(child.texts[1], "Start it (culvert-control -c FILE)");
    expect_error(child, 3, "/nonexistent/control.sock: No such file");
    child_run(&child, json_missing, NULL);
    doc = yyjson_read(child.texts[1], child.sizes[1], 0);
    assert_string_equal(yyjson_get_str(yyjson_ptr_get(yyjson_doc_get_root(doc), "/error/data/name")),
                        "no_daemon");
    yyjson_doc_free(doc);
    expect_error(child, 3, "/nonexistent/x");

    expect_error(run("pair", "show", "997"), 3, "closed the connection");
    expect_error(run("pair", "show", "998"), 3, "does not speak JSON-RPC");
}

static void test_socket_from_environment(void **state)
{
    const char *const words[] = {getenv("CULVERTCTL"), "pair", "show", "7", NULL};
    struct child child;

    (void)state;
    setenv("CULVERT_SOCKET", fake_relay_socket(relay), 1);
    child_run(&child, words, NULL);
    unsetenv("CULVERT_SOCKET");
    expect(child, 0, "Pair 7\n");
}

static void test_no_answer(void **state)
{
    const time_t before = time(NULL);

    (void)state;
    expect_error(run("pair", "show", "999"), 3, "no answer to pair.get within 10 s");
    assert_in_range(time(NULL) - before, 9, 13);
}

static void test_lines(void **state)
{
    struct child child;

    (void)state;
    expect(run_on("# comment\n\n  pair show 7\r\npair del '7' \"8\"\n"), 0, "Pair 8 deleted\n");
    expect(run_on("pair del 1\nexit\npair del 2\n", "-j"), 0, "{\"deleted\":[1]}\n");
    assert_int_equal(fake_relay_heard(relay, "pair.delete"), 3);

    child = run_on("pair show 7\npair show 404\npair del 9\n");
    expect_text(child.texts[1], "stopped at line 2");
    expect(child, 2, "Pair 7\n");
    assert_int_equal(fake_relay_heard(relay, "pair.delete"), 3);
    expect_error(run_on("pair show 'x\n"), 1, "quote");
}

static int set_up(void **state)
{
    (void)state;
    relay = fake_relay_start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_relay_stop(relay);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pair_add),
        TEST(test_pair_add_fixed),
        TEST(test_pair_add_json),
        TEST(test_pair_show),
        TEST(test_pair_del),
        TEST(test_pair_list_page),
        TEST(test_pair_list_all),
        TEST(test_pair_list_cancelled),
        TEST(test_events),
        TEST(test_events_filters),
        TEST(test_events_timeout),
        TEST(test_events_interrupted),
        TEST(test_tables),
        TEST(test_drops),
        TEST(test_watch),
        TEST(test_watch_interrupted),
        TEST(test_every_command_in_json),
        TEST(test_usage),
        TEST(test_refused),
        TEST(test_no_daemon),
        TEST(test_socket_from_environment),
        TEST(test_no_answer),
        TEST(test_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
