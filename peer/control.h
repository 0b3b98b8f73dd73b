/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* The control stream: capsules both ways. */
#include "state.h"

void control_init(struct control_stream *control);

/* Whether REGISTER, as it is configured, is within its limits. */
bool control_may_register(const struct cv_peer *peer);

/* Opens the stream and says REGISTER. */
void control_open(struct cv_peer *peer);

/* The relay's next bytes: capsules that are complete go to the user. */
void control_receive(struct cv_peer *peer, const uint8_t *data, size_t bytes);

/* Whether the relay may send more than the first window. */
void control_read(struct cv_peer *peer, bool on);

/* 0; -EINVAL, -EPROTO or -ENOBUFS as in session.h. */
int control_say(struct cv_peer *peer, const struct cv_capsule *capsule);

/* What has not been sent, in up to two pieces; how many. */
size_t control_unsent(const struct control_stream *control, ngtcp2_vec pieces[2]);
