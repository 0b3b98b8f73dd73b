/* SPDX-License-Identifier: BSD-3-Clause */
/* What strangers' Initials say: real first flights, and packets with frames that no client sends. */
#include "crypto_rig.h"
#include "first_flight.h"
#include "session/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define V1             CV_QUIC_VERSION_1
#define V2             CV_QUIC_VERSION_2
#define PIECE          8  /* bytes of a CRYPTO frame, where a hello is cut small */
#define PIECES         11 /* of that hello; a prime, so that any stride comes by all of them */
#define HELLO_HEAD     38
#define EXTENSIONS_MAX 600

static struct crypto_rig rig;
static struct cv_hello hello;
static struct first_flight flight;

static const uint8_t dcid[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static int start(void **state)
{
    (void)state;
    crypto_rig_start(&rig, "evp", 4);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    crypto_rig_stop(&rig);
    return 0;
}

static enum cv_hello_state read_bytes(const uint8_t *datagram, size_t bytes)
{
    return cv_hello_read(&hello, rig.crypto, datagram, bytes);
}

static enum cv_hello_state read_datagram(unsigned i)
{
    return read_bytes(flight.datagrams[i], FIRST_FLIGHT_BYTES);
}

static void check_name(const char *name)
{
    assert_int_equal(hello.name.bytes, strlen(name));
    assert_memory_equal(hello.crypto + hello.name.at, name, strlen(name));
}

/* ---- Real clients ---- */

static void one_datagram(void **state)
{
    static const uint32_t versions[] = {V1, V2};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        first_flight_make(&flight, &(struct quic_client_options){
                                       .version = versions[i],
                                       .alpn = "h3,culvert/1",
                                       .name = "relay.example",
                                       .groups = "X25519",
                                   });
        assert_int_equal(flight.count, 1);
        cv_hello_begin(&hello);
        assert_int_equal(read_datagram(0), CV_HELLO_COMPLETE);
        assert_true(cv_hello_offers(&hello, "culvert/1"));
        assert_true(cv_hello_offers(&hello, "h3"));
        assert_false(cv_hello_offers(&hello, "culvert/"));
        assert_false(cv_hello_offers(&hello, "culvert/10"));
        assert_false(cv_hello_offers(&hello, ""));
        check_name("relay.example");
    }
}

static void nothing_offered(void **state)
{
    (void)state;
    first_flight_make(&flight, &(struct quic_client_options){.version = V1, .groups = "X25519"});
    cv_hello_begin(&hello);
    assert_int_equal(read_datagram(0), CV_HELLO_COMPLETE);
    assert_false(cv_hello_offers(&hello, "culvert/1"));
    assert_int_equal(hello.name.bytes, 0);
}

static void make_two(uint32_t version)
{
    first_flight_make(&flight, &(struct quic_client_options){
                                   .version = version,
                                   .alpn = "culvert/1",
                                   .name = "relay.example",
                                   .groups = "X25519MLKEM768",
                               });
    assert_int_equal(flight.count, 2);
    cv_hello_begin(&hello);
}

static void check_two(void)
{
    assert_true(cv_hello_offers(&hello, "culvert/1"));
    assert_false(cv_hello_offers(&hello, "h3"));
    check_name("relay.example");
}

static void two_datagrams(void **state)
{
    (void)state;
    make_two(V1);
    assert_int_equal(read_datagram(0), CV_HELLO_PART);
    assert_int_equal(read_datagram(1), CV_HELLO_COMPLETE);
    check_two();
    make_two(V2);
    assert_int_equal(read_datagram(0), CV_HELLO_PART);
    assert_int_equal(read_datagram(1), CV_HELLO_COMPLETE);
    check_two();
}

static void swapped(void **state)
{
    (void)state;
    make_two(V1);
    assert_int_equal(read_datagram(1), CV_HELLO_PART);
    assert_false(cv_hello_offers(&hello, "culvert/1"));
    assert_int_equal(read_datagram(0), CV_HELLO_COMPLETE);
    check_two();
}

static void twice(void **state)
{
    (void)state;
    make_two(V1);
    assert_int_equal(read_datagram(0), CV_HELLO_PART);
    assert_int_equal(read_datagram(0), CV_HELLO_PART);
    assert_int_equal(read_datagram(1), CV_HELLO_COMPLETE);
    assert_int_equal(read_datagram(1), CV_HELLO_COMPLETE);
    assert_int_equal(read_datagram(0), CV_HELLO_COMPLETE);
    check_two();
}

