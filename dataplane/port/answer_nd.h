/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Neighbour solicitations and advertisements (RFC 4861). See answer.h and reply.h. */
#include "local.h"
#include "packet/notice.h"
#include "packet/packet.h"

/*
 * Returns whether the mbuf now holds the answer; else packet->drop is set. The checksum and the presence of
 * 8 bytes of ICMPv6 have been checked.
 */
bool cv_answer_nd(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice);
