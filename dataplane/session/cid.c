/* SPDX-License-Identifier: BSD-3-Clause */
#include "cid.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ZERO_AT 12

struct cv_cid_codec {
    EVP_CIPHER_CTX *encode;
    EVP_CIPHER_CTX *decode;
    EVP_CIPHER_CTX *ticket;
    EVP_CIPHER_CTX *ticket_read;
    EVP_CIPHER_CTX *reset;
    EVP_CIPHER_CTX *random; /* a key of this codec's own, over a counter */
    uint64_t counter;
};

int cv_cid_secret_make(struct cv_cid_secret *secret)
{
    return RAND_bytes((unsigned char *)secret, sizeof(*secret)) == 1 ? 0 : -EIO;
}

static EVP_CIPHER_CTX *cipher(const uint8_t key[16], int encrypt)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

    if (context == NULL || EVP_CipherInit_ex(context, EVP_aes_128_ecb(), NULL, key, NULL, encrypt) != 1 ||
        EVP_CIPHER_CTX_set_padding(context, 0) != 1) {
        EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

struct cv_cid_codec *cv_cid_codec_create(const struct cv_cid_secret *secret)
{
    struct cv_cid_codec *codec = calloc(1, sizeof(*codec));
    uint8_t own[16];

    if (codec == NULL || RAND_bytes(own, sizeof(own)) != 1) {
        free(codec);
        return NULL;
    }
    codec->encode = cipher(secret->cid_key, 1);
    codec->decode = cipher(secret->cid_key, 0);
    codec->ticket = cipher(secret->ticket_key, 1);
    codec->ticket_read = cipher(secret->ticket_key, 0);
    codec->reset = cipher(secret->reset_key, 1);
    codec->random = cipher(own, 1);
    OPENSSL_cleanse(own, sizeof(own));
    if (codec->encode == NULL || codec->decode == NULL || codec->ticket == NULL ||
        codec->ticket_read == NULL || codec->reset == NULL || codec->random == NULL) {
        cv_cid_codec_destroy(codec);
        return NULL;
    }
    return codec;
}

void cv_cid_codec_destroy(struct cv_cid_codec *codec)
{
    if (codec == NULL)
        return;
    EVP_CIPHER_CTX_free(codec->encode);
    EVP_CIPHER_CTX_free(codec->decode);
    EVP_CIPHER_CTX_free(codec->ticket);
    EVP_CIPHER_CTX_free(codec->ticket_read);
    EVP_CIPHER_CTX_free(codec->reset);
    EVP_CIPHER_CTX_free(codec->random);
    free(codec);
}

/* One block; AES on whole blocks cannot fail once the key is set. */
static void block(EVP_CIPHER_CTX *context, uint8_t out[16], const uint8_t in[16])
{
    int length;

    if (EVP_CipherUpdate(context, out, &length, in, 16) != 1 || length != 16)
        abort();
}

static void fill(const struct cv_cid *cid, uint16_t sequence, uint8_t plain[CV_ISSUED_CID_BYTES])
{
    memcpy(plain, &cid->shard, 2);
    memcpy(plain + 2, &cid->slot, 4);
    memcpy(plain + 6, &cid->generation, 4);
    memcpy(plain + 10, &sequence, 2);
    memset(plain + 12, 0, 4);
}

void cv_cid_encode(struct cv_cid_codec *codec, const struct cv_cid *cid, uint8_t bytes[CV_ISSUED_CID_BYTES])
{
    uint8_t plain[CV_ISSUED_CID_BYTES];

    fill(cid, cid->sequence, plain);
    block(codec->encode, bytes, plain);
}

static void parse(const uint8_t plain[CV_ISSUED_CID_BYTES], struct cv_cid *cid)
{
    uint32_t zero;

    memcpy(&cid->shard, plain, 2);
    memcpy(&cid->slot, plain + 2, 4);
    memcpy(&cid->generation, plain + 6, 4);
    memcpy(&cid->sequence, plain + 10, 2);
    memcpy(&zero, plain + ZERO_AT, 4);
    if (zero != 0)
        cid->generation = 0;
}

bool cv_cid_decode(struct cv_cid_codec *codec, const uint8_t *bytes, size_t length, struct cv_cid *cid)
{
    uint8_t plain[CV_ISSUED_CID_BYTES];

    if (length != CV_ISSUED_CID_BYTES)
        return false;
    block(codec->decode, plain, bytes);
    parse(plain, cid);
    return cid->generation != 0;
}

static void decrypt(struct cv_cid_codec *codec, uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count)
{
    int bytes = (int)count * CV_ISSUED_CID_BYTES, length = 0;

    if (count > 0 &&
        (EVP_CipherUpdate(codec->decode, ids[0], &length, ids[0], bytes) != 1 || length != bytes))
        abort();
}

void cv_cid_decode_many(struct cv_cid_codec *codec, uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count,
                        struct cv_cid *cids)
{
    decrypt(codec, ids, count);
    for (uint32_t i = 0; i < count; i++)
        parse(ids[i], &cids[i]);
}

struct cv_cid cv_cid_of(const uint8_t decoded[CV_ISSUED_CID_BYTES])
{
    struct cv_cid cid;

    parse(decoded, &cid);
    return cid;
}

/* One bit for each of four whose last word is zero. */
static inline uint64_t zeros_of_four(uint8_t (*decoded)[CV_ISSUED_CID_BYTES])
{
#ifdef __SSE2__
    const __m128i *blocks = (const __m128i *)(const void *)decoded;
    __m128i low = _mm_unpackhi_epi32(_mm_loadu_si128(blocks), _mm_loadu_si128(blocks + 1));
    __m128i high = _mm_unpackhi_epi32(_mm_loadu_si128(blocks + 2), _mm_loadu_si128(blocks + 3));
    __m128i words = _mm_unpackhi_epi64(low, high);

    return (uint64_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(words, _mm_setzero_si128())));
#else
    uint64_t bits = 0;

    for (uint32_t i = 0; i < 4; i++) {
        uint32_t zero;

        memcpy(&zero, decoded[i] + ZERO_AT, sizeof(zero));
        bits |= (uint64_t)(zero == 0) << i;
    }
    return bits;
#endif
}

