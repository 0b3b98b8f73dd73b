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
#include "protocol/varint.h"

#define STREAM_ROOM 32768

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
    static const uint64_t lengths[] = {0, 1, 30, 63, 64, 300, 700};
    struct stream stream = {0};

    *capsules = 0;
    for (size_t i = 0; i < capsule_example_count; i++) {
        size_t length = lengths[i % 7];

        add_raw(&stream, 0x29 * i * 1000 + 0x17, length, length); /* RFC 9297 section 5.4 */
        if (cv_capsule_sender(capsule_examples[i].type) == sender) {
            add_capsule(&stream, &capsule_examples[i]);
            ++*capsules;
        }
    }
    add_raw(&stream, 0, 3, 3);
    add_raw(&stream, 1, CV_CAPSULE_VALUE_MAX + 1, CV_CAPSULE_VALUE_MAX + 1);
    add_raw(&stream, 0x29e212, 5, 5); /* between ours, and one of those that mean nothing */
    add_raw(&stream, CV_CAPSULE_CODE_CLOSED + 1, 5, 5);
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
        assert_int_equal(cv_capsule_parse(&frame, &capsule), CV_CAPSULE_GOOD);
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
    uint8_t *buffer = malloc(CV_CAPSULE_VALUE_MAX);
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
        enum cv_capsule_sender sender = cv_capsule_sender(capsule_examples[i].type);
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
    uint8_t buffer[CV_CAPSULE_VALUE_MAX];
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

/* What begins with a number is about that one, however short the rest is; all else has a least length. */
static void check_header(enum cv_capsule_type type, uint64_t least)
{
    enum cv_capsule_sender sender = cv_capsule_sender(type);

    if (cv_capsule_begins(type) != CV_BEGINS_WITH_NOTHING)
        assert_fails(sender, type, 0, CV_SESSION_ERROR_MALFORMED);
    else if (least > 0)
        assert_fails(sender, type, least - 1, CV_SESSION_ERROR_MALFORMED);
    assert_fails(sender, type, CV_CAPSULE_VALUE_MAX + 1, CV_SESSION_ERROR_OVERSIZED);
    assert_fails(sender, type, CV_VARINT_MAX, CV_SESSION_ERROR_OVERSIZED);
    assert_fails(sender == CV_FROM_PEER ? CV_FROM_RELAY : CV_FROM_PEER, type, least,
                 CV_SESSION_ERROR_WRONG_SIDE);
}

static void the_header_alone_can_be_wrong(void **state)
{
    (void)state;
#define CHECK(id, number, sender, begins, least, meaning) check_header(CV_CAPSULE_##id, least);
    CV_CAPSULE_LIST(CHECK)
#undef CHECK
}

/* A capsule of this type with so many bytes of value, read in pieces: the frame comes out whole. */
static void check_length(enum cv_capsule_type type, size_t bytes, size_t piece)
{
    uint8_t *buffer = malloc(CV_CAPSULE_VALUE_MAX);
    struct stream stream = {0};
    struct cv_capsule_reader reader;
    struct cv_capsule_frame frame;
    enum cv_capsule_reading reading = CV_CAPSULE_MORE;

    assert_non_null(buffer);
    add_raw(&stream, type, bytes, bytes);
    cv_capsule_reader_init(&reader, cv_capsule_sender(type), buffer);
    for (size_t at = 0; at < stream.bytes; at += piece) {
        const uint8_t *data = stream.data + at;
        size_t left = piece < stream.bytes - at ? piece : stream.bytes - at;

        assert_int_equal(reading, CV_CAPSULE_MORE);
        reading = cv_capsule_next(&reader, &data, &left, &frame);
        assert_int_equal(left, 0);
    }
    assert_int_equal(reading, CV_CAPSULE_READY);
    assert_int_equal(frame.type, type);
    assert_int_equal(frame.bytes, bytes);
    assert_memory_equal(frame.value, stream.data + stream.bytes - bytes, bytes);
    free(buffer);
}

