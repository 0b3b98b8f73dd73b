/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader: streams cut into capsules, however they arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "capsule_examples.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"
#include "protocol/varint.h"

#define STREAM_ROOM 16384

struct stream {
    size_t bytes;
    uint8_t data[STREAM_ROOM];
};

/* What was read of a stream: the capsules, written again one after the other. */
struct outcome {
    enum cv_capsule_reading last;
    enum cv_session_error error;
    size_t capsules;
    size_t taken;
    struct stream again;
};

static void add_number(struct stream *stream, uint64_t number)
{
    size_t bytes = cv_varint_write(stream->data + stream->bytes, STREAM_ROOM - stream->bytes, number);

    assert_true(bytes > 0);
    stream->bytes += bytes;
}

static void add_capsule(struct stream *stream, const struct cv_capsule *capsule)
{
    int bytes = cv_capsule_write(capsule, stream->data + stream->bytes, STREAM_ROOM - stream->bytes);

    assert_true(bytes > 0);
    stream->bytes += (size_t)bytes;
}

/* Type, length and so many bytes that no capsule would begin with. */
static void add_raw(struct stream *stream, uint64_t type, uint64_t length, size_t bytes)
{
    add_number(stream, type);
    add_number(stream, length);
    assert_true(stream->bytes + bytes <= STREAM_ROOM);
    memset(stream->data + stream->bytes, 0xff, bytes);
    stream->bytes += bytes;
}

/* All that this side sends, with capsules in between that mean nothing. */
static struct stream everything_from(enum cv_capsule_sender sender, size_t *capsules)
{
    static const uint64_t lengths[] = {0, 1, 30, 63, 64, 300, 4096};
    struct stream stream = {0};

    *capsules = 0;
    for (size_t i = 0; i < capsule_example_count; i++) {
        size_t length = lengths[i % 7];

        add_raw(&stream, 0x29 * i * 1000 + 0x17, length, length); /* RFC 9297 section 5.4 */
        if (capsule_sender(capsule_examples[i].type) == sender) {
            add_capsule(&stream, &capsule_examples[i]);
            ++*capsules;
        }
    }
    add_raw(&stream, 0, 3, 3);
    add_raw(&stream, CV_CAPSULE_GO_AWAY + 1, 5, 5);
    return stream;
}

/* One piece, in a block of exactly its size, so that ASan sees a read past its end. */
static void feed(struct cv_capsule_reader *reader, const uint8_t *piece, size_t bytes,
                 struct outcome *outcome)
{
    uint8_t *exact = malloc(bytes != 0 ? bytes : 1);
    const uint8_t *data = exact;
    struct cv_capsule_frame frame;
    struct cv_capsule capsule;
    size_t left = bytes;

    assert_non_null(exact);
    memcpy(exact, piece, bytes);
    while ((outcome->last = cv_capsule_next(reader, &data, &left, &frame)) == CV_CAPSULE_READY) {
        assert_int_equal(cv_capsule_parse(&frame, &capsule), 0);
        add_capsule(&outcome->again, &capsule);
        outcome->capsules++;
    }
    assert_ptr_equal(data, exact + bytes - left);
    outcome->taken += bytes - left;
    outcome->error = reader->error;
    free(exact);
}

/* The stream in pieces of `first` bytes and then of `next`. */
static struct outcome read_stream(const struct stream *stream, enum cv_capsule_sender sender, size_t first,
                                  size_t next)
{
    uint8_t *buffer = malloc(CV_CAPSULE_BUFFER_BYTES);
    struct outcome outcome = {0};
    struct cv_capsule_reader reader;

    assert_non_null(buffer);
    cv_capsule_reader_init(&reader, sender, buffer);
    for (size_t at = 0, piece = first; at < stream->bytes; at += piece, piece = next) {
        if (piece > stream->bytes - at)
            piece = stream->bytes - at;
        feed(&reader, stream->data + at, piece, &outcome);
    }
    free(buffer);
    return outcome;
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->last, b->last);
    assert_int_equal(a->error, b->error);
    assert_int_equal(a->capsules, b->capsules);
    assert_int_equal(a->again.bytes, b->again.bytes);
    assert_memory_equal(a->again.data, b->again.data, a->again.bytes);
}

