/* SPDX-License-Identifier: BSD-3-Clause */
/* The real culvertctl against a stand-in for control (fake_relay.h): what it prints, asks, and exits with. */
#include "culvertctl_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

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
                "\nleg  peer   kind  bound by               address             payload  last packet  moves"
                "    packets    bytes  proof   withheld\n"
                "a    alice  udp   token                  198.51.100.7:40001        -   120 ms ago      2"
                "  1,234,567  12.3 MB  silent        12\n"
                "b    bob    udp   prefix 203.0.113.0/24  -                         -            -      0"
                "          0      0 B  -              0\n");
    child_free(&child);
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "pair")), 7);
    yyjson_doc_free(doc);
}

static void test_tunnel_legs(void **state)
{
    struct child child = run("pair", "show", "77");
    yyjson_doc *doc = json(run("pair", "show", "77", "--json"), 0);

    (void)state;
    expect_status(&child, 0);
    expect_text(child.texts[0], "relay port             -\n");
    expect_text(child.texts[0], "a    alice  tunnel  session 5, channel 3      198.51.100.7:40001    1,398");
    expect_text(child.texts[0], "b    bob    tunnel  session 6, channel 16383  -                         -");
    child_free(&child);
    assert_int_equal(yyjson_get_uint(yyjson_ptr_get(yyjson_doc_get_root(doc), "/legs/0/payload_bytes")),
                     1398);
    assert_true(yyjson_is_null(yyjson_obj_get(yyjson_doc_get_root(doc), "relay_port")));
    yyjson_doc_free(doc);
    child = run("pair", "list", "--limit", "1", "--cursor", "76");
    expect_text(child.texts[0],
                "  77     -  alice  tunnel 5/3, 1,398 B  bob  tunnel 6/16383, - B   120 ms ago");
    child_free(&child);
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
    expect(run("log", "level", "dataplane", "debug"), 0, "Log level of dataplane: debug\n");
}

static void test_sessions(void **state)
{
    struct child child = run("session", "list");
    yyjson_doc *doc;

    (void)state;
    expect_status(&child, 0);
    expect_text(child.texts[1], "session list --cursor 5");
    expect_text(child.texts[0], "      5  " FAKE_PEER_ID
                                "  198.51.100.7:4433  registered      2  2026-01-31T12:00:00.123Z\n");
    child_free(&child);
    expect(run("session", "list", "--all"), 0, "\n      9  " FAKE_PEER_ID);
    doc = json(run("-j", "session", "list", "--cursor", "5"), 0);
    assert_int_equal(yyjson_get_uint(yyjson_ptr_get(yyjson_doc_get_root(doc), "/sessions/0/session")), 9);
    yyjson_doc_free(doc);
    child = run("session", "show", "5");
    expect_text(child.texts[0], "also known as            oldkey\n");
    expect_text(child.texts[0], "kinds of leg             udp, tunnel\n");
    expect_text(child.texts[0], "round trip measured      4.5 s ago\n");
    expect_text(child.texts[0], "instance                 404142434445464748494a4b4c4d4e4f\n");
    expect_text(child.texts[0], "services                 chat, files\n");
    expect_text(child.texts[0], "reachable by             listed\n");
    expect(child, 0, "round trip, us           1,234\n");
    expect(run("session", "close", "5"), 0, "Session 5 closed\n");
    expect(run("session", "drain"), 0, "2 peers told to go; no sessions are taken\n");
    expect(run("session", "drain", "--after", "10m"), 0, "1,234 peers told to go");
    expect(run("session", "drain", "--to", "192.0.2.2:443", "--relay", FAKE_PEER_ID), 0,
           "3 peers told to go");
    expect(run("session", "resume"), 0, "Sessions are taken again; 1,234 peers told to stay\n");
    expect_error(run("session", "close", "404"), 2, "not_found");
    expect_error(run("session", "show", "x"), 1, "the number of a session");
}

