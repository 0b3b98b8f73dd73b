/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The values of capsules, read and written. No I/O, no allocation; any thread. */
#include "capsule.h"

enum cv_capsule_parsed {
    CV_CAPSULE_GOOD,
    /* CV_SESSION_ERROR_MALFORMED: it cannot even be said what it is about. `capsule` means nothing. */
    CV_CAPSULE_UNREADABLE,
    /*
     * Of what begins with the number of a request or an offer (cv_capsule_begins), and only of that: `type`
     * and `number` are good and nothing else is. CV_SESSION_ERROR_BAD_REQUEST is for that one alone.
     */
    CV_CAPSULE_BAD,
    /*
     * All is good, but a parameter that must be understood is not: parameters.not_understood.
     * CV_SESSION_ERROR_NOT_UNDERSTOOD.
     */
    CV_CAPSULE_NOT_UNDERSTOOD,
};

/* A field cut short or out of its limits, and a parameter that is, make it unreadable or bad. */
enum cv_capsule_parsed cv_capsule_parse(const struct cv_capsule_frame *frame, struct cv_capsule *capsule);

/*
 * Writes type, length and value. CV_CAPSULE_BYTES_MAX is always room enough. Bytes written, or -EINVAL: no
 * such type, a field or a parameter out of its limits, or all of them together over CV_CAPSULE_VALUE_MAX;
 * -ENOBUFS: does not fit into `room`. Nothing is written then.
 */
int cv_capsule_write(const struct cv_capsule *capsule, uint8_t *out, size_t room);
