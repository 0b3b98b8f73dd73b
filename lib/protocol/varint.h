/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * QUIC's variable-length integers (RFC 9000 section 16): 1, 2, 4 or 8 bytes in network order, the two highest
 * bits of the first say how many. A reader takes any of the four lengths for any value; the writer takes the
 * shortest. No allocation, no I/O, any thread.
 */
#include <stddef.h>
#include <stdint.h>

#define CV_VARINT_MAX   ((UINT64_C(1) << 62) - 1)
#define CV_VARINT_BYTES 8 /* of the longest */

/* Bytes of the shortest encoding: 1, 2, 4 or 8; 0 when the value is above CV_VARINT_MAX. */
size_t cv_varint_size(uint64_t value);

/*
 * Bytes written; 0, and nothing written, when they do not fit into `room` or the value is above
 * CV_VARINT_MAX.
 */
size_t cv_varint_write(uint8_t *out, size_t room, uint64_t value);

/* Bytes read; 0, with `value` untouched, when the input ends before the number does. */
size_t cv_varint_read(const uint8_t *in, size_t bytes, uint64_t *value);
