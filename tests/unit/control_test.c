/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_test.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* It wants some of the above first. */
#include <cmocka.h>

void bench_start_control(struct bench *bench)
{
    char error[512] = "";

    if (control_open(&bench->control, bench->base, &bench->config, error, sizeof(error)) != 0)
        fail_msg("control_open: %s", error);
}

void bench_stop_control(struct bench *bench)
{
    control_close(bench->control);
    bench->control = NULL;
}

void bench_save_store(const struct bench *bench, char *path, size_t bytes)
{
    char command[1024];

    (void)snprintf(path, bytes, "%s/saved.db", bench->directory);
    (void)snprintf(command, sizeof(command), "cp %s %s && { test ! -e %s-wal || cp %s-wal %s-wal; }",
                   bench->config.store, path, bench->config.store, bench->config.store, path);
    assert_int_equal(system(command), 0);
}

void bench_restore_store(const struct bench *bench, const char *path)
{
    char command[1024];

    (void)snprintf(command, sizeof(command),
                   "rm -f %s-wal && mv %s %s && { test ! -e %s-wal || mv %s-wal %s-wal; }",
                   bench->config.store, path, bench->config.store, path, path, bench->config.store);
    assert_int_equal(system(command), 0);
}

void bench_kill_control(struct bench *bench)
{
    char saved[200];

    bench_save_store(bench, saved, sizeof(saved));
    bench_stop_control(bench);
    bench_restore_store(bench, saved);
}

int bench_set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    (void)signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_LEVEL_ERROR);
    strcpy(bench->directory, "/tmp/culvert-control-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    bench->config.relay_port_first = 40000;
    bench->config.relay_port_last = 40063;
    bench->config.pair_idle_s = 120;
    bench->config.port_count = 1;
    bench->config.ports[0].address_count = 1;
    assert_int_equal(cv_prefix_parse("192.0.2.1/24", &bench->config.ports[0].addresses[0]), 0);
    (void)snprintf(bench->config.control_socket, sizeof(bench->config.control_socket), "%s/control.sock",
                   bench->directory);
    (void)snprintf(bench->config.dataplane_socket, sizeof(bench->config.dataplane_socket), "%s/dp.sock",
                   bench->directory);
    (void)snprintf(bench->config.store, sizeof(bench->config.store), "%s/control.db", bench->directory);
    strcpy(bench->dataplane.path, bench->config.dataplane_socket);
    bench->base = event_base_new();
    assert_non_null(bench->base);
    bench_start_control(bench);
    *state = bench;
    return 0;
}

int bench_tear_down(void **state)
{
    struct bench *bench = *state;
    char wal[300];

    bench_stop_control(bench);
    fake_kill(&bench->dataplane);
    event_base_free(bench->base);
    (void)snprintf(wal, sizeof(wal), "%s-wal", bench->config.store);
    (void)unlink(wal);
    (void)unlink(bench->config.store);
    assert_int_equal(rmdir(bench->directory), 0); /* both socket files are gone */
    free(bench);
    return 0;
}

void bench_turn(struct bench *bench)
{
    const struct timeval most = {.tv_usec = 1000};

    if (bench->control != NULL) {
        (void)event_base_loopexit(bench->base, &most);
        (void)event_base_loop(bench->base, EVLOOP_ONCE);
    }
    fake_turn(&bench->dataplane);
}

void bench_wait(struct bench *bench, bool (*done)(void *context), void *context, const char *what)
{
    uint64_t end = clock_monotonic_ms() + WAIT_MS;

    while (!done(context)) {
        if (clock_monotonic_ms() > end)
            fail_msg("waited in vain: %s", what);
        bench_turn(bench);
    }
}

void bench_attach(struct bench *bench)
{
    struct test_client client;
    yyjson_doc *event;
    yyjson_val *params;

    client_open(&client, bench);
    client_do(&client, "events.subscribe", "{}");
    fake_start(&bench->dataplane);
    event = client_event(&client, "dataplane_attached", &params);
    yyjson_doc_free(event);
    event = client_event(&client, "pairs_synced", &params);
    yyjson_doc_free(event);
    client_close(&client);
}

void client_open(struct test_client *client, struct bench *bench)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *client = (struct test_client){.bench = bench};
    strcpy(address.sun_path, bench->config.control_socket);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(client->fd >= 0);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

void client_close(struct test_client *client)
{
    assert_int_equal(close(client->fd), 0);
    free(client->text);
    client->text = NULL;
}

void client_send(struct test_client *client, const char *bytes, size_t count)
{
    uint64_t end = clock_monotonic_ms() + WAIT_MS;

    while (count > 0) {
        ssize_t sent = send(client->fd, bytes, count, 0);

        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
        } else if (clock_monotonic_ms() > end || (sent < 0 && errno != EAGAIN)) {
            fail_msg("cannot send to control: %s", strerror(errno));
        }
        bench_turn(client->bench);
    }
}

void client_send_line(struct test_client *client, const char *line)
{
    client_send(client, line, strlen(line));
    client_send(client, "\n", 1);
}

bool client_poll(struct test_client *client)
{
    char buffer[65536];
    ssize_t count;

    while ((count = recv(client->fd, buffer, sizeof(buffer), 0)) > 0) {
        client->text = realloc(client->text, client->bytes + (size_t)count + 1);
        assert_non_null(client->text);
        memcpy(client->text + client->bytes, buffer, (size_t)count);
        client->bytes += (size_t)count;
        client->text[client->bytes] = '\0';
    }
    if (count == 0 || errno != EAGAIN)
        client->ended = true;
    return !client->ended;
}

