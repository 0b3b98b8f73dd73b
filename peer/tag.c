/* SPDX-License-Identifier: BSD-3-Clause */
#include "tag.h"

void cv_peer_tag_write(uint8_t cid[CV_PEER_OWN_CID_BYTES], uint32_t tag)
{
    for (int i = CV_PEER_TAG_BYTES - 1; i >= 0; i--, tag >>= 8)
        cid[i] = (uint8_t)tag;
}

bool cv_peer_packet_tag(const uint8_t *packet, size_t bytes, uint32_t *tag)
{
    const uint8_t *cid = packet + 1;

    if (bytes < 1 + CV_PEER_OWN_CID_BYTES)
        return false;
    if ((packet[0] & 0x80) != 0) { /* a long header: version and length go before (RFC 8999 section 5.1) */
        if (bytes < 6 + CV_PEER_OWN_CID_BYTES || packet[5] != CV_PEER_OWN_CID_BYTES)
            return false;
        cid = packet + 6;
    }
    *tag = (uint32_t)cid[0] << 24 | (uint32_t)cid[1] << 16 | (uint32_t)cid[2] << 8 | cid[3];
    return true;
}