/* What OpenSSL chooses for itself, whatever that is. */
static void default_groups(void **state)
{
    (void)state;
    first_flight_make(&flight, &(struct quic_client_options){.version = V1, .alpn = "culvert/1"});
    cv_hello_begin(&hello);
    for (unsigned i = 0; i < flight.count; i++)
        assert_int_equal(read_datagram(i), i + 1 < flight.count ? CV_HELLO_PART : CV_HELLO_COMPLETE);
    assert_true(cv_hello_offers(&hello, "culvert/1"));
}

/* A datagram that was cut, changed or is another flight's changes nothing. */
static void damaged(void **state)
{
    uint8_t copy[FIRST_FLIGHT_BYTES];
    struct first_flight other;

    (void)state;
    make_two(V1);
    other = flight;
    make_two(V1);
    for (size_t bytes = 0; bytes < FIRST_FLIGHT_BYTES; bytes++)
        assert_int_equal(read_bytes(flight.datagrams[0], bytes), CV_HELLO_NOT_INITIAL);
    for (size_t at = 0; at < FIRST_FLIGHT_BYTES; at += at < 60 ? 1 : 19) {
        enum cv_hello_state result;

        memcpy(copy, flight.datagrams[0], sizeof(copy));
        copy[at] ^= 0x10;
        result = read_bytes(copy, sizeof(copy));
        assert_true(result == CV_HELLO_NOT_INITIAL || result == CV_HELLO_UNOPENED);
    }
    assert_int_equal(read_datagram(1), CV_HELLO_PART);
    assert_int_equal(read_bytes(other.datagrams[0], FIRST_FLIGHT_BYTES), CV_HELLO_OTHER);
    assert_int_equal(read_datagram(0), CV_HELLO_COMPLETE);
    assert_int_equal(read_bytes(other.datagrams[0], FIRST_FLIGHT_BYTES), CV_HELLO_OTHER);
    check_two();
}

/* Our ngtcp2 makes connection IDs of 8 bytes and more; shorter ones come after a Retry of somebody else. */
static void connection_ids(void **state)
{
    uint8_t copy[FIRST_FLIGHT_BYTES];

    (void)state;
    for (uint8_t bytes = CV_HELLO_DCID_MIN; bytes <= CV_QUIC_CID_MAX; bytes++) {
        first_flight_make(&flight,
                          &(struct quic_client_options){
                              .version = V1, .alpn = "culvert/1", .groups = "X25519", .dcid_bytes = bytes});
        cv_hello_begin(&hello);
        assert_int_equal(read_datagram(0), CV_HELLO_COMPLETE);
    }
    memcpy(copy, flight.datagrams[0], sizeof(copy));
    copy[5] = CV_HELLO_DCID_MIN - 1;
    cv_hello_begin(&hello);
    assert_int_equal(read_bytes(copy, sizeof(copy)), CV_HELLO_NOT_INITIAL);
    copy[5] = CV_QUIC_CID_MAX + 1;
    assert_int_equal(read_bytes(copy, sizeof(copy)), CV_HELLO_NOT_INITIAL);
}

static void not_initial(void **state)
{
    static const uint8_t first_bytes[] = {
        0x00, 0x04, 0x40, 0x80, /* STUN or so, a probe, a short header; no fixed bit: see below */
        0xd0, 0xe0, 0xf0,       /* 0-RTT, Handshake, Retry */
    };
    uint8_t copy[FIRST_FLIGHT_BYTES];

    (void)state;
    make_two(V1);
    for (size_t i = 0; i < sizeof(first_bytes); i++) {
        enum cv_hello_state result;

        memcpy(copy, flight.datagrams[0], sizeof(copy));
        copy[0] = (uint8_t)(first_bytes[i] | (copy[0] & 0x0f));
        result = read_bytes(copy, sizeof(copy));
        assert_true(result == CV_HELLO_NOT_INITIAL ||
                    (first_bytes[i] == 0x80 && result == CV_HELLO_UNOPENED));
    }
    memcpy(copy, flight.datagrams[0], sizeof(copy));
    memcpy(copy + 1, "\x1a\x2a\x3a\x4a", 4);
    assert_int_equal(read_bytes(copy, sizeof(copy)), CV_HELLO_NOT_INITIAL);
    memset(copy + 1, 0, 4);
    assert_int_equal(read_bytes(copy, sizeof(copy)), CV_HELLO_NOT_INITIAL);
    assert_int_equal(hello.state, CV_HELLO_PART);
}

