/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "protocol/datagram.h"

static void channel_and_payload_are_told_apart(void **state)
{
    static const struct {
        uint8_t frame[16];
        size_t bytes;
        uint64_t channel;
        size_t header;
    } cases[] = {
        {{3, 'a', 'b'}, 3, 3, 1},
        {{3}, 1, 3, 1}, /* an empty UDP payload */
        {{0, 'a'}, 2, 0, 1},
        {{0x7f, 0xff, 'a'}, 3, 16383, 2},
        {{0x40, 3, 'a'}, 3, 3, 2},
        {{0xc0, 0, 0, 0, 0, 0, 0, 3, 'a'}, 9, 3, 8},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, (UINT64_C(1) << 62) - 1, 8},
    };
    struct cv_datagram datagram;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cv_datagram_parse(cases[i].frame, cases[i].bytes, &datagram), 0);
        assert_true(datagram.channel == cases[i].channel);
        assert_ptr_equal(datagram.payload, cases[i].frame + cases[i].header);
        assert_int_equal(datagram.payload_bytes, cases[i].bytes - cases[i].header);
    }
}

static void frames_that_end_within_the_channel_are_bad(void **state)
{
    static const uint8_t starts[] = {0x40, 0x80, 0xc0};
    struct cv_datagram datagram = {.channel = 77};

    (void)state;
    assert_int_equal(cv_datagram_parse(starts, 0, &datagram), -EBADMSG);
    for (size_t i = 0; i < sizeof(starts); i++) {
        for (size_t bytes = 1; bytes < (size_t)2 << i; bytes++) {
            uint8_t frame[8] = {starts[i]};

            assert_int_equal(cv_datagram_parse(frame, bytes, &datagram), -EBADMSG);
        }
    }
    assert_int_equal(datagram.channel, 77);
}

static void headers_are_short(void **state)
{
    uint8_t header[CV_CHANNEL_BYTES] = {0xaa, 0xaa};
    struct cv_datagram datagram;

    (void)state;
    assert_int_equal(cv_datagram_header(header, 0), 0);
    assert_int_equal(cv_datagram_header(header, CV_CHANNEL_MAX + 1), 0);
    assert_int_equal(header[0], 0xaa);
    for (uint32_t channel = CV_CHANNEL_MIN; channel <= CV_CHANNEL_MAX; channel++) {
        size_t bytes = cv_datagram_header(header, channel);

        assert_int_equal(bytes, channel < 64 ? 1 : 2);
        assert_int_equal(cv_datagram_parse(header, bytes, &datagram), 0);
        assert_int_equal(datagram.channel, channel);
    }
}

static void room_is_what_the_header_leaves(void **state)
{
    (void)state;
    assert_int_equal(cv_datagram_room(1400, 1), 1399);
    assert_int_equal(cv_datagram_room(1400, 64), 1398);
    assert_int_equal(cv_datagram_room(2, 64), 0);
    assert_int_equal(cv_datagram_room(1, 64), 0);
    assert_int_equal(cv_datagram_room(0, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channel_and_payload_are_told_apart),
        cmocka_unit_test(frames_that_end_within_the_channel_are_bad),
        cmocka_unit_test(headers_are_short),
        cmocka_unit_test(room_is_what_the_header_leaves),
    };

    return cmocka_run_group_tests_name("datagram", tests, NULL, NULL);
}
