/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The third stage: the packet leaves as if it had always been on its way from the relay port to the other peer. New Ethernet, IP
 * and UDP headers in the same mbuf; the payload is not touched.
 *
 *   family in -> out   IP header       UDP checksum
 *   4 -> 4             20 -> 20 bytes  incremental (RFC 1624); none stays none
 *   6 -> 6             40 -> 40        incremental
 *   4 -> 6             20 -> 40        incremental; where there was none the payload is summed (or the port does it)
 *   6 -> 4             40 -> 20        incremental
 *
 * Incremental also where the port could compute it: a payload damaged in the relay's memory must not leave with
 * a checksum that vouches for it. TTL or hop limit is 64, DSCP and ECN are carried over, an IPv6 packet that becomes
 * IPv4 gets DF and identification 0 (RFC 6864), an IPv4 one keeps its own.
 */
#include "packet.h"
#include "port/local.h"
#include "port/next_hop.h"

/* What one packet needs of its leg: a consistent copy (see cv_leg.sequence). */
struct cv_route {
    struct cv_ip destination;
    uint16_t destination_port_be;
    uint16_t next_hop;
    uint8_t flags; /* enum cv_leg_flag */
    uint8_t local_out;
};

/*
 * Rewrites packet->mbuf for `route`, leaving by `hop` from our address `from`. Returns CV_DROP_COUNT when it is ready to be sent
 * by hop->port_id, else the reason why not, with the mbuf as it was.
 */
enum cv_drop cv_rewrite(struct cv_packet *packet, const struct cv_route *route, const struct cv_next_hop *hop,
                        const struct cv_local *from, bool udp_checksum_offload);
