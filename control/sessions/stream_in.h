/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A session's control stream from the peer: bytes in, capsules in the right order out, to who is above. */
#include "session.h"

/* From the record's offset on, as after an attachment. */
void stream_in_start(struct session *session);

/*
 * A SESSION_DATA of the control stream. Bytes that were seen before are passed over. May close the session;
 * its memory stays valid until control is back in its loop.
 *
 * A few bytes can ask for an answer ten times as long. When answers fill half of what may wait for the peer, what it says is not
 * read on, and gets no credit: the rest waits in session->unread, as much of it as it may send without credit.
 */
void stream_in_take(struct session *session, const struct cv_session_data *data);

/* There may be room for answers again: reads on as far as there is. May close the session. */
void stream_in_go_on(struct session *session);
