/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The data plane's end of the attachment to control (lib/shared/shared.h): the memfd, the Unix socket, the
 * two rings and their doorbells. Control is not trusted: whatever it writes into the memory is copied,
 * checked and counted. Keeper only; none of these calls blocks.
 */
#include "shared/shared.h"

#include <stdbool.h>

struct cv_control_link;

/*
 * Makes the memfd (sealed against shrinking, so that no access here can fault) and the listening socket at
 * `path` (mode 0600; a stale socket file is replaced, one that answers is refused with -EADDRINUSE). Returns
 * 0 or a negative errno.
 */
int cv_control_link_open(struct cv_control_link **link, const char *path, uint32_t workers, uint32_t ports);
void cv_control_link_close(struct cv_control_link *link);

/* Where the data plane writes its counters. */
const struct cv_shared *cv_control_link_shared(const struct cv_control_link *link);

/* One epoll descriptor to wait on: a connecting or leaving control, and control's doorbell. */
int cv_control_link_fd(const struct cv_control_link *link);

/*
 * Handles what made that descriptor readable; to be followed by receive. Returns true when control has just
 * attached or left, or left and another attached: what was under way for the earlier one is void.
 */
bool cv_control_link_serve(struct cv_control_link *link);
bool cv_control_link_attached(const struct cv_control_link *link);

/*
 * Takes up to `max` messages, checked by cv_message_check; bad ones are counted in the keeper's statistics
 * and left out. When more may be waiting, the descriptor is readable again: one call per wake-up is enough.
 */
uint32_t cv_control_link_receive(struct cv_control_link *link, struct cv_message *messages, uint32_t max);

/*
 * Sends one message and returns true; false when there is no room or nobody is attached. An event
 * (sequence 0) that found no room is counted, and an EVENTS_LOST is sent as soon as there is room again.
 */
bool cv_control_link_send(struct cv_control_link *link, const struct cv_message *message);

/* Messages that cv_control_link_send would take now. */
uint32_t cv_control_link_room(struct cv_control_link *link);

/* Rings control's doorbell if anything was sent since the last call: once per turn of the keeper. */
void cv_control_link_flush(struct cv_control_link *link);