/* ---- Frames of all kinds ---- */

struct frames {
    uint8_t bytes[FIRST_FLIGHT_BYTES];
    size_t count;
};

static void add_byte(struct frames *frames, uint8_t byte)
{
    frames->bytes[frames->count++] = byte;
}

static void add_number(struct frames *frames, uint16_t value)
{
    add_byte(frames, (uint8_t)(0x40 | value >> 8));
    add_byte(frames, (uint8_t)value);
}

static void add_crypto(struct frames *frames, uint16_t offset, const uint8_t *data, uint16_t bytes)
{
    add_byte(frames, 6);
    add_number(frames, offset);
    add_number(frames, bytes);
    memcpy(frames->bytes + frames->count, data, bytes);
    frames->count += bytes;
}

static enum cv_hello_state read_frames(uint16_t number, const struct frames *frames)
{
    uint8_t packet[FIRST_FLIGHT_BYTES];

    return read_bytes(packet, first_flight_seal(rig.crypto, V1, dcid, number, frames->bytes, frames->count,
                                                sizeof(packet), packet));
}

/* A ClientHello with these extensions. Returns its bytes. */
static uint16_t make_hello(uint8_t *out, const uint8_t *extensions, uint16_t bytes)
{
    uint8_t *at = out + HELLO_HEAD;
    uint16_t total;

    memset(out, 7, HELLO_HEAD);
    *at++ = 0;                       /* session ID */
    memcpy(at, "\0\2\x13\1\1\0", 6); /* a suite; no compression */
    at += 6;
    *at++ = (uint8_t)(bytes >> 8);
    *at++ = (uint8_t)bytes;
    memcpy(at, extensions, bytes);
    total = (uint16_t)(at - out + bytes);
    memcpy(out, (uint8_t[]){1, 0, (uint8_t)((total - 4) >> 8), (uint8_t)(total - 4)}, 4);
    return total;
}

#define ALPN_EXTENSION       \
    "\0\x10\0\x0c\0\x0a\x09" \
    "culvert/1"
#define NAME_EXTENSION         \
    "\0\0\0\x0a\0\x08\0\0\x05" \
    "there"

static enum cv_hello_state read_hello_with(const void *extensions, size_t bytes)
{
    uint8_t message[HELLO_HEAD + EXTENSIONS_MAX + 16];
    struct frames frames = {.count = 0};

    cv_hello_begin(&hello);
    add_crypto(&frames, 0, message, make_hello(message, extensions, (uint16_t)bytes));
    return read_frames(0, &frames);
}

/* Pieces in many orders, in two packets, with padding and pings between. */
static void pieces_in_any_order(void **state)
{
    static const char extensions[] = "\xfa\xfa\0\0" NAME_EXTENSION ALPN_EXTENSION;
    uint8_t message[HELLO_HEAD + EXTENSIONS_MAX];
    uint16_t bytes = make_hello(message, (const uint8_t *)extensions, sizeof(extensions) - 1);

    (void)state;
    assert_int_equal((bytes + PIECE - 1) / PIECE, PIECES);
    for (uint16_t stride = 1; stride < PIECES; stride++) {
        struct frames frames[2] = {{.count = 0}, {.count = 0}};

        cv_hello_begin(&hello);
        for (uint16_t i = 0, piece = 0; i < PIECES; i++, piece = (uint16_t)((piece + stride) % PIECES)) {
            uint16_t at = (uint16_t)(piece * PIECE);
            struct frames *to = &frames[i >= PIECES / 2];

            add_crypto(to, at, message + at, (uint16_t)(bytes - at < PIECE ? bytes - at : PIECE));
            add_byte(to, i % 2);
        }
        assert_int_equal(read_frames(1, &frames[1]), CV_HELLO_PART);
        assert_int_equal(read_frames(0, &frames[0]), CV_HELLO_COMPLETE);
        assert_true(cv_hello_offers(&hello, "culvert/1"));
        check_name("there");
    }
}

