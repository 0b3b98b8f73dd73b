/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What subscribers hear of sessions. */
#include "session.h"

void session_news_up(const struct session *session);
void session_news_refused(const struct session *session, const char *reason);
void session_news_ended(const struct session *session, const char *reason, uint64_t code); /* 0: no code */
