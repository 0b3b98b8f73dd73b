/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The pairs that should exist. Returns and transactions are as in store.h; -ENOENT: no such pair. */
#include "shared/message.h"
#include "store.h"

#include <stdbool.h>

#define PEER_LABEL_BYTES 65 /* 1 to 64 printable characters, and a NUL */

struct leg_record {
    char peer[PEER_LABEL_BYTES];
    uint8_t bind; /* enum cv_bind_kind */
    uint8_t token[CV_TOKEN_BYTES];
    struct cv_address address; /* CV_BIND_FIXED */
    struct cv_prefix prefix;   /* CV_BIND_PREFIX */
    struct cv_address last;    /* where it was last bound; zero: never */
    uint64_t session;          /* CV_BIND_TUNNEL */
    uint16_t channel;          /* CV_BIND_TUNNEL */
    uint16_t relay_port;       /* 0: a tunnel leg */
    bool listen;               /* relay_port is the one that sessions are on */
    bool untold;               /* the token is new: data plane and peer may not have it yet */
    uint8_t proof;             /* enum cv_proof_rule */
    struct cv_ip vouched;      /* CV_PROOF_NEEDED: its session's IP; zero: none is known */
};

struct pair_record {
    uint64_t pair; /* grows, never used twice */
    bool damaged;  /* from store_next_pairs: nothing but `pair` is right */
    uint32_t idle_s;
    uint64_t rate_bytes_per_second;
    uint64_t created_ms; /* Unix time */
    uint64_t boot_id;    /* of the data plane that has this pair; 0: none has it */
    struct leg_record legs[2];
};

/* The port that its UDP legs are on: of two that differ the relay port; 0: it has none. */
uint16_t pair_record_port(const struct pair_record *record);

/* "udp", "tunnel" or "listen": its kind. */
const char *leg_kind_name(const struct leg_record *leg);

/*
 * Adds a pair and fills in `pair`. Its legs' relay ports must be ones that store_ports_taken did not name.
 */
int store_add_pair(struct store *store, struct pair_record *record);
int store_remove_pair(struct store *store, uint64_t pair);
int store_set_boot_id(struct store *store, uint64_t pair, uint64_t boot_id);
int store_set_last(struct store *store, uint64_t pair, unsigned leg, const struct cv_address *last);
int store_set_token(struct store *store, uint64_t pair, unsigned leg, const uint8_t token[CV_TOKEN_BYTES],
                    bool untold);
int store_set_vouched(struct store *store, uint64_t pair, unsigned leg, const struct cv_ip *vouched);

/* Another name of whose leg it is, also for the one that is to take its place. Where that peer has a leg on this port already: nothing. */
int store_set_leg_peer(struct store *store, uint64_t pair, unsigned leg, const char *peer);

/* In place of the leg that is there. -EEXIST: its peer has another leg on that port. */
int store_put_leg(struct store *store, uint64_t pair, unsigned leg, const struct leg_record *record);

/*
 * The leg that is to take the place of another, once it is bound: one for each side. -ENOENT: there is
 * none. store_take_next_leg lets it, and the other is gone; store_remove_next_leg forgets it (0 too when
 * there is none).
 */
int store_put_next_leg(struct store *store, uint64_t pair, unsigned leg, const struct leg_record *record);
int store_get_next_leg(struct store *store, uint64_t pair, unsigned leg, struct leg_record *record);
int store_take_next_leg(struct store *store, uint64_t pair, unsigned leg);
int store_remove_next_leg(struct store *store, uint64_t pair, unsigned leg);

/*
 * The number of the peer's request for the next leg, as long as it is not answered; 0: it is. All next legs
 * are found again by store_next_legs; `found` must not write to the store.
 */
int store_set_leg_request(struct store *store, uint64_t pair, unsigned leg, uint64_t request);
int store_next_legs(struct store *store,
                    void (*found)(void *context, uint64_t pair, unsigned leg, uint64_t request),
                    void *context);

/* All of them: the data plane that they were given to is gone. */
int store_remove_next_legs(struct store *store);

/* Calls `found` for each pair with a leg whose token is untold. It must not write to the store. */
int store_untold_pairs(struct store *store, void (*found)(void *context, uint64_t pair), void *context);

/* -EBADMSG: it is damaged; it can be removed. */
int store_get_pair(struct store *store, uint64_t pair, struct pair_record *record);

/*
 * Up to `max` pairs with numbers after `after` and up to `newest`, in order; damaged ones are marked, and
 * harm no other. Returns how many.
 */
int store_next_pairs(struct store *store, uint64_t after, uint64_t newest, struct pair_record *records,
                     uint32_t max);

/* The highest number in use (0: none), and how many pairs there are. */
int store_newest_pair(struct store *store, uint64_t *newest);
int store_count_pairs(struct store *store, uint64_t *count);

/*
 * Calls `taken` for each relay port that a pair with this UDP leg cannot have, and counts in `pairs` the
 * UDP legs of its peer.
 */
int store_ports_taken(struct store *store, const struct leg_record *leg,
                      void (*taken)(void *context, uint16_t port), void *context, uint32_t *pairs);
