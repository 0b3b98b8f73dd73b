/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The store's tables, and the formats that they have had. */
#include "rows.h"

/* The format of the file; 0: it is new. */
int schema_version(struct store *store, int *version);

/* Makes the tables, or brings those of an older format up to this one. -EPROTO: a later Culvert's. */
int schema_bring_up(struct store *store, int version);
