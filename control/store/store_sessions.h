/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the store knows of sessions, so that control can be killed under them: how far each control stream has
 * been dealt with, what was answered, which offers are open and whose the pairs are. All of it ends with the
 * sessions, at the latest with the data plane.
 *
 * Returns and transactions are as in store.h.
 */
#include "address.h"
#include "protocol/capsule_order.h"
#include "protocol/peer_id.h"
#include "store.h"

#define CHAIN_CERTIFICATES 8 /* at most */

/* The IDs of a peer's keys, taken from its certificate chain: the leaf's, then its issuers'. */
struct chain {
    uint32_t count;
    struct cv_peer_id ids[CHAIN_CERTIFICATES];
};

struct session_record {
    uint64_t session; /* the data plane's number */
    uint64_t created_ms;
    struct chain chain;
    uint64_t consumed; /* bytes of the peer's direction that have been dealt with: whole capsules */
    uint64_t skip;     /* after them, bytes of an unknown capsule's value that are to be passed over */
    uint64_t sent;     /* offset of the outbox in the relay's direction */
    struct cv_address observed; /* as the peer was told last; zero: not yet */
    struct cv_capsule_order order;
    uint16_t channel;       /* given to a tunnel leg last; 0: none yet */
    uint16_t payload_bytes; /* of a DATAGRAM frame at most: what its tunnel legs' TUNNEL_LIMITs come from */
};

struct offer_record {
    uint64_t offer; /* grows, never used twice: also the number in PAIR_OFFER */
    uint64_t asker; /* sessions */
    uint64_t answerer;
    uint64_t request;     /* the asker's number for it */
    uint64_t deadline_ms; /* Unix time */
    uint8_t kind;         /* of the asker's leg: enum cv_leg_kind */
};

/* A pair that two sessions have made. It goes from here with the pair itself. */
struct peer_pair_record {
    uint64_t pair;
    uint64_t asker;
    uint64_t answerer;
    uint64_t offer;       /* that it came from */
    uint16_t channels[2]; /* of the asker's leg and the answerer's; 0: a UDP leg. Only read */
};

/* Adds a session, or changes all of it but `created_ms` and `chain`. */
int store_put_session(struct store *store, const struct session_record *record, const uint8_t *outbox,
                      size_t outbox_bytes);
int store_remove_session(struct store *store, uint64_t session); /* 0 too when there is none */

int store_add_offer(struct store *store, struct offer_record *record); /* fills in `offer` */
int store_remove_offer(struct store *store, uint64_t offer);           /* 0 too when there is none */

int store_add_peer_pair(struct store *store, const struct peer_pair_record *record);

/* Each calls `found` for every row, in order of numbers; it must not write to the store. */
typedef void store_session_found(void *context, const struct session_record *record, const uint8_t *outbox,
                                 size_t outbox_bytes);
typedef void store_offer_found(void *context, const struct offer_record *record);
typedef void store_peer_pair_found(void *context, const struct peer_pair_record *record);

/* Without those that another build of control has kept in another form: they are closed. */
int store_load_sessions(struct store *store, store_session_found *found, void *context);
int store_load_offers(struct store *store, store_offer_found *found, void *context);
int store_load_peer_pairs(struct store *store, store_peer_pair_found *found, void *context);
