/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The hashes under which the indexes of a pair table hold their entries: what find.c looks up by, and
 * pairs.c and leg.c enter. All are keyed with the table's secrets, so that nobody outside can choose who
 * shares a bucket.
 */
#include "pair_table.h"

static inline uint64_t cv_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Keyed hash of 16 bytes and a number: not guessable from outside, ten cycles. */
static inline uint64_t cv_hash16(const uint64_t secrets[4], const void *bytes, uint64_t number)
{
    uint64_t low, high;

    __builtin_memcpy(&high, bytes, 8);
    __builtin_memcpy(&low, (const uint8_t *)bytes + 8, 8);
    return cv_fold(cv_fold(low ^ secrets[0], high ^ number ^ secrets[1]) ^ secrets[2], low ^ secrets[3]);
}

static inline uint64_t cv_address_hash(const struct cv_pair_table *table, const struct cv_ip *ip,
                                       uint16_t port_be, uint16_t relay_port_be)
{
    uint64_t ports = (uint64_t)relay_port_be << 16 | port_be;

    return cv_hash16(table->secrets, ip, ports << 32 | ports);
}

uint64_t cv_token_hash(const struct cv_pair_table *table, const uint8_t *token, uint16_t relay_port_be);

/* Of the half that the hash leaves out. */
uint32_t cv_token_tag(const struct cv_pair_table *table, const uint8_t *token);
uint64_t cv_prefix_hash(const struct cv_pair_table *table, const struct cv_prefix *prefix,
                        uint16_t relay_port_be);
uint64_t cv_tunnel_hash(const struct cv_pair_table *table, const struct cv_tunnel *tunnel);
uint64_t cv_number_hash(const struct cv_pair_table *table, uint64_t number);

/* `bytes` is at least CV_CID_MIN_BYTES. */
uint64_t cv_cid_hash(const struct cv_pair_table *table, const uint8_t *cid, uint8_t bytes,
                     uint16_t relay_port_be);
uint8_t cv_cid_tag(const struct cv_pair_table *table, const uint8_t *cid, uint8_t bytes);
