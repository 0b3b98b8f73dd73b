/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the store knows of what instances have with each other: offers that are open, and the pairs that
 * came of them. Returns and transactions are as in store.h.
 */
#include "protocol/capsule.h"
#include "store.h"

#include <stdbool.h>

struct offer_record {
    uint64_t offer; /* grows, never used twice: also the number in PAIR_OFFER */
    uint64_t asker; /* instances */
    uint64_t answerer;
    uint64_t request;     /* the asker's number for it */
    uint64_t crossing;    /* the answerer's own request, which took the offer; 0: it was PAIR_ACCEPT */
    uint64_t deadline_ms; /* Unix time */
    uint8_t legs;         /* set of enum cv_leg_kind that the asker can use */
    struct cv_peer_id asked;
    struct cv_peer_id crossing_asked;       /* with `crossing`: that the answerer asked for */
    char service[CV_SERVICE_BYTES_MAX + 1]; /* empty: none was named */
    uint16_t data_bytes, answer_bytes;
    uint8_t data[CV_DATA_BYTES_MAX];   /* of the request */
    uint8_t answer[CV_DATA_BYTES_MAX]; /* of the PAIR_ACCEPT, or of the request that crossed */
};

/* A pair that two instances have made. It goes from here with the pair itself. */
struct peer_pair_record {
    uint64_t pair;
    uint64_t asker; /* instances */
    uint64_t answerer;
    uint64_t offer; /* that it came from */
    uint8_t id[CV_PAIR_ID_BYTES];
    uint8_t dials;              /* 0: the asker, 1: the answerer */
    struct cv_peer_id asked[2]; /* the ID that was asked for, as each of the two is told */
    char service[CV_SERVICE_BYTES_MAX + 1];
    uint16_t channels[2];      /* of the asker's leg and the answerer's; 0: a UDP leg. Only read */
    uint16_t next_channels[2]; /* of legs that are to take their place. Only read */
};

int store_add_offer(struct store *store, struct offer_record *record);        /* fills in `offer` */
int store_set_answer(struct store *store, const struct offer_record *record); /* its answer, and `crossing` */
int store_remove_offer(struct store *store, uint64_t offer);                  /* 0 too when there is none */

int store_add_peer_pair(struct store *store, const struct peer_pair_record *record);

/* Each calls `found` for every row, in order of numbers; it must not write to the store. */
typedef void store_offer_found(void *context, const struct offer_record *record);
typedef void store_peer_pair_found(void *context, const struct peer_pair_record *record);

int store_load_offers(struct store *store, store_offer_found *found, void *context);
int store_load_peer_pairs(struct store *store, store_peer_pair_found *found, void *context);
