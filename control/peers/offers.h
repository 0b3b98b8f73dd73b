/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * From one peer's PAIR_REQUEST to another's answer:
 *
 *      request ──> offered ──accept, or the other's own request──> making ──> pair (peer_pairs.h), PAIR_MADE
 *         │           │ refuse, time, a session ends                 │ no port, no room
 *         └───────────┴──────────────────────────────────────────────┴──> REFUSED
 *
 * An offer is in the store from the moment it is made until it is decided.
 */
#include "pairs/pair_change.h"
#include "peer.h"
#include "store/store_offers.h"

struct peer_offer {
    TAILQ_ENTRY(peer_offer) entry; /* of all offers; not while it is being made */
    LIST_ENTRY(peer_offer) asked, offered;
    struct peers *all;
    struct offer_record record;
    struct peer *asker; /* NULL: its session has ended, while the pair was being made */
    struct peer *answerer;
    bool making;
    struct peer_pair_record
        made; /* a pair that nobody was told of: control was killed, or a session has ended */
    struct pair_change change; /* while it is being made. The channels in its record are taken */
};

/* PAIR_REQUEST, PAIR_ACCEPT, PAIR_REFUSE. */
void offers_request(struct peer *asker, const struct cv_capsule *capsule);
void offers_accept(struct peer *answerer, const struct cv_capsule *capsule);
void offers_refuse(struct peer *answerer, const struct cv_capsule *capsule);

/* An answer of which nothing but the number of its offer is good: the offer ends for this. */
void offers_answer_bad(struct peer *answerer, const struct cv_capsule *capsule,
                       enum cv_capsule_parsed parsed);

/* The peer's session has ended. */
void offers_leave(struct peer *peer);

/* Sets the timer to the next deadline. */
void offers_arm(struct peers *all);

/* For peers->timer: ends the offers whose time is over. */
void offers_on_timer(evutil_socket_t fd, short what, void *context);

/* As the store has it. NULL: that instance has ended, while the pair was being made. */
void offers_load(struct peers *all, struct peer *asker, struct peer *answerer,
                 const struct offer_record *record);

/* Control was killed when the offer's pair was in the store, and neither peer told. */
void offers_load_made(struct peer_offer *offer, const struct peer_pair_record *pair);

/*
 * To be called when the sessions are known: tells the peers of such pairs, and ends offers without the session
 * of one of the two.
 */
void offers_known(struct peers *all);

/* The offer of that number to this peer, while it is open; or NULL. */
struct peer_offer *offers_find(const struct peer *answerer, uint64_t offer);

/* Frees what is left, without a word to anybody. */
void offers_free(struct peers *all);
