/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The time that an admitted peer has to REGISTER. */
#include "session.h"

/* From now on it has so long. */
void registration_await(struct session *session);

/* For sessions->timer. */
void registration_on_timer(evutil_socket_t fd, short what, void *context);
