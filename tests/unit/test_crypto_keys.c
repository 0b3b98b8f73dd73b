/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of keys: more of them than the engine keeps expanded, slots used again, secrets after their
 * end.
 */
#include "allocations.h"
#include "crypto_rig.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants these first. */
#include <cmocka.h>

#define SCHEDULES 3
#define KEYS      10
#define TURNS     2000

struct sample {
    uint8_t sealed[48 + CV_AEAD_TAG_BYTES];
    uint8_t mask[CV_HEADER_MASK_BYTES];
};

static const uint8_t nonce[CV_AEAD_NONCE_BYTES] = {1}, aad[13] = {2}, plaintext[48] = {3},
                     header_sample[16] = {4};

static void secret_of(uint8_t secret[CV_SECRET_BYTES_MAX], unsigned number)
{
    for (size_t i = 0; i < CV_SECRET_BYTES_MAX; i++)
        secret[i] = (uint8_t)(0x51 + number * 37 + i * 11);
}

static void use(struct cv_aead_key *key, struct cv_header_key *header_key, struct sample *result)
{
    assert_true(cv_aead_seal(key, result->sealed, plaintext, sizeof(plaintext), nonce, aad, sizeof(aad)));
    assert_true(cv_header_mask(header_key, result->mask, header_sample));
}

static enum cv_suite suite_of(unsigned number)
{
    return number % CV_SUITE_COUNT;
}

static void make(struct crypto_rig *rig, struct cv_aead_key *key, struct cv_header_key *header_key,
                 unsigned number)
{
    uint8_t secret[CV_SECRET_BYTES_MAX];

    secret_of(secret, number);
    cv_aead_key_init(rig->crypto, key, suite_of(number), secret);
    cv_header_key_init(rig->crypto, header_key, suite_of(number), secret);
}

/*
 * Keys that push each other out, used in every order and wiped while others are in use, do what each does
 * alone.
 */
static void more_than_schedules(void **state)
{
    struct cv_aead_key keys[KEYS];
    struct cv_header_key header_keys[KEYS];
    struct sample alone[KEYS], result;
    unsigned random = 1;

    crypto_rig_need(*state);
    for (unsigned i = 0; i < KEYS; i++) {
        make(*state, &keys[i], &header_keys[i], i);
        use(&keys[i], &header_keys[i], &alone[i]);
        for (unsigned j = 0; j < i; j++)
            assert_memory_not_equal(&alone[i], &alone[j], sizeof(alone[i]));
    }
    for (unsigned turn = 0; turn < TURNS; turn++) {
        unsigned i = (random = random * 1103515245 + 12345) >> 16 & 7;

        if (turn % 7 == 0) {
            cv_aead_key_wipe(&keys[i]);
            cv_header_key_wipe(&header_keys[i]);
            make(*state, &keys[i], &header_keys[i], i);
        }
        use(&keys[i], &header_keys[i], &result);
        assert_memory_equal(&result, &alone[i], sizeof(result));
    }
    for (unsigned i = 0; i < KEYS; i++) {
        cv_aead_key_wipe(&keys[i]);
        cv_header_key_wipe(&header_keys[i]);
    }
}

/*
 * Another key in the same slot, whether or not the old one was wiped, and a key that moved: never the old
 * expansion.
 */
static void slot_used_again(void **state)
{
    struct cv_aead_key key, fresh, moved;
    struct cv_header_key header_key, fresh_header, moved_header;
    struct sample wanted, result;

    crypto_rig_need(*state);
    for (unsigned number = 0; number < 2 * CV_SUITE_COUNT; number++) {
        bool wipe = number < CV_SUITE_COUNT;

        make(*state, &fresh, &fresh_header, number);
        use(&fresh, &fresh_header, &wanted);
        make(*state, &key, &header_key, number + CV_SUITE_COUNT);
        use(&key, &header_key, &result);
        assert_memory_not_equal(&result, &wanted, sizeof(wanted));
        if (wipe) {
            cv_aead_key_wipe(&key);
            cv_header_key_wipe(&header_key);
            assert_true(all_zeros(&key, sizeof(key)));
            assert_true(all_zeros(&header_key, sizeof(header_key)));
        }
        make(*state, &key, &header_key, number);
        use(&key, &header_key, &result);
        assert_memory_equal(&result, &wanted, sizeof(wanted));
        assert_int_equal(key.sealed_pkts, 1);

        moved = key;
        moved_header = header_key;
        cv_aead_key_wipe(&key);
        cv_header_key_wipe(&header_key);
        use(&moved, &moved_header, &result);
        assert_memory_equal(&result, &wanted, sizeof(wanted));
        cv_aead_key_wipe(&moved);
        cv_header_key_wipe(&moved_header);
        cv_aead_key_wipe(&moved); /* there is nothing to do */
        cv_header_key_wipe(&moved_header);
        cv_aead_key_wipe(&fresh);
        cv_header_key_wipe(&fresh_header);
    }
}

