/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Fields of the memory shared with the data plane, as JSON. */
#include "link/dataplane.h"
#include "rpc.h"

#include <yyjson.h>

/*
 * What a method without parameters reads from: NULL when the call has been refused, because it has parameters
 * or there is no data plane.
 */
const struct cv_shared *shared_for_call(struct call *call, yyjson_val *params);

/* A text of at most `room` bytes, of which only printable ASCII is believed. */
void shared_add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const char *text,
                     size_t room);
