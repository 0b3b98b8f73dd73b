/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Cuts a control stream, which arrives in pieces of any size, into frames, and passes over unknown
 * capsules. No I/O, no allocation; any thread, one at a time per reader.
 */
#include "capsule.h"
#include "varint.h"

#define CV_CAPSULE_HEADER_BYTES (2 * CV_VARINT_BYTES)

/* Zeroed memory is no reader: see cv_capsule_reader_init. */
struct cv_capsule_reader {
    uint8_t *buffer; /* for the value, CV_CAPSULE_VALUE_MAX */
    uint64_t left;   /* bytes of the value that are still to come */
    enum cv_capsule_type type;
    uint32_t held; /* bytes in the buffer, or of a header in `header` */
    enum cv_session_error error;
    uint8_t state;
    uint8_t sender; /* enum cv_capsule_sender */
    uint8_t header[CV_CAPSULE_HEADER_BYTES];
};

enum cv_capsule_reading {
    CV_CAPSULE_MORE,   /* all input is taken and no capsule complete */
    CV_CAPSULE_READY,  /* `frame` is filled; call again with what is left of the input */
    CV_CAPSULE_FAILED, /* for good: close the session with reader->error */
};

/*
 * Reads what `sender` sends. The buffer is the caller's, CV_CAPSULE_VALUE_MAX bytes. It may be another one
 * whenever cv_capsule_reader_idle says so: put it into reader->buffer.
 */
void cv_capsule_reader_init(struct cv_capsule_reader *reader, enum cv_capsule_sender sender, uint8_t *buffer);

/*
 * Takes input up to the end of the next known capsule: moves *data and *bytes on. Costs a copy of the
 * value; unknown capsules of any length cost no memory. Fails as soon as a header is complete: WRONG_SIDE
 * (a capsule that `sender` may not send), OVERSIZED (over CV_CAPSULE_VALUE_MAX) or MALFORMED (shorter than
 * a capsule of this type ever is). `frame->value` is in the reader's buffer and stays there until the next
 * call.
 */
enum cv_capsule_reading cv_capsule_next(struct cv_capsule_reader *reader, const uint8_t **data, size_t *bytes,
                                        struct cv_capsule_frame *frame);

/*
 * Whether the reader holds nothing of a capsule, so that another could go on in its place: it is between
 * two capsules (*skip is 0), or has *skip bytes of an unknown one's value to pass over.
 */
bool cv_capsule_reader_idle(const struct cv_capsule_reader *reader, uint64_t *skip);
