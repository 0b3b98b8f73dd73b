/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificate chains: which keys count, and what is no chain. */
#include "certificates.h"
#include "sessions/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

static const char *const types[] = {"P-256", "ED25519", "RSA"};
#define TYPES (sizeof(types) / sizeof(types[0]))

static EVP_PKEY *keys[TYPES];

static int make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++)
        keys[i] = test_key(types[i]);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++)
        EVP_PKEY_free(keys[i]);
    return 0;
}

/* In memory of just that size, so that a read beyond it is seen. */
static enum chain_error parse(const void *bytes, size_t count, struct chain *chain)
{
    uint8_t *exact = malloc(count == 0 ? 1 : count);
    enum chain_error error;

    assert_non_null(exact);
    memcpy(exact, bytes, count);
    error = chain_parse(exact, count, chain);
    free(exact);
    return error;
}

static void assert_ids(const struct test_chain *certificates, size_t count, EVP_PKEY *const *expected)
{
    struct chain chain;

    assert_int_equal(parse(certificates->bytes, certificates->count, &chain), CHAIN_GOOD);
    assert_int_equal(chain.count, count);
    for (size_t i = 0; i < count; i++) {
        struct cv_peer_id id = test_id(expected[i]);

        assert_true(cv_peer_id_equal(&chain.ids[i], &id));
    }
}

static void self_signed(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        struct test_chain certificates = {0};

        test_chain_add(&certificates, keys[i], keys[i]);
        assert_ids(&certificates, 1, &keys[i]);
    }
}

static void signed_across_key_types(void **state)
{
    (void)state;
    for (size_t first = 0; first < TYPES; first++) {
        EVP_PKEY *order[TYPES] = {keys[first], keys[(first + 1) % TYPES], keys[(first + 2) % TYPES]};
        struct test_chain certificates = {0};

        test_chain_add(&certificates, order[0], order[1]);
        test_chain_add(&certificates, order[1], order[2]);
        test_chain_add(&certificates, order[2], order[2]);
        assert_ids(&certificates, 3, order);
    }
}

static void counts_as_far_as_signatures_hold(void **state)
{
    struct test_chain certificates = {0};

    (void)state;
    test_chain_add(&certificates, keys[0], keys[1]);
    test_chain_add(&certificates, keys[1], keys[1]);
    test_chain_add(&certificates, keys[2], keys[2]); /* has signed nothing */
    assert_ids(&certificates, 2, keys);

    certificates.count = 0;
    test_chain_add(&certificates, keys[0], keys[0]);
    test_chain_add(&certificates, keys[1], keys[1]); /* somebody else's, copied */
    assert_ids(&certificates, 1, keys);
}

static void a_changed_certificate_vouches_for_nothing(void **state)
{
    struct test_chain certificates = {0};
    uint32_t leaf;
    struct chain chain;

    (void)state;
    test_chain_add(&certificates, keys[1], keys[0]);
    leaf = certificates.count;
    test_chain_add(&certificates, keys[0], keys[0]);
    certificates.bytes[leaf - 1] ^= 1; /* the end of the leaf's signature */
    if (parse(certificates.bytes, certificates.count, &chain) == CHAIN_GOOD)
        assert_int_equal(chain.count, 1);
}

static void up_to_eight(void **state)
{
    struct test_chain certificates = {0};
    struct chain chain;

    (void)state;
    for (unsigned i = 0; i < CHAIN_CERTIFICATES; i++)
        test_chain_add(&certificates, keys[1], keys[1]);
    assert_int_equal(parse(certificates.bytes, certificates.count, &chain), CHAIN_GOOD);
    assert_int_equal(chain.count, CHAIN_CERTIFICATES);
    test_chain_add(&certificates, keys[1], keys[1]);
    assert_int_equal(parse(certificates.bytes, certificates.count, &chain), CHAIN_TOO_LONG);
    assert_int_equal(chain.count, 0);
}

static void what_is_no_chain(void **state)
{
    static uint8_t large[CV_SESSION_CHAIN_BYTES + 1];
    struct test_chain certificates = {0};
    struct chain chain;

    (void)state;
    test_chain_add(&certificates, keys[0], keys[0]);
    assert_int_equal(parse("", 0, &chain), CHAIN_MALFORMED);
    assert_int_equal(parse("\0\0\0", 3, &chain), CHAIN_MALFORMED); /* an empty certificate */
    assert_int_equal(parse("\0\0\1x", 4, &chain), CHAIN_MALFORMED);
    assert_int_equal(parse(large, sizeof(large), &chain), CHAIN_TOO_LONG);
    for (uint32_t cut = 1; cut < certificates.count; cut++)
        assert_int_equal(parse(certificates.bytes, cut, &chain), CHAIN_MALFORMED);
    certificates.bytes[2]++; /* one more byte than the certificate has */
    certificates.bytes[certificates.count++] = 0;
    assert_int_equal(parse(certificates.bytes, certificates.count, &chain), CHAIN_MALFORMED);
}

static void garbage_is_survived(void **state)
{
    struct test_chain certificates = {0};
    struct chain chain;
    unsigned seed = 1;

    (void)state;
    test_chain_add(&certificates, keys[0], keys[1]);
    test_chain_add(&certificates, keys[1], keys[1]);
    for (unsigned i = 0; i < 2000; i++) {
        struct test_chain copy = certificates;

        for (unsigned j = 0; j < 1 + i % 4; j++)
            copy.bytes[(unsigned)rand_r(&seed) % copy.count] ^= (uint8_t)(1 + rand_r(&seed) % 255);
        if (parse(copy.bytes, copy.count, &chain) != CHAIN_GOOD)
            assert_int_equal(chain.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_signed),
        cmocka_unit_test(signed_across_key_types),
        cmocka_unit_test(counts_as_far_as_signatures_hold),
        cmocka_unit_test(a_changed_certificate_vouches_for_nothing),
        cmocka_unit_test(up_to_eight),
        cmocka_unit_test(what_is_no_chain),
        cmocka_unit_test(garbage_is_survived),
    };

    return cmocka_run_group_tests_name("chain", tests, make_keys, free_keys);
}
