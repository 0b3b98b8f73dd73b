/* SPDX-License-Identifier: BSD-3-Clause */
#include "hello.h"

#include "expand.h"
#include "protocol/varint.h"

#include <ngtcp2/ngtcp2.h>
#include <string.h>

/* RFC 9000 section 19. */
#define FRAME_PADDING 0x00
#define FRAME_PING    0x01
#define FRAME_CRYPTO  0x06

/* RFC 8446 sections 4 and 4.2, RFC 6066 section 3. */
#define CLIENT_HELLO          1
#define EXTENSION_SERVER_NAME 0
#define EXTENSION_ALPN        16
#define NAME_TYPE_HOST        0
#define NAME_BYTES_MAX        255

#define HANDSHAKE_HEADER_BYTES 4
#define VERSION_RANDOM_BYTES   34

void cv_hello_begin(struct cv_hello *hello)
{
    memset(hello, 0, offsetof(struct cv_hello, crypto));
    hello->state = CV_HELLO_PART;
}

/* ---- The ClientHello, as far as it has come ---- */

enum step { TAKEN, MORE, WRONG };

/* A part of hello->crypto[]: `end` is where it must end, `known` what has come of it. */
struct cursor {
    const uint8_t *data;
    uint32_t at, known, end;
};

static enum step take(struct cursor *cursor, uint32_t bytes)
{
    if (bytes > cursor->end - cursor->at)
        return WRONG;
    if (cursor->at + bytes > cursor->known)
        return MORE;
    cursor->at += bytes;
    return TAKEN;
}

/* A vector of TLS's: a length of so many bytes, and what it counts, which `inside` is then. */
static enum step vector(struct cursor *cursor, uint32_t length_bytes, struct cursor *inside)
{
    enum step step = take(cursor, length_bytes);
    uint32_t bytes = 0;

    if (step != TAKEN)
        return step;
    for (uint32_t i = cursor->at - length_bytes; i < cursor->at; i++)
        bytes = bytes << 8 | cursor->data[i];
    *inside = *cursor;
    step = take(cursor, bytes);
    inside->end = inside->at + bytes;
    return step;
}

/* A list that is the whole of an extension, and not empty. */
static bool only_list(struct cursor *extension, struct cursor *list)
{
    return vector(extension, 2, list) == TAKEN && extension->at == extension->end && list->at < list->end;
}

static bool take_protocols(struct cv_hello *hello, struct cursor *extension)
{
    struct cursor list, name;
    struct cv_hello_span span;

    if (!only_list(extension, &list) || hello->protocols.bytes > 0)
        return false;
    span = (struct cv_hello_span){(uint16_t)list.at, (uint16_t)(list.end - list.at)};
    while (list.at < list.end)
        if (vector(&list, 1, &name) != TAKEN || name.at == name.end)
            return false;
    hello->protocols = span;
    return true;
}

/* There may be names of other types, which nobody has. */
static bool take_name(struct cv_hello *hello, struct cursor *extension)
{
    struct cursor list, name;

    if (!only_list(extension, &list) || hello->name.bytes > 0)
        return false;
    while (list.at < list.end) {
        uint8_t type = list.data[list.at++];

        if (vector(&list, 2, &name) != TAKEN || name.at == name.end)
            return false;
        if (type != NAME_TYPE_HOST)
            continue;
        if (name.end - name.at > NAME_BYTES_MAX || hello->name.bytes > 0)
            return false;
        hello->name = (struct cv_hello_span){(uint16_t)name.at, (uint16_t)(name.end - name.at)};
    }
    return true;
}

static enum step read_extensions(struct cv_hello *hello, struct cursor *extensions)
{
    while (extensions->at < extensions->end) {
        struct cursor inside;
        uint16_t type;
        enum step step = take(extensions, 2);

        if (step != TAKEN)
            return step;
        type = (uint16_t)(extensions->data[extensions->at - 2] << 8 | extensions->data[extensions->at - 1]);
        step = vector(extensions, 2, &inside);
        if (step != TAKEN)
            return step;
        if ((type == EXTENSION_ALPN && !take_protocols(hello, &inside)) ||
            (type == EXTENSION_SERVER_NAME && !take_name(hello, &inside)))
            return WRONG;
    }
    return TAKEN;
}

/* RFC 8446 section 4.1.2: what stands before the extensions is passed over. */
static enum step read_message(struct cv_hello *hello, struct cursor *message)
{
    static const uint8_t length_bytes[] = {1, 2, 1}; /* session ID, cipher suites, compression methods */
    struct cursor inside, extensions = {0};
    enum step step = take(message, VERSION_RANDOM_BYTES);

    for (size_t i = 0; step == TAKEN && i < sizeof(length_bytes); i++)
        step = vector(message, length_bytes[i], &inside);
    if (step == TAKEN)
        step = vector(message, 2, &extensions);
    if (step == WRONG || (step == TAKEN && message->at != message->end))
        return WRONG;
    /* Where not all extensions have come, those that have are looked at. */
    return extensions.data == NULL ? step : read_extensions(hello, &extensions);
}

