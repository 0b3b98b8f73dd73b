/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What ngtcp2 allocates for a session comes from the session's own heap (arena.h). */
#include "session.h"

/* Sets session->memory, for ngtcp2_conn_server_new. session->arena is there. */
void cv_session_memory_init(struct cv_session *session);
