/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket itself: lines, garbage, limits, and clients that do not read. */
#include "api/listen.h"
#include "base/log.h"
#include "control_test.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define LIST_LINE "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"pair.list\"}"

static void expect_error(struct test_client *client, const char *line, int code)
{
    yyjson_doc *doc;

    client_send_line(client, line);
    doc = client_next(client);
    assert_int_equal(yyjson_get_int(json_at(doc, "/error/code")), code);
    yyjson_doc_free(doc);
}

static void answers_garbage_with_the_codes_of_json_rpc(void **state)
{
    struct test_client client;

    client_open(&client, *state);
    expect_error(&client, "hello", -32700);
    expect_error(&client, "{\"jsonrpc\":\"2.0\"", -32700);
    expect_error(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}", -32700);
    expect_error(&client, "{} {}", -32700);
    expect_error(&client, "[]", -32600);
    expect_error(&client, "7", -32600);
    expect_error(&client, "[" LIST_LINE "]", -32600);
    expect_error(&client, "{}", -32600);
    expect_error(&client, "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"pair.list\"}", -32600);
    expect_error(&client, "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"pair.list\"}", -32600);
    expect_error(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600);
    expect_error(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.steal\"}", -32601);
    expect_error(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.list\\u0000\"}", -32601);
    expect_error(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.list\",\"params\":[1]}", -32602);
    expect_error(&client,
                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.list\",\"params\":{\"\xc3\xa9\":1}}",
                 -32602);
    client_do(&client, "pair.list", "{}");
    client_close(&client);
}

static void gives_back_any_id(void **state)
{
    static const char *const ids[] = {"0", "-7", "1.5", "\"\\u00e9 \\\"\"", "null", "18446744073709551615"};
    struct test_client client;
    char line[128];
    yyjson_doc *doc;
    yyjson_doc *expected;

    client_open(&client, *state);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        (void)snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"pair.list\"}",
                       ids[i]);
        client_send_line(&client, line);
        doc = client_next(&client);
        expected = yyjson_read(ids[i], strlen(ids[i]), 0);
        assert_true(yyjson_equals(json_at(doc, "/id"), yyjson_doc_get_root(expected)));
        (void)json_at(doc, "/result");
        yyjson_doc_free(expected);
        yyjson_doc_free(doc);
    }
    client_close(&client);
}

static void does_not_answer_notifications(void **state)
{
    struct test_client client;

    client_open(&client, *state);
    client_send_line(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"pair.list\"}");
    client_send_line(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"pair.steal\"}");
    client_send_line(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"pair.get\",\"params\":{}}");
    client_send_line(&client, "\r");
    client_send_line(&client, "");
    client_quiet(&client);
    client_close(&client);
}

static void takes_lines_in_any_pieces(void **state)
{
    struct test_client client;

    client_open(&client, *state);
    for (const char *next = LIST_LINE "\r\n"; *next != '\0'; next++)
        client_send(&client, next, 1);
    yyjson_doc_free(client_next(&client));
    client_send_line(&client, LIST_LINE "\n" LIST_LINE "\n" LIST_LINE);
    for (int i = 0; i < 3; i++)
        yyjson_doc_free(client_next(&client));
    client_quiet(&client);
    client_close(&client);
}

static bool has_ended(void *context)
{
    struct test_client *client = context;

    return !client_poll(client);
}

/* A request padded with spaces to a line of `bytes`. */
static char *padded(size_t bytes)
{
    char *line = malloc(bytes + 1);

    assert_non_null(line);
    memset(line, ' ', bytes);
    memcpy(line, LIST_LINE, strlen(LIST_LINE));
    line[bytes] = '\0';
    return line;
}

static void bounds_a_line(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    char *longest = padded(CLIENT_LINE_BYTES);
    char *longer = padded(CLIENT_LINE_BYTES + 1);

    client_open(&client, bench);
    client_send_line(&client, longest);
    yyjson_doc_free(client_next(&client));
    expect_error(&client, longer, -32600);
    bench_wait(bench, has_ended, &client, "control to hang up");
    client_close(&client);
    client_open(&client, bench);
    client_send(&client, longer, CLIENT_LINE_BYTES + 1); /* no newline */
    yyjson_doc_free(client_next(&client));
    bench_wait(bench, has_ended, &client, "control to hang up");
    client_close(&client);
    free(longest);
    free(longer);
}

static void answers_after_a_half_close(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    const char *rest = LIST_LINE; /* the last line may lack its newline */

    client_open(&client, bench);
    client_send_line(&client, LIST_LINE);
    client_send(&client, rest, strlen(rest));
    assert_int_equal(shutdown(client.fd, SHUT_WR), 0);
    for (int i = 0; i < 2; i++) {
        yyjson_doc *doc = client_next(&client);

        (void)json_at(doc, "/result");
        yyjson_doc_free(doc);
    }
    bench_wait(bench, has_ended, &client, "control to hang up");
    client_close(&client);
}

static void answers_a_long_pipeline_in_order(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    char line[160];

    client_open(&client, bench);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(line, sizeof(line),
                       "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"pair.add\",\"params\":"
                       "{\"a\":{\"peer\":\"alice-%d\"},\"b\":{\"peer\":\"bob-%d\"}}}",
                       i, i, i);
        client_send_line(&client, line);
    }
    for (uint64_t i = 0; i < 500; i++) {
        yyjson_doc *doc = client_next(&client);

        assert_int_equal(json_number(doc, "/id"), i);
        assert_int_equal(json_number(doc, "/result/pair"), i + 1);
        yyjson_doc_free(doc);
    }
    client_close(&client);
}