/* From its beginning again with each datagram: there are two or three. */
static enum step read_hello(struct cv_hello *hello)
{
    struct cursor message = {.data = hello->crypto, .known = hello->known};

    hello->protocols = hello->name = (struct cv_hello_span){0};
    if (hello->known >= 1 && hello->crypto[0] != CLIENT_HELLO)
        return WRONG;
    if (hello->known < HANDSHAKE_HEADER_BYTES)
        return MORE;
    message.at = HANDSHAKE_HEADER_BYTES;
    message.end =
        message.at + ((uint32_t)hello->crypto[1] << 16 | (uint32_t)hello->crypto[2] << 8 | hello->crypto[3]);
    return message.end > CV_HELLO_BYTES_MAX ? WRONG : read_message(hello, &message);
}

/* ---- Frames ---- */

/* False: beyond what there is room for, or not what has come before for the same bytes. */
static bool collect(struct cv_hello *hello, uint64_t offset, const uint8_t *data, uint64_t bytes)
{
    if (offset > CV_HELLO_BYTES_MAX || bytes > CV_HELLO_BYTES_MAX - offset)
        return false;
    for (uint64_t i = 0; i < bytes; i++) {
        uint64_t at = offset + i;
        uint8_t bit = (uint8_t)(1u << at % 8);

        if ((hello->have[at / 8] & bit) != 0 && hello->crypto[at] != data[i])
            return false;
        hello->have[at / 8] |= bit;
        hello->crypto[at] = data[i];
    }
    while (hello->known < CV_HELLO_BYTES_MAX && (hello->have[hello->known / 8] & 1u << hello->known % 8) != 0)
        hello->known++;
    return true;
}

/* QUIC's integers (RFC 9000 section 16). False: cut. */
static bool number(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    size_t bytes = cv_varint_read(*at, (size_t)(end - *at), value);

    *at += bytes;
    return bytes > 0;
}

/*
 * False: other frames than a client's first flight has. ACK is none of them: who has something to
 * acknowledge has the server's connection ID, and packets with other keys.
 */
static bool read_frames(struct cv_hello *hello, const uint8_t *at, size_t bytes)
{
    const uint8_t *end = at + bytes;

    while (at < end) {
        uint64_t offset, length;
        uint8_t type = *at++;

        if (type == FRAME_PADDING || type == FRAME_PING)
            continue;
        if (type != FRAME_CRYPTO || !number(&at, end, &offset) || !number(&at, end, &length) ||
            length > (size_t)(end - at) || !collect(hello, offset, at, length))
            return false;
        at += length;
    }
    return true;
}

/* ---- Packets ---- */

struct keys {
    struct cv_aead_key aead;
    struct cv_header_key header;
    uint8_t iv[CV_AEAD_NONCE_BYTES];
};

static void make_keys(struct keys *keys, struct cv_crypto *crypto, const ngtcp2_pkt_hd *header)
{
    uint8_t secret[CV_TRAFFIC_SECRET_BYTES_MAX], raw[CV_SECRET_BYTES_MAX];
    size_t bytes = cv_suite_secret_bytes(CV_SUITE_AES_128_GCM);

    memset(keys, 0, sizeof(*keys));
    cv_expand_initial(header->version, header->dcid.data, header->dcid.datalen, secret);
    cv_expand_label(CV_SUITE_AES_128_GCM, header->version, secret, CV_LABEL_KEY, raw, bytes);
    cv_aead_key_init(crypto, &keys->aead, CV_SUITE_AES_128_GCM, raw);
    cv_expand_label(CV_SUITE_AES_128_GCM, header->version, secret, CV_LABEL_HEADER_KEY, raw, bytes);
    cv_header_key_init(crypto, &keys->header, CV_SUITE_AES_128_GCM, raw);
    cv_expand_label(CV_SUITE_AES_128_GCM, header->version, secret, CV_LABEL_IV, keys->iv, sizeof(keys->iv));
}

static void forget_keys(struct keys *keys)
{
    cv_aead_key_wipe(&keys->aead);
    cv_header_key_wipe(&keys->header);
}

/*
 * Takes off header and packet protection (RFC 9001 sections 5.3 and 5.4) of a packet in `packet`, whose
 * number is at `number_at`. Its frames, and their bytes; NULL: it does not open.
 */
static const uint8_t *open_packet(struct keys *keys, uint8_t *packet, size_t bytes, size_t number_at,
                                  size_t *frames_bytes)
{
    uint8_t mask[CV_HEADER_MASK_BYTES], nonce[CV_AEAD_NONCE_BYTES], *frames;
    size_t number_bytes, header_bytes;

    /* The sample begins where the number would end if it were as long as it can be. */
    if (bytes < number_at + 4 + CV_HEADER_SAMPLE_BYTES ||
        !cv_header_mask(&keys->header, mask, packet + number_at + 4))
        return NULL;
    packet[0] ^= mask[0] & 0x0f;
    number_bytes = (packet[0] & 0x03) + 1u;
    header_bytes = number_at + number_bytes;
    memcpy(nonce, keys->iv, sizeof(nonce));
    /* A first flight's numbers are too small to have been cut. */
    for (size_t i = 0; i < number_bytes; i++) {
        packet[number_at + i] ^= mask[1 + i];
        nonce[sizeof(nonce) - number_bytes + i] ^= packet[number_at + i];
    }
    frames = packet + header_bytes;
    if (!cv_aead_open(&keys->aead, frames, frames, bytes - header_bytes, nonce, packet, header_bytes))
        return NULL;
    *frames_bytes = bytes - header_bytes - CV_AEAD_TAG_BYTES;
    return frames;
}

