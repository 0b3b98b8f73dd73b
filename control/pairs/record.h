/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What is done with the record of one pair. */
#include "store/store_pairs.h"

/* False when the store has no such pair: it was deleted while what tells of it was on its way. */
bool pair_record_find(struct store *store, uint64_t pair, struct pair_record *record);

/* Fresh tokens for the legs that bind by token. A negative errno when the kernel has none. */
int pair_record_make_tokens(struct pair_record *record);

/* A fresh token for one. */
int leg_record_make_token(struct leg_record *leg);

/* Whether both are one leg: of one kind, port and token, or session and channel. */
bool leg_record_is_same(const struct leg_record *one, const struct leg_record *other);

/* What the data plane has to know of a leg. */
void leg_record_fill(const struct leg_record *record, struct cv_leg_config *leg);

/*
 * Whether the store has other legs by now than a PAIR_PUT that has just been answered: one has changed on the
 * way. What the data plane made of it then, if it did, is not that pair.
 */
bool pair_record_has_changed(struct store *store, const struct cv_pair_config *put);

/* What a PAIR_PUT of this record says. -EBADMSG: the data plane would not take it for a message. */
int pair_record_put(const struct pair_record *record, struct cv_message *message);
