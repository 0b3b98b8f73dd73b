/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ipsec-mb against OpenSSL on random packets. All that an engine reads or writes ends where an unmapped page
 * begins: it is assembly, which no sanitizer watches. CULVERT_SEED repeats a run.
 */
#include "crypto_rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* cmocka.h wants these first. */
#include <cmocka.h>

#define PACKETS     20000
#define PAYLOAD_MAX 1500
#define AAD_MAX     64
#define BURSTS      2000
#define KEYS        6

static uint64_t random_state;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t random_below(size_t bound)
{
    return (size_t)((random_number() >> 32) * bound >> 32);
}

static void random_fill(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(random_number() >> 56);
}

/* ---- Memory with an end ---- */

enum { PLAINTEXT, NONCE, AAD, SEALED, SEALED_EVP, OPENED, MASKS, SAMPLES, FENCES };

#define FENCED_BYTES 4096

static uint8_t *fences[FENCES]; /* the first byte that is not to be touched */

static void fence_all(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (FENCED_BYTES + page - 1) / page * page;

    for (int i = 0; i < FENCES; i++) {
        uint8_t *memory =
            mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        assert_ptr_not_equal(memory, MAP_FAILED);
        assert_int_equal(mprotect(memory + bytes, page, PROT_NONE), 0);
        fences[i] = memory + bytes;
    }
}

static uint8_t *fenced(int which, size_t bytes)
{
    assert_true(bytes <= FENCED_BYTES);
    return fences[which] - bytes;
}

/* ---- Two engines ---- */

static struct crypto_rig ipsec_mb, evp;

struct keys {
    struct cv_aead_key ipsec_mb;
    struct cv_aead_key evp;
};

static void need_both(void)
{
    crypto_rig_need(&ipsec_mb);
    crypto_rig_need(&evp);
}

/* ---- Payloads ---- */

struct packet {
    size_t bytes; /* of plaintext */
    size_t aad_bytes;
    uint8_t *plaintext, *nonce, *aad;
    uint8_t *sealed, *sealed_evp, *opened;
};

static void make_packet(struct packet *packet)
{
    packet->bytes = random_below(PAYLOAD_MAX + 1);
    packet->aad_bytes = random_below(AAD_MAX + 1);
    packet->plaintext = fenced(PLAINTEXT, packet->bytes);
    packet->nonce = fenced(NONCE, CV_AEAD_NONCE_BYTES);
    packet->aad = fenced(AAD, packet->aad_bytes);
    packet->sealed = fenced(SEALED, packet->bytes + CV_AEAD_TAG_BYTES);
    packet->sealed_evp = fenced(SEALED_EVP, packet->bytes + CV_AEAD_TAG_BYTES);
    packet->opened = fenced(OPENED, packet->bytes);
    random_fill(packet->plaintext, packet->bytes);
    random_fill(packet->nonce, CV_AEAD_NONCE_BYTES);
    random_fill(packet->aad, packet->aad_bytes);
}

static bool seal(struct cv_aead_key *key, const struct packet *packet, uint8_t *dest, bool in_place)
{
    const uint8_t *source = packet->plaintext;

    if (in_place)
        source = memcpy(dest, packet->plaintext, packet->bytes);
    return cv_aead_seal(key, dest, source, packet->bytes, packet->nonce, packet->aad, packet->aad_bytes);
}

/* Opens `sealed`, which stays as it is, to packet->opened. */
static bool open_sealed(struct cv_aead_key *key, const struct packet *packet, const uint8_t *sealed,
                        bool in_place)
{
    size_t bytes = packet->bytes + CV_AEAD_TAG_BYTES;
    uint8_t *copy = fenced(MASKS, bytes);
    bool opened;

    if (!in_place) {
        random_fill(packet->opened, packet->bytes);
        return cv_aead_open(key, packet->opened, sealed, bytes, packet->nonce, packet->aad,
                            packet->aad_bytes);
    }
    memcpy(copy, sealed, bytes);
    opened = cv_aead_open(key, copy, copy, bytes, packet->nonce, packet->aad, packet->aad_bytes);
    memcpy(packet->opened, copy, packet->bytes);
    return opened;
}

/* A bit of what is authenticated. */
static void damage(struct packet *packet, uint8_t *sealed)
{
    size_t at = random_below(packet->bytes + CV_AEAD_TAG_BYTES + packet->aad_bytes + CV_AEAD_NONCE_BYTES);
    uint8_t bit = (uint8_t)(1 << random_below(8));

    if (at < packet->bytes + CV_AEAD_TAG_BYTES)
        sealed[at] ^= bit;
    else if ((at -= packet->bytes + CV_AEAD_TAG_BYTES) < packet->aad_bytes)
        packet->aad[at] ^= bit;
    else
        packet->nonce[at - packet->aad_bytes] ^= bit;
}

static void check_packet(struct keys *keys)
{
    struct packet packet;

    make_packet(&packet);
    assert_true(seal(&keys->ipsec_mb, &packet, packet.sealed, random_below(2)));
    assert_true(seal(&keys->evp, &packet, packet.sealed_evp, random_below(2)));
    assert_memory_equal(packet.sealed, packet.sealed_evp, packet.bytes + CV_AEAD_TAG_BYTES);
    assert_true(open_sealed(&keys->ipsec_mb, &packet, packet.sealed_evp, random_below(2)));
    assert_memory_equal(packet.opened, packet.plaintext, packet.bytes);
    assert_true(open_sealed(&keys->evp, &packet, packet.sealed, random_below(2)));
    assert_memory_equal(packet.opened, packet.plaintext, packet.bytes);

    damage(&packet, packet.sealed);
    assert_false(open_sealed(&keys->ipsec_mb, &packet, packet.sealed, random_below(2)));
    assert_true(all_zeros(packet.opened, packet.bytes));
    assert_false(open_sealed(&keys->evp, &packet, packet.sealed, random_below(2)));
    assert_true(all_zeros(packet.opened, packet.bytes));
}

