/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A whole control (loop, store in a temporary directory, socket), a fake data plane, and clients, all in one
 * thread: whoever waits turns all of them. Every wait ends within WAIT_MS, in a failed test.
 */
#include "control.h"
#include "fake_dataplane.h"

#include <yyjson.h>

#define WAIT_MS 10000

struct bench {
    char directory[64];
    struct cv_config config;
    struct event_base *base;
    struct control *control; /* NULL: not running */
    struct fake_dataplane dataplane;
};

/* Control runs; the data plane does not yet. cmocka's set-up and tear-down. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

void bench_start_control(struct bench *bench);
void bench_stop_control(struct bench *bench);

/*
 * The store's files as they are now, without what is not committed. Control must not run when they go back.
 */
void bench_save_store(const struct bench *bench, char *path, size_t bytes);
void bench_restore_store(const struct bench *bench, const char *path);

/* As kill -9 leaves the store. What control had sent stays in the rings until the data plane turns. */
void bench_kill_control(struct bench *bench);

/* One turn of everything, of at most about a millisecond. */
void bench_turn(struct bench *bench);

/* Starts the data plane and waits until it and the store are in line. */
void bench_attach(struct bench *bench);

/* Turns until `done` says so. */
void bench_wait(struct bench *bench, bool (*done)(void *context), void *context, const char *what);

struct test_client {
    struct bench *bench;
    int fd;
    char *text; /* received and not taken yet */
    size_t bytes;
    bool ended; /* control closed the connection */
};

void client_open(struct test_client *client, struct bench *bench);
void client_close(struct test_client *client);

/* Sends all of it, turning as needed. */
void client_send(struct test_client *client, const char *bytes, size_t count);
void client_send_line(struct test_client *client, const char *line);

/* Reads what is there; false when control has closed the connection. */
bool client_poll(struct test_client *client);

/* The next line, parsed; the caller frees it. */
yyjson_doc *client_next(struct test_client *client);

/* Nothing comes for a few turns. */
void client_quiet(struct test_client *client);

/*
 * Sends {"jsonrpc":"2.0","id":1,"method":METHOD,"params":PARAMS} and returns the whole answer; events that
 * come before it are skipped.
 */
yyjson_doc *client_call(struct test_client *client, const char *method, const char *params);

/* The same for calls that must succeed, or must be refused with this data.name; the rest is not looked at. */
void client_do(struct test_client *client, const char *method, const char *params);
void client_refused(struct test_client *client, const char *method, const char *params, const char *name);

/* The next event, which must be this one; the caller frees it. *params is its params. */
yyjson_doc *client_event(struct test_client *client, const char *event, yyjson_val **params);

/* The next event is this one, of this pair unless that is 0. */
void client_expect(struct test_client *client, const char *event, uint64_t pair);
void client_expect_synced(struct test_client *client, struct sync_counts counts);
void client_expect_attached(struct test_client *client, bool restarted);

/* Opens a client that gets events. */
void client_subscribe(struct test_client *client, struct bench *bench);

/* Adds a pair of two peers that bind by token; its number. */
uint64_t client_add(struct test_client *client, const char *a, const char *b);

/* Values by JSON pointer; the test fails when there is no such value, or it has another type. */
yyjson_val *json_at(yyjson_doc *doc, const char *pointer);
uint64_t json_number(yyjson_doc *doc, const char *pointer);
const char *json_text(yyjson_doc *doc, const char *pointer);
bool json_bool(yyjson_doc *doc, const char *pointer);
bool json_null(yyjson_doc *doc, const char *pointer);
