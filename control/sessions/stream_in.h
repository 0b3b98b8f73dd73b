/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A session's control stream from the peer: bytes in, capsules in the right order out, to who is above. */
#include "session.h"

/* From the record's offset on, as after an attachment. */
void stream_in_start(struct session *session);

/*
 * A SESSION_DATA of the control stream. Bytes that were seen before are passed over. May close the session;
 * its memory stays valid until control is back in its loop.
 */
void stream_in_take(struct session *session, const struct cv_session_data *data);
