/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "quic_invariants.h"

/*
 * A long header with connection IDs of these lengths and `rest` bytes after it, in memory of exactly its
 * size.
 */
static uint8_t *long_header(uint32_t version, uint8_t dcid_bytes, uint8_t scid_bytes, size_t rest,
                            size_t *bytes)
{
    uint8_t *packet;
    size_t at = 0;

    *bytes = (size_t)7 + dcid_bytes + scid_bytes + rest;
    packet = malloc(*bytes);
    assert_non_null(packet);
    packet[at++] = 0xc3;
    for (int shift = 24; shift >= 0; shift -= 8)
        packet[at++] = (uint8_t)(version >> shift);
    packet[at++] = dcid_bytes;
    memset(packet + at, 0xdd, dcid_bytes);
    at += dcid_bytes;
    packet[at++] = scid_bytes;
    memset(packet + at, 0x55, *bytes - at);
    return packet;
}

static void check_long(uint32_t version, uint8_t dcid_bytes, uint8_t scid_bytes, size_t rest, bool long_cids)
{
    struct cv_quic_header header;
    size_t bytes;
    uint8_t *packet = long_header(version, dcid_bytes, scid_bytes, rest, &bytes);

    assert_int_equal(cv_quic_header_parse(packet, bytes, &header), 0);
    assert_true(header.is_long);
    assert_int_equal(header.version, version);
    assert_int_equal(header.long_cids, long_cids);
    assert_int_equal(header.dcid_bytes, dcid_bytes);
    assert_ptr_equal(header.dcid, packet + 6);
    assert_int_equal(header.scid_bytes, scid_bytes);
    assert_ptr_equal(header.scid, packet + 7 + dcid_bytes);
    free(packet);
}

static void long_headers(void **state)
{
    (void)state;
    check_long(CV_QUIC_VERSION_1, 8, 0, 1193, false);
    check_long(CV_QUIC_VERSION_1, 20, 20, 100, false);
    check_long(CV_QUIC_VERSION_2, 0, 0, 0, false);
    check_long(0, 20, 8, 4, false); /* version negotiation */
    check_long(0x0a1a2a3a, 20, 20, 0, false);
}

/* RFC 8999 section 5.1: connection IDs of versions that we do not know may be up to 255 bytes long. */
static void other_versions_may_have_longer_connection_ids(void **state)
{
    struct cv_quic_header header;
    size_t bytes;
    uint8_t *packet;

    (void)state;
    check_long(0xff000099, 21, 0, 0, true);
    check_long(0xff000099, 255, 255, 9, true);
    check_long(0, 0, 21, 9, true);
    for (unsigned which = 0; which < 4; which++) {
        packet = long_header(which < 2 ? CV_QUIC_VERSION_1 : CV_QUIC_VERSION_2, which % 2 != 0 ? 21 : 0,
                             which % 2 != 0 ? 0 : 21, 64, &bytes);
        assert_int_equal(cv_quic_header_parse(packet, bytes, &header), -EBADMSG);
        free(packet);
    }
}

/* Each shorter packet in a block of its own, so that ASan sees a read past its end. */
static void cut_long_headers_are_refused(void **state)
{
    size_t bytes;
    uint8_t *packet = long_header(CV_QUIC_VERSION_1, 20, 7, 0, &bytes);

    (void)state;
    for (size_t cut = 0; cut < bytes; cut++) {
        uint8_t *part = malloc(cut != 0 ? cut : 1);
        struct cv_quic_header header = {.version = 77};

        assert_non_null(part);
        memcpy(part, packet, cut);
        assert_int_equal(cv_quic_header_parse(part, cut, &header), -EBADMSG);
        assert_int_equal(header.version, 77);
        free(part);
    }
    free(packet);
}

static void short_headers(void **state)
{
    static const uint8_t packet[64] = {0x41, 1, 2, 3};
    static const struct {
        size_t bytes;
        uint8_t dcid_bytes;
    } cases[] = {{1, 0}, {2, 1}, {20, 19}, {21, 20}, {22, 20}, {64, 20}};
    struct cv_quic_header header;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cv_quic_header_parse(packet, cases[i].bytes, &header), 0);
        assert_false(header.is_long);
        assert_ptr_equal(header.dcid, packet + 1);
        assert_int_equal(header.dcid_bytes, cases[i].dcid_bytes);
        assert_null(header.scid);
        assert_int_equal(header.scid_bytes, 0);
        assert_int_equal(header.version, 0);
    }
    assert_int_equal(cv_quic_header_parse(packet, 0, &header), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_headers),
        cmocka_unit_test(other_versions_may_have_longer_connection_ids),
        cmocka_unit_test(cut_long_headers_are_refused),
        cmocka_unit_test(short_headers),
    };

    return cmocka_run_group_tests_name("quic_invariants", tests, NULL, NULL);
}