static bool has_line(void *context)
{
    struct test_client *client = context;

    (void)client_poll(client);
    if (client->bytes > 0 && memchr(client->text, '\n', client->bytes) != NULL)
        return true;
    if (client->ended)
        fail_msg("control closed the connection");
    return false;
}

yyjson_doc *client_next(struct test_client *client)
{
    yyjson_doc *doc;
    char *end;
    size_t length;

    bench_wait(client->bench, has_line, client, "a line from control");
    end = memchr(client->text, '\n', client->bytes);
    length = (size_t)(end - client->text);
    doc = yyjson_read(client->text, length, 0);
    if (doc == NULL)
        fail_msg("control sent no JSON: %.*s", (int)length, client->text);
    client->bytes -= length + 1;
    memmove(client->text, end + 1, client->bytes);
    return doc;
}

void client_quiet(struct test_client *client)
{
    for (int i = 0; i < 20; i++)
        bench_turn(client->bench);
    (void)client_poll(client);
    if (client->bytes > 0)
        fail_msg("unexpected: %s", client->text);
    assert_false(client->ended);
}

yyjson_doc *client_call(struct test_client *client, const char *method, const char *params)
{
    char line[1024];
    yyjson_doc *doc;

    (void)snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
                   method, params);
    client_send_line(client, line);
    while (yyjson_obj_get(yyjson_doc_get_root(doc = client_next(client)), "id") == NULL)
        yyjson_doc_free(doc);
    assert_int_equal(json_number(doc, "/id"), 1);
    assert_string_equal(json_text(doc, "/jsonrpc"), "2.0");
    return doc;
}

static yyjson_doc *good_call(struct test_client *client, const char *method, const char *params)
{
    yyjson_doc *doc = client_call(client, method, params);

    if (yyjson_doc_ptr_get(doc, "/result") == NULL)
        fail_msg("%s %s was refused: %s", method, params, json_text(doc, "/error/message"));
    return doc;
}

void client_do(struct test_client *client, const char *method, const char *params)
{
    yyjson_doc_free(good_call(client, method, params));
}

void client_refused(struct test_client *client, const char *method, const char *params, const char *name)
{
    yyjson_doc *doc = client_call(client, method, params);

    if (yyjson_doc_ptr_get(doc, "/error") == NULL)
        fail_msg("%s %s was not refused", method, params);
    assert_string_equal(json_text(doc, "/error/data/name"), name);
    assert_true(strlen(json_text(doc, "/error/message")) > 5);
    yyjson_doc_free(doc);
}

yyjson_doc *client_event(struct test_client *client, const char *event, yyjson_val **params)
{
    yyjson_doc *doc = client_next(client);

    assert_string_equal(json_text(doc, "/method"), "event");
    assert_string_equal(json_text(doc, "/params/event"), event);
    assert_int_equal(strlen(json_text(doc, "/params/time")), 24);
    *params = json_at(doc, "/params");
    return doc;
}

void client_expect(struct test_client *client, const char *event, uint64_t pair)
{
    yyjson_val *params;
    yyjson_doc *doc = client_event(client, event, &params);

    if (pair != 0)
        assert_int_equal(json_number(doc, "/params/pair"), pair);
    yyjson_doc_free(doc);
}

void client_expect_synced(struct test_client *client, struct sync_counts counts)
{
    yyjson_val *params;
    yyjson_doc *doc = client_event(client, "pairs_synced", &params);

    assert_int_equal(json_number(doc, "/params/known"), counts.known);
    assert_int_equal(json_number(doc, "/params/put"), counts.put);
    assert_int_equal(json_number(doc, "/params/refused"), counts.refused);
    assert_int_equal(json_number(doc, "/params/removed"), counts.removed);
    assert_int_equal(json_number(doc, "/params/expired"), counts.expired);
    yyjson_doc_free(doc);
}

void client_expect_attached(struct test_client *client, bool restarted)
{
    yyjson_val *params;
    yyjson_doc *doc = client_event(client, "dataplane_attached", &params);

    assert_true(json_bool(doc, "/params/restarted") == restarted);
    yyjson_doc_free(doc);
}

void client_subscribe(struct test_client *client, struct bench *bench)
{
    client_open(client, bench);
    client_do(client, "events.subscribe", "{}");
}

uint64_t client_add(struct test_client *client, const char *a, const char *b)
{
    char params[256];
    yyjson_doc *doc;
    uint64_t pair;

    (void)snprintf(params, sizeof(params), "{\"a\":{\"peer\":\"%s\"},\"b\":{\"peer\":\"%s\"}}", a, b);
    doc = good_call(client, "pair.add", params);
    pair = json_number(doc, "/result/pair");
    yyjson_doc_free(doc);
    return pair;
}

yyjson_val *json_at(yyjson_doc *doc, const char *pointer)
{
    yyjson_val *found = yyjson_doc_ptr_get(doc, pointer);

    if (found == NULL)
        fail_msg("no %s in %s", pointer, yyjson_write(doc, 0, NULL));
    return found;
}

uint64_t json_number(yyjson_doc *doc, const char *pointer)
{
    yyjson_val *found = json_at(doc, pointer);

    assert_true(yyjson_is_uint(found));
    return yyjson_get_uint(found);
}

const char *json_text(yyjson_doc *doc, const char *pointer)
{
    yyjson_val *found = json_at(doc, pointer);

    assert_true(yyjson_is_str(found));
    return yyjson_get_str(found);
}

bool json_bool(yyjson_doc *doc, const char *pointer)
{
    yyjson_val *found = json_at(doc, pointer);

    assert_true(yyjson_is_bool(found));
    return yyjson_get_bool(found);
}

bool json_null(yyjson_doc *doc, const char *pointer)
{
    return yyjson_is_null(json_at(doc, pointer));
}
