/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What a session needs for its handshake only; from malloc, of the handshake thread. */
#include "keys.h"

struct cv_tls;

struct cv_handshake {
    struct cv_tls *tls;
    uint8_t *chain; /* the peer's, once TLS is done */
    uint32_t chain_bytes;
    uint32_t chain_sent_bytes; /* to control */
    bool ask_sent;             /* to control */
    bool waiting;              /* in the list of those that wait for admission */
    bool counted;              /* among the handshakes in progress */
    bool sending;              /* TLS hands its messages to ngtcp2 */
    uint64_t deadline_ns;      /* for admission */
    uint16_t prefix;           /* entry in the count of handshakes by source prefix */
    ngtcp2_cid original_dcid;  /* that the peer's first packets have */
    struct cv_address address;
    struct cv_session *same_hash; /* next with the same hash of these two */
    struct cv_moving_keys moving;
};
