/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The connection IDs that the relay issues: 16 bytes, AES-128 in ECB mode, under a random key of this start
 * of the data plane, of
 *
 *      | shard (2) | slot (4) | generation of the slot (4) | sequence (2) | zero (4) |
 *
 * Any worker finds the shard of a packet from it without a table. Without the key it can neither be read
 * (two IDs of one session have nothing in common) nor forged but by luck: 1 in 2^32 for the zeros, and as
 * much again for the generation. IDs of an earlier start don't decode. The key never leaves the process.
 *
 * A session's ticket (peer_probe.h) is such a block, too, with zero for the sequence, under a key of its
 * own: no connection ID is a ticket, and no ticket a connection ID.
 *
 * The same key material makes the stateless reset tokens (RFC 9000 section 10.3.1) and unpredictable bytes.
 * A codec belongs to one thread; after creation nothing here allocates.
 */
#include "shared/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CV_ISSUED_CID_BYTES  16
#define CV_RESET_TOKEN_BYTES 16
#define CV_CID_SLOT_RETRY    UINT32_MAX /* nobody's: of an ID that a Retry gives, with generation 1 */

/* The same for all threads of one start. Random, but for the key of reset tokens, which lasts: cv_tls_reset_key. */
struct cv_cid_secret {
    uint8_t cid_key[16];
    uint8_t reset_key[16];
    uint8_t ticket_key[16];
};

struct cv_cid {
    uint16_t shard;
    uint16_t sequence;
    uint32_t slot;
    uint32_t generation; /* never 0 in an ID that was issued */
};

struct cv_cid_codec;

/* 0, or -EIO: the system has no randomness to give. */
int cv_cid_secret_make(struct cv_cid_secret *secret);

/* NULL: no memory. */
struct cv_cid_codec *cv_cid_codec_create(const struct cv_cid_secret *secret);
void cv_cid_codec_destroy(struct cv_cid_codec *codec);

void cv_cid_encode(struct cv_cid_codec *codec, const struct cv_cid *cid, uint8_t bytes[CV_ISSUED_CID_BYTES]);

/* False: not issued by this start of the data plane. Whether shard and slot exist is for the caller to check. */
bool cv_cid_decode(struct cv_cid_codec *codec, const uint8_t *bytes, size_t length, struct cv_cid *cid);

/* The same for many at a time, which costs a fraction each. Those that were not issued get generation 0.
 * Overwrites `ids`. */
void cv_cid_decode_many(struct cv_cid_codec *codec, uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count,
                        struct cv_cid *cids);

/*
 * Which of up to 64 were issued: bit n for ids[n]. What decides is in `ids` then: cv_cid_of. For packets of which hardly
 * any has one. `ids` has room for a multiple of four.
 */
uint64_t cv_cid_decode_mask(struct cv_cid_codec *codec, uint8_t (*ids)[CV_ISSUED_CID_BYTES], uint32_t count);

/* What one says for which there is a bit. */
struct cv_cid cv_cid_of(const uint8_t decoded[CV_ISSUED_CID_BYTES]);

/*
 * The ticket of a session, whose sequence is not looked at; and what session a ticket names. False: no ticket of
 * this start.
 */
void cv_cid_ticket(struct cv_cid_codec *codec, const struct cv_cid *session, uint8_t ticket[CV_TICKET_BYTES]);
bool cv_cid_ticket_read(struct cv_cid_codec *codec, const uint8_t ticket[CV_TICKET_BYTES],
                        struct cv_cid *session);

/* The token that goes with a connection ID of 16 bytes. */
void cv_cid_reset_token(struct cv_cid_codec *codec, const uint8_t cid[CV_ISSUED_CID_BYTES],
                        uint8_t token[CV_RESET_TOKEN_BYTES]);

/* Bytes that nobody outside can guess, for path challenges. */
void cv_cid_random(struct cv_cid_codec *codec, uint8_t *bytes, size_t length);
