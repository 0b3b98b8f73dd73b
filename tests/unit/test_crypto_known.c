/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet protection against published results, in both engines: RFC 9001 appendix A, and what it has no
 * suite for.
 */
#include "crypto_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* cmocka.h wants these first. */
#include <cmocka.h>

#define PACKET_MAX 1500

/* ---- Whole packets ---- */

struct packet {
    enum cv_suite suite;
    const char *secret;
    const char *header_secret;
    const char *nonce; /* the IV, with the packet number in it */
    const char *header;
    size_t number_bytes;
    const char *payload;
    size_t padding_bytes; /* zeros after the payload */
    const char *begin;    /* of the protected packet */
    const char *end;
};

static const struct packet client_initial = {
    .suite = CV_SUITE_AES_128_GCM, /* RFC 9001 appendix A.2 */
    .secret = "1f369613dd76d5467730efcbe3b1a22d",
    .header_secret = "9f50449e04a0e810283a1e9933adedd2",
    .nonce = "fa044b2f42a3fd3b46fb255e",
    .header = "c300000001088394c8f03e5157080000449e00000002",
    .number_bytes = 4,
    .payload =
        "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c000004130113"
        "02010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
        "04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce1"
        "5d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002400100"
        "3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806"
        "048000ffff",
    .padding_bytes = 917,
    .begin =
        "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c"
        "0bab7df5976d27cd449f63300099f3991c260ec4c60d17b31f8429157bb35a1282a643a8d2262cad67500cadb8e7378c"
        "8eb7539ec4d4905fed1bee1fc8aafba17c750e2c7ace01e6005f80fcb7df6212",
    .end = "e221af44860018ab0856972e194cd934",
};

static const struct packet server_initial = {
    .suite = CV_SUITE_AES_128_GCM, /* RFC 9001 appendix A.3 */
    .secret = "cf3a5331653c364c88f0f379b6067e37",
    .header_secret = "c206b8d9b9f0f37644430b490eeaa314",
    .nonce = "0ac1493ca1905853b0bba03f",
    .header = "c1000000010008f067a5502a4262b50040750001",
    .number_bytes = 2,
    .payload =
        "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200"
        "130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00"
        "020304",
    .begin =
        "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb3"
        "8cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
        "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
    .end = "",
};

static const struct packet short_header = {
    .suite = CV_SUITE_CHACHA20_POLY1305, /* RFC 9001 appendix A.5 */
    .secret = "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8",
    .header_secret = "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4",
    .nonce = "e0459b3474bdd0e46d417eb0",
    .header = "4200bff4",
    .number_bytes = 3,
    .payload = "01",
    .begin = "4cfe4189655e5cd55c41f69080575d7999c25a5bfb",
    .end = "",
};

static void mask_header(struct cv_header_key *key, uint8_t *packet, size_t header_bytes, size_t number_bytes)
{
    uint8_t mask[CV_HEADER_MASK_BYTES];
    uint8_t *number = packet + header_bytes - number_bytes;

    assert_true(cv_header_mask(key, mask, number + 4));
    packet[0] ^= (uint8_t)(mask[0] & (packet[0] & 0x80 ? 0x0f : 0x1f));
    for (size_t i = 0; i < number_bytes; i++)
        number[i] ^= mask[1 + i];
}