static void pieces_make_no_difference(void **state)
{
    (void)state;
    for (enum cv_capsule_sender sender = CV_FROM_PEER; sender <= CV_FROM_RELAY; sender++) {
        size_t capsules;
        struct stream stream = everything_from(sender, &capsules);
        struct outcome whole = read_stream(&stream, sender, stream.bytes, 1);

        assert_int_equal(whole.last, CV_CAPSULE_MORE);
        assert_int_equal(whole.capsules, capsules);
        assert_int_equal(whole.taken, stream.bytes);
        for (size_t piece = 1; piece < 50; piece++) {
            struct outcome cut = read_stream(&stream, sender, piece, piece);

            assert_same(&cut, &whole);
        }
        for (size_t cut_at = 1; cut_at < stream.bytes; cut_at += cut_at < 300 ? 1 : 97) {
            struct outcome cut = read_stream(&stream, sender, cut_at, stream.bytes);

            assert_same(&cut, &whole);
        }
    }
}

static void an_incomplete_capsule_is_waited_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        enum cv_capsule_sender sender = capsule_sender(capsule_examples[i].type);
        struct stream stream = {0};

        add_capsule(&stream, &capsule_examples[i]);
        for (size_t whole = stream.bytes--; stream.bytes > 0; stream.bytes--) {
            struct outcome outcome = read_stream(&stream, sender, whole, whole);

            assert_int_equal(outcome.last, CV_CAPSULE_MORE);
            assert_int_equal(outcome.capsules, 0);
            assert_int_equal(outcome.taken, stream.bytes);
        }
    }
}

static void no_input_is_no_capsule(void **state)
{
    uint8_t buffer[CV_CAPSULE_BUFFER_BYTES];
    struct cv_capsule_reader reader;
    struct cv_capsule_frame frame;
    const uint8_t *data = buffer;
    size_t left = 0;

    (void)state;
    cv_capsule_reader_init(&reader, CV_FROM_PEER, buffer);
    assert_int_equal(cv_capsule_next(&reader, &data, &left, &frame), CV_CAPSULE_MORE);
    assert_ptr_equal(data, buffer);
}

/* A length that no stream can fulfil is no reason to fail, and takes no memory. */
static void unknown_capsules_may_have_any_length(void **state)
{
    struct stream stream = {0};
    struct outcome outcome;

    (void)state;
    add_raw(&stream, CV_VARINT_MAX, CV_VARINT_MAX, 5000);
    outcome = read_stream(&stream, CV_FROM_PEER, 1000, 7);
    assert_int_equal(outcome.last, CV_CAPSULE_MORE);
    assert_int_equal(outcome.taken, stream.bytes);
}

/* The header alone decides; what comes after it is not taken, and nothing brings the reader back. */
static void assert_fails(enum cv_capsule_sender sender, uint64_t type, uint64_t length,
                         enum cv_session_error error)
{
    struct cv_capsule good =
        capsule_example(sender == CV_FROM_PEER ? CV_CAPSULE_REGISTER : CV_CAPSULE_REGISTERED);
    struct stream stream = {0};
    struct outcome whole, bytewise;
    size_t header;

    add_capsule(&stream, &good);
    add_raw(&stream, type, length, 0);
    header = stream.bytes;
    add_capsule(&stream, &good);
    whole = read_stream(&stream, sender, stream.bytes, 1);
    assert_int_equal(whole.last, CV_CAPSULE_FAILED);
    assert_int_equal(whole.error, error);
    assert_int_equal(whole.capsules, 1);
    assert_int_equal(whole.taken, header);
    bytewise = read_stream(&stream, sender, 1, 1);
    assert_same(&bytewise, &whole);
    assert_int_equal(bytewise.taken, header);
}

