/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel_limit.h"

#include "base/timer.h"
#include "capsules.h"
#include "peer_legs.h"
#include "sessions/keep.h"

#define ROUND_MS 200 /* a round of probing takes less */

static void tell(struct peer *peer)
{
    capsules_limit(peer->session);
    peer_legs_limit(peer);
}

void tunnel_limit_changed(struct peer *peer)
{
    struct peers *all = peer->all;

    if (peer->session->payload_bytes < peer->session->record.told_bytes) {
        tell(peer);
    } else if (!peer->frames_wait) {
        peer->frames_wait = true;
        TAILQ_INSERT_TAIL(&all->frames, peer, frames);
        if (!evtimer_pending(all->frames_timer, NULL))
            timer_start(all->frames_timer, ROUND_MS);
    }
}

/* All that wait have it told: who came last a little early. */
void tunnel_limit_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct peers *all = context;
    struct peer *peer;

    (void)fd;
    (void)what;
    while ((peer = TAILQ_FIRST(&all->frames)) != NULL) {
        peer_forget_frames(peer);
        if (peer_is_here(peer) && peer->session->payload_bytes != peer->session->record.told_bytes)
            tell(peer);
    }
    sessions_keep(all->sessions);
}
