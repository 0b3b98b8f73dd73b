/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Answers to strangers, for which nothing is kept: version negotiation (RFC 9000 section 6), Retry (section 8.1.2) and
 * stateless reset (section 10.3). All together get a bounded number, so that they cost a bounded share of the handshake
 * thread. Each returns the reason to drop the packet; CONSUMED: none, SESSION_BUSY: there is no answer left.
 */
#include "connection.h"
#include "handshakes.h"

#define CV_INITIAL_BYTES_MIN 1200 /* of a datagram with an Initial packet: RFC 9000 section 14.1 */

enum cv_drop cv_stateless_version(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx,
                                  const ngtcp2_version_cid *ids);
enum cv_drop cv_stateless_reset(struct cv_handshakes *handshakes, const struct cv_rx_packet *rx,
                                const ngtcp2_version_cid *ids);
enum cv_drop cv_stateless_retry(struct cv_handshakes *handshakes, const struct cv_initial *initial);

/* Whether the Initial packet has a token of a Retry of ours; sets `retried` and `original_dcid` if so. */
bool cv_retry_token_good(struct cv_handshakes *handshakes, struct cv_initial *initial);
