/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the relay answers itself, from the worker that received it, in the request's own mbuf: ARP requests,
 * neighbour solicitations (RFC 4861), ICMP and ICMPv6 echo requests, STUN binding requests (RFC 8489) on a
 * relay port or the listening port. What it learns about neighbours on the way goes to the keeper.
 */
#include "local.h"
#include "packet/notice.h"
#include "packet/packet.h"

/*
 * Turns the request in `packet` into its answer, to be sent by mbuf->port. Returns true when there is an
 * answer to send; false otherwise, with packet->drop set (CV_DROP_CONSUMED where all is well). When the
 * packet told a neighbour's MAC address, `notice` is filled (type CV_NOTICE_NEIGHBOUR), else its type stays
 * CV_NOTICE_NONE. Answers carry correct checksums and TTL or hop limit 64 (255 for neighbour discovery). They
 * keep the request's VLAN tag and are not larger than it, but for a STUN answer's attributes (at most 24
 * bytes) and the MAC address in a neighbour advertisement (8 bytes). packet->local is what the parser found;
 * a UDP packet must have its ports and payload_bytes set.
 */
bool cv_answer(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice);
