/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Sessions as JSON, made in a call's document. */
#include "rpc.h"
#include "sessions/session.h"

/* An element of session.list. */
yyjson_mut_val *session_json(struct call *call, const struct session *session);

/* The answer to session.get: with what the data plane says. `state` NULL: it says nothing. */
yyjson_mut_val *session_json_state(struct call *call, const struct session *session,
                                   const struct cv_session_state *state);
