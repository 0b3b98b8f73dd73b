/* SPDX-License-Identifier: BSD-3-Clause */
#include "claims.h"

#include "find.h"
#include "hash.h"

#include <errno.h>
#include <string.h>

static uint64_t claim_hash(const struct cv_pair_table *table, const struct cv_leg *leg)
{
    if (leg->bind_kind == CV_BIND_TOKEN)
        return cv_token_hash(table, leg->bind.token, leg->relay_port_be);
    if (leg->bind_kind == CV_BIND_TUNNEL)
        return cv_tunnel_hash(table, &leg->bind.tunnel);
    return cv_prefix_hash(table, &leg->bind.prefix, leg->relay_port_be);
}

static void count_prefix(struct cv_pair_table *table, uint8_t length, bool more)
{
    uint64_t bit = UINT64_C(1) << (length % 64);

    if (more && table->prefix_users[length]++ == 0)
        __atomic_fetch_or(&table->prefix_lengths[length / 64], bit, __ATOMIC_RELEASE);
    if (!more && --table->prefix_users[length] == 0)
        __atomic_fetch_and(&table->prefix_lengths[length / 64], ~bit, __ATOMIC_RELEASE);
}

/* The leg that is claimed by the same as this one, or was by that token; or CV_NO_LEG. */
static uint32_t claimed_by_same(const struct cv_pair_table *table, const struct cv_leg *leg)
{
    bool former;

    if (leg->bind_kind == CV_BIND_TOKEN)
        return cv_find_token(table, leg->bind.token, leg->relay_port_be, &former);
    if (leg->bind_kind == CV_BIND_TUNNEL)
        return cv_find_tunnel(table, &leg->bind.tunnel);
    if (leg->bind_kind == CV_BIND_PREFIX)
        return cv_find_exact_prefix(table, &leg->bind.prefix, leg->relay_port_be);
    return CV_NO_LEG;
}

int cv_claims_add(struct cv_pair_table *table, uint32_t number)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    int error;

    if (leg->bind_kind == CV_BIND_FIXED)
        return 0;
    error = cv_index_insert(&table->by_claim, claim_hash(table, leg), number);
    if (error == 0 && leg->bind_kind == CV_BIND_PREFIX)
        count_prefix(table, leg->bind.prefix.length, true);
    return error;
}

int cv_claims_enter(struct cv_pair_table *table, uint32_t leg)
{
    return claimed_by_same(table, cv_leg_at(table, leg)) != CV_NO_LEG ? -EADDRINUSE
                                                                      : cv_claims_add(table, leg);
}

void cv_claims_leave_as(struct cv_pair_table *table, uint32_t number, const struct cv_leg *as)
{
    if (as->bind_kind == CV_BIND_FIXED)
        return;
    if (cv_index_remove(&table->by_claim, claim_hash(table, as), number) == 0 &&
        as->bind_kind == CV_BIND_PREFIX)
        count_prefix(table, as->bind.prefix.length, false);
}

void cv_claims_forget_former(struct cv_pair_table *table, uint32_t leg)
{
    struct cv_standing *standing = cv_standing_at(table, leg);

    if (standing->former_hash == 0)
        return;
    cv_index_remove(&table->by_claim, standing->former_hash, leg);
    standing->former_hash = 0;
}

void cv_claims_leave(struct cv_pair_table *table, uint32_t leg)
{
    cv_claims_leave_as(table, leg, cv_leg_at(table, leg));
    cv_claims_forget_former(table, leg);
}

int cv_claims_change_token(struct cv_pair_table *table, uint32_t number, const uint8_t token[CV_TOKEN_BYTES],
                           uint32_t giving_up)
{
    struct cv_leg *leg = cv_leg_at(table, number);
    struct cv_standing *standing = cv_standing_at(table, number);
    uint32_t owner;
    bool former;
    int error;

    if (leg->bind_kind != CV_BIND_TOKEN)
        return -EINVAL;
    owner = cv_find_token(table, token, leg->relay_port_be, &former);
    if (owner == number && !former)
        return 0;
    if (owner != CV_NO_LEG && owner != giving_up)
        return -EADDRINUSE;
    error = cv_index_insert(&table->by_claim, cv_token_hash(table, token, leg->relay_port_be), number);
    if (error)
        return error;
    cv_claims_forget_former(table, number);
    /* The old entry stays, and leads to this leg by what is kept of the old token. */
    standing->former_tag = cv_token_tag(table, leg->bind.token);
    __atomic_store_n(&standing->former_hash, cv_token_hash(table, leg->bind.token, leg->relay_port_be),
                     __ATOMIC_RELEASE);
    memcpy(leg->bind.token, token, CV_TOKEN_BYTES);
    standing->used = 0;
    return 0;
}
