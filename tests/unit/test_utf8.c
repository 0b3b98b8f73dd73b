/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* In a block of exactly its size, so that ASan sees a read past the end. */
static bool is_line(const char *text, size_t bytes)
{
    char *exact = malloc(bytes != 0 ? bytes : 1);
    bool line;

    assert_non_null(exact);
    memcpy(exact, text, bytes);
    line = cv_utf8_is_line(exact, bytes);
    free(exact);
    return line;
}

/* As RFC 3629 section 3 encodes it, also what it forbids to encode. */
static size_t encode(uint32_t character, char out[4])
{
    size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = length; i-- > 1; character >>= 6)
        out[i] = (char)(0x80 | (character & 0x3f));
    out[0] = (char)(marks[length] | character);
    return length;
}

static void every_character_is_judged(void **state)
{
    (void)state;
    for (uint32_t character = 0; character < 0x120000; character++) {
        bool control = character < 0x20 || (character >= 0x7f && character <= 0x9f);
        bool breaks = character == 0x2028 || character == 0x2029;
        bool surrogate = character >= 0xd800 && character <= 0xdfff;
        char text[4];
        size_t length = encode(character, text);
        bool expected = !control && !breaks && !surrogate && character <= 0x10ffff;

        if (cv_utf8_is_line(text, length) != expected)
            fail_msg("U+%04X", character);
    }
}

static void cut_characters_are_refused(void **state)
{
    static const char *const texts[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x87"};

    (void)state;
    assert_true(is_line("", 0));
    for (size_t i = 0; i < 3; i++) {
        assert_true(is_line(texts[i], strlen(texts[i])));
        for (size_t cut = 1; cut < strlen(texts[i]); cut++)
            assert_false(is_line(texts[i], cut));
        assert_false(is_line(texts[i] + 1, strlen(texts[i]) - 1));
    }
}

static void only_the_shortest_form_counts(void **state)
{
    static const char *const texts[] = {
        "\xc0\xaf",         "\xc1\xbf",         "\xe0\x80\xaf",     "\xe0\x9f\xbf",
        "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", "\xf5\x80\x80\x80", "\xff",
        "a\xc3(",           "\xe2\x28\xa1",     "\xe2\x82\x28",     "\x81\x80\x80\x80",
        "\xf9\x80\x80\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(is_line(texts[i], strlen(texts[i])));
    assert_true(is_line("Stra\xc3\x9f"
                        "e, 40 \xe2\x82\xac",
                        strlen("Strasse, 40 EUR")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_judged),
        cmocka_unit_test(cut_characters_are_refused),
        cmocka_unit_test(only_the_shortest_form_counts),
    };

    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
