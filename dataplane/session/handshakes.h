/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Handshakes in progress, from the first Initial packet until the peer is admitted or the session ends. They are
 * limited in all (limits.sessions, and dataplane.session.handshakes) and for each source prefix. Handshake thread only.
 */
#include "handshake.h"
#include "rx_packet.h"
#include "shard.h"

#define CV_HANDSHAKE_PREFIXES 4096 /* counters; source prefixes that share one share its limit */

struct cv_handshakes {
    struct cv_shard *shard;
    struct cv_leg_initials *leg_initials;
    struct cv_session_list waiting; /* for admission, in the order of their deadlines */
    struct cv_session **buckets;    /* of original connection ID and address */
    uint32_t bucket_mask;
    uint32_t count; /* in progress */
    uint32_t hash_key;
    uint16_t by_prefix[CV_HANDSHAKE_PREFIXES];
    uint32_t answers_left; /* to strangers, that may still be sent before the next refill (stateless.h) */
    uint64_t refill_ns;
    struct cv_handshake_stats *stats; /* set before the thread starts */
    uint8_t token_secret[32];         /* of Retry tokens */
    _Alignas(64) atomic_bool stop;
};

/* With a shard of so many pages of memory. 0, or a negative errno with a sentence in `error`. */
int cv_handshakes_create(struct cv_handshakes **handshakes, struct cv_sessions *all, uint32_t pages,
                         char *error, size_t error_bytes);
void cv_handshakes_destroy(struct cv_handshakes *handshakes);

/* CV_DROP_SESSION_FULL, CV_DROP_SESSION_PREFIX; CV_DROP_COUNT: there may be one more from that address. */
enum cv_drop cv_handshakes_room(const struct cv_handshakes *handshakes, const struct cv_address *address);

/* Whether Initial packets that have no token of ours are answered by Retry. */
bool cv_handshakes_want_retry(const struct cv_handshakes *handshakes);

/* The session whose first packets had that destination connection ID and came from there; NULL. */
struct cv_session *cv_handshakes_find(struct cv_handshakes *handshakes, const uint8_t *dcid, size_t bytes,
                                      const struct cv_address *address);

/* Counts a new session's in, so that it is found. session->handshake is there. */
void cv_handshake_begin(struct cv_handshakes *handshakes, struct cv_session *session, const ngtcp2_cid *dcid,
                        const struct cv_address *address);

/* The session waits for control, until its deadline. */
void cv_handshake_wait(struct cv_session *session);

/* Frees session->handshake: it is done, or the session ends. */
void cv_handshake_forget(struct cv_session *session);