static void the_header_alone_can_be_wrong(void **state)
{
    (void)state;
#define WRONG(id, number, sender, least, most, meaning)                                           \
    assert_fails(CV_FROM_##sender, number, (least) - 1, CV_SESSION_ERROR_MALFORMED);              \
    assert_fails(CV_FROM_##sender, number, (most) + 1, CV_SESSION_ERROR_MALFORMED);               \
    assert_fails(CV_FROM_##sender, number, CV_CAPSULE_VALUE_MAX, CV_SESSION_ERROR_MALFORMED);     \
    assert_fails(CV_FROM_##sender, number, CV_CAPSULE_VALUE_MAX + 1, CV_SESSION_ERROR_OVERSIZED); \
    assert_fails(CV_FROM_##sender, number, CV_VARINT_MAX, CV_SESSION_ERROR_OVERSIZED);            \
    assert_fails(CV_FROM_##sender == CV_FROM_PEER ? CV_FROM_RELAY : CV_FROM_PEER, number, least,  \
                 CV_SESSION_ERROR_WRONG_SIDE);
    CV_CAPSULE_LIST(WRONG)
#undef WRONG
}

/* Any of the four lengths of a varint, in the header as well. */
static void headers_may_be_long(void **state)
{
    static const uint8_t register_long[] = {0xc0, 0, 0, 0, 0, 0x29, 0xe1, 0xf0, 0xc0,
                                            0,    0, 0, 0, 0, 0,    2,    0,    3};
    struct stream stream = {.bytes = sizeof(register_long)};
    struct outcome outcome;

    (void)state;
    memcpy(stream.data, register_long, sizeof(register_long));
    for (size_t piece = 1; piece <= stream.bytes; piece++) {
        outcome = read_stream(&stream, CV_FROM_PEER, piece, piece);
        assert_int_equal(outcome.last, CV_CAPSULE_MORE);
        assert_int_equal(outcome.capsules, 1);
        assert_int_equal(outcome.again.bytes, 7);
    }
}

/* Byte by byte: only between capsules and within unknown ones may another reader go on. */
static void idle_where_another_could_go_on(void **state)
{
    static const uint8_t stream[] = {0x17, 3, 1, 2, 3, 0x80, 0x29, 0xe1, 0xf9, 1, 5, 0x17, 0};
    static const int skips[] = {-1, 3, 2, 1, 0, -1, -1, -1, -1, -1, 0, -1, 0}; /* -1: not idle */
    uint8_t buffer[CV_CAPSULE_BUFFER_BYTES];
    struct cv_capsule_reader reader;
    struct cv_capsule_frame frame;
    uint64_t skip;

    (void)state;
    cv_capsule_reader_init(&reader, CV_FROM_PEER, buffer);
    assert_true(cv_capsule_reader_idle(&reader, &skip));
    for (size_t i = 0; i < sizeof(stream); i++) {
        const uint8_t *at = stream + i;
        size_t bytes = 1;

        assert_int_not_equal(cv_capsule_next(&reader, &at, &bytes, &frame), CV_CAPSULE_FAILED);
        assert_int_equal(cv_capsule_reader_idle(&reader, &skip), skips[i] >= 0);
        assert_int_equal(skip, skips[i] >= 0 ? skips[i] : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_where_another_could_go_on),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(an_incomplete_capsule_is_waited_for),
        cmocka_unit_test(no_input_is_no_capsule),
        cmocka_unit_test(unknown_capsules_may_have_any_length),
        cmocka_unit_test(the_header_alone_can_be_wrong),
        cmocka_unit_test(headers_may_be_long),
    };

    return cmocka_run_group_tests_name("capsule_reader", tests, NULL, NULL);
}
