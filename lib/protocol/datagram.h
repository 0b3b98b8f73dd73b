/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a session's QUIC DATAGRAM frames (RFC 9221) hold: a varint channel, then the UDP payload of a tunnel
 * leg.
 *
 *      | channel (1 or 2 bytes; any varint is read) | UDP payload (0 bytes or more) |
 *
 * No allocation, no I/O, any thread.
 */
#include <stddef.h>
#include <stdint.h>

#define CV_CHANNEL_MIN 1 /* 0 is kept for what is no leg */
#define CV_CHANNEL_MAX 16383
/* Of a channel as we write it. */
#define CV_CHANNEL_BYTES 2

/* `payload` points into what was parsed. A channel above CV_CHANNEL_MAX, or 0, is nobody's: drop it. */
struct cv_datagram {
    uint64_t channel;
    const uint8_t *payload;
    size_t payload_bytes;
};

/* 0, or -EBADMSG with `out` untouched: the frame ends within its channel (CV_SESSION_ERROR_BAD_DATAGRAM). */
int cv_datagram_parse(const uint8_t *frame, size_t bytes, struct cv_datagram *out);

/*
 * Writes what goes before the payload. Bytes written, 1 or 2; 0 when that is no channel of a leg. The payload
 * follows in a vector of its own, so that it need not be copied.
 */
size_t cv_datagram_header(uint8_t out[CV_CHANNEL_BYTES], uint32_t channel);

/*
 * The largest UDP payload for a channel when a DATAGRAM frame holds up to `frame_bytes`; 0 if not even its
 * header.
 */
size_t cv_datagram_room(size_t frame_bytes, uint32_t channel);