uint64_t cv_cid_decode_mask(struct cv_cid_codec *codec, uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count)
{
    uint64_t issued = 0;

    decrypt(codec, ids, count);
    for (uint32_t i = 0; i < count; i += 4)
        issued |= zeros_of_four(ids + i) << i;
    return count < 64 ? issued & ((UINT64_C(1) << count) - 1) : issued;
}

void cv_cid_ticket(struct cv_cid_codec *codec, const struct cv_cid *session, uint8_t ticket[CV_TICKET_BYTES])
{
    uint8_t plain[CV_TICKET_BYTES];

    fill(session, 0, plain);
    block(codec->ticket, ticket, plain);
}

bool cv_cid_ticket_read(struct cv_cid_codec *codec, const uint8_t ticket[CV_TICKET_BYTES],
                        struct cv_cid *session)
{
    uint8_t plain[CV_TICKET_BYTES];

    block(codec->ticket_read, plain, ticket);
    parse(plain, session);
    return session->generation != 0 && session->sequence == 0;
}

void cv_cid_reset_token(struct cv_cid_codec *codec, const uint8_t cid[CV_ISSUED_CID_BYTES],
                        uint8_t token[CV_RESET_TOKEN_BYTES])
{
    block(codec->reset, token, cid);
}

void cv_cid_random(struct cv_cid_codec *codec, uint8_t *bytes, size_t length)
{
    while (length > 0) {
        uint8_t counter[16] = {0}, out[16];
        size_t take = length < sizeof(out) ? length : sizeof(out);

        codec->counter++;
        memcpy(counter, &codec->counter, sizeof(codec->counter));
        block(codec->random, out, counter);
        memcpy(bytes, out, take);
        bytes += take;
        length -= take;
    }
}
