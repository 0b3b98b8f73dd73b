/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control stream of a session, from either side:
 *
 *      sender (8: even the peer, odd the relay) | how the stream is cut (8) | the stream
 *
 * However it is cut, the same capsules come out. What is good in itself, written and read again, is the same; of
 * what is bad the number at its beginning is read; and whatever a capsule points to lies in its value.
 * corpus/make_protocol.py writes the seeds.
 */
#include "protocol/capsule_order.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"
#include "protocol/varint.h"

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

/* ---- What a capsule points to ---- */

/* What has been found to lie in a value, and a hash of it. */
struct places {
    const uint8_t *value;
    size_t bytes;
    uint64_t hash;
};

/* It lies in the value. Its hash is taken, and the pointer away: two capsules can be compared then. */
static void take_bytes(struct places *places, const void *at, size_t bytes)
{
    uintptr_t first = (uintptr_t)places->value, here = (uintptr_t)at;

    require(here >= first && here - first <= places->bytes && bytes <= places->bytes - (here - first));
    places->hash = mix(places->hash, &bytes, sizeof(bytes));
    places->hash = mix(places->hash, at, bytes);
}

static void take_span(struct places *places, struct cv_span *span)
{
    if (span->at != NULL)
        take_bytes(places, span->at, span->bytes);
    else
        require(span->bytes == 0);
    memset(span, 0, sizeof(*span));
}

static void take_ids(struct places *places, struct cv_peer_ids *ids)
{
    take_bytes(places, ids->list, ids->count * sizeof(*ids->list));
    memset(ids, 0, sizeof(*ids));
}

static void take_sentence(struct places *places, struct cv_capsule *capsule)
{
    take_bytes(places, capsule->refused.sentence, capsule->refused.sentence_bytes);
    capsule->refused.sentence = NULL;
}

static void take_fields(struct places *places, struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_REGISTER:
        take_ids(places, &capsule->registration.reachable.peers);
        break;
    case CV_CAPSULE_PAIR_OFFER:
        take_ids(places, &capsule->offer.other.ids);
        break;
    case CV_CAPSULE_PAIR_MADE:
        take_ids(places, &capsule->made.other.ids);
        break;
    case CV_CAPSULE_REFUSED:
        take_sentence(places, capsule);
        break;
    case CV_CAPSULE_REACHABLE:
        take_ids(places, &capsule->reachable.peers);
        break;
    case CV_CAPSULE_MESSAGE:
        take_span(places, &capsule->message.text);
        break;
    case CV_CAPSULE_MESSAGE_FROM:
        take_ids(places, &capsule->message_from.other.ids);
        take_span(places, &capsule->message_from.text);
        break;
    case CV_CAPSULE_NAME_CLAIM:
    case CV_CAPSULE_NAME_RELEASE:
    case CV_CAPSULE_NAME_CLAIMED:
        take_span(places, &capsule->name.name);
        break;
    case CV_CAPSULE_ENROL:
        take_span(places, &capsule->enrol.code);
        take_span(places, &capsule->enrol.request);
        break;
    case CV_CAPSULE_CERTIFICATE:
        take_span(places, &capsule->certificate.chain);
        break;
    case CV_CAPSULE_CODE_OPENED:
    case CV_CAPSULE_CODE_JOIN:
    case CV_CAPSULE_CODE_MESSAGE:
    case CV_CAPSULE_CODE_MESSAGE_FROM:
        take_span(places, &capsule->rendezvous.text);
        break;
    default:
        break;
    }
}

static uint64_t take_all(const struct cv_capsule_frame *frame, struct cv_capsule *capsule)
{
    struct places places = {.value = frame->value, .bytes = frame->bytes};
    struct cv_parameters *parameters = &capsule->parameters;

    take_fields(&places, capsule);
    require(parameters->service_count <= CV_SERVICES_MAX);
    for (unsigned i = 0; i < CV_PARAMETER_COUNT; i++)
        take_span(&places, &parameters->spans[i]);
    for (unsigned i = 0; i < CV_SERVICES_MAX; i++)
        take_span(&places, &parameters->services[i]);
    return places.hash;
}

/* ---- One capsule ---- */

