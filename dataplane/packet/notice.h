/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a worker tells the keeper: things seen in packets that need a change of a table that only the keeper
 * writes. Fixed size, by value, through one rte_ring (many producers, one consumer). A full ring loses the
 * notice and counts it; whatever caused it comes again with a later packet.
 */
#include "address.h"
#include "quic_invariants.h"

#include <rte_ether.h>
#include <stdint.h>

enum cv_notice_type {
    CV_NOTICE_NONE,
    CV_NOTICE_NEIGHBOUR, /* port_id, address.ip, mac */
    CV_NOTICE_TOKEN,     /* leg, address, local: a datagram held this leg's token; cid: how that begins */
    CV_NOTICE_PREFIX,    /* leg, address, local: first datagram from the leg's prefix */
    CV_NOTICE_CID_HIT,   /* leg, address, local: known connection ID from an unknown address */
    CV_NOTICE_CID_LEARN, /* leg, cid: the connection ID that this leg sends to */
    CV_NOTICE_LOCAL,     /* leg, local: the peer now sends to another of our addresses */
};

struct cv_notice {
    uint8_t type; /* enum cv_notice_type */
    uint8_t local;
    uint16_t port_id;
    uint32_t leg;
    uint32_t generation; /* of the leg's slot, when it was seen: a slot may have been reused since */
    struct rte_ether_addr mac;
    struct cv_address address;
    uint8_t cid_bytes;
    uint8_t cid[CV_QUIC_CID_MAX];
    uint8_t reserved[3];
};

_Static_assert(sizeof(struct cv_notice) == 60, "notices are ring elements: a multiple of 4 bytes");
