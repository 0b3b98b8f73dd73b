/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * From one peer's PAIR_REQUEST to another's answer:
 *
 *      request ──> offered ──accept──> making ──> pair (peer_pairs.h), PAIR_MADE to both
 *         │           │ refuse, time, a session ends │ no port, no room
 *         └───────────┴──────────────────────────────┴──> REFUSED
 *
 * An offer is in the store from the moment it is made until it is decided.
 */
#include "pairs/pairs.h"
#include "sessions/session.h"

struct peer_offer {
    TAILQ_ENTRY(peer_offer) entry; /* of all offers; not while it is being made */
    LIST_ENTRY(peer_offer) asked, offered;
    struct sessions *all;
    struct offer_record record;
    struct session *asker; /* NULL: its session has ended, while the pair was being made */
    struct session *answerer;
    bool making;
    uint64_t pair; /* made, and nobody was told: control was killed, or a session has ended; 0: not */
    struct pair_change change; /* while it is being made. The channels in its record are taken */
};

void peer_offers_request(struct session *asker, uint64_t request, const struct cv_peer_id *peer,
                         uint8_t legs);
void peer_offers_accept(struct session *answerer, uint64_t offer, uint8_t leg);
void peer_offers_refuse(struct session *answerer, uint64_t offer, uint64_t code);

/* Ends the offers whose time is over. Returns when the next one ends, in Unix milliseconds; 0: never. */
uint64_t peer_offers_expire(struct sessions *all, uint64_t now_ms);

/* The session has ended. */
void peer_offers_leave(struct session *session);

/* As the store has it. An offer without its two sessions is gone. */
void peer_offers_load(struct sessions *all, const struct offer_record *record);

/* Control was killed when the offer's pair was in the store, and neither peer told. */
void peer_offers_load_made(struct peer_offer *offer, const struct peer_pair_record *pair);

/* The offer of that number to this session, while it is open; or NULL. */
struct peer_offer *peer_offers_find(const struct session *answerer, uint64_t offer);

/* The pair is there: tells both, and ends the offer. */
void peer_offers_made(struct peer_offer *offer, const struct pair_record *record);

void peer_offers_free(struct sessions *all);
