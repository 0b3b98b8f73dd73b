/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The pairs as a whole: the store says which should exist, and the data plane is made to have them.
 *
 *      pair_change ──> store, then data plane       relay_ports: which port a new one gets
 *      attached ─────> sync ─── refused ──> waiting
 *      events ───────> legs, pair_ends ──> store, subscribers, and who is above
 *
 * To be fed with the attachment's attached, lost and event.
 */
#include "pair_ends.h"
#include "sync.h"
#include "waiting.h"

struct pairs {
    struct services *services;
    struct pair_ends ends;
    struct sync *sync;
    struct waiting *waiting;
    uint64_t pairs_max; /* of the data plane attached last; 0: unknown */
};

struct pairs *pairs_new(struct services *services); /* NULL: out of memory */
void pairs_free(struct pairs *pairs);               /* NULL is allowed */

/* To be called before there can be a data plane. */
void pairs_handle(struct pairs *pairs, const struct pair_handlers *handlers, void *context);

/* To be called when sessions know that they are attached: those of another run end, and their pairs. */
void pairs_attached(struct pairs *pairs);

/* The data plane is lost, and all requests have ended. */
void pairs_lost(struct pairs *pairs);

/* What the data plane tells of pairs and legs; others are left alone. */
void pairs_event(struct pairs *pairs, const struct cv_message *message);

/* Store and data plane may differ. */
void pairs_bring_in_line(struct pairs *pairs);
