/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Pairs as JSON, made in a call's document. */
#include "rpc.h"
#include "store/store_pairs.h"

/* The answer to pair.add: the only one with tokens. */
yyjson_mut_val *pair_json_added(struct call *call, const struct pair_record *record, bool installed);

/*
 * The answer to pair.get, and an element of pair.list. `state` is NULL when the data plane does not have it,
 * or is not attached.
 */
yyjson_mut_val *pair_json(struct call *call, const struct pair_record *record,
                          const struct cv_pair_state *state);
