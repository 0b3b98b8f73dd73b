/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Fields of the memory shared with the data plane, as JSON. That memory changes while it is read. */
#include "shared.h"

#include <yyjson.h>

/* One field, as lib/stats.h asks for it. */
#define SHARED_LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* A text of at most `room` bytes, of which only printable ASCII is believed. */
void shared_add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const char *text,
                     size_t room);