/* A new key now and then: more than the engines have room to keep expanded. */
static void same_payloads(void **state)
{
    struct keys keys[KEYS] = {0};

    (void)state;
    need_both();
    for (unsigned i = 0; i < PACKETS; i++) {
        struct keys *these = &keys[random_below(KEYS)];

        if (these->evp.method == NULL || random_below(16) == 0) {
            enum cv_suite suite = (enum cv_suite)random_below(CV_SUITE_COUNT);
            uint8_t secret[CV_SECRET_BYTES_MAX];

            random_fill(secret, sizeof(secret));
            cv_aead_key_wipe(&these->ipsec_mb);
            cv_aead_key_wipe(&these->evp);
            cv_aead_key_init(ipsec_mb.crypto, &these->ipsec_mb, suite, secret);
            cv_aead_key_init(evp.crypto, &these->evp, suite, secret);
        }
        check_packet(these);
    }
    for (unsigned i = 0; i < KEYS; i++) {
        cv_aead_key_wipe(&keys[i].ipsec_mb);
        cv_aead_key_wipe(&keys[i].evp);
    }
}

/* ---- Header masks ---- */

static void make_header_keys(struct cv_header_key *of_ipsec_mb, struct cv_header_key *of_evp)
{
    for (unsigned i = 0; i < KEYS; i++) {
        uint8_t secret[CV_SECRET_BYTES_MAX];

        random_fill(secret, sizeof(secret));
        cv_header_key_init(ipsec_mb.crypto, &of_ipsec_mb[i], i % CV_SUITE_COUNT, secret);
        cv_header_key_init(evp.crypto, &of_evp[i], i % CV_SUITE_COUNT, secret);
    }
}

/* A burst of up to three times what engines do at once; how often the key changes is random, too. */
static void check_burst(struct cv_header_key *of_ipsec_mb, struct cv_header_key *of_evp)
{
    size_t count = random_below(3 * CV_HEADER_MASKS_MAX) + 1, change = random_below(CV_HEADER_MASKS_MAX) + 1;
    uint8_t *area = fenced(MASKS, count * CV_HEADER_MASK_BYTES),
            *sample = fenced(SAMPLES, count * CV_HEADER_SAMPLE_BYTES);
    uint8_t *area_evp = fenced(OPENED, count * CV_HEADER_MASK_BYTES);
    struct cv_header_key *keys[3 * CV_HEADER_MASKS_MAX], *keys_evp[3 * CV_HEADER_MASKS_MAX];
    uint8_t *masks[3 * CV_HEADER_MASKS_MAX], *masks_evp[3 * CV_HEADER_MASKS_MAX];
    const uint8_t *samples[3 * CV_HEADER_MASKS_MAX];
    size_t which = random_below(KEYS);

    random_fill(sample, count * CV_HEADER_SAMPLE_BYTES);
    for (size_t i = 0; i < count; i++) {
        which = random_below(change) == 0 ? random_below(KEYS) : which;
        keys[i] = &of_ipsec_mb[which];
        keys_evp[i] = &of_evp[which];
        samples[i] = sample + i * CV_HEADER_SAMPLE_BYTES;
        masks[i] = area + i * CV_HEADER_MASK_BYTES;
        masks_evp[i] = area_evp + i * CV_HEADER_MASK_BYTES;
    }
    assert_true(cv_header_masks(keys, masks, samples, count));
    assert_true(cv_header_masks(keys_evp, masks_evp, samples, count));
    assert_memory_equal(area, area_evp, count * CV_HEADER_MASK_BYTES);
    for (size_t i = 0; i < count; i++) {
        uint8_t *one = fenced(AAD, CV_HEADER_MASK_BYTES);

        assert_true(cv_header_mask(keys[i], one, samples[i]));
        assert_memory_equal(one, masks[i], CV_HEADER_MASK_BYTES);
        assert_true(cv_header_mask(keys_evp[i], one, samples[i]));
        assert_memory_equal(one, masks[i], CV_HEADER_MASK_BYTES);
    }
}

static void same_masks(void **state)
{
    struct cv_header_key of_ipsec_mb[KEYS], of_evp[KEYS];

    (void)state;
    need_both();
    make_header_keys(of_ipsec_mb, of_evp);
    for (unsigned i = 0; i < BURSTS; i++)
        check_burst(of_ipsec_mb, of_evp);
    for (unsigned i = 0; i < KEYS; i++) {
        cv_header_key_wipe(&of_ipsec_mb[i]);
        cv_header_key_wipe(&of_evp[i]);
    }
}

static int start(void **state)
{
    const char *seed = getenv("CULVERT_SEED");

    (void)state;
    random_state =
        seed != NULL ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 2654435761u + (uint64_t)getpid();
    random_state |= random_state == 0;
    print_message("# CULVERT_SEED=%" PRIu64 "\n", random_state);
    fence_all();
    crypto_rig_start(&ipsec_mb, "ipsec-mb", 2);
    crypto_rig_start(&evp, "evp", 2);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    crypto_rig_stop(&ipsec_mb);
    crypto_rig_stop(&evp);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_payloads),
        cmocka_unit_test(same_masks),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
