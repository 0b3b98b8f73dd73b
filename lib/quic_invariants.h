/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a QUIC packet shows to those who are not its endpoints, in every version (RFC 8999): enough to find
 * connection IDs in datagrams that are otherwise none of our business. No allocation, no I/O, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_QUIC_VERSION_1 UINT32_C(0x00000001) /* RFC 9000 */
#define CV_QUIC_VERSION_2 UINT32_C(0x6b3343cf) /* RFC 9369 */

/* The longest connection ID of versions 1 and 2 (RFC 9000 section 17.2). */
#define CV_QUIC_CID_MAX 20

/* Packet type in the first byte of a long header, in versions 1 and 2 (RFC 9000 section 17.2.2, RFC 9369 section 3.2). */
#define CV_QUIC_TYPE_MASK  0xf0
#define CV_QUIC_INITIAL_V1 0xc0
#define CV_QUIC_INITIAL_V2 0xd0

/* Pointers are into the payload. */
struct cv_quic_header {
    bool is_long;
    bool long_cids;   /* a version that we do not know, with a connection ID of more than 20 bytes */
    uint32_t version; /* 0: version negotiation, or a short header */
    /*
     * Short header: where the destination connection ID starts, and the most that can belong to it: its
     * length is known only to those who chose it.
     */
    const uint8_t *dcid;
    uint8_t dcid_bytes;
    const uint8_t *scid; /* long header; NULL otherwise */
    uint8_t scid_bytes;
};

/*
 * Reads the first packet of a UDP payload. 0, or -EBADMSG with `out` untouched: too short for what it
 * announces, or a connection ID longer than its version allows.
 */
int cv_quic_header_parse(const uint8_t *payload, size_t bytes, struct cv_quic_header *out);

/* Whether a header that was read is that of an Initial packet of version 1 or 2; `first_byte` is the payload's. */
static inline bool cv_quic_is_initial(const struct cv_quic_header *header, uint8_t first_byte)
{
    uint8_t type = first_byte & CV_QUIC_TYPE_MASK;

    return header->is_long && ((header->version == CV_QUIC_VERSION_1 && type == CV_QUIC_INITIAL_V1) ||
                               (header->version == CV_QUIC_VERSION_2 && type == CV_QUIC_INITIAL_V2));
}
