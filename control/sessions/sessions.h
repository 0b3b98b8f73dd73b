/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The peers' sessions as control has them: who is admitted, what its control stream says, and the pairs that
 * peers make by peer ID (docs/protocol.md). The data plane carries the bytes; all meaning is here:
 *
 *      SESSION_ASK, chain ──> session_admit ──> SESSION_ADMIT | SESSION_REFUSE
 *      SESSION_DATA ──> session_io ──> capsules ──> peers, peer_offers, peer_pairs ──> pairs
 *                           ^                            │ capsules for this session or another
 *      SESSION_SEND <───────┴────────────────────────────┘
 *
 * What a capsule changes is in the store before the peer hears of it, and before its bytes are credited
 * (session_io.h). So a control that is killed goes on where it was: the data plane gives it again what has no
 * credit, and says how much of what was sent it has.
 */
#include "protocol/peer_id.h"
#include "protocol/session_error.h"
#include "shared/message.h"

#include <stdbool.h>

struct control;
struct session;
struct sessions;

/* Loads what the store knows. NULL: out of memory, or the store cannot be read (then store_error says why).
 */
struct sessions *sessions_new(struct control *control);
void sessions_free(struct sessions *sessions); /* NULL is allowed */

/*
 * Attached; `restarted`: to another run of the data plane, so that all sessions have ended, and with them the
 * pairs that were theirs. To be called before the pairs are brought in line.
 */
void sessions_attached(struct sessions *sessions, bool restarted);
void sessions_lost(struct sessions *sessions);

/* SESSION_ASK, _DATA, _UP, _ADDRESS, _LIMIT, _CLOSED. Others are left alone. */
void sessions_event(struct sessions *sessions, const struct cv_message *message);

/* A pair is about to go for a reason that lies outside of sessions: tells both peers, if it is one of theirs.
 */
void sessions_pair_gone(struct sessions *sessions, uint64_t pair, enum cv_session_error code);

/* NULL: there is none, or the data plane has not confirmed it since the attachment. */
struct session *sessions_find(struct sessions *sessions, uint64_t number);

/* Calls `found` for each session that sessions_find finds, in no order. */
void sessions_each(struct sessions *sessions, void (*found)(void *context, struct session *session),
                   void *context);
