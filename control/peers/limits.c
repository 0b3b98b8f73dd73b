/* SPDX-License-Identifier: BSD-3-Clause */
#include "limits.h"

#include "base/clock.h"
#include "capsules.h"

#define TOLD_EVERY_MS   1000
#define PROBES_A_SECOND 64 /* that the data plane tells of */

static void tell(struct peer *peer, enum cv_limited what, uint64_t for_ms)
{
    uint64_t now = clock_monotonic_ms();

    if (peer->limited_ms[what] != 0 && now - peer->limited_ms[what] < TOLD_EVERY_MS)
        return;
    peer->limited_ms[what] = now;
    capsules_limited(peer, what, 0, for_ms);
}

static bool take(struct peer *peer, struct rate *rate, uint64_t per_minute, enum cv_limited what)
{
    uint64_t now = clock_monotonic_ms(), until_ms;

    if (rate_take(rate, per_minute, now, &until_ms))
        return true;
    tell(peer, what, until_ms - now);
    return false;
}

bool limits_request(struct peer *peer)
{
    return take(peer, &peer->requests, peer->all->services->config->session_requests, CV_LIMITED_REQUESTS);
}

bool limits_message(struct peer *peer)
{
    return take(peer, &peer->messages, peer->all->services->config->session_messages, CV_LIMITED_MESSAGES);
}

void limits_probe(struct peer *peer)
{
    uint64_t now = clock_monotonic_ms();

    if (now - peer->probes_since_ms >= 1000) {
        peer->probes_since_ms = now;
        peer->probes = 0;
    }
    if (++peer->probes == PROBES_A_SECOND + 1)
        tell(peer, CV_LIMITED_PROBES, 1000 - (now - peer->probes_since_ms));
}
