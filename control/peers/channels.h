/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The channels of one session's tunnel legs. A DATAGRAM of a leg that has ended may still be on its way, so
 * a channel comes round again as late as can be: channels are given out in a circle, and none of the last
 * CHANNELS_RESTING that were given back.
 */
#include <stdbool.h>
#include <stdint.h>

/* At a time. A TUNNEL_LIMIT for each of them has to fit into the session's outbox (sessions/outbox.h). */
#define CHANNELS_MAX     2048
#define CHANNELS_RESTING 16

struct channels; /* 2 KB, made with the first channel; NULL until then. free() ends it. */

/* Whether channels_take would give one. */
bool channels_left(const struct channels *channels);

/*
 * A free channel, the next one after `last`, which was given out last (0: none was). 0: none, or no memory.
 */
uint16_t channels_take(struct channels **channels, uint16_t last);

/* A channel that is a leg's, as the store says; it may be marked already. False: no memory. */
bool channels_mark(struct channels **channels, uint16_t channel);

/* Does nothing for one that is no leg's. */
void channels_give_back(struct channels *channels, uint16_t channel);

/* The largest UDP payload on a channel, of a session whose DATAGRAM frames hold so much; 0: none fits. */
uint32_t channels_payload(uint32_t frame_bytes, uint16_t channel);