static void test_shards(void **state)
{
    struct child child = run("shard", "show");

    (void)state;
    expect_text(child.texts[0], "0             1     1,234   1,200  3,702 of 4,000        25.0 %");
    expect_text(child.texts[0], "handshake     -         3       -          0 of 0         0.0 %");
    expect_text(child.texts[0], "handshakes  3 of 1,000 in progress\n");
    expect(child, 0, "Retry       off; on from 100 handshakes in progress\n");
    child = run("shard", "show", "0");
    expect_text(child.texts[0], "256  packets in the ring from workers\n");
    expect(child, 0, "1,234  sessions with TLS_AES_128_GCM_SHA256\n");
    expect(run("shard", "show", "handshake"), 0, "12  Retry packets sent\n");
    expect(run("shard", "show", "0", "-j"), 0, "\"core\":1,");
    expect_error(run("shard", "show", "1"), 2, "the relay has no shard 1");
    expect_error(run("shard", "show", "x"), 1, "the number of a worker, or handshake");
    expect(run("shard", "show", "--watch", "1", "--count", "1"), 0, "pps");
    child = run("crypto", "show");
    expect_text(child.texts[0], "why             ipsec-mb is not for this CPU\n");
    expect(child, 0, "TLS_AES_128_GCM_SHA256  0x1301     1,234             2^23                2^52\n");
    expect(run("crypto", "show", "-j"), 0, "\"sealed_max\":8388608");
    child = run("stats", "show");
    expect_text(child.texts[0], "sessions    1,237 of 2,000 (61.9 %)\n");
    expect(child, 0, "retries_total     12  Retry packets sent\n");
}

static void test_traces(void **state)
{
    struct child child = run("session", "traces");

    (void)state;
    expect_text(child.texts[0],
                "    7  198.51.100.0/24  qlog, keylog  recording  2026-01-31T12:00:00.123Z        5");
    expect(child, 0, "/t/session-5-1.sqlog\n");
    expect(run("session", "traces", "-j"), 0, "\"allowed\":true");
    expect(run("session", "trace", "198.51.100.7"), 0, "Trace 7 waits for a session from 198.51.100.7\n");
    expect(run("session", "trace", "2001:db8::/32", "192.0.2.1", "--qlog", "--keylog", "--for", "1h"), 0,
           "Trace 8 waits for a session from 2001:db8::/32\n"
           "Trace 8 waits for a session from 192.0.2.1\n");
    expect_error(run("session", "trace", "203.0.113.9"), 2, "not_allowed");
    expect_error(run("session", "trace", "somewhere"), 1, "a prefix");
    expect_error(run("session", "trace", "192.0.2.1", "--for", "25h"), 1, "at most 24h");
    expect(run("session", "untrace", "7"), 0, "Trace 7 ended\n");
    expect_error(run("session", "untrace", "404"), 2, "not_found");
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

static void test_every_command_in_json(void **state)
{
    static const char *const commands[][5] = {
        {"pair", "show", "7"}, {"pair", "list"},
        {"port", "show"},      {"port", "show", "wan"},
        {"worker", "show"},    {"shard", "show"},
        {"crypto", "show"},    {"stats", "show"},
        {"drop", "show"},      {"log", "level", "control", "info"},
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

/* On stderr, as everything else that goes wrong; wherever the wish for JSON stands. */
static void test_usage_in_json(void **state)
{
    static const char *const wrong[][5] = {
        {"-j", "nonsense"},
        {"nonsense", "--json"},
        {"events", "-jn0"},
        {"pair", "-j"},
        {"pair", "list", "--limit", "0", "-j"},
        {"pair", "add", "alice", "--json"},
    };
    struct child child;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *const words[] = {wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], wrong[i][4], NULL};
        yyjson_doc *doc;

        child = run_words(words, NULL);
        doc = yyjson_read(child.texts[1], child.sizes[1], 0);
        assert_string_equal(yyjson_get_str(yyjson_ptr_get(yyjson_doc_get_root(doc), "/error/data/name")),
                            "usage");
        yyjson_doc_free(doc);
        expect_error(child, 1, "\"message\":");
    }
    child = run_on("pair list\npair list 'x\n", "-j");
    expect_status(&child, 1);
    expect_text(child.texts[1], "{\"error\":{\"message\":\"the quote");
    expect_text(child.texts[1], "\n{\"error\":{\"message\":\"stopped at line 2\"");
    child_free(&child);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pair_add),
        TEST(test_pair_add_fixed),
        TEST(test_pair_add_json),
        TEST(test_pair_show),
        TEST(test_tunnel_legs),
        TEST(test_pair_del),
        TEST(test_tables),
        TEST(test_sessions),
        TEST(test_shards),
        TEST(test_traces),
        TEST(test_drops),
        TEST(test_every_command_in_json),
        TEST(test_usage),
        TEST(test_usage_in_json),
        TEST(test_refused),
        TEST(test_no_daemon),
        TEST(test_socket_from_environment),
        TEST(test_no_answer),
        TEST(test_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
