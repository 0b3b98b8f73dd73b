/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The hashes under which the indexes of a pair table hold their entries: what find.c looks up by and
 * pair_table.c and leg.c enter. All are keyed with the table's secrets.
 */
#include "pair_table.h"

uint64_t cv_token_hash(const struct cv_pair_table *table, const uint8_t *token, uint16_t relay_port_be);
uint64_t cv_prefix_hash(const struct cv_pair_table *table, const struct cv_prefix *prefix,
                        uint16_t relay_port_be);
uint64_t cv_tunnel_hash(const struct cv_pair_table *table, const struct cv_tunnel *tunnel);
uint64_t cv_number_hash(const struct cv_pair_table *table, uint64_t number);

/* `bytes` is at least CV_CID_MIN_BYTES. */
uint64_t cv_cid_hash(const struct cv_pair_table *table, const uint8_t *cid, uint8_t bytes,
                     uint16_t relay_port_be);
uint8_t cv_cid_tag(const struct cv_pair_table *table, const uint8_t *cid, uint8_t bytes);

/* The leg that is bound by just this prefix (its host bits zero) on this relay port, or CV_NO_LEG. */
uint32_t cv_find_exact_prefix(const struct cv_pair_table *table, const struct cv_prefix *prefix,
                              uint16_t relay_port_be);
