/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Echo requests: ICMP (RFC 792) and ICMPv6 (RFC 4443 section 4). See answer.h and reply.h. */
#include "local.h"
#include "packet/packet.h"

/*
 * Returns whether the mbuf now holds the answer; else packet->drop is set. For ICMPv6 its checksum and the
 * presence of 8 bytes have been checked.
 */
bool cv_answer_icmp(struct cv_packet *packet, const struct cv_locals *locals);
bool cv_answer_icmp6(struct cv_packet *packet, const struct cv_locals *locals);
