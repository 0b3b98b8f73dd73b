/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What is known of one instance of a peer, with a session or away, and the tables of all. peers.h is the
 * page about them.
 */
#include "base/numbers.h"
#include "channels.h"
#include "pairs/pairs.h"
#include "rate.h"
#include "sessions/session.h"
#include "store/store_instances.h"

/* One of the IDs by which an instance is found. */
struct peer_key {
    LIST_ENTRY(peer_key) entry;
    struct peer *peer;
};
LIST_HEAD(peer_keys, peer_key);
LIST_HEAD(peer_pairs, peer_pair);
TAILQ_HEAD(peer_pair_queue, peer_pair);
LIST_HEAD(peer_offers, peer_offer);
LIST_HEAD(peer_list, peer);
TAILQ_HEAD(peer_queue, peer);
TAILQ_HEAD(peer_offer_queue, peer_offer);
TAILQ_HEAD(takeover_queue, takeover);

/*
 * Made when its first session registers; freed when it has been away for too long, and after its session was closed, by the
 * loop: never while a capsule is being written.
 */
struct peer {
    struct peers *all;
    struct session *session; /* NULL: it is away, and its pairs wait for it */
    struct instance_record record;
    LIST_ENTRY(peer) by_number;
    bool waits;             /* registering.c: among those that are away */
    TAILQ_ENTRY(peer) away; /* while it waits */

    /* registry.c */
    bool listed; /* found by ID */
    struct peer_key keys[CHAIN_CERTIFICATES];

    /* offers.c, peer_pairs.c */
    struct peer_offers asked;   /* it waits for them */
    struct peer_offers offered; /* they wait for its answer, or for the data plane */
    struct peer_pairs pairs[2]; /* that it asked for, that it was offered */
    uint32_t making;            /* pairs that are being made with it */
    struct channels *channels;  /* of its tunnel legs, those that are being made included */

    /* limits.c */
    struct rate requests, messages;
    uint64_t probes_since_ms; /* monotonic: the second in which `probes` have come */
    uint32_t probes;
    TAILQ_ENTRY(peer) frames; /* while frames_wait */
    bool frames_wait;         /* a TUNNEL_LIMIT is due */
    uint64_t limited_ms[CV_LIMITED_PROBES +
                        1]; /* monotonic: when it was told last, of each thing but those of pairs */
};

struct peers {
    struct services *services;
    struct pairs *pairs;
    struct sessions *sessions;
    struct peer_keys by_leaf[SESSION_BUCKETS]; /* the newest come first */
    struct peer_keys by_issuer[SESSION_BUCKETS];
    struct peer_list by_number[SESSION_BUCKETS];
    struct peer_queue away; /* in the order of record.until_ms */
    struct event *away_timer;
    struct peer_queue frames; /* with a TUNNEL_LIMIT that is due */
    struct event *frames_timer;
    struct peer_pair_queue updates; /* pair_updates.c: pairs of which a peer is still to be told something */
    struct event *updates_timer;
    uint64_t registrations;         /* so many ever: the last instance's record.registered */
    struct peer_offer_queue offers; /* in the order of their deadlines */
    struct event *timer;            /* for the next deadline */
    struct peer_pairs pairs_by_number[SESSION_BUCKETS];
    struct takeover_queue takeovers; /* that are to be tried again */
    struct event *takeovers_timer;
    bool known;                 /* the data plane has been there once */
    struct numbers untold;      /* peer_legs.c: pairs, from the store, until then */
    struct next_leg *next_legs; /* leg_requests.c: likewise */
    size_t next_leg_count;
};

/* Enters one whose record is filled in; the record's lists are its from then on. NULL: out of memory. */
struct peer *peer_enter(struct peers *all, const struct instance_record *record);

/* Nothing leads to it any more, and it has neither offers nor pairs. */
void peer_discard(struct peer *peer);

/* No TUNNEL_LIMIT is due any more. */
void peer_forget_frames(struct peer *peer);

/* By the number of the instance. NULL: there is none. */
struct peer *peer_find(const struct peers *all, uint64_t number);

/* NULL: the session has not registered. */
static inline struct peer *peer_of(const struct session *session)
{
    return session->peer;
}

/* Whether it has a session that can be spoken to. */
static inline bool peer_is_here(const struct peer *peer)
{
    return peer->session != NULL && peer->session->phase == SESSION_OPEN;
}

/* Writes what has changed of its record. When this fails so does the commit. */
void peer_keep(const struct peer *peer);

/*
 * Each ID of a chain once, in their order: who sends a certificate twice is not to be found twice, nor counted
 * twice.
 */
struct chain chain_without_repeats(const struct chain *chain);

/* Whether an ID is one of the chain's. */
bool chain_has(const struct chain *chain, const struct cv_peer_id *id);

/* Whether the instance takes requests for the service. */
bool peer_offers(const struct peer *peer, const struct cv_span *service);
