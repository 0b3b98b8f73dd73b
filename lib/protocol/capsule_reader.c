/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsule_reader.h"

#include "varint.h"

#include <string.h>

enum state { HEADER, VALUE, SKIP, FAILED };

/*
 * Of a value, by the type's place in the list. Where the number at the beginning is good, the rest is no
 * error of the stream: see cv_capsule_parse.
 */
static const uint16_t least_bytes[] = {
#define LEAST(id, number, from, with, least, meaning) [(number) - CV_CAPSULE_FIRST] = (least),
    CV_CAPSULE_LIST(LEAST)
#undef LEAST
};

void cv_capsule_reader_init(struct cv_capsule_reader *reader, enum cv_capsule_sender sender, uint8_t *buffer)
{
    *reader = (struct cv_capsule_reader){.buffer = buffer, .sender = (uint8_t)sender, .state = HEADER};
}

static void fail(struct cv_capsule_reader *reader, enum cv_session_error error)
{
    reader->state = FAILED;
    reader->error = error;
}

/* Whether a value of so many bytes can say what it is about. */
static bool is_too_short(enum cv_capsule_type type, uint64_t length)
{
    if (cv_capsule_begins(type) != CV_BEGINS_WITH_NOTHING)
        return length == 0;
    return length < least_bytes[type - CV_CAPSULE_FIRST];
}

/* The header is complete: what is to be done with the value. */
static void begin_value(struct cv_capsule_reader *reader, uint64_t type, uint64_t length)
{
    reader->held = 0;
    reader->left = length;
    if (cv_capsule_name(type) == NULL) {
        reader->state = SKIP;
    } else if (cv_capsule_sender((enum cv_capsule_type)type) != reader->sender) {
        fail(reader, CV_SESSION_ERROR_WRONG_SIDE);
    } else if (length > CV_CAPSULE_VALUE_MAX) {
        fail(reader, CV_SESSION_ERROR_OVERSIZED);
    } else if (is_too_short((enum cv_capsule_type)type, length)) {
        fail(reader, CV_SESSION_ERROR_MALFORMED);
    } else {
        reader->state = VALUE;
        reader->type = (enum cv_capsule_type)type;
    }
}

/* Takes one byte. */
static void take_header(struct cv_capsule_reader *reader, uint8_t byte)
{
    uint64_t type, length;
    size_t type_bytes;

    reader->header[reader->held++] = byte;
    type_bytes = cv_varint_read(reader->header, reader->held, &type);
    if (type_bytes != 0 &&
        cv_varint_read(reader->header + type_bytes, reader->held - type_bytes, &length) != 0)
        begin_value(reader, type, length);
}

/* Takes up to `bytes` of the value; returns how many. */
static size_t take_value(struct cv_capsule_reader *reader, const uint8_t *data, size_t bytes)
{
    size_t taken = bytes < reader->left ? bytes : (size_t)reader->left;

    if (reader->state == VALUE) {
        memcpy(reader->buffer + reader->held, data, taken);
        reader->held += (uint32_t)taken;
    }
    reader->left -= taken;
    return taken;
}

/* Returns whether a known capsule is complete. */
static bool end_value(struct cv_capsule_reader *reader, struct cv_capsule_frame *frame)
{
    bool known = reader->state == VALUE;

    if (known)
        *frame =
            (struct cv_capsule_frame){.type = reader->type, .bytes = reader->held, .value = reader->buffer};
    reader->state = HEADER;
    reader->held = 0;
    return known;
}

enum cv_capsule_reading cv_capsule_next(struct cv_capsule_reader *reader, const uint8_t **data, size_t *bytes,
                                        struct cv_capsule_frame *frame)
{
    while (reader->state != FAILED && *bytes > 0) {
        size_t taken = 1;

        if (reader->state == HEADER)
            take_header(reader, **data);
        else
            taken = take_value(reader, *data, *bytes);
        *data += taken;
        *bytes -= taken;
        if ((reader->state == VALUE || reader->state == SKIP) && reader->left == 0 &&
            end_value(reader, frame))
            return CV_CAPSULE_READY;
    }
    return reader->state == FAILED ? CV_CAPSULE_FAILED : CV_CAPSULE_MORE;
}

bool cv_capsule_reader_idle(const struct cv_capsule_reader *reader, uint64_t *skip)
{
    *skip = reader->state == SKIP ? reader->left : 0;
    return reader->state == SKIP || (reader->state == HEADER && reader->held == 0);
}
