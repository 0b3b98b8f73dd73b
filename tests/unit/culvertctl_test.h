/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Running culvertctl, the program that the environment's CULVERTCTL names, against a fake relay of its own
 * for each test. Fails the running cmocka test instead of returning errors.
 */
#include "child.h"
#include "fake_relay.h"

#include <yyjson.h>

extern struct fake_relay *relay;

int set_up(void **state);
int tear_down(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* culvertctl -s SOCKET and the words, to its end; with nothing, or `input`, on its stdin. */
struct child run_words(const char *const *words, const char *input);
#define run(...)           run_words((const char *const[]){__VA_ARGS__, NULL}, NULL)
#define run_on(input, ...) run_words((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, input)

/* The same, still running. */
struct child start_words(const char *const *words);
#define start(...) start_words((const char *const[]){__VA_ARGS__, NULL})

void expect_status(const struct child *child, int status);
void expect_text(const char *text, const char *part);

/* The status and a part of stdout; nothing may be on stderr when all went well. Frees the child. */
void expect(struct child child, int status, const char *part);

/* The status and a part of stderr; nothing may be on stdout. Frees the child. */
void expect_error(struct child child, int status, const char *part);

/* stdout as one JSON document, which the caller frees. Frees the child. */
yyjson_doc *json(struct child child, int status);

/* stdout as one JSON object per line: how many. */
unsigned json_lines(const struct child *child);
