/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What the data plane tells of sessions, and what subscribers hear of them. */
#include "session.h"

/* From now on the peer has so long to REGISTER. */
void session_await_register(struct session *session);

/* It has REGISTERed. */
void session_registered(struct session *session);

/* session_closed, for subscribers. `code` 0: there is none. */
void session_events_ended(const struct session *session, const char *reason, uint64_t code);
void session_events_refused(const struct session *session, const char *reason);
