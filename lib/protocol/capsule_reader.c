/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsule_reader.h"

#include "varint.h"

#include <string.h>

enum state { HEADER, VALUE, SKIP, FAILED };

struct capsule_kind {
    enum cv_capsule_type type;
    enum cv_capsule_sender sender;
    uint32_t least;
    uint32_t most;
};

#define FIRST CV_CAPSULE_REGISTER

static const struct capsule_kind kinds[] = {
#define KIND(id, number, from, least_bytes, most_bytes, meaning) \
    [(number) - FIRST] = {CV_CAPSULE_##id, CV_FROM_##from, least_bytes, most_bytes},
    CV_CAPSULE_LIST(KIND)
#undef KIND
};

#define COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* One value or one header at a time. */
#define CHECK(id, number, from, least_bytes, most_bytes, meaning) \
    _Static_assert((most_bytes) <= CV_CAPSULE_BUFFER_BYTES, "the buffer holds every value");
CV_CAPSULE_LIST(CHECK)
#undef CHECK
#define ONE(id, number, from, least_bytes, most_bytes, meaning) +1
_Static_assert(COUNT == 0 CV_CAPSULE_LIST(ONE), "numbers without a gap");
#undef ONE
_Static_assert(CV_CAPSULE_BUFFER_BYTES >= 2 * CV_VARINT_BYTES, "the buffer holds every header");

static const struct capsule_kind *find(uint64_t type)
{
    return type >= FIRST && type - FIRST < COUNT ? &kinds[type - FIRST] : NULL;
}

void cv_capsule_reader_init(struct cv_capsule_reader *reader, enum cv_capsule_sender sender,
                            uint8_t buffer[CV_CAPSULE_BUFFER_BYTES])
{
    *reader = (struct cv_capsule_reader){.buffer = buffer, .sender = (uint8_t)sender, .state = HEADER};
}

static void fail(struct cv_capsule_reader *reader, enum cv_session_error error)
{
    reader->state = FAILED;
    reader->error = error;
}

/* The header is complete: what is to be done with the value. */
static void begin_value(struct cv_capsule_reader *reader, uint64_t type, uint64_t length)
{
    const struct capsule_kind *kind = find(type);

    reader->held = 0;
    reader->left = length;
    if (kind == NULL) {
        reader->state = SKIP;
    } else if (kind->sender != reader->sender) {
        fail(reader, CV_SESSION_ERROR_WRONG_SIDE);
    } else if (length > CV_CAPSULE_VALUE_MAX) {
        fail(reader, CV_SESSION_ERROR_OVERSIZED);
    } else if (length < kind->least || length > kind->most) {
        fail(reader, CV_SESSION_ERROR_MALFORMED);
    } else {
        reader->state = VALUE;
        reader->type = kind->type;
    }
}

/* Takes one byte. */
static void take_header(struct cv_capsule_reader *reader, uint8_t byte)
{
    uint64_t type, length;
    size_t type_bytes;

    reader->buffer[reader->held++] = byte;
    type_bytes = cv_varint_read(reader->buffer, reader->held, &type);
    if (type_bytes != 0 &&
        cv_varint_read(reader->buffer + type_bytes, reader->held - type_bytes, &length) != 0)
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
