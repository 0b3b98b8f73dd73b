/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The rule that makes control expendable:
 *
 *   1. a capsule is dealt with: what follows from it is written to the store, answers go to outboxes;
 *   2. each session that changed is written too (sessions_keep), in the same transaction;
 *   3. when that is committed, its answers are sent and its bytes credited.
 */
#include "session.h"

/* Writes all that changed. Every way into the sessions ends here. */
void sessions_keep(struct sessions *all);
