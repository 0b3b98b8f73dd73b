/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Neighbour discovery as on the wire (RFC 4861 sections 4.3, 4.4 and 4.6.1), for those who ask
 * (probe.c) and those who answer (answer_nd.c). Byte arrays only, so that no alignment is asked for.
 */
#include <rte_ether.h>
#include <stdint.h>

#define CV_ND_SOLICITATION  135
#define CV_ND_ADVERTISEMENT 136
#define CV_ND_HOP_LIMIT     255 /* shows that the packet crossed no router */

#define CV_ND_OPTION_SOURCE_MAC 1
#define CV_ND_OPTION_TARGET_MAC 2

/* In the first byte of an advertisement's flags. */
#define CV_ND_SOLICITED 0x40
#define CV_ND_OVERRIDE  0x20

struct cv_nd_message {
    uint8_t type;
    uint8_t code;
    uint8_t checksum[2];
    uint8_t flags[4];
    uint8_t target[16];
};

struct cv_nd_mac_option {
    uint8_t type;
    uint8_t length; /* in units of 8 bytes: 1 */
    struct rte_ether_addr mac;
};

_Static_assert(sizeof(struct cv_nd_message) == 24, "as on the wire");
_Static_assert(sizeof(struct cv_nd_mac_option) == 8, "as on the wire");
