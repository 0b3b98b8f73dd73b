/* SPDX-License-Identifier: BSD-3-Clause */
/* What culvertctl prints as it comes: pages of pairs, events, and reads that are repeated; and Ctrl-C. */
#include "culvertctl_test.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_pair_list_page(void **state)
{
    struct child child = run("pair", "list", "--limit", "3", "--cursor", "40");
    yyjson_doc *doc = json(run("pair", "list", "-j", "--limit", "2"), 0);

    (void)state;
    expect_status(&child, 0);
    expect_text(
        child.texts[0],
        "pair   port  a      a's leg                 b    b's leg  last packet    packets    bytes\n"
        "  41  40000  alice  udp 198.51.100.7:40001  bob  udp -     120 ms ago  1,234,567  12.3 MB\n");
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
    assert_int_equal(json_lines(&child), 1 + 2);
    assert_null(strstr(child.texts[0], "leg_moved"));
    child_free(&child);

    child = run("events", "-j", "--count", "3", "--pair", "7");
    expect_status(&child, 0);
    assert_int_equal(json_lines(&child), 1 + 3);
    assert_null(strstr(child.texts[0], "carol"));
    child_free(&child);
}

/* Whoever waits for the first line misses nothing that they then cause. */
static void test_events_subscribed(void **state)
{
    static const char first[] = "{\"event\":\"subscribed\"}\n";
    struct child child = run("events", "-j", "--count", "1", "--event", "leg_moved");

    (void)state;
    expect_status(&child, 0);
    assert_int_equal(strncmp(child.texts[0], first, strlen(first)), 0);
    expect_text(child.texts[0] + strlen(first), "leg_moved");
    child_free(&child);

    child = run("events", "--count", "1");
    assert_null(strstr(child.texts[0], "subscribed"));
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
    assert_int_equal(json_lines(&child), 1 + FAKE_EVENTS);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pair_list_page),
        TEST(test_pair_list_all),
        TEST(test_pair_list_cancelled),
        TEST(test_events),
        TEST(test_events_filters),
        TEST(test_events_subscribed),
        TEST(test_events_timeout),
        TEST(test_events_interrupted),
        TEST(test_watch),
        TEST(test_watch_interrupted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