static void bounds_the_number_of_clients(void **state)
{
    struct bench *bench = *state;
    struct test_client *clients = calloc(CLIENTS_MAX + 1, sizeof(*clients));
    yyjson_doc *doc;

    assert_non_null(clients);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_open(&clients[i], bench);
        if (i % 32 == 31)
            bench_turn(bench);
    }
    client_do(&clients[CLIENTS_MAX - 1], "pair.list", "{}");
    client_open(&clients[CLIENTS_MAX], bench);
    doc = client_next(&clients[CLIENTS_MAX]);
    assert_string_equal(json_text(doc, "/error/data/name"), "full");
    yyjson_doc_free(doc);
    bench_wait(bench, has_ended, &clients[CLIENTS_MAX], "control to hang up");
    client_close(&clients[0]);
    client_close(&clients[CLIENTS_MAX]);
    bench_turn(bench);
    bench_turn(bench);
    client_open(&clients[0], bench);
    client_do(&clients[0], "pair.list", "{}");
    for (int i = 0; i < CLIENTS_MAX; i++)
        client_close(&clients[i]);
    free(clients);
}

static void drops_a_subscriber_that_does_not_read(void **state)
{
    struct bench *bench = *state;
    struct test_client deaf;
    struct test_client client;
    uint64_t sent = 0;
    yyjson_doc *doc;

    bench_attach(bench);
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    client_open(&deaf, bench);
    client_do(&deaf, "events.subscribe", "{}");
    log_set_level(LOG_LEVEL_ERROR);
    while (bench->control->services.events.lost == 0) {
        assert_true(sent < 200000);
        while (fake_tell_pair(&bench->dataplane, CV_MESSAGE_PAIR_IDLE, 1))
            sent++;
        bench_turn(bench);
    }
    bench_turn(bench);
    assert_int_equal(bench->control->api.clients, 1);
    doc = client_call(&client, "stats.get", "{}");
    assert_true(json_number(doc, "/result/control/events_lost") > 1000);
    assert_true(json_number(doc, "/result/control/events_lost") <= sent);
    assert_int_equal(json_number(doc, "/result/control/subscribers"), 0);
    yyjson_doc_free(doc);
    client_close(&deaf);
    client_close(&client);
}

/* Asks without reading; each answer is some four times as long as its request. Returns the bytes sent. */
static size_t ask_without_reading(struct test_client *client, const char *line)
{
    size_t length = strlen(line);
    size_t sent = 0;

    for (int turns = 0; turns < 600; turns++) {
        ssize_t count;

        while ((count = send(client->fd, line + sent % length, length - sent % length, 0)) > 0)
            sent += (size_t)count;
        assert_int_equal(errno, EAGAIN);
        bench_turn(client->bench);
    }
    return sent;
}

static void pauses_a_client_that_does_not_read(void **state)
{
    static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"port.list\"}\n";
    struct test_client client;
    size_t length = strlen(line);
    size_t sent;

    client_open(&client, *state);
    sent = ask_without_reading(&client, line);
    assert_true(sent < CLIENT_OUTPUT_MAX / 4);
    for (size_t answers = 0; answers < sent / length; answers++)
        yyjson_doc_free(client_next(&client)); /* none is missing, and control did not hang up */
    if (sent % length != 0)
        client_send(&client, line + sent % length, length - sent % length);
    client_close(&client);
}

static void bounds_the_calls_of_a_client(void **state)
{
    struct bench *bench = *state;
    struct test_client client;

    bench_attach(bench);
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    bench->dataplane.mute = true;
    for (int i = 0; i < CLIENT_CALLS + 5; i++)
        client_send_line(&client,
                         "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"pair.get\",\"params\":{\"pair\":1}}");
    client_quiet(&client);
    assert_int_equal(dataplane_in_flight(bench->control->services.dataplane), CLIENT_CALLS);
    bench->dataplane.mute = false;
    for (int i = 0; i < CLIENT_CALLS + 5; i++)
        yyjson_doc_free(client_next(&client));
    client_close(&client);
}

static void leaves_a_socket_that_answers(void **state)
{
    struct bench *bench = *state;
    char error[256] = "";
    char other[128];
    struct stat found;
    int fd;

    assert_int_equal(stat(bench->config.control_socket, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0660);
    assert_int_equal(listen_at(bench->config.control_socket, error, sizeof(error)), -EADDRINUSE);
    assert_non_null(strstr(error, "another culvert-control answers there"));

    (void)snprintf(other, sizeof(other), "%s/run/other.sock", bench->directory);
    fd = listen_at(other, error, sizeof(error)); /* makes the directory */
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    fd = listen_at(other, error, sizeof(error)); /* nobody answers: replaced */
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(other), 0);

    fd = creat(other, 0600); /* no socket: somebody's file */
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(listen_at(other, error, sizeof(error)), -EADDRINUSE);
    assert_int_equal(unlink(other), 0);
    *strrchr(other, '/') = '\0';
    assert_int_equal(rmdir(other), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_garbage_with_the_codes_of_json_rpc),
        TEST(gives_back_any_id),
        TEST(does_not_answer_notifications),
        TEST(takes_lines_in_any_pieces),
        TEST(bounds_a_line),
        TEST(answers_after_a_half_close),
        TEST(answers_a_long_pipeline_in_order),
        TEST(bounds_the_number_of_clients),
        TEST(drops_a_subscriber_that_does_not_read),
        TEST(pauses_a_client_that_does_not_read),
        TEST(bounds_the_calls_of_a_client),
        TEST(leaves_a_socket_that_answers),
    };

    return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
