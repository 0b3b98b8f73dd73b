/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Admission: from SESSION_ASK and the chain behind it to SESSION_ADMIT or SESSION_REFUSE. */
#include "session.h"

/* A SESSION_ASK. One for a session that is being asked for already starts over. */
void admission_ask(struct sessions *all, const struct cv_session_ask *ask);

/* A SESSION_DATA of the chain; with its last byte the decision is made. */
void admission_take(struct session *session, const struct cv_session_data *data);
