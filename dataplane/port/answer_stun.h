/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* STUN binding requests (RFC 8489): "which address do you see me at?" See answer.h and reply.h. */
#include "local.h"
#include "packet/packet.h"

/* Whether a UDP payload is a STUN binding request: first two bits zero, magic cookie, sane length. */
bool cv_is_stun_request(const uint8_t *payload, uint16_t bytes);

/* Returns whether the mbuf now holds the answer; else packet->drop is set. */
bool cv_answer_stun(struct cv_packet *packet, const struct cv_locals *locals);
