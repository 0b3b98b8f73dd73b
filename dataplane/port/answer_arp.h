/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* ARP requests (RFC 826, RFC 5227), and what ARP tells of neighbours: see answer.h and reply.h. */
#include "local.h"
#include "packet/notice.h"
#include "packet/packet.h"

/* Returns whether the mbuf now holds the answer; else packet->drop is set. */
bool cv_answer_arp(struct cv_packet *packet, const struct cv_locals *locals, struct cv_notice *notice);
