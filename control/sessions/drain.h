/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Sending peers away before a stop: GO_AWAY to all of them, nobody new, and the end of those that are still
 * there when the time is over (docs/protocol.md, GO_AWAY). Control that is restarted has forgotten it, and tells the peers,
 * which have not, to stay.
 */
#include "session.h"

/*
 * Peers that were told; for all of `seconds` more. `to`: where they are to go, and whose ID the relay there
 * has; NULL: they are to come back. -EALREADY: it is under way.
 */
int drain_begin(struct sessions *all, uint32_t seconds, const struct cv_relay_addresses *to,
                const struct cv_peer_id *relay, uint32_t *told);

/*
 * Sessions are taken again, and peers that were told to go are told to stay. -EALREADY: nothing is under
 * way.
 */
int drain_end(struct sessions *all, uint32_t *told);

static inline bool draining(const struct sessions *all)
{
    return all->drain.on;
}

/*
 * The sessions are known after an attachment. Those that control, before it was restarted, had sent away are told to stay, and
 * those that came back without having been told, to go.
 */
void drain_known(struct sessions *all);

/* A peer REGISTERs meanwhile: GO_AWAY in place of REGISTERED. */
void drain_send_away(struct session *session);

/* NULL: no memory. */
struct event *drain_timer_new(struct sessions *all);
