/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control stream of a session, from either side:
 *
 *      sender (8: even the peer, odd the relay) | how the stream is cut (8) | the stream
 *
 * However it is cut, the same capsules come out; and each of them, written and read again, is the same.
 * corpus/make_protocol.py writes the seeds.
 */
#include "protocol/capsule_order.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"

#include <stdlib.h>
#include <string.h>

/* What came out of a stream. */
struct outcome {
    enum cv_capsule_reading last;
    enum cv_session_error error;
    uint64_t frames;
    uint64_t hash; /* of types and values */
    uint64_t taken;
};

static void require(int condition)
{
    if (!condition)
        abort();
}

static uint64_t mix(uint64_t hash, const void *data, size_t bytes)
{
    const uint8_t *at = data;

    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Parsed from a block of exactly its size; the caller frees it, since a sentence points into it. */
static uint8_t *parse(const struct cv_capsule_frame *frame, struct cv_capsule *capsule, int *error)
{
    uint8_t *exact = malloc(frame->bytes != 0 ? frame->bytes : 1);
    struct cv_capsule_frame copy = {.type = frame->type, .bytes = frame->bytes, .value = exact};

    require(exact != NULL);
    memcpy(exact, frame->value, frame->bytes);
    *error = cv_capsule_parse(&copy, capsule);
    return exact;
}

static void require_same(struct cv_capsule *a, struct cv_capsule *b)
{
    if (a->type == CV_CAPSULE_REFUSED && b->type == CV_CAPSULE_REFUSED) {
        require(a->refused.sentence_bytes == b->refused.sentence_bytes);
        require(memcmp(a->refused.sentence, b->refused.sentence, a->refused.sentence_bytes) == 0);
        a->refused.sentence = b->refused.sentence = NULL;
    }
    require(memcmp(a, b, sizeof(*a)) == 0); /* parsing zeroes what it does not fill */
}

static void write_and_read(struct cv_capsule *capsule, enum cv_capsule_sender sender)
{
    uint8_t written[CV_CAPSULE_BYTES_MAX], buffer[CV_CAPSULE_BUFFER_BYTES];
    int bytes = cv_capsule_write(capsule, written, sizeof(written));
    struct cv_capsule_reader reader;
    struct cv_capsule_frame frame;
    struct cv_capsule again;
    const uint8_t *data = written;
    size_t left = (size_t)bytes;

    require(bytes > 0);
    cv_capsule_reader_init(&reader, sender, buffer);
    require(cv_capsule_next(&reader, &data, &left, &frame) == CV_CAPSULE_READY);
    require(left == 0 && cv_capsule_parse(&frame, &again) == 0);
    require_same(capsule, &again);
}

static void use(const struct cv_capsule_frame *frame, enum cv_capsule_sender sender,
                struct cv_capsule_order *order)
{
    struct cv_capsule capsule;
    int error;
    uint8_t *exact = parse(frame, &capsule, &error);

    require(cv_capsule_name(frame->type) != NULL && frame->bytes <= CV_CAPSULE_BUFFER_BYTES);
    if (error == 0) {
        cv_capsule_order_next(order, &capsule);
        require(order->requests <= CV_CAPSULE_OPEN_MAX && order->offers <= CV_CAPSULE_OPEN_MAX);
        require(order->pairs <= order->pairs_max && order->pairs_max <= CV_CAPSULE_PAIRS_MAX);
        write_and_read(&capsule, sender);
    }
    free(exact);
}

/* One piece, in a block of exactly its size. */
static void feed(struct cv_capsule_reader *reader, const uint8_t *piece, size_t bytes,
                 struct outcome *outcome, struct cv_capsule_order *order)
{
    uint8_t *exact = malloc(bytes);
    const uint8_t *data = exact;
    struct cv_capsule_frame frame;
    size_t left = bytes;

    require(exact != NULL);
    memcpy(exact, piece, bytes);
    while ((outcome->last = cv_capsule_next(reader, &data, &left, &frame)) == CV_CAPSULE_READY) {
        outcome->frames++;
        outcome->hash = mix(outcome->hash, &frame.type, sizeof(frame.type));
        outcome->hash = mix(outcome->hash, &frame.bytes, sizeof(frame.bytes));
        outcome->hash = mix(outcome->hash, frame.value, frame.bytes);
        if (order != NULL)
            use(&frame, (enum cv_capsule_sender)reader->sender, order);
    }
    require(outcome->last == CV_CAPSULE_FAILED || left == 0);
    require((outcome->last == CV_CAPSULE_FAILED) == (cv_session_error_where(reader->error) != 0));
    outcome->taken += bytes - left;
    outcome->error = reader->error;
    free(exact);
}

/* `cut` 0: in one piece; 1: byte by byte; else in pieces of 1 to 256 bytes that follow from it. */
static struct outcome read_stream(const uint8_t *stream, size_t bytes, enum cv_capsule_sender sender,
                                  uint32_t cut, struct cv_capsule_order *order)
{
    uint8_t *buffer = malloc(CV_CAPSULE_BUFFER_BYTES);
    struct outcome outcome = {0};
    struct cv_capsule_reader reader;
    size_t piece;

    require(buffer != NULL);
    cv_capsule_reader_init(&reader, sender, buffer);
    for (size_t at = 0; at < bytes; at += piece) {
        piece = cut == 0 ? bytes : cut == 1 ? 1 : 1 + (cut >> 16) % 256;
        if (piece > bytes - at)
            piece = bytes - at;
        feed(&reader, stream + at, piece, &outcome, order);
        if (cut > 1)
            cut = cut * 1664525 + 1013904223;
    }
    free(buffer);
    return outcome;
}

static void require_same_outcome(const struct outcome *a, const struct outcome *b)
{
    require(a->last == b->last && a->error == b->error && a->frames == b->frames && a->hash == b->hash &&
            a->taken == b->taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cv_capsule_order order = {0};
    struct outcome whole, bytewise, cut;
    enum cv_capsule_sender sender;

    if (bytes < 2)
        return 0;
    sender = data[0] % 2 == 0 ? CV_FROM_PEER : CV_FROM_RELAY;
    whole = read_stream(data + 2, bytes - 2, sender, 0, &order);
    bytewise = read_stream(data + 2, bytes - 2, sender, 1, NULL);
    cut = read_stream(data + 2, bytes - 2, sender, (uint32_t)(data[1] + 2) << 16, NULL);
    require_same_outcome(&whole, &bytewise);
    require_same_outcome(&whole, &cut);
    return 0;
}
