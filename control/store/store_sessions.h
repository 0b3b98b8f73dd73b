/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the store knows of sessions, so that control can be killed under them: how far each control stream
 * has been dealt with, and what was answered. All of it ends with the sessions, at the latest with the data
 * plane.
 *
 * Returns and transactions are as in store.h.
 */
#include "address.h"
#include "protocol/capsule_order.h"
#include "protocol/peer_id.h"
#include "store.h"

#include <stdbool.h>

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
    uint8_t ticket[CV_TICKET_BYTES]; /* for the peer's probes */
    uint16_t told_bytes;             /* of a DATAGRAM frame at most, as TUNNEL_LIMIT said last; 0: not yet */
};

/* Adds a session, or changes all of it but `created_ms` and `chain`. */
int store_put_session(struct store *store, const struct session_record *record, const uint8_t *outbox,
                      size_t outbox_bytes);
int store_remove_session(struct store *store, uint64_t session); /* 0 too when there is none */

/* Calls `found` for every row, in order of numbers; it must not write to the store. */
typedef void store_session_found(void *context, const struct session_record *record, const uint8_t *outbox,
                                 size_t outbox_bytes);

/* Without those that another build of control has kept in another form: they are closed. */
int store_load_sessions(struct store *store, store_session_found *found, void *context);

/* The IDs of a chain in a row. False: there are none, or too many. */
bool chain_read(const void *ids, size_t bytes, struct chain *chain);
