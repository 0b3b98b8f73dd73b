/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The values of capsules, read and written. No I/O, no allocation; any thread. */
#include "capsule.h"

/*
 * 0, or -EBADMSG (CV_SESSION_ERROR_MALFORMED): a field cut short or out of its limits, or bytes left over.
 * Then what is in `capsule` means nothing.
 */
int cv_capsule_parse(const struct cv_capsule_frame *frame, struct cv_capsule *capsule);

/*
 * Writes type, length and value. CV_CAPSULE_BYTES_MAX is always room enough. Bytes written, or -EINVAL: no
 * such type, or a field out of its limits; -ENOBUFS: does not fit into `room`. Nothing is written then.
 */
int cv_capsule_write(const struct cv_capsule *capsule, uint8_t *out, size_t room);
