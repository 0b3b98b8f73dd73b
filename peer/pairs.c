/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairs.h"

#include "report.h"

#include <errno.h>
#include <string.h>

/* One local address serves one pair. */
static struct bridge **free_slot(struct pairs *pairs)
{
    unsigned most = pairs->settings.local != NULL ? 1 : PAIRS_MAX;

    for (unsigned i = 0; i < most; i++)
        if (pairs->list[i] == NULL)
            return &pairs->list[i];
    return NULL;
}

/* A bridge to this peer whose pair is none of this session. */
static struct bridge *find_left(const struct pairs *pairs, const struct session_socket *session,
                                const struct cv_peer_id *other)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL && bridge_session(pairs->list[i]) != session &&
            cv_peer_id_equal(bridge_other(pairs->list[i]), other))
            return pairs->list[i];
    return NULL;
}

static struct bridge *find_resumed(const struct pairs *pairs, const uint8_t *pair_id)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL && memcmp(bridge_pair_id(pairs->list[i]), pair_id, CV_PAIR_ID_BYTES) == 0)
            return pairs->list[i];
    return NULL;
}

struct bridge *pairs_find(const struct pairs *pairs, const struct session_socket *session, uint64_t pair)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL && bridge_session(pairs->list[i]) == session &&
            bridge_pair(pairs->list[i]) == pair)
            return pairs->list[i];
    return NULL;
}

bool pairs_have_room(const struct pairs *pairs, const struct session_socket *session,
                     const struct cv_peer_id *other)
{
    return free_slot((struct pairs *)(uintptr_t)pairs) != NULL || find_left(pairs, session, other) != NULL;
}

int pairs_made(struct pairs *pairs, struct session_socket *session, const struct cv_capsule *made)
{
    bool resumed = made->made.origin == CV_ORIGIN_RESUMED;
    struct bridge *bridge = resumed ? find_resumed(pairs, made->made.id)
                                    : find_left(pairs, session, &made->made.other.ids.list[0]);
    struct bridge **slot;

    if (bridge != NULL)
        return bridge_go_on(bridge, session, made);
    slot = free_slot(pairs);
    return slot != NULL ? bridge_open(slot, &pairs->settings, session, made) : -EBUSY;
}

void pairs_drop(struct pairs *pairs, struct bridge *bridge)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] == bridge)
            pairs->list[i] = NULL;
    report_pair(bridge);
    bridge_close(bridge);
}

void pairs_drop_all(struct pairs *pairs)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL)
            pairs_drop(pairs, pairs->list[i]);
}

void pairs_lose(struct pairs *pairs, const struct session_socket *session)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL)
            bridge_lose(pairs->list[i], session);
}

void pairs_drop_lost(struct pairs *pairs, const struct cv_peer_id *but)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++) {
        struct bridge *bridge = pairs->list[i];

        if (bridge != NULL && bridge_session(bridge) == NULL &&
            (but == NULL || !cv_peer_id_equal(bridge_other(bridge), but)))
            pairs_drop(pairs, bridge);
    }
}

unsigned pairs_count(const struct pairs *pairs, const struct session_socket *session)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PAIRS_MAX; i++)
        count += pairs->list[i] != NULL && bridge_session(pairs->list[i]) == session;
    return count;
}

bool pairs_are_any(const struct pairs *pairs)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL)
            return true;
    return false;
}

void pairs_rebind(const struct pairs *pairs)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL)
            bridge_rebind(pairs->list[i]);
}

bool pairs_datagram(const struct pairs *pairs, const struct session_socket *session, uint64_t channel,
                    const uint8_t *payload, size_t bytes)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL && bridge_datagram(pairs->list[i], session, channel, payload, bytes))
            return true;
    return false;
}

void pairs_keep(const struct pairs *pairs, const struct session_socket *session, struct kept *kept)
{
    kept->pair_count = 0;
    for (unsigned i = 0; i < PAIRS_MAX; i++)
        if (pairs->list[i] != NULL && bridge_session(pairs->list[i]) == session)
            kept_add_pair(kept, bridge_pair(pairs->list[i]));
}
