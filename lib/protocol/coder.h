/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The fields of which capsules are made, each with its limits. One function for each kind of field reads
 * and writes, so that both directions agree. A field that does not fit, or is out of its limits, sets
 * `failed`; from then on nothing moves.
 */
#include "capsule.h"

/* Reads from `in`, or writes to `out`: the other one is NULL. */
struct coder {
    const uint8_t *in;
    uint8_t *out;
    size_t left;
    bool failed;
};

static inline bool coder_writes(const struct coder *coder)
{
    return coder->out != NULL;
}

void code_bytes(struct coder *coder, void *bytes, size_t count);
void code_byte(struct coder *coder, uint8_t *byte, uint8_t least, uint8_t most);
void code_number(struct coder *coder, uint64_t *number, uint64_t least, uint64_t most);

/* A number of a request, an offer or a pair. */
void code_id(struct coder *coder, uint64_t *number);

/* An error code. */
void code_error(struct coder *coder, uint64_t *code);

/* A set of kinds of leg: those that we do not know are passed over. */
void code_kinds(struct coder *coder, uint64_t *legs);

/* Its length and so many bytes. Read: within the input. */
void code_span(struct coder *coder, struct cv_span *span, uint16_t least, uint16_t most);

/* One byte of length, and a line of UTF-8. */
void code_sentence(struct coder *coder, const char **sentence, uint8_t *bytes);

void code_peer_id(struct coder *coder, struct cv_peer_id *id);

void code_address(struct coder *coder, struct cv_address *address);

/* A port and addresses: both, or neither. */
void code_relay(struct coder *coder, struct cv_relay_addresses *relay, uint8_t least);

void code_reachable(struct coder *coder, struct cv_reachable *reachable);
void code_other_peer(struct coder *coder, struct cv_other_peer *other);

/* Its kind, its length and its fields. One of a kind that we do not know is passed over. */
void code_leg(struct coder *coder, struct cv_capsule_leg *leg);
