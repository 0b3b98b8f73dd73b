/* SPDX-License-Identifier: BSD-3-Clause */
#include "find.h"

#include "hash.h"
#include "quic_invariants.h"

#include <string.h>

struct claim {
    const struct cv_pair_table *table;
    const uint8_t *token;
    uint64_t hash; /* of the token */
    struct cv_prefix prefix;
    uint16_t relay_port_be;
};

static int same_token(uint32_t leg, const void *context)
{
    const struct claim *claim = context;
    const struct cv_leg *candidate = cv_leg_at(claim->table, leg);
    uint8_t difference = 0;

    if (candidate->bind_kind != CV_BIND_TOKEN || candidate->relay_port_be != claim->relay_port_be)
        return 0;
    for (unsigned i = 0; i < CV_TOKEN_BYTES; i++)
        difference |= candidate->bind.token[i] ^ claim->token[i];
    return difference == 0;
}

/* The same token, or what is kept of the one before it. */
static int same_or_former_token(uint32_t leg, const void *context)
{
    const struct claim *claim = context;
    const struct cv_standing *candidate = cv_standing_at(claim->table, leg);

    if (same_token(leg, context))
        return 1;
    return __atomic_load_n(&candidate->former_hash, __ATOMIC_ACQUIRE) == claim->hash &&
           candidate->former_tag == cv_token_tag(claim->table, claim->token) &&
           cv_leg_at(claim->table, leg)->relay_port_be == claim->relay_port_be;
}

static int same_prefix(uint32_t leg, const void *context)
{
    const struct claim *claim = context;
    const struct cv_leg *candidate = cv_leg_at(claim->table, leg);

    return candidate->bind_kind == CV_BIND_PREFIX && candidate->relay_port_be == claim->relay_port_be &&
           candidate->bind.prefix.length == claim->prefix.length &&
           cv_ip_equal(&candidate->bind.prefix.ip, &claim->prefix.ip);
}

uint32_t cv_find_token(const struct cv_pair_table *table, const uint8_t token[CV_TOKEN_BYTES],
                       uint16_t relay_port_be, bool *former)
{
    const struct claim claim = {
        .table = table,
        .token = token,
        .hash = cv_token_hash(table, token, relay_port_be),
        .relay_port_be = relay_port_be,
    };
    uint32_t leg = cv_index_find(&table->by_claim, claim.hash, same_or_former_token, &claim);

    *former = leg != CV_NO_LEG && !same_token(leg, &claim);
    return leg;
}

struct tunnel_key {
    const struct cv_pair_table *table;
    const struct cv_tunnel *tunnel;
};

static int same_tunnel(uint32_t leg, const void *context)
{
    const struct tunnel_key *key = context;
    const struct cv_leg *candidate = cv_leg_at(key->table, leg);

    return candidate->bind_kind == CV_BIND_TUNNEL && candidate->bind.tunnel.session == key->tunnel->session &&
           candidate->bind.tunnel.channel == key->tunnel->channel;
}

uint32_t cv_find_tunnel(const struct cv_pair_table *table, const struct cv_tunnel *tunnel)
{
    struct tunnel_key key = {table, tunnel};

    return cv_index_find(&table->by_claim, cv_tunnel_hash(table, tunnel), same_tunnel, &key);
}

uint32_t cv_find_exact_prefix(const struct cv_pair_table *table, const struct cv_prefix *prefix,
                              uint16_t relay_port_be)
{
    struct claim claim = {.table = table, .prefix = *prefix, .relay_port_be = relay_port_be};

    return cv_index_find(&table->by_claim, cv_prefix_hash(table, prefix, relay_port_be), same_prefix, &claim);
}

uint32_t cv_find_prefix(const struct cv_pair_table *table, const struct cv_ip *ip, uint16_t relay_port_be,
                        uint32_t now_ms)
{
    for (int word = 2; word >= 0; word--) {
        uint64_t lengths = __atomic_load_n(&table->prefix_lengths[word], __ATOMIC_RELAXED);

        while (lengths) {
            unsigned bit = 63u - (unsigned)__builtin_clzll(lengths);
            struct cv_prefix prefix = {.length = (uint8_t)((unsigned)word * 64 + bit)};
            uint32_t leg;

            prefix.ip = cv_ip_mask(ip, prefix.length);
            leg = cv_find_exact_prefix(table, &prefix, relay_port_be);
            if (leg != CV_NO_LEG && cv_leg_is_vacant(cv_leg_at(table, leg), now_ms))
                return leg;
            lengths &= ~(UINT64_C(1) << bit);
        }
    }
    return CV_NO_LEG;
}

struct address_key {
    const struct cv_pair_table *table;
    const struct cv_address *address;
    uint16_t relay_port_be;
};

