/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_id.h"

#include <errno.h>
#include <openssl/evp.h>

#define CHARACTERS     (CV_PEER_ID_TEXT - 1)
#define CHARACTER_BITS 5

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

int cv_peer_id_from_spki(const uint8_t *der, size_t bytes, struct cv_peer_id *id)
{
    size_t written;

    return EVP_Q_digest(NULL, "SHA256", NULL, der, bytes, id->bytes, &written) == 1 ? 0 : -EIO;
}

static int digit(char character)
{
    if (character >= 'a' && character <= 'z')
        return character - 'a';
    if (character >= '2' && character <= '7')
        return character - '2' + 26;
    return -1;
}

int cv_peer_id_parse(const char *text, struct cv_peer_id *id)
{
    struct cv_peer_id parsed;
    unsigned pending = 0, bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < CHARACTERS; i++) {
        int value = digit(text[i]);

        if (value < 0)
            return -EINVAL;
        pending = pending << CHARACTER_BITS | (unsigned)value;
        bits += CHARACTER_BITS;
        if (bits >= 8) {
            bits -= 8;
            parsed.bytes[at++] = (uint8_t)(pending >> bits);
            pending &= (1u << bits) - 1;
        }
    }
    if (text[CHARACTERS] != '\0' || pending != 0)
        return -EINVAL;
    *id = parsed;
    return 0;
}

const char *cv_peer_id_print(const struct cv_peer_id *id, char text[CV_PEER_ID_TEXT])
{
    unsigned pending = 0, bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < CV_PEER_ID_BYTES; i++) {
        pending = pending << 8 | id->bytes[i];
        for (bits += 8; bits >= CHARACTER_BITS; bits -= CHARACTER_BITS)
            text[at++] = alphabet[pending >> (bits - CHARACTER_BITS) & 0x1f];
        pending &= (1u << bits) - 1;
    }
    text[at++] = alphabet[pending << (CHARACTER_BITS - bits) & 0x1f];
    text[at] = '\0';
    return text;
}
