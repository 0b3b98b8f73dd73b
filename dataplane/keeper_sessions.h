/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The keeper between control and the threads that own sessions: it passes messages on and keeps nothing of
 * them. What finds no room waits where it is, so nothing is lost while control is attached.
 */
#include "shared/message.h"

#include <stdbool.h>

struct cv_keeper;

/* Passes control's message on to the thread that owns the session, or answers it. False: not now; to be tried again,
 * before others. */
bool cv_keeper_session_order(struct cv_keeper *keeper, const struct cv_message *message);

/* Passes on what those threads tell control, as far as the ring to control has room. */
void cv_keeper_take_sessions(struct cv_keeper *keeper);

/* Control has left or changed: what was under way for it is void. */
void cv_keeper_forget_sessions(struct cv_keeper *keeper);

/* 0; -ENOTCONN: a tunnel leg's session is gone, or not admitted; -EOPNOTSUPP: there are no sessions. */
int cv_keeper_check_tunnel(const struct cv_keeper *keeper, const struct cv_leg_config *leg);
