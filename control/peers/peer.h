/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What is known of one peer beyond its session, and the tables of all. peers.h is the page about them. */
#include "channels.h"
#include "pairs/pairs.h"
#include "sessions/session.h"

/* One of the IDs by which a registered peer is found. */
struct peer_key {
    LIST_ENTRY(peer_key) entry;
    struct peer *peer;
};
LIST_HEAD(peer_keys, peer_key);
LIST_HEAD(peer_pairs, peer_pair);
LIST_HEAD(peer_offers, peer_offer);
TAILQ_HEAD(peer_offer_queue, peer_offer);

/* Made with the first capsule of its session, freed with the session. */
struct peer {
    struct peers *all;
    struct session *session;

    /* registry.c */
    uint64_t registered_at; /* order in which peers registered; 0: cannot be found */
    struct peer_key keys[CHAIN_CERTIFICATES];

    /* offers.c, peer_pairs.c */
    struct peer_offers asked;   /* it waits for them */
    struct peer_offers offered; /* they wait for its answer, or for the data plane */
    struct peer_pairs pairs[2]; /* that it asked for, that it was offered */
    uint32_t making;            /* pairs that are being made with it */
    struct channels *channels;  /* of its tunnel legs, those that are being made included */
};

struct peers {
    struct services *services;
    struct pairs *pairs;
    struct sessions *sessions;
    struct peer_keys by_id[SESSION_BUCKETS]; /* of registered peers; the newest come first */
    uint64_t registrations;
    struct peer_offer_queue offers; /* in the order of their deadlines */
    struct event *timer;            /* for the next deadline */
    struct peer_pairs by_number[SESSION_BUCKETS];
};

/* NULL: out of memory. */
struct peer *peer_begin(struct peers *all, struct session *session);

/* NULL: the session has sent no capsule. */
static inline struct peer *peer_of(const struct session *session)
{
    return session->peer;
}