/* With a client's Initials others may share a datagram, of which those with another ID are not read. */
static void coalesced(void **state)
{
    static const uint8_t other[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    uint8_t message[HELLO_HEAD + EXTENSIONS_MAX], datagram[3 * FIRST_FLIGHT_BYTES] = {0};
    uint16_t bytes = make_hello(message, (const uint8_t *)ALPN_EXTENSION, sizeof(ALPN_EXTENSION) - 1);
    struct frames first = {.count = 0}, second = {.count = 0};
    size_t used;

    (void)state;
    add_crypto(&first, 0, message, 20);
    add_crypto(&second, 20, message + 20, (uint16_t)(bytes - 20));
    used = first_flight_seal(rig.crypto, V1, dcid, 0, second.bytes, second.count, 0, datagram);
    /* 0-RTT: as an Initial without a token. */
    memcpy(datagram + used, "\xd0\0\0\0\1\x08\1\2\3\4\5\6\7\x08\0\x18", 16);
    used += 16 + 24;
    used += first_flight_seal(rig.crypto, V1, dcid, 1, first.bytes, first.count, 0, datagram + used);
    assert_true(used < FIRST_FLIGHT_BYTES);
    cv_hello_begin(&hello);
    assert_int_equal(read_bytes(datagram, FIRST_FLIGHT_BYTES), CV_HELLO_COMPLETE);
    assert_true(cv_hello_offers(&hello, "culvert/1"));

    memset(datagram, 0, sizeof(datagram));
    used = first_flight_seal(rig.crypto, V1, dcid, 0, second.bytes, second.count, 0, datagram);
    (void)first_flight_seal(rig.crypto, V1, other, 1, first.bytes, first.count, 0, datagram + used);
    cv_hello_begin(&hello);
    assert_int_equal(read_bytes(datagram, FIRST_FLIGHT_BYTES), CV_HELLO_PART);
    assert_int_equal(hello.known, 0);
}

static void frames_that_no_first_flight_has(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
    } cases[] = {
        {"\x02\0\0\0\0", 5},                            /* ACK */
        {"\x1c\0\0\0", 4},                              /* CONNECTION_CLOSE */
        {"\x08\0\0", 3},                                /* STREAM */
        {"\x40\x06\0\1\1", 5},                          /* a type that is longer than it has to be */
        {"\x06\0\x7f\xff", 4},                          /* longer than its packet */
        {"\x06\x4f\xff\2\1\1", 6},                      /* across the end of what there is room for */
        {"\x06\x50\0\1\1", 5},                          /* beyond it */
        {"\x06\xff\xff\xff\xff\xff\xff\xff\xff\0", 10}, /* far beyond it */
        {"\x06\0\xff\xff\xff\xff\xff\xff\xff\xff", 10},
        {"\x06\0\1\2", 4},           /* a ServerHello */
        {"\x06\0\4\1\0\x0f\xfd", 7}, /* one byte too long */
        {"\x06\0\1\1\x06\0\1\2", 8}, /* the same bytes otherwise */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frames frames = {.count = cases[i].count};

        memcpy(frames.bytes, cases[i].bytes, cases[i].count);
        cv_hello_begin(&hello);
        assert_int_equal(read_frames(0, &frames), CV_HELLO_BAD);
        frames.count = 0;
        assert_int_equal(read_frames(1, &frames), CV_HELLO_BAD);
    }
}

/* Cut at the very end of an Initial, where there is no padding that would follow. */
static void frames_cut(void **state)
{
    static const uint8_t crypto[] = {6, 0x40, 0, 0x40, 4, 1, 0, 0};

    (void)state;
    for (size_t bytes = 1; bytes < sizeof(crypto); bytes++) {
        uint8_t datagram[FIRST_FLIGHT_BYTES] = {0}, frames[32] = {0};

        memcpy(frames + sizeof(frames) - bytes, crypto, bytes);
        (void)first_flight_seal(rig.crypto, V1, dcid, 0, frames, sizeof(frames), 0, datagram);
        cv_hello_begin(&hello);
        assert_int_equal(read_bytes(datagram, sizeof(datagram)), CV_HELLO_BAD);
    }
}

/* ---- The ClientHello ---- */

