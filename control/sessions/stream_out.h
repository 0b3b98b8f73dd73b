/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A session's control stream to the peer. What is written waits in the outbox: it is sent when what it
 * answers is committed (keep.h), and stays until the data plane is known to have it. All functions may
 * close the session: its phase says so, all else stays as it is until control is back in its loop.
 */
#include "session.h"

/* From the record's offset on, as after an attachment; the peer has everything before `acknowledged`. */
void stream_out_start(struct session *session, uint64_t acknowledged);

/* Where the outbox ends. */
uint64_t stream_out_end(const struct session *session);

/* The data plane has so much of it. False: that cannot be. */
bool stream_out_sent(struct session *session, uint64_t sent);

/*
 * Queues a capsule for the peer. One that breaks the rules of order is our own fault: closes as `internal`.
 */
void session_write(struct session *session, const struct cv_capsule *capsule);

/* Tells the peer the address that its packets, or its probe of this number, came from and to. */
void session_write_observed(struct session *session, uint64_t probe, const struct cv_address *peer,
                            const struct cv_address *relay);

/* It has another address: tells the peer, and who is above. */
void session_moved(struct session *session);

/*
 * Sends and credits what may be, as far as the ring has room, and as the data plane can keep: it gets no more than
 * CV_SESSION_WAITING_BYTES beyond what the peer has acknowledged, and is asked for that now and then, as it is while the session
 * is not read on.
 */
void stream_out_push(struct session *session);

/* For sessions->retry. */
void stream_out_on_retry(evutil_socket_t fd, short what, void *context);

/* For sessions->ask. */
void stream_out_on_ask(evutil_socket_t fd, short what, void *context);
