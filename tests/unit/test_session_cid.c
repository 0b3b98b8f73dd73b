/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "session/cid.h"

static struct cv_cid_secret secret, other_secret;
static struct cv_cid_codec *codec, *same, *other;

static int start(void **state)
{
    (void)state;
    assert_int_equal(cv_cid_secret_make(&secret), 0);
    assert_int_equal(cv_cid_secret_make(&other_secret), 0);
    codec = cv_cid_codec_create(&secret);
    same = cv_cid_codec_create(&secret);
    other = cv_cid_codec_create(&other_secret);
    return codec != NULL && same != NULL && other != NULL ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    cv_cid_codec_destroy(codec);
    cv_cid_codec_destroy(same);
    cv_cid_codec_destroy(other);
    return 0;
}

static void what_one_thread_issues_another_reads(void **state)
{
    static const struct cv_cid cases[] = {
        {0, 0, 0, 1}, {1, 2, 3, 4}, {UINT16_MAX, UINT16_MAX, UINT32_MAX, UINT32_MAX}, {126, 9, 1 << 22, 77}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[CV_ISSUED_CID_BYTES];
        struct cv_cid cid;

        cv_cid_encode(codec, &cases[i], bytes);
        assert_true(cv_cid_decode(same, bytes, sizeof(bytes), &cid));
        assert_memory_equal(&cid, &cases[i], sizeof(cid));
        assert_false(cv_cid_decode(other, bytes, sizeof(bytes), &cid));
        assert_false(cv_cid_decode(same, bytes, sizeof(bytes) - 1, &cid));
        assert_false(cv_cid_decode(same, bytes, 0, &cid));
    }
}

static void many_at_a_time(void **state)
{
    uint8_t ids[3][CV_ISSUED_CID_BYTES];
    const struct cv_cid issued = {1, 2, 3, 4};
    struct cv_cid cids[3];

    (void)state;
    cv_cid_encode(codec, &issued, ids[0]);
    cv_cid_encode(other, &issued, ids[1]);
    cv_cid_encode(same, &issued, ids[2]);
    cv_cid_decode_many(codec, ids, 3, cids);
    assert_memory_equal(&cids[0], &issued, sizeof(issued));
    assert_int_equal(cids[1].generation, 0);
    assert_memory_equal(&cids[2], &issued, sizeof(issued));
    cv_cid_decode_many(codec, ids, 0, cids);
}

/* The same as a mask: whatever is ours among others, at any place and in any number of them. */
static void a_mask_of_many(void **state)
{
    const struct cv_cid issued = {1, 2, 3, 4};

    (void)state;
    for (uint32_t count = 0; count <= 64; count++) {
        for (uint32_t ours = 0; ours < count; ours++) {
            uint8_t ids[64][CV_ISSUED_CID_BYTES];
            struct cv_cid cid;

            cv_cid_random(codec, ids[0], sizeof(ids));
            cv_cid_encode(same, &issued, ids[ours]);
            assert_true(cv_cid_decode_mask(codec, ids, count) == UINT64_C(1) << ours);
            cid = cv_cid_of(ids[ours]);
            assert_memory_equal(&cid, &issued, sizeof(cid));
        }
    }
}

static void a_changed_bit_is_not_ours(void **state)
{
    const struct cv_cid issued = {1, 2, 3, 4};
    uint8_t bytes[CV_ISSUED_CID_BYTES];
    struct cv_cid cid;

    (void)state;
    cv_cid_encode(codec, &issued, bytes);
    for (unsigned bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(cv_cid_decode(codec, bytes, sizeof(bytes), &cid));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void random_bytes_are_not_ours(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        uint8_t bytes[CV_ISSUED_CID_BYTES];
        struct cv_cid cid;

        cv_cid_random(codec, bytes, sizeof(bytes));
        assert_false(cv_cid_decode(codec, bytes, sizeof(bytes), &cid));
    }
}

static unsigned equal_bytes(const uint8_t *a, const uint8_t *b)
{
    unsigned count = 0;

    for (unsigned i = 0; i < CV_ISSUED_CID_BYTES; i++)
        count += a[i] == b[i];
    return count;
}

static void two_of_one_session_look_unrelated(void **state)
{
    struct cv_cid cid = {1, 0, 3, 4};
    uint8_t last[CV_ISSUED_CID_BYTES], bytes[CV_ISSUED_CID_BYTES];
    unsigned equal = 0;

    (void)state;
    cv_cid_encode(codec, &cid, last);
    for (unsigned i = 1; i <= 1000; i++) {
        cid.sequence = (uint16_t)i;
        cv_cid_encode(codec, &cid, bytes);
        equal += equal_bytes(last, bytes);
        memcpy(last, bytes, sizeof(last));
    }
    assert_in_range(equal, 20, 140); /* 16,000 pairs of bytes, 1 in 256 equal: 62 */
}

static void reset_tokens_are_the_same_in_every_thread(void **state)
{
    uint8_t cid[CV_ISSUED_CID_BYTES] = {1}, a[CV_RESET_TOKEN_BYTES], b[CV_RESET_TOKEN_BYTES];

    (void)state;
    cv_cid_reset_token(codec, cid, a);
    cv_cid_reset_token(same, cid, b);
    assert_memory_equal(a, b, sizeof(a));
    cv_cid_reset_token(other, cid, b);
    assert_memory_not_equal(a, b, sizeof(a));
    cid[0] = 2;
    cv_cid_reset_token(codec, cid, b);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void random_bytes_of_any_length(void **state)
{
    uint8_t a[40] = {0}, b[40] = {0};

    (void)state;
    cv_cid_random(codec, a, 33);
    cv_cid_random(codec, b, 33);
    assert_memory_not_equal(a, b, 16);
    assert_memory_not_equal(a + 16, b + 16, 16);
    assert_int_equal(a[33], 0);
    cv_cid_random(same, b, 33);
    assert_memory_not_equal(a, b, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_thread_issues_another_reads),
        cmocka_unit_test(many_at_a_time),
        cmocka_unit_test(a_mask_of_many),
        cmocka_unit_test(a_changed_bit_is_not_ours),
        cmocka_unit_test(random_bytes_are_not_ours),
        cmocka_unit_test(two_of_one_session_look_unrelated),
        cmocka_unit_test(reset_tokens_are_the_same_in_every_thread),
        cmocka_unit_test(random_bytes_of_any_length),
    };

    return cmocka_run_group_tests_name("session_cid", tests, start, stop);
}
