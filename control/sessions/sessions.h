/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The peers' sessions as control has them: who is admitted, and what its control stream says. The data plane
 * carries the bytes; all meaning is here and above (peers/, docs/protocol.md):
 *
 *      SESSION_ASK, chain ──> admission ──> SESSION_ADMIT | SESSION_REFUSE
 *      SESSION_DATA ──> stream_in ── capsules ──> handlers
 *                                                    │ session_write, to this session or another
 *      SESSION_SEND <── stream_out <── keep <────────┘
 *
 * What a capsule changes is in the store before the peer hears of it, and before its bytes are credited
 * (keep.h). So a control that is killed goes on where it was: the data plane gives it again what has no
 * credit, and says how much of what was sent it has (dump.h).
 *
 * To be fed with the attachment's attached, lost and event.
 */
#include "session.h"

/*
 * Loads what the store knows. NULL: out of memory, or the store cannot be read (then store_error says why).
 */
struct sessions *sessions_new(struct services *services);
void sessions_free(struct sessions *sessions); /* NULL is allowed */

/* To be called before there can be a data plane. */
void sessions_handle(struct sessions *sessions, const struct session_handlers *handlers, void *context);

/*
 * Attached; `restarted`: to another run of the data plane, so that all sessions have ended, and with them the
 * pairs that were theirs. To be called before the pairs are brought in line.
 */
void sessions_attached(struct sessions *sessions, bool restarted);
void sessions_lost(struct sessions *sessions);

/* SESSION_ASK, _DATA, _UP, _ADDRESS, _LIMIT, _CLOSED. Others are left alone. */
void sessions_event(struct sessions *sessions, const struct cv_message *message);
