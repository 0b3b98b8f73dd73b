/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the handshake thread does with packets of no worker's sessions, and the handshakes in progress. */
#include "handshake.h"
#include "owner.h"

#define CV_HANDSHAKE_PREFIXES 4096 /* counters; source prefixes that share one share its limit */

struct cv_handshakes {
    struct cv_session_owner *owner;
    struct cv_session_list asking; /* for admission, in the order of their deadlines */
    struct cv_session **buckets;   /* of original connection ID and address */
    uint32_t bucket_mask;
    uint32_t count; /* in progress */
    uint32_t hash_key;
    uint16_t by_prefix[CV_HANDSHAKE_PREFIXES];
    uint32_t answers_left; /* Retry, version negotiation and resets that may still be sent before the next
                              refill */
    uint64_t refill_ns;
    struct cv_handshake_stats *stats; /* set before the thread starts */
    uint8_t token_secret[32];         /* of Retry tokens */
    _Alignas(64) atomic_bool stop;
};

/* One packet: to its session, or to a new one, or answered, or refused. The reason for a drop; CONSUMED if
 * none, CV_DROP_COUNT if the mbuf went on to a worker. */
enum cv_drop cv_accept(struct cv_handshakes *handshakes, const struct cv_arrival *arrival);

/* Whether Initial packets that have no token of ours are answered by Retry. */
bool cv_handshakes_retry(const struct cv_handshakes *handshakes);

/* Puts a session into the list of those that wait for control. */
void cv_handshakes_wait(struct cv_session *session);