static void extensions(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        enum cv_hello_state state;
    } cases[] = {
#define CASE(text, wanted) {text, sizeof(text) - 1, CV_HELLO_##wanted}
        CASE("", COMPLETE),
        CASE(ALPN_EXTENSION NAME_EXTENSION, COMPLETE),
        CASE(ALPN_EXTENSION ALPN_EXTENSION, BAD),
        CASE(NAME_EXTENSION NAME_EXTENSION, BAD),
        CASE("\0\x10\0\0", BAD),                          /* no list */
        CASE("\0\x10\0\2\0\0", BAD),                      /* an empty one */
        CASE("\0\x10\0\3\0\1\0", BAD),                    /* of an empty name */
        CASE("\0\x10\0\4\0\2\2a", BAD),                   /* a name that the list cuts */
        CASE("\0\x10\0\4\0\1\1a", BAD),                   /* a list that ends before the extension */
        CASE("\0\x10\0\4\0\3\1a", BAD),                   /* and one that ends after it */
        CASE("\0\x10\xff\xff\0\2\1a", BAD),               /* an extension that ends after all of them */
        CASE("\0\0\0\5\0\3\0\0\0", BAD),                  /* an empty server name */
        CASE("\0\0\0\4\0\2\0\0", BAD),                    /* a cut one */
        CASE("\0\0\0\x0a\0\x08\0\0\1a\0\0\1b", BAD),      /* two */
        CASE("\0\0\0\x0a\0\x08\1\0\1a\0\0\1b", COMPLETE), /* another type, and one */
        CASE("\0", BAD),
        CASE("\0\x10\0", BAD),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum cv_hello_state result = read_hello_with(cases[i].bytes, cases[i].count);

        if (result != cases[i].state)
            fail_msg("case %zu: %d", i, result);
        if (result == CV_HELLO_BAD)
            assert_true(!cv_hello_offers(&hello, "culvert/1") && hello.name.bytes == 0);
    }
    assert_int_equal(read_hello_with("\0\0\0\x0a\0\x08\1\0\1a\0\0\1b", 14), CV_HELLO_COMPLETE);
    check_name("b");
}

/* RFC 1035 section 2.3.4. */
static void long_name(void **state)
{
    uint8_t bytes[9 + 256] = {0, 0, 1, 4, 1, 2, 0, 0, 255};

    (void)state;
    memset(bytes + 9, 'n', 256);
    assert_int_equal(read_hello_with(bytes, 9 + 255), CV_HELLO_COMPLETE);
    assert_int_equal(hello.name.bytes, 255);
    memcpy(bytes, (uint8_t[]){0, 0, 1, 5, 1, 3, 0, 1, 0}, 9);
    assert_int_equal(read_hello_with(bytes, 9 + 256), CV_HELLO_BAD);
}

/* Byte by byte: what is not there yet is never wrong; a protocol is offered once its extension is there. */
static void as_it_comes(void **state)
{
    uint8_t message[HELLO_HEAD + EXTENSIONS_MAX];
    uint16_t bytes = make_hello(message, (const uint8_t *)(ALPN_EXTENSION NAME_EXTENSION),
                                sizeof(ALPN_EXTENSION NAME_EXTENSION) - 1);
    uint16_t alpn_end = (uint16_t)(bytes - (sizeof(NAME_EXTENSION) - 1));

    (void)state;
    cv_hello_begin(&hello);
    for (uint16_t i = 0; i < bytes; i++) {
        struct frames frames = {.count = 0};

        add_crypto(&frames, i, message + i, 1);
        assert_int_equal(read_frames(i, &frames), i + 1 < bytes ? CV_HELLO_PART : CV_HELLO_COMPLETE);
        assert_int_equal(cv_hello_offers(&hello, "culvert/1"), i + 1 >= alpn_end);
    }
    check_name("there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_datagram),  cmocka_unit_test(nothing_offered),
        cmocka_unit_test(two_datagrams), cmocka_unit_test(swapped),
        cmocka_unit_test(twice),         cmocka_unit_test(default_groups),
        cmocka_unit_test(damaged),       cmocka_unit_test(connection_ids),
        cmocka_unit_test(not_initial),   cmocka_unit_test(pieces_in_any_order),
        cmocka_unit_test(coalesced),     cmocka_unit_test(frames_that_no_first_flight_has),
        cmocka_unit_test(frames_cut),    cmocka_unit_test(extensions),
        cmocka_unit_test(long_name),     cmocka_unit_test(as_it_comes),
    };

    return cmocka_run_group_tests_name("session_hello", tests, start, stop);
}