/* Both are used up. A parameter that nobody knows is not written again. */
static void require_same(const struct cv_capsule_frame *frame, struct cv_capsule *capsule,
                         const struct cv_capsule_frame *other_frame, struct cv_capsule *other)
{
    require(take_all(frame, capsule) == take_all(other_frame, other));
    capsule->parameters.not_understood = 0;
    require(memcmp(capsule, other, sizeof(*capsule)) == 0); /* parsing zeroes what it does not fill */
}

/* One of a kind that we do not know is not written. */
static bool has_known_leg(const struct cv_capsule *capsule)
{
    if (capsule->type == CV_CAPSULE_PAIR_MADE)
        return cv_leg_kind_is_known(capsule->made.leg.kind);
    return capsule->type != CV_CAPSULE_LEG_MADE || cv_leg_kind_is_known(capsule->leg_made.leg.kind);
}

static void write_and_read(const struct cv_capsule_frame *first, struct cv_capsule *capsule)
{
    uint8_t written[CV_CAPSULE_BYTES_MAX], buffer[CV_CAPSULE_VALUE_MAX];
    int bytes = cv_capsule_write(capsule, written, sizeof(written));
    struct cv_capsule_reader reader;
    struct cv_capsule_frame frame;
    struct cv_capsule again;
    const uint8_t *data = written;
    size_t left = (size_t)bytes;

    if (!has_known_leg(capsule)) {
        require(bytes < 0);
        take_all(first, capsule);
        return;
    }
    require(bytes > 0);
    cv_capsule_reader_init(&reader, cv_capsule_sender(capsule->type), buffer);
    require(cv_capsule_next(&reader, &data, &left, &frame) == CV_CAPSULE_READY);
    require(left == 0 && frame.bytes <= first->bytes);
    require(cv_capsule_parse(&frame, &again) == CV_CAPSULE_GOOD);
    require_same(first, capsule, &frame, &again);
}

/* Of a bad one just this can be used: whose it is. */
static void require_numbered(const struct cv_capsule_frame *frame, const struct cv_capsule *capsule)
{
    uint64_t number;

    require(cv_capsule_begins(frame->type) != CV_BEGINS_WITH_NOTHING);
    require(cv_varint_read(frame->value, frame->bytes, &number) != 0);
    require(capsule->type == frame->type && capsule->number == number && number > 0);
}

static void require_unreadable(const struct cv_capsule_frame *frame)
{
    uint64_t number;

    if (cv_capsule_begins(frame->type) != CV_BEGINS_WITH_NOTHING)
        require(cv_varint_read(frame->value, frame->bytes, &number) == 0 || number == 0);
}

static void require_order(const struct cv_capsule_order *order)
{
    require(order->offers <= CV_CAPSULE_OPEN_MAX);
    require(order->pairs <= order->pairs_max && order->pairs_max <= CV_CAPSULE_PAIRS_MAX);
    require(order->legs <= CV_LEG_KINDS);
}

/* Parsed from a block of exactly its size. */
static void use(const struct cv_capsule_frame *frame, struct cv_capsule_order *order)
{
    uint8_t *exact = malloc(frame->bytes != 0 ? frame->bytes : 1);
    struct cv_capsule_frame copy = {.type = frame->type, .bytes = frame->bytes, .value = exact};
    struct cv_capsule capsule;

    require(exact != NULL && cv_capsule_name(frame->type) != NULL && frame->bytes <= CV_CAPSULE_VALUE_MAX);
    memcpy(exact, frame->value, frame->bytes);
    switch (cv_capsule_parse(&copy, &capsule)) {
    case CV_CAPSULE_UNREADABLE:
        require_unreadable(&copy);
        break;
    case CV_CAPSULE_BAD:
        require_numbered(&copy, &capsule);
        cv_capsule_order_refuse(order, &capsule);
        break;
    case CV_CAPSULE_NOT_UNDERSTOOD:
        require(capsule.parameters.not_understood % 2 == 1);
        cv_capsule_order_refuse(order, &capsule);
        write_and_read(&copy, &capsule);
        break;
    case CV_CAPSULE_GOOD:
        require(capsule.parameters.not_understood == 0);
        cv_capsule_order_next(order, &capsule);
        write_and_read(&copy, &capsule);
        break;
    }
    require_order(order);
    free(exact);
}

/* ---- A stream ---- */

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
            use(&frame, order);
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
    uint8_t *buffer = malloc(CV_CAPSULE_VALUE_MAX);
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
