/* SPDX-License-Identifier: BSD-3-Clause */
#include "first_flight.h"

#include "quic_invariants.h"
#include "session/expand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* cmocka.h wants these first. */
#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

void first_flight_make(struct first_flight *flight, const struct quic_client_options *options)
{
    struct quic_client client;
    size_t bytes;

    quic_client_start(&client, options, "203.0.113.1:1000", "192.0.2.1:443", SECOND);
    flight->count = 0;
    while ((bytes = quic_client_write(&client, flight->datagrams[flight->count], FIRST_FLIGHT_BYTES,
                                      SECOND)) > 0) {
        assert_int_equal(bytes, FIRST_FLIGHT_BYTES);
        assert_true(++flight->count < FIRST_FLIGHT_DATAGRAMS);
    }
    quic_client_stop(&client);
}

/* ---- Packets of one's own ---- */

#define NUMBER_BYTES 2

struct keys {
    struct cv_aead_key aead;
    struct cv_header_key header;
    uint8_t iv[CV_AEAD_NONCE_BYTES];
};

static void make_keys(struct keys *keys, struct cv_crypto *crypto, uint32_t version, const uint8_t dcid[8])
{
    uint8_t secret[CV_TRAFFIC_SECRET_BYTES_MAX], raw[16];

    cv_expand_initial(version, dcid, 8, secret);
    cv_expand_label(CV_SUITE_AES_128_GCM, version, secret, CV_LABEL_KEY, raw, sizeof(raw));
    cv_aead_key_init(crypto, &keys->aead, CV_SUITE_AES_128_GCM, raw);
    cv_expand_label(CV_SUITE_AES_128_GCM, version, secret, CV_LABEL_HEADER_KEY, raw, sizeof(raw));
    cv_header_key_init(crypto, &keys->header, CV_SUITE_AES_128_GCM, raw);
    cv_expand_label(CV_SUITE_AES_128_GCM, version, secret, CV_LABEL_IV, keys->iv, sizeof(keys->iv));
}

/* RFC 9000 section 17.2.2, RFC 9369 section 3.2. */
static size_t write_header(uint8_t *out, uint32_t version, const uint8_t dcid[8], uint16_t number,
                           size_t length)
{
    uint8_t *at = out;

    *at++ = (uint8_t)((version == CV_QUIC_VERSION_2 ? 0xd0 : 0xc0) | (NUMBER_BYTES - 1));
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(version >> shift);
    *at++ = 8;
    memcpy(at, dcid, 8);
    at += 8;
    *at++ = 0; /* no ID of our own */
    *at++ = 0; /* no token */
    *at++ = (uint8_t)(0x40 | length >> 8);
    *at++ = (uint8_t)length;
    *at++ = (uint8_t)(number >> 8);
    *at++ = (uint8_t)number;
    return (size_t)(at - out);
}

size_t first_flight_seal(struct cv_crypto *crypto, uint32_t version, const uint8_t dcid[8], uint16_t number,
                         const uint8_t *frames, size_t frames_bytes, size_t bytes, uint8_t *out)
{
    size_t head = write_header(out, version, dcid, number, 0), number_at = head - NUMBER_BYTES;
    uint8_t mask[CV_HEADER_MASK_BYTES], nonce[CV_AEAD_NONCE_BYTES];
    struct keys keys;

    if (bytes == 0)
        bytes = head + frames_bytes + CV_AEAD_TAG_BYTES;
    assert_true(bytes <= FIRST_FLIGHT_BYTES && bytes >= head + frames_bytes + CV_AEAD_TAG_BYTES);
    write_header(out, version, dcid, number, bytes - number_at);
    memset(out + head, 0, bytes - head); /* PADDING */
    memcpy(out + head, frames, frames_bytes);
    make_keys(&keys, crypto, version, dcid);
    memcpy(nonce, keys.iv, sizeof(nonce));
    nonce[10] ^= (uint8_t)(number >> 8);
    nonce[11] ^= (uint8_t)number;
    assert_true(
        cv_aead_seal(&keys.aead, out + head, out + head, bytes - head - CV_AEAD_TAG_BYTES, nonce, out, head));
    assert_true(cv_header_mask(&keys.header, mask, out + number_at + 4));
    out[0] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < NUMBER_BYTES; i++)
        out[number_at + i] ^= mask[1 + i];
    cv_aead_key_wipe(&keys.aead);
    cv_header_key_wipe(&keys.header);
    return bytes;
}