/* The flight's ID is what opened first, so that what did not open can't keep others out. */
static void take_packet(struct cv_hello *hello, const ngtcp2_pkt_hd *header, const uint8_t *frames,
                        size_t bytes)
{
    hello->version = header->version;
    hello->dcid_bytes = (uint8_t)header->dcid.datalen;
    memcpy(hello->dcid, header->dcid.data, header->dcid.datalen);
    if (!read_frames(hello, frames, bytes))
        hello->state = CV_HELLO_BAD;
}

/*
 * The long header of the packet at `at`, the bytes that it takes, and how many of them come before its
 * number. False: whatever this is, nothing that can be read follows.
 */
static bool read_header(const uint8_t *at, size_t left, ngtcp2_pkt_hd *header, size_t *number_at,
                        size_t *bytes)
{
    ngtcp2_ssize head;

    if (left == 0 || (*at & 0x80) == 0)
        return false;
    head = ngtcp2_pkt_decode_hd_long(header, at, left);
    if (head <= 0 || header->type == NGTCP2_PKT_VERSION_NEGOTIATION || header->type == NGTCP2_PKT_RETRY ||
        (header->version != CV_QUIC_VERSION_1 && header->version != CV_QUIC_VERSION_2) ||
        header->len > left - (size_t)head)
        return false;
    *number_at = (size_t)head;
    *bytes = (size_t)head + header->len;
    return true;
}

static bool same_flight(const struct cv_hello *hello, const ngtcp2_pkt_hd *header)
{
    return hello->version == 0 ||
           (hello->version == header->version && hello->dcid_bytes == header->dcid.datalen &&
            memcmp(hello->dcid, header->dcid.data, header->dcid.datalen) == 0);
}

/* All packets of a datagram that have the first one's connection ID (RFC 9000 section 12.2). */
static bool read_packets(struct cv_hello *hello, struct keys *keys, const ngtcp2_pkt_hd *first,
                         const uint8_t *at, size_t left)
{
    uint8_t packet[CV_HELLO_PACKET_MAX];
    size_t number_at, bytes, frames_bytes;
    ngtcp2_pkt_hd header;
    bool opened = false;

    while (hello->state == CV_HELLO_PART && read_header(at, left, &header, &number_at, &bytes) &&
           header.version == first->version && ngtcp2_cid_eq(&header.dcid, &first->dcid)) {
        if (header.type == NGTCP2_PKT_INITIAL && bytes <= sizeof(packet)) {
            const uint8_t *frames;

            memcpy(packet, at, bytes);
            frames = open_packet(keys, packet, bytes, number_at, &frames_bytes);
            if (frames != NULL)
                take_packet(hello, &header, frames, frames_bytes);
            opened |= frames != NULL;
        }
        at += bytes;
        left -= bytes;
    }
    return opened;
}

enum cv_hello_state cv_hello_read(struct cv_hello *hello, struct cv_crypto *crypto, const uint8_t *datagram,
                                  size_t bytes)
{
    static const uint8_t states[] = {
        [TAKEN] = CV_HELLO_COMPLETE, [MORE] = CV_HELLO_PART, [WRONG] = CV_HELLO_BAD};
    ngtcp2_pkt_hd header;
    size_t number_at, packet_bytes;
    struct keys keys;
    bool opened;

    if (bytes < CV_HELLO_DATAGRAM_MIN || !read_header(datagram, bytes, &header, &number_at, &packet_bytes) ||
        header.type != NGTCP2_PKT_INITIAL || header.dcid.datalen < CV_HELLO_DCID_MIN)
        return CV_HELLO_NOT_INITIAL;
    if (!same_flight(hello, &header))
        return CV_HELLO_OTHER;
    if (hello->state != CV_HELLO_PART)
        return hello->state;
    make_keys(&keys, crypto, &header);
    opened = read_packets(hello, &keys, &header, datagram, bytes);
    forget_keys(&keys);
    if (!opened)
        return CV_HELLO_UNOPENED;
    if (hello->state == CV_HELLO_PART)
        hello->state = states[read_hello(hello)];
    if (hello->state == CV_HELLO_BAD)
        hello->protocols = hello->name = (struct cv_hello_span){0};
    return hello->state;
}

/* ---- What it says ---- */

bool cv_hello_offers(const struct cv_hello *hello, const char *protocol)
{
    const uint8_t *at = hello->crypto + hello->protocols.at, *end = at + hello->protocols.bytes;
    size_t bytes = strlen(protocol);

    for (; at < end; at += 1 + *at)
        if (*at == bytes && memcmp(at + 1, protocol, bytes) == 0)
            return true;
    return false;
}