/* Protects the packet in place, as it is sent, and takes the protection off again. */
static void check_packet(struct crypto_rig *rig, const struct packet *wanted)
{
    uint8_t secret[CV_SECRET_BYTES_MAX], nonce[CV_AEAD_NONCE_BYTES], plain[PACKET_MAX] = {0};
    uint8_t packet[PACKET_MAX], begin[PACKET_MAX], end[CV_AEAD_TAG_BYTES];
    size_t header_bytes = from_hex(plain, sizeof(plain), wanted->header);
    size_t payload_bytes =
        from_hex(plain + header_bytes, sizeof(plain) - header_bytes, wanted->payload) + wanted->padding_bytes;
    size_t packet_bytes = header_bytes + payload_bytes + CV_AEAD_TAG_BYTES;
    size_t begin_bytes = from_hex(begin, sizeof(begin), wanted->begin);
    size_t end_bytes = from_hex(end, sizeof(end), wanted->end);
    struct cv_header_key header_key;
    struct cv_aead_key key;

    crypto_rig_need(rig);
    from_hex(nonce, sizeof(nonce), wanted->nonce);
    from_hex(secret, sizeof(secret), wanted->secret);
    cv_aead_key_init(rig->crypto, &key, wanted->suite, secret);
    from_hex(secret, sizeof(secret), wanted->header_secret);
    cv_header_key_init(rig->crypto, &header_key, wanted->suite, secret);

    memcpy(packet, plain, sizeof(packet));
    assert_true(cv_aead_seal(&key, packet + header_bytes, packet + header_bytes, payload_bytes, nonce, packet,
                             header_bytes));
    mask_header(&header_key, packet, header_bytes, wanted->number_bytes);
    assert_memory_equal(packet, begin, begin_bytes);
    assert_memory_equal(packet + packet_bytes - end_bytes, end, end_bytes);
    if (end_bytes == 0)
        assert_int_equal(packet_bytes, begin_bytes);

    mask_header(&header_key, packet, header_bytes, wanted->number_bytes);
    assert_memory_equal(packet, plain, header_bytes);
    assert_true(cv_aead_open(&key, packet + header_bytes, packet + header_bytes, packet_bytes - header_bytes,
                             nonce, packet, header_bytes));
    assert_memory_equal(packet, plain, header_bytes + payload_bytes);
    cv_aead_key_wipe(&key);
    cv_header_key_wipe(&header_key);
}

static void initial_of_client(void **state)
{
    check_packet(*state, &client_initial);
}

static void initial_of_server(void **state)
{
    check_packet(*state, &server_initial);
}

static void short_header_packet(void **state)
{
    check_packet(*state, &short_header);
}

/* ---- Payloads alone ---- */

struct payload {
    enum cv_suite suite;
    const char *secret;
    const char *nonce;
    const char *aad;
    const char *plaintext;
    const char *sealed;
};

