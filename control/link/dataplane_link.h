/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Control's end of the attachment to the data plane (lib/shared/shared.h). Nothing here blocks; one thread.
 *
 *      open --> waiting --serve: 1--> attached --serve: < 0--> close, and open again after a while
 *                  `-----serve: < 0------------------------------^
 *
 * The event loop watches two descriptors: the socket from open on (readable: call serve), and the doorbell
 * once attached (readable: call receive). Both belong to the link and change with every open.
 */
#include "shared/shared.h"

#include <stdbool.h>

struct cv_dataplane_link;

/*
 * Connects to the data plane's socket and asks to be attached; the answer comes through serve. 0, or
 * -ENOENT / -ECONNREFUSED: no data plane there, -EAGAIN: it has not accepted earlier callers yet, -EACCES,
 * -ENAMETOOLONG, -ENOMEM, ...; nothing is left to close then.
 */
int cv_dataplane_link_open(struct cv_dataplane_link **link, const char *path);

/* Closes and frees everything; NULL is allowed. Pairs live on in the data plane. */
void cv_dataplane_link_close(struct cv_dataplane_link *link);

int cv_dataplane_link_socket(const struct cv_dataplane_link *link);
int cv_dataplane_link_doorbell(const struct cv_dataplane_link *link); /* -1 until attached */

/*
 * Handles what made the socket readable. 1: now attached, and both rings are empty; 0: nothing new; negative:
 * the link is over and can only be closed: -EBUSY another control is attached, -EPROTO the data plane speaks
 * another version, -EBADMSG its memory is not laid out as this program expects, -ECONNRESET it has gone,
 * or an error of mapping the memory.
 */
int cv_dataplane_link_serve(struct cv_dataplane_link *link);
bool cv_dataplane_link_attached(const struct cv_dataplane_link *link);

/* The mapped memory, for statistics (read only) and boot_id; NULL until attached, gone after close. */
const struct cv_shared *cv_dataplane_link_shared(const struct cv_dataplane_link *link);

/* Puts one message into the ring; false when there is no room or the link is not attached. */
bool cv_dataplane_link_send(struct cv_dataplane_link *link, const struct cv_message *message);

/* Messages that send would take now. */
uint32_t cv_dataplane_link_room(struct cv_dataplane_link *link);

/* Rings the data plane's doorbell if anything was sent since the last call: once per turn of the loop. */
void cv_dataplane_link_flush(struct cv_dataplane_link *link);

/*
 * Takes up to `max` messages, checked by cv_message_check; returns how many. Bad ones are left out and
 * counted. When more may be waiting, the doorbell is readable again, so one call per wake-up is enough.
 */
uint32_t cv_dataplane_link_receive(struct cv_dataplane_link *link, struct cv_message *messages, uint32_t max);

/* Messages and ring positions from the data plane that were refused since open. */
uint64_t cv_dataplane_link_bad(const struct cv_dataplane_link *link);
