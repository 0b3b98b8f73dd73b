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
};

struct pair_record {
    uint64_t pair;       /* grows, never used twice */
    uint16_t relay_port; /* 0: two tunnel legs */
    bool damaged;        /* from store_next_pairs: nothing but `pair` is right */
    uint32_t idle_s;
    uint64_t rate_bytes_per_second;
    uint64_t created_ms; /* Unix time */
    uint64_t boot_id;    /* of the data plane that has this pair; 0: none has it */
    struct leg_record legs[2];
};

/* "udp" or "tunnel": the kind of leg that binds so. */
const char *leg_kind_name(uint8_t bind);

/* Adds a pair and fills in `pair`. Its relay port must be one that store_ports_taken did not name. */
int store_add_pair(struct store *store, struct pair_record *record);
int store_remove_pair(struct store *store, uint64_t pair);
int store_set_boot_id(struct store *store, uint64_t pair, uint64_t boot_id);
int store_set_last(struct store *store, uint64_t pair, unsigned leg, const struct cv_address *last);

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
 * Calls `taken` for each relay port that a pair with this UDP leg cannot have, and counts in `pairs` the UDP
 * legs of its peer.
 */
int store_ports_taken(struct store *store, const struct leg_record *leg,
                      void (*taken)(void *context, uint16_t port), void *context, uint32_t *pairs);
