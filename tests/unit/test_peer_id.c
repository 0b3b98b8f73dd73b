/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/peer_id.h"

static const char *const text_a = "uhurkycu4bh2zcm25hzhkezm3qd2lw6e5iwcvu5b77dobustnapq";
static const char *const text_b = "a3r73d62fg5wbk2zkv66mhw3blwnwiyrgs7dbz23ivpy4g3zf6uq";

/* SubjectPublicKeyInfo of the Ed25519 key in RFC 8032 section 7.1, test 1; its ID by sha256sum and base32. */
static const uint8_t spki_b[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
                                 0x00, 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b,
                                 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda,
                                 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

static void the_id_is_the_hash_of_the_key(void **state)
{
    struct cv_peer_id id;

    (void)state;
    assert_int_equal(cv_peer_id_from_spki(spki_b, sizeof(spki_b), &id), 0);
    assert_true(cv_peer_id_equal(&id, &example_peer_b));
    assert_false(cv_peer_id_equal(&id, &example_peer_a));
}

static void ids_print_as_they_are_read(void **state)
{
    const struct {
        const struct cv_peer_id *id;
        const char *text;
    } cases[] = {{&example_peer_a, text_a}, {&example_peer_b, text_b}};
    char text[CV_PEER_ID_TEXT];
    struct cv_peer_id parsed;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(cv_peer_id_print(cases[i].id, text), cases[i].text);
        assert_int_equal(cv_peer_id_parse(cases[i].text, &parsed), 0);
        assert_true(cv_peer_id_equal(&parsed, cases[i].id));
    }
    memset(&parsed, 0, sizeof(parsed));
    assert_string_equal(cv_peer_id_print(&parsed, text),
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    memset(&parsed, 0xff, sizeof(parsed));
    assert_string_equal(cv_peer_id_print(&parsed, text),
                        "777777777777777777777777777777777777777777777777777q");
}

static void each_bit_has_its_place(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 256; bit++) {
        struct cv_peer_id id = {0}, parsed;
        char text[CV_PEER_ID_TEXT];

        id.bytes[bit / 8] = (uint8_t)(0x80 >> bit % 8);
        cv_peer_id_print(&id, text);
        for (unsigned i = 0; i < CV_PEER_ID_TEXT - 1; i++)
            assert_int_equal(text[i] != 'a', i == bit / 5);
        assert_int_equal(cv_peer_id_parse(text, &parsed), 0);
        assert_true(cv_peer_id_equal(&id, &parsed));
    }
}

static void other_texts_are_refused(void **state)
{
    static const char strange[] = {'A', 'Z', '0', '1', '8', '9', '=', '-', ' ', '`', '{', '\n', (char)0xe4};
    struct cv_peer_id id = {{77}};
    char text[CV_PEER_ID_TEXT + 1];

    (void)state;
    for (size_t cut = 0; cut < strlen(text_a); cut++) {
        memcpy(text, text_a, cut);
        text[cut] = '\0';
        assert_int_equal(cv_peer_id_parse(text, &id), -EINVAL);
    }
    strcpy(text, text_a);
    strcat(text, "a");
    assert_int_equal(cv_peer_id_parse(text, &id), -EINVAL);
    for (size_t at = 0; at < strlen(text_a); at++) {
        for (size_t i = 0; i < sizeof(strange); i++) {
            strcpy(text, text_a);
            text[at] = strange[i];
            assert_int_equal(cv_peer_id_parse(text, &id), -EINVAL);
        }
    }
    assert_int_equal(id.bytes[0], 77);
}

/* 52 characters have 260 bits: the last four are no part of the ID, and one ID has one text. */
static void spare_bits_are_zero(void **state)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    char text[CV_PEER_ID_TEXT];
    struct cv_peer_id id;

    (void)state;
    strcpy(text, text_a);
    for (unsigned i = 0; i < 32; i++) {
        text[51] = alphabet[i];
        assert_int_equal(cv_peer_id_parse(text, &id), i % 16 == 0 ? 0 : -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_is_the_hash_of_the_key), cmocka_unit_test(ids_print_as_they_are_read),
        cmocka_unit_test(each_bit_has_its_place),        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(spare_bits_are_zero),
    };

    return cmocka_run_group_tests_name("peer_id", tests, NULL, NULL);
}
