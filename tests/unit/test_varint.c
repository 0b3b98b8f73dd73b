/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/varint.h"

/* RFC 9000 section A.1, and both sides of each change of length. */
static const struct {
    uint64_t value;
    size_t bytes;
    uint8_t encoded[8];
} cases[] = {
    {UINT64_C(151288809941952652), 8, {0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}},
    {494878333, 4, {0x9d, 0x7f, 0x3e, 0x7d}},
    {15293, 2, {0x7b, 0xbd}},
    {37, 1, {0x25}},
    {0, 1, {0x00}},
    {63, 1, {0x3f}},
    {64, 2, {0x40, 0x40}},
    {16383, 2, {0x7f, 0xff}},
    {16384, 4, {0x80, 0x00, 0x40, 0x00}},
    {1073741823, 4, {0xbf, 0xff, 0xff, 0xff}},
    {1073741824, 8, {0xc0, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00}},
    {CV_VARINT_MAX, 8, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static void values_take_the_shortest_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        uint8_t *exact = malloc(cases[i].bytes);
        uint64_t value = 0;

        assert_non_null(exact);
        assert_int_equal(cv_varint_size(cases[i].value), cases[i].bytes);
        assert_int_equal(cv_varint_write(exact, cases[i].bytes, cases[i].value), cases[i].bytes);
        assert_memory_equal(exact, cases[i].encoded, cases[i].bytes);
        assert_int_equal(cv_varint_read(exact, cases[i].bytes, &value), cases[i].bytes);
        assert_true(value == cases[i].value);
        free(exact);
    }
}

/* RFC 9000 section 16: "Values do not need to be encoded on the minimum number of bytes necessary". */
static void longer_forms_are_read(void **state)
{
    static const uint8_t forms[][8] = {{0x40, 37}, {0x80, 0, 0, 37}, {0xc0, 0, 0, 0, 0, 0, 0, 37}};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        value = 0;
        assert_int_equal(cv_varint_read(forms[i], 8, &value), (size_t)2 << i);
        assert_int_equal(value, 37);
    }
}

static void cut_numbers_are_not_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        for (size_t cut = 0; cut < cases[i].bytes; cut++) {
            uint8_t *part = malloc(cut != 0 ? cut : 1);
            uint64_t value = 77;

            assert_non_null(part);
            memcpy(part, cases[i].encoded, cut);
            assert_int_equal(cv_varint_read(part, cut, &value), 0);
            assert_int_equal(value, 77);
            free(part);
        }
    }
}

static void what_does_not_fit_is_not_written(void **state)
{
    uint8_t out[8];

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        memset(out, 0xaa, sizeof(out));
        assert_int_equal(cv_varint_write(out, cases[i].bytes - 1, cases[i].value), 0);
        for (size_t at = 0; at < sizeof(out); at++)
            assert_int_equal(out[at], 0xaa);
    }
    assert_int_equal(cv_varint_size(CV_VARINT_MAX + 1), 0);
    assert_int_equal(cv_varint_write(out, sizeof(out), CV_VARINT_MAX + 1), 0);
    assert_int_equal(cv_varint_write(out, sizeof(out), UINT64_MAX), 0);
    assert_int_equal(out[0], 0xaa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_take_the_shortest_form),
        cmocka_unit_test(longer_forms_are_read),
        cmocka_unit_test(cut_numbers_are_not_read),
        cmocka_unit_test(what_does_not_fit_is_not_written),
    };

    return cmocka_run_group_tests_name("varint", tests, NULL, NULL);
}
