/* SPDX-License-Identifier: BSD-3-Clause */
#include "quic_invariants.h"

#include <errno.h>

/* RFC 8999 section 5.1: form bit, version (32), DCID length (8), DCID, SCID length (8), SCID. */
#define LONG_FORM         0x80
#define LONG_HEADER_BYTES 7 /* with both connection IDs empty */

static int parse_short(const uint8_t *payload, size_t bytes, struct cv_quic_header *out)
{
    size_t rest = bytes - 1;

    *out = (struct cv_quic_header){
        .dcid = payload + 1,
        .dcid_bytes = rest < CV_QUIC_CID_MAX ? (uint8_t)rest : CV_QUIC_CID_MAX,
    };
    return 0;
}

static int parse_long(const uint8_t *payload, size_t bytes, struct cv_quic_header *out)
{
    struct cv_quic_header header = {.is_long = true};

    if (bytes < LONG_HEADER_BYTES)
        return -EBADMSG;
    header.version =
        (uint32_t)payload[1] << 24 | (uint32_t)payload[2] << 16 | (uint32_t)payload[3] << 8 | payload[4];
    header.dcid_bytes = payload[5];
    header.dcid = payload + 6;
    if (bytes < LONG_HEADER_BYTES + (size_t)header.dcid_bytes)
        return -EBADMSG;
    header.scid_bytes = header.dcid[header.dcid_bytes];
    header.scid = header.dcid + header.dcid_bytes + 1;
    if (bytes < LONG_HEADER_BYTES + (size_t)header.dcid_bytes + header.scid_bytes)
        return -EBADMSG;
    if (header.dcid_bytes > CV_QUIC_CID_MAX || header.scid_bytes > CV_QUIC_CID_MAX) {
        if (header.version == CV_QUIC_VERSION_1 || header.version == CV_QUIC_VERSION_2)
            return -EBADMSG;
        header.long_cids = true;
    }
    *out = header;
    return 0;
}

int cv_quic_header_parse(const uint8_t *payload, size_t bytes, struct cv_quic_header *out)
{
    if (bytes == 0)
        return -EBADMSG;
    return (payload[0] & LONG_FORM) != 0 ? parse_long(payload, bytes, out) : parse_short(payload, bytes, out);
}
