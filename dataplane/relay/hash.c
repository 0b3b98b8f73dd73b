/* SPDX-License-Identifier: BSD-3-Clause */
#include "hash.h"

#include <string.h>

uint64_t cv_token_hash(const struct cv_pair_table *table, const uint8_t *token, uint16_t relay_port_be)
{
    return cv_hash16(table->secrets, token, relay_port_be);
}

uint32_t cv_token_tag(const struct cv_pair_table *table, const uint8_t *token)
{
    return (uint32_t)cv_hash16(table->secrets, token + 16, UINT64_C(3) << 62);
}

uint64_t cv_prefix_hash(const struct cv_pair_table *table, const struct cv_prefix *prefix,
                        uint16_t relay_port_be)
{
    return cv_hash16(table->secrets, &prefix->ip,
                     UINT64_C(1) << 63 | (uint64_t)prefix->length << 16 | relay_port_be);
}

uint64_t cv_tunnel_hash(const struct cv_pair_table *table, const struct cv_tunnel *tunnel)
{
    return cv_fold(cv_fold(tunnel->session ^ table->secrets[0], tunnel->channel ^ table->secrets[1]) ^
                       table->secrets[2],
                   table->secrets[3]);
}

/* Folded twice: consecutive numbers folded once fall into few buckets with one secret of fifty. */
uint64_t cv_number_hash(const struct cv_pair_table *table, uint64_t number)
{
    return cv_fold(cv_fold(number ^ table->secrets[0], table->secrets[1]) ^ table->secrets[2],
                   table->secrets[3]);
}

/*
 * The index is keyed by the first 8 bytes of a connection ID, or 4 where it is shorter, because a short
 * header does not say how long its connection ID is (RFC 8999 section 5.2). Shorter ones name nothing.
 */
uint64_t cv_cid_hash(const struct cv_pair_table *table, const uint8_t *cid, uint8_t bytes,
                     uint16_t relay_port_be)
{
    uint8_t key_bytes = bytes < CV_CID_KEY_BYTES ? CV_CID_MIN_BYTES : CV_CID_KEY_BYTES;
    uint8_t key[16] = {0};

    memcpy(key, cid, key_bytes);
    return cv_hash16(table->secrets, key, UINT64_C(2) << 62 | (uint64_t)key_bytes << 16 | relay_port_be);
}

uint8_t cv_cid_tag(const struct cv_pair_table *table, const uint8_t *cid, uint8_t bytes)
{
    uint8_t whole[32] = {0};

    memcpy(whole, cid, RTE_MIN((size_t)bytes, (size_t)CV_QUIC_CID_MAX));
    return (uint8_t)cv_hash16(table->secrets, whole, cv_hash16(table->secrets, whole + 16, bytes));
}