static const struct payload payloads[] = {
    /* The integrity tag of a Retry packet (RFC 9001 appendix A.4): no plaintext */
    {CV_SUITE_AES_128_GCM, "be0c690b9f66575a1d766b54e368c84e", "461599d35d632bf2239825bb",
     "088394c8f03e515708ff000000010008f067a5502a4262b5746f6b656e", "", "04a265ba2eff4d829058fb3f0f2496ba"},
    /* Test cases 4, 13 and 16 of the GCM specification submitted to NIST */
    {CV_SUITE_AES_128_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf"
     "5"
     "aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b3"
     "9"
     "6a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {CV_SUITE_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {CV_SUITE_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf"
     "5"
     "aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6"
     "3"
     "93ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
    /* RFC 8439 section 2.8.2 */
    {CV_SUITE_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c6"
     "420"
     "6f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f7"
     "56c"
     "642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0"
     "a9e"
     "060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de"
     "576"
     "d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"},
};

static void check_payload(struct crypto_rig *rig, const struct payload *wanted)
{
    uint8_t secret[CV_SECRET_BYTES_MAX], nonce[CV_AEAD_NONCE_BYTES], aad[64], plaintext[128], sealed[160];
    uint8_t result[sizeof(sealed)];
    size_t aad_bytes = from_hex(aad, sizeof(aad), wanted->aad);
    size_t bytes = from_hex(plaintext, sizeof(plaintext), wanted->plaintext);
    struct cv_aead_key key;

    assert_int_equal(from_hex(secret, sizeof(secret), wanted->secret), cv_suite_secret_bytes(wanted->suite));
    from_hex(nonce, sizeof(nonce), wanted->nonce);
    assert_int_equal(from_hex(sealed, sizeof(sealed), wanted->sealed), bytes + CV_AEAD_TAG_BYTES);
    cv_aead_key_init(rig->crypto, &key, wanted->suite, secret);
    assert_true(cv_aead_seal(&key, result, plaintext, bytes, nonce, aad, aad_bytes));
    assert_memory_equal(result, sealed, bytes + CV_AEAD_TAG_BYTES);
    assert_true(cv_aead_open(&key, result, sealed, bytes + CV_AEAD_TAG_BYTES, nonce, aad, aad_bytes));
    assert_memory_equal(result, plaintext, bytes);
    cv_aead_key_wipe(&key);
}

static void known_payloads(void **state)
{
    crypto_rig_need(*state);
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
        check_payload(*state, &payloads[i]);
}

/* AES with a 256-bit key, of which RFC 9001 has no example: FIPS 197 appendix C.3. */
static void mask_of_aes_256(void **state)
{
    struct crypto_rig *rig = *state;
    uint8_t secret[CV_SECRET_BYTES_MAX], sample[CV_HEADER_SAMPLE_BYTES], wanted[CV_HEADER_MASK_BYTES];
    uint8_t mask[CV_HEADER_MASK_BYTES];
    struct cv_header_key key;

    crypto_rig_need(rig);
    from_hex(secret, sizeof(secret), "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    from_hex(sample, sizeof(sample), "00112233445566778899aabbccddeeff");
    from_hex(wanted, sizeof(wanted), "8ea2b7ca51");
    cv_header_key_init(rig->crypto, &key, CV_SUITE_AES_256_GCM, secret);
    assert_true(cv_header_mask(&key, mask, sample));
    assert_memory_equal(mask, wanted, sizeof(mask));
    cv_header_key_wipe(&key);
}

/* ---- What must not open ---- */

struct attempt {
    struct cv_aead_key *key;
    uint8_t nonce[CV_AEAD_NONCE_BYTES];
    uint8_t aad[21];
    uint8_t sealed[100 + CV_AEAD_TAG_BYTES];
};

static bool opens(const struct attempt *attempt, size_t sealed_bytes, size_t aad_bytes)
{
    uint8_t plaintext[sizeof(attempt->sealed)];
    bool opened;

    memset(plaintext, 0xaa, sizeof(plaintext));
    opened = cv_aead_open(attempt->key, plaintext, attempt->sealed, sealed_bytes, attempt->nonce,
                          attempt->aad, aad_bytes);
    if (!opened && sealed_bytes >= CV_AEAD_TAG_BYTES)
        assert_true(all_zeros(plaintext, sealed_bytes - CV_AEAD_TAG_BYTES));
    return opened;
}

/* Each bit of a field, one at a time. */
static unsigned flip_all(struct attempt *attempt, uint8_t *field, size_t bytes)
{
    for (size_t bit = 0; bit < 8 * bytes; bit++) {
        field[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(opens(attempt, sizeof(attempt->sealed), sizeof(attempt->aad)));
        field[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    return (unsigned)(8 * bytes);
}

static void check_tampered(struct crypto_rig *rig, enum cv_suite suite)
{
    uint8_t secret[CV_SECRET_BYTES_MAX] = {1, 2, 3};
    struct cv_aead_key key, other;
    struct attempt attempt = {.key = &key, .nonce = {4, 5}, .aad = {6, 7}, .sealed = {8, 9}};
    unsigned failures = 0;

    cv_aead_key_init(rig->crypto, &key, suite, secret);
    secret[15] ^= 1;
    cv_aead_key_init(rig->crypto, &other, suite, secret);
    assert_true(cv_aead_seal(&key, attempt.sealed, attempt.sealed, 100, attempt.nonce, attempt.aad,
                             sizeof(attempt.aad)));
    assert_true(opens(&attempt, sizeof(attempt.sealed), sizeof(attempt.aad)));
    failures += flip_all(&attempt, attempt.sealed, sizeof(attempt.sealed));
    failures += flip_all(&attempt, attempt.nonce, sizeof(attempt.nonce));
    failures += flip_all(&attempt, attempt.aad, sizeof(attempt.aad));
    for (size_t bytes = 0; bytes < sizeof(attempt.sealed); bytes++, failures++)
        assert_false(opens(&attempt, bytes, sizeof(attempt.aad)));
    for (size_t bytes = 0; bytes < sizeof(attempt.aad); bytes++, failures++)
        assert_false(opens(&attempt, sizeof(attempt.sealed), bytes));
    assert_true(opens(&attempt, sizeof(attempt.sealed), sizeof(attempt.aad)));
    assert_int_equal(key.failed_pkts, failures);
    assert_int_equal(key.sealed_pkts, 1);

    attempt.key = &other;
    assert_false(opens(&attempt, sizeof(attempt.sealed), sizeof(attempt.aad)));
    assert_int_equal(other.failed_pkts, 1);
    assert_int_equal(other.sealed_pkts, 0);
    cv_aead_key_wipe(&key);
    cv_aead_key_wipe(&other);
}

static void tampered(void **state)
{
    crypto_rig_need(*state);
    for (enum cv_suite suite = 0; suite < CV_SUITE_COUNT; suite++)
        check_tampered(*state, suite);
}

/* ---- The list of suites, and the choice of an engine ---- */

static void suites(void **state)
{
    (void)state;
    assert_int_equal(cv_suite_of_tls(0x1301), CV_SUITE_AES_128_GCM);
    assert_int_equal(cv_suite_of_tls(0x1302), CV_SUITE_AES_256_GCM);
    assert_int_equal(cv_suite_of_tls(0x1303), CV_SUITE_CHACHA20_POLY1305);
    assert_int_equal(cv_suite_of_tls(0x1304), CV_SUITE_COUNT); /* AES-128-CCM: not among ours */
    assert_string_equal(cv_suite_name(CV_SUITE_AES_256_GCM), "TLS_AES_256_GCM_SHA384");
    for (enum cv_suite suite = 0; suite < CV_SUITE_COUNT; suite++) {
        struct cv_aead_limits limits = cv_aead_limits(suite);
        bool gcm = suite != CV_SUITE_CHACHA20_POLY1305;

        assert_true(limits.sealed_pkts == (gcm ? UINT64_C(8388608) : UINT64_C(4611686018427387904)));
        assert_true(limits.failed_pkts == (gcm ? UINT64_C(4503599627370496) : UINT64_C(68719476736)));
    }
}

static void selection(void **state)
{
    const struct cv_crypto_engine *best, *ipsec_mb;
    char why[160], text[160];

    (void)state;
    assert_null(cv_crypto_select("ipsec_mb", why, sizeof(why)));
    assert_non_null(strstr(why, "ipsec_mb"));
    ipsec_mb = cv_crypto_select("ipsec-mb", why, sizeof(why));
    assert_true((ipsec_mb == NULL) == (why[0] != '\0'));
    best = cv_crypto_select("auto", why, sizeof(why));
    assert_non_null(best);
    assert_string_equal(cv_crypto_engine_name(best), ipsec_mb != NULL ? "ipsec-mb" : "evp");
    if (ipsec_mb != NULL)
        assert_string_equal(why, "");
    cv_crypto_describe(best, text, sizeof(text));
    print_message("# auto: %s\n", text);
    assert_ptr_equal(strstr(text, cv_crypto_engine_name(best)), text);
    assert_null(cv_crypto_create(best, NULL, 0, why, sizeof(why)));
}

/* ---- All of it, with each engine ---- */

static int start(void **state)
{
    static struct crypto_rig rig;

    crypto_rig_start(&rig, *state, 4);
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
        cmocka_unit_test(suites),
        cmocka_unit_test(selection),
        WITH("ipsec-mb", initial_of_client),
        WITH("evp", initial_of_client),
        WITH("ipsec-mb", initial_of_server),
        WITH("evp", initial_of_server),
        WITH("ipsec-mb", short_header_packet),
        WITH("evp", short_header_packet),
        WITH("ipsec-mb", known_payloads),
        WITH("evp", known_payloads),
        WITH("ipsec-mb", mask_of_aes_256),
        WITH("evp", mask_of_aes_256),
        WITH("ipsec-mb", tampered),
        WITH("evp", tampered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
