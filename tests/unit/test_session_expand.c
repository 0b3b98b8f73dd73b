/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "session/expand.h"

#define V1 1u
#define V2 0x6b3343cfu

static void check(enum cv_suite suite, uint32_t version, const char *secret_hex, enum cv_label label,
                  const char *wanted_hex)
{
    uint8_t secret[48], out[48];
    char hex[97] = "";
    size_t bytes = strlen(wanted_hex) / 2;

    for (size_t i = 0; secret_hex[2 * i] != '\0'; i++)
        assert_int_equal(sscanf(secret_hex + 2 * i, "%2hhx", &secret[i]), 1);
    cv_expand_label(suite, version, secret, label, out, bytes);
    for (size_t i = 0; i < bytes; i++)
        snprintf(hex + 2 * i, 3, "%02x", out[i]);
    assert_string_equal(hex, wanted_hex);
}

/* RFC 9001 appendix A.1, the client's Initial secret. */
static void aes_128(void **state)
{
    static const char secret[] = "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea";

    (void)state;
    check(CV_SUITE_AES_128_GCM, V1, secret, CV_LABEL_KEY, "1f369613dd76d5467730efcbe3b1a22d");
    check(CV_SUITE_AES_128_GCM, V1, secret, CV_LABEL_IV, "fa044b2f42a3fd3b46fb255c");
    check(CV_SUITE_AES_128_GCM, V1, secret, CV_LABEL_HEADER_KEY, "9f50449e04a0e810283a1e9933adedd2");
}

/* RFC 9001 appendix A.1, RFC 9369 appendix A.1. */
static void initial(void **state)
{
    static const uint8_t dcid[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
    static const struct {
        uint32_t version;
        const char *secret;
    } cases[] = {{V1, "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea"},
                 {V2, "14ec9d6eb9fd7af83bf5a668bc17a7e283766aade7ecd0891f70f9ff7f4bf47b"}};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t secret[32];
        char hex[65];

        cv_expand_initial(cases[i].version, dcid, sizeof(dcid), secret);
        for (unsigned j = 0; j < sizeof(secret); j++)
            snprintf(hex + 2 * j, 3, "%02x", secret[j]);
        assert_string_equal(hex, cases[i].secret);
    }
}

/* RFC 9001 appendix A.5. */
static void chacha20(void **state)
{
    static const char secret[] = "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b";

    (void)state;
    check(CV_SUITE_CHACHA20_POLY1305, V1, secret, CV_LABEL_KEY,
          "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8");
    check(CV_SUITE_CHACHA20_POLY1305, V1, secret, CV_LABEL_IV, "e0459b3474bdd0e44a41c144");
    check(CV_SUITE_CHACHA20_POLY1305, V1, secret, CV_LABEL_HEADER_KEY,
          "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4");
    check(CV_SUITE_CHACHA20_POLY1305, V1, secret, CV_LABEL_KEY_UPDATE,
          "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9");
}

/* RFC 9369 appendix A.1, the client's Initial secret. */
static void version_2(void **state)
{
    static const char secret[] = "14ec9d6eb9fd7af83bf5a668bc17a7e283766aade7ecd0891f70f9ff7f4bf47b";

    (void)state;
    check(CV_SUITE_AES_128_GCM, V2, secret, CV_LABEL_KEY, "8b1a0bc121284290a29e0971b5cd045d");
    check(CV_SUITE_AES_128_GCM, V2, secret, CV_LABEL_IV, "91f73e2351d8fa91660e909f");
    check(CV_SUITE_AES_128_GCM, V2, secret, CV_LABEL_HEADER_KEY, "45b95e15235d6f45a6b19cbcb0294ba9");
}

/* No RFC has an example with SHA-384: OpenSSL's HMAC says what is right. */
static void aes_256(void **state)
{
    static const uint8_t info[] = "\x00\x30\x0dtls13 quic ku\x00\x01";
    uint8_t secret[48], wanted[48], out[48];
    unsigned bytes;

    (void)state;
    for (unsigned i = 0; i < sizeof(secret); i++)
        secret[i] = (uint8_t)(i * 5 + 1);
    assert_int_equal(cv_traffic_secret_bytes(CV_SUITE_AES_256_GCM), 48);
    assert_non_null(HMAC(EVP_sha384(), secret, 48, info, sizeof(info) - 1, wanted, &bytes));
    cv_expand_label(CV_SUITE_AES_256_GCM, V1, secret, CV_LABEL_KEY_UPDATE, out, 48);
    assert_memory_equal(out, wanted, 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_128),   cmocka_unit_test(initial), cmocka_unit_test(chacha20),
        cmocka_unit_test(version_2), cmocka_unit_test(aes_256),
    };

    return cmocka_run_group_tests_name("session_expand", tests, NULL, NULL);
}
