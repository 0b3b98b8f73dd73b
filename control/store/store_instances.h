/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the store knows of peers' instances, which outlive their sessions: who they are, what they take
 * requests for, and with what token they come back. Returns and transactions are as in store.h.
 */
#include "protocol/capsule.h"
#include "store_sessions.h"

/* Services as they are kept: each its length in one byte, and its name. */
#define INSTANCE_SERVICES_BYTES (CV_SERVICES_MAX * (1 + CV_SERVICE_BYTES_MAX))

struct instance_record {
    uint64_t number;     /* grows, never used twice */
    uint64_t session;    /* the data plane's number; 0: it is away */
    uint64_t registered; /* the order in which instances registered last; from 1 */
    uint8_t id[CV_INSTANCE_BYTES];
    struct chain chain;
    uint8_t token[CV_RESUMPTION_TOKEN_BYTES];
    uint8_t
        former[CV_RESUMPTION_TOKEN_BYTES]; /* that it was resumed with last, which may be all that it has */
    uint64_t until_ms;                     /* while it is away: Unix time at which it has been for too long */
    uint8_t legs;                          /* set of enum cv_leg_kind */
    uint16_t channel;                      /* given to a tunnel leg last; 0: none yet */
    uint8_t reachable;                     /* enum cv_reachable_by */
    uint8_t listed_count;
    struct cv_peer_id *listed; /* malloced; NULL: none */
    uint16_t services_bytes;
    uint8_t *services; /* malloced; NULL: none */
};

/* Adds one and fills in `number`. */
int store_add_instance(struct store *store, struct instance_record *record);
int store_set_instance(struct store *store, const struct instance_record *record);
int store_remove_instance(struct store *store, uint64_t number);

/* Calls `found` for every one, in the order in which they registered; the memory of its lists is the caller's from then on. */
typedef void store_instance_found(void *context, struct instance_record *record);
int store_load_instances(struct store *store, store_instance_found *found, void *context);

/* Frees the two lists. */
void instance_record_free(struct instance_record *record);
