/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Which leg or pair is meant: look-ups in the indexes of a pair table. Any thread. The packet path's own
 * look-up by address, over a burst, is lookup.h.
 */
#include "pair_table.h"

/*
 * Leg for a token sent to a relay port, or CV_NO_LEG. Compares all 32 bytes in constant time. *former: the leg had that
 * token before its present one.
 */
uint32_t cv_find_token(const struct cv_pair_table *table, const uint8_t token[CV_TOKEN_BYTES],
                       uint16_t relay_port_be, bool *former);

/*
 * Leg that the address may have by its prefix on this relay port: the longest prefix whose leg is vacant.
 *
 */
uint32_t cv_find_prefix(const struct cv_pair_table *table, const struct cv_ip *ip, uint16_t relay_port_be,
                        uint32_t now_ms);

/* The tunnel leg of a session and channel, or CV_NO_LEG. */
uint32_t cv_find_tunnel(const struct cv_pair_table *table, const struct cv_tunnel *tunnel);

/* Leg that sends to this connection ID, from a QUIC packet's first bytes (RFC 8999). */
uint32_t cv_find_cid(const struct cv_pair_table *table, const uint8_t *payload, uint16_t bytes,
                     uint16_t relay_port_be);

/* Whether this is the connection ID that the leg is known to send to. */
bool cv_leg_has_cid(const struct cv_pair_table *table, uint32_t leg, const uint8_t *cid, uint8_t bytes);

/*
 * All legs that have an address, in no order; how many. On the listening port up to CV_LEGS_AT_MAX, on a relay
 * port one.
 */
uint32_t cv_find_legs_at(const struct cv_pair_table *table, const struct cv_address *address,
                         uint16_t relay_port_be, uint32_t legs[CV_LEGS_AT_MAX]);

/*
 * Of the legs that have an address, at least one, that which gets what names none of them: the one that was bound, or
 * whose token came again, last; but while others are proven, none that is not.
 */
uint32_t cv_default_leg(const struct cv_pair_table *table, const uint32_t *legs, uint32_t count);

/* Pair slot for control's number, or CV_NO_SLOT. */
uint32_t cv_find_pair(const struct cv_pair_table *table, uint64_t number);

/* The leg that is claimed by just this prefix (its host bits zero) on this relay port, or CV_NO_LEG. */
uint32_t cv_find_exact_prefix(const struct cv_pair_table *table, const struct cv_prefix *prefix,
                              uint16_t relay_port_be);
