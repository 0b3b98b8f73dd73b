/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * DATAGRAMs on a channel that is no leg's yet: they can overtake the PAIR_MADE or LEG_MADE that names it, for the
 * control stream is another way. They are kept for a moment, and given to the leg when it is there. Of what is
 * more than there is room for the oldest go first. No allocation after early_open.
 */
#include "session_socket.h"

#include <stddef.h>
#include <stdint.h>

#define EARLY_DATAGRAMS 256
#define EARLY_MS        500 /* after which one is given up */

struct early;

struct early *early_open(void); /* NULL: no memory */
void early_close(struct early *early);

void early_keep(struct early *early, const struct session_socket *session, uint64_t channel,
                const uint8_t *payload, size_t bytes, uint64_t now_ms);

/* Calls `give` for each that has come on this channel of the session, in the order in which they came. */
void early_give(struct early *early, const struct session_socket *session, uint64_t channel, uint64_t now_ms,
                void (*give)(void *user, const uint8_t *payload, size_t bytes), void *user);
