/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A session's control stream, both ways, and the rule that makes control expendable:
 *
 *   1. a capsule is dealt with: what follows from it is written to the store, answers go to outboxes;
 *   2. each session that changed is written too (sessions_keep), in the same transaction;
 *   3. when that is committed, its answers are sent and its bytes credited.
 *
 * An outbox keeps what was sent until the data plane is known to have it. All functions may close the
 * session; its memory stays valid until control is back in its loop.
 */
#include "session.h"

#define SESSION_OUTBOX_BYTES 32768 /* at most, per session */

/* From the record's offsets on, as after an attachment. */
void session_io_start(struct session *session);

/* The outbox as it was kept. -ENOMEM. */
int session_io_restore(struct session *session, const uint8_t *outbox, size_t bytes);

/* The data plane has so much of the relay's direction. False: that cannot be. */
bool session_io_sent(struct session *session, uint64_t sent);

/* A SESSION_DATA of the control stream. Bytes that were seen before are passed over. */
void session_io_take(struct session *session, const struct cv_session_data *data);

/* Queues a capsule for the peer. One that breaks the rules of order is our own fault: closes as `internal`.
 */
void session_write(struct session *session, const struct cv_capsule *capsule);

/* What the store has to know of it is no longer what it knows. */
void session_changed(struct session *session);

/* Writes all that changed. Every way into the sessions ends here. */
void sessions_keep(struct sessions *all);

/* Sends and credits what may be, as far as the ring has room. */
void session_io_push(struct session *session);

/* Takes it out of all queues. */
void session_io_forget(struct session *session);

void sessions_on_retry(evutil_socket_t fd, short what, void *context);