/* An AES key schedule begins with the key: it is in the engine's memory, and then it is not. */
static void nothing_is_left(void **state)
{
    struct crypto_rig *rig = *state;
    struct cv_aead_key key;
    struct cv_header_key header_key;
    struct sample result;
    uint8_t secret[CV_SECRET_BYTES_MAX];

    crypto_rig_need(rig);
    secret_of(secret, CV_SUITE_AES_256_GCM);
    make(rig, &key, &header_key, CV_SUITE_AES_256_GCM);
    use(&key, &header_key, &result);
    if (strcmp(rig->name, "ipsec-mb") == 0)
        assert_non_null(memmem(rig->memory, rig->memory_bytes, secret, 16));
    cv_aead_key_wipe(&key);
    cv_header_key_wipe(&header_key);
    assert_null(memmem(rig->memory, rig->memory_bytes, secret, 16));
    assert_true(all_zeros(&key, sizeof(key)));
    assert_true(all_zeros(&header_key, sizeof(header_key)));
}

/* Keys come and go and packets pass, and nothing is allocated. */
static void nothing_is_allocated(void **state)
{
    struct cv_aead_key keys[KEYS];
    struct cv_header_key header_keys[KEYS];
    struct sample result;
    void *volatile some;
    uint64_t before;

    crypto_rig_need(*state);
    before = allocations_now().calls;
    some = malloc(1);
    free(some);
    assert_true(allocations_now().calls > before); /* else nothing is counted */
    before = allocations_now().calls;
    for (unsigned turn = 0; turn < 5; turn++) {
        for (unsigned i = 0; i < KEYS; i++) {
            make(*state, &keys[i], &header_keys[i], i + turn);
            use(&keys[i], &header_keys[i], &result);
            assert_true(cv_aead_open(&keys[i], result.sealed, result.sealed, sizeof(result.sealed), nonce,
                                     aad, sizeof(aad)));
        }
        for (unsigned i = 0; i < KEYS; i++) {
            cv_aead_key_wipe(&keys[i]);
            cv_header_key_wipe(&header_keys[i]);
        }
    }
    assert_int_equal(allocations_now().calls, before);
}

/* Forged packets cost nothing but their time, and leave no error behind for a handshake to stumble over. */
static void forged(void **state)
{
    uint8_t packet[sizeof(plaintext) + CV_AEAD_TAG_BYTES];
    struct cv_aead_key key;
    struct cv_header_key header_key;
    uint64_t before, unopened;

    crypto_rig_need(*state);
    unopened = cv_crypto_unopened(((struct crypto_rig *)*state)->crypto);
    before = allocations_now().calls;
    for (unsigned i = 0; i < CV_SUITE_COUNT; i++) {
        make(*state, &key, &header_key, i);
        for (unsigned j = 0; j < 1000; j++) {
            memset(packet, (int)j, sizeof(packet));
            if (cv_aead_open(&key, packet, packet, sizeof(packet), nonce, aad, sizeof(aad)))
                fail();
        }
        assert_int_equal(key.failed_pkts, 1000);
        assert_int_equal(ERR_peek_error(), 0);
        cv_aead_key_wipe(&key);
        cv_header_key_wipe(&header_key);
        assert_int_equal(cv_crypto_unopened(((struct crypto_rig *)*state)->crypto),
                         unopened + 1000 * (i + 1));
    }
    assert_int_equal(allocations_now().calls, before);
}

static int start(void **state)
{
    static struct crypto_rig rig;

    crypto_rig_start(&rig, *state, SCHEDULES);
    *state = &rig;
    return 0;
}

static int stop(void **state)
{
    crypto_rig_stop(*state);
    return 0;
}

#define WITH(engine, test) {#test " with " engine, test, start, stop, engine}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH("ipsec-mb", more_than_schedules),
        WITH("evp", more_than_schedules),
        WITH("ipsec-mb", slot_used_again),
        WITH("evp", slot_used_again),
        WITH("ipsec-mb", nothing_is_left),
        WITH("evp", nothing_is_left),
        WITH("ipsec-mb", nothing_is_allocated),
        WITH("evp", nothing_is_allocated),
        WITH("ipsec-mb", forged),
        WITH("evp", forged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
