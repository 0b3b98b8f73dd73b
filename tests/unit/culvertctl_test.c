/* SPDX-License-Identifier: BSD-3-Clause */
#include "culvertctl_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 24

struct fake_relay *relay;

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

struct child run_words(const char *const *words, const char *input)
{
    const char *all[WORDS_MAX];
    struct child child;

    arguments(all, words);
    child_run(&child, all, input);
    return child;
}

struct child start_words(const char *const *words)
{
    const char *all[WORDS_MAX];
    struct child child;

    arguments(all, words);
    child_start(&child, all, NULL);
    return child;
}

void expect_status(const struct child *child, int status)
{
    if (child->status != status)
        fail_msg("exit status %d instead of %d\nstdout: %s\nstderr: %s", child->status, status,
                 child->texts[0], child->texts[1]);
}

void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

void expect(struct child child, int status, const char *part)
{
    expect_status(&child, status);
    expect_text(child.texts[0], part);
    if (status == 0)
        assert_string_equal(child.texts[1], "");
    child_free(&child);
}

void expect_error(struct child child, int status, const char *part)
{
    expect_status(&child, status);
    assert_string_equal(child.texts[0], "");
    expect_text(child.texts[1], part);
    child_free(&child);
}

yyjson_doc *json(struct child child, int status)
{
    yyjson_doc *doc = yyjson_read(child.texts[0], child.sizes[0], 0);

    expect_status(&child, status);
    if (!doc)
        fail_msg("not JSON: %s", child.texts[0]);
    child_free(&child);
    return doc;
}

unsigned json_lines(const struct child *child)
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

int set_up(void **state)
{
    (void)state;
    relay = fake_relay_start();
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    fake_relay_stop(relay);
    return 0;
}
