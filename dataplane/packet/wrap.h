/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Headers for a UDP payload that has none: what a session sends, and what leaves a tunnel leg by a UDP leg.
 */
#include "address.h"

#include <rte_mbuf.h>

struct cv_wrapping {
    const struct cv_ip *from, *to; /* of the same family */
    uint16_t from_port_be, to_port_be;
    uint8_t ecn; /* the two bits of the IP header */
    uint8_t frame_header_bytes;
    const uint8_t *frame_header; /* Ethernet, with its VLAN tag if there is one */
};

#define CV_WRAPPING_BYTES_MAX (18 + 40 + 8)

/*
 * Puts Ethernet, IP and UDP headers before the payload that the mbuf holds, checksums included. The mbuf has
 * CV_WRAPPING_BYTES_MAX bytes of headroom. IPv4 packets have DF: path MTU discovery counts on it.
 */
void cv_wrap(const struct cv_wrapping *wrapping, struct rte_mbuf *mbuf);