static void any_length_up_to_the_limit_is_read(void **state)
{
    (void)state;
#define CHECK(id, number, sender, begins, least, meaning)                                            \
    check_length(CV_CAPSULE_##id, CV_BEGINS_WITH_##begins == CV_BEGINS_WITH_NOTHING ? least : 1, 1); \
    check_length(CV_CAPSULE_##id, CV_CAPSULE_VALUE_MAX, 1000);                                       \
    check_length(CV_CAPSULE_##id, CV_CAPSULE_VALUE_MAX, STREAM_ROOM);
    CV_CAPSULE_LIST(CHECK)
#undef CHECK
}

/* Filled up with a parameter that means nothing. */
static void the_longest_value_is_a_good_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < capsule_example_count; i++) {
        static const uint8_t nothing[CV_CAPSULE_VALUE_MAX];
        struct capsule_value value = capsule_value_of(&capsule_examples[i]);
        enum cv_capsule_sender sender = cv_capsule_sender(value.type);
        struct stream stream = {0};
        struct outcome outcome;

        capsule_value_parameter(&value, 0x6a, nothing, CV_CAPSULE_VALUE_MAX - value.bytes - 4);
        assert_int_equal(value.bytes, CV_CAPSULE_VALUE_MAX);
        add_raw(&stream, value.type, value.bytes, value.bytes);
        memcpy(stream.data + stream.bytes - value.bytes, value.data, value.bytes);
        outcome = read_stream(&stream, sender, stream.bytes, 1);
        assert_int_equal(outcome.last, CV_CAPSULE_MORE);
        assert_int_equal(outcome.capsules, 1);
        stream.bytes = 0;
        add_capsule(&stream, &capsule_examples[i]);
        assert_int_equal(outcome.again.bytes, stream.bytes);
        assert_memory_equal(outcome.again.data, stream.data, stream.bytes);
    }
}

/* Any of the four lengths of a varint, in the header as well. */
static void headers_may_be_long(void **state)
{
    static const uint8_t close_long[] = {0xc0, 0, 0, 0, 0, 0x29, 0xe1, 0xf9, 0xc0,
                                         0,    0, 0, 0, 0, 0,    2,    0x40, 0x11};
    struct stream stream = {.bytes = sizeof(close_long)};
    struct outcome outcome;

    (void)state;
    memcpy(stream.data, close_long, sizeof(close_long));
    for (size_t piece = 1; piece <= stream.bytes; piece++) {
        outcome = read_stream(&stream, CV_FROM_PEER, piece, piece);
        assert_int_equal(outcome.last, CV_CAPSULE_MORE);
        assert_int_equal(outcome.capsules, 1);
        assert_int_equal(outcome.again.bytes, 6);
    }
}

/* Byte by byte: only between capsules and within unknown ones may another reader go on. */
static void idle_where_another_could_go_on(void **state)
{
    static const uint8_t stream[] = {0x17, 3, 1, 2, 3, 0x80, 0x29, 0xe1, 0xf9, 1, 5, 0x17, 0};
    static const int skips[] = {-1, 3, 2, 1, 0, -1, -1, -1, -1, -1, 0, -1, 0}; /* -1: not idle */
    uint8_t buffer[CV_CAPSULE_VALUE_MAX];
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

/* Where it is idle it needs no buffer: the next value goes into whichever it has then. */
static void idle_readers_change_buffers(void **state)
{
    (void)state;
    for (enum cv_capsule_sender sender = CV_FROM_PEER; sender <= CV_FROM_RELAY; sender++) {
        size_t expected, changes = 0;
        struct stream stream = everything_from(sender, &expected);
        struct outcome outcome = {0};
        struct cv_capsule_reader reader;
        uint64_t skip;

        cv_capsule_reader_init(&reader, sender, malloc(CV_CAPSULE_VALUE_MAX));
        for (size_t i = 0; i < stream.bytes; i++) {
            if (cv_capsule_reader_idle(&reader, &skip)) {
                free(reader.buffer);
                reader.buffer = malloc(CV_CAPSULE_VALUE_MAX);
                assert_non_null(reader.buffer);
                changes++;
            }
            feed(&reader, stream.data + i, 1, &outcome);
        }
        free(reader.buffer);
        assert_int_equal(outcome.last, CV_CAPSULE_MORE);
        assert_int_equal(outcome.capsules, expected);
        assert_true(changes > expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_where_another_could_go_on),
        cmocka_unit_test(idle_readers_change_buffers),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(an_incomplete_capsule_is_waited_for),
        cmocka_unit_test(no_input_is_no_capsule),
        cmocka_unit_test(unknown_capsules_may_have_any_length),
        cmocka_unit_test(the_header_alone_can_be_wrong),
        cmocka_unit_test(any_length_up_to_the_limit_is_read),
        cmocka_unit_test(the_longest_value_is_a_good_one),
        cmocka_unit_test(headers_may_be_long),
    };

    return cmocka_run_group_tests_name("capsule_reader", tests, NULL, NULL);
}