static int same_address(uint32_t leg, const void *context)
{
    const struct address_key *key = context;
    const struct cv_leg *candidate = cv_leg_at(key->table, leg);

    return candidate->relay_port_be == key->relay_port_be && cv_leg_is_at(candidate, key->address);
}

struct legs_at {
    struct address_key key;
    uint32_t *legs;
    uint32_t *count;
};

/* Notes each that has the address, once: one that is being moved to its other bucket is proposed twice. */
static int note_leg(uint32_t leg, const void *context)
{
    const struct legs_at *at = context;

    if (!same_address(leg, &at->key))
        return 0;
    for (uint32_t i = 0; i < *at->count; i++)
        if (at->legs[i] == leg)
            return 0;
    at->legs[(*at->count)++] = leg;
    return *at->count == CV_LEGS_AT_MAX;
}

uint32_t cv_find_legs_at(const struct cv_pair_table *table, const struct cv_address *address,
                         uint16_t relay_port_be, uint32_t legs[CV_LEGS_AT_MAX])
{
    uint32_t count = 0;
    struct legs_at at = {{table, address, relay_port_be}, legs, &count};

    cv_index_find(&table->by_address, cv_address_hash(table, &address->ip, address->port_be, relay_port_be),
                  note_leg, &at);
    return count;
}

static unsigned rank(const struct cv_standing *standing)
{
    return (standing->state == CV_LEG_PROOF_UNPROVEN ? 0u : CV_LEGS_AT_MAX) + standing->order;
}

uint32_t cv_default_leg(const struct cv_pair_table *table, const uint32_t *legs, uint32_t count)
{
    uint32_t highest = legs[0];

    for (uint32_t i = 1; i < count; i++)
        if (rank(cv_standing_at(table, legs[i])) > rank(cv_standing_at(table, highest)))
            highest = legs[i];
    return highest;
}

struct number_key {
    const struct cv_pair_table *table;
    uint64_t number;
};

static int same_number(uint32_t slot, const void *context)
{
    const struct number_key *key = context;

    return key->table->pairs[slot].number == key->number;
}

uint32_t cv_find_pair(const struct cv_pair_table *table, uint64_t number)
{
    struct number_key key = {table, number};

    return cv_index_find(&table->by_number, cv_number_hash(table, number), same_number, &key);
}

/* ---- Connection IDs ---- */

bool cv_leg_has_cid(const struct cv_pair_table *table, uint32_t leg, const uint8_t *cid, uint8_t bytes)
{
    const struct cv_leg *candidate = cv_leg_at(table, leg);

    return candidate->cid_bytes == bytes &&
           memcmp(cv_pair_of(table, leg)->cid_keys[leg & 1], cid,
                  RTE_MIN((size_t)bytes, (size_t)CV_CID_KEY_BYTES)) == 0 &&
           candidate->cid_tag == cv_cid_tag(table, cid, bytes);
}

struct cid_key {
    const struct cv_pair_table *table;
    const uint8_t *cid;
    uint16_t bytes; /* of the packet, from the connection ID on */
    uint8_t exact;  /* length of the connection ID where the packet says it; else 0 */
    uint16_t relay_port_be;
};

static int same_cid(uint32_t leg, const void *context)
{
    const struct cid_key *key = context;
    const struct cv_leg *candidate = cv_leg_at(key->table, leg);
    uint8_t bytes = candidate->cid_bytes;

    if (candidate->relay_port_be != key->relay_port_be || bytes == 0 || bytes > key->bytes ||
        (key->exact && key->exact != bytes))
        return 0;
    return cv_leg_has_cid(key->table, leg, key->cid, bytes);
}

/* A short header does not say how long its connection ID is: see cv_cid_hash. */
static const uint8_t key_lengths[] = {CV_CID_KEY_BYTES, CV_CID_MIN_BYTES};

uint32_t cv_find_cid(const struct cv_pair_table *table, const uint8_t *payload, uint16_t bytes,
                     uint16_t relay_port_be)
{
    struct cid_key key = {.table = table, .relay_port_be = relay_port_be};
    struct cv_quic_header header;

    if (cv_quic_header_parse(payload, bytes, &header) != 0)
        return CV_NO_LEG;
    key.cid = header.dcid;
    key.exact = header.is_long ? header.dcid_bytes : 0;
    key.bytes = header.is_long ? header.dcid_bytes : (uint16_t)(bytes - 1);
    for (unsigned i = 0; i < RTE_DIM(key_lengths); i++) {
        uint32_t leg;

        if (key.bytes < key_lengths[i])
            continue;
        leg = cv_index_find(&table->by_cid, cv_cid_hash(table, key.cid, key_lengths[i], relay_port_be),
                            same_cid, &key);
        if (leg != CV_NO_LEG)
            return leg;
    }
    return CV_NO_LEG;
}
