/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

struct peer *peer_enter(struct peers *all, const struct instance_record *record)
{
    struct peer *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->all = all;
    made->record = *record;
    LIST_INSERT_HEAD(&all->by_number[record->number % SESSION_BUCKETS], made, by_number);
    return made;
}

void peer_discard(struct peer *peer)
{
    peer_forget_frames(peer);
    LIST_REMOVE(peer, by_number);
    instance_record_free(&peer->record);
    free(peer->channels);
    free(peer);
}

void peer_forget_frames(struct peer *peer)
{
    if (peer->frames_wait)
        TAILQ_REMOVE(&peer->all->frames, peer, frames);
    peer->frames_wait = false;
}

struct peer *peer_find(const struct peers *all, uint64_t number)
{
    struct peer *peer;

    LIST_FOREACH(peer, &all->by_number[number % SESSION_BUCKETS], by_number)
    {
        if (peer->record.number == number)
            return peer;
    }
    return NULL;
}

void peer_keep(const struct peer *peer)
{
    (void)store_set_instance(peer->all->services->store, &peer->record);
}

bool chain_has(const struct chain *chain, const struct cv_peer_id *id)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (cv_peer_id_equal(&chain->ids[i], id))
            return true;
    }
    return false;
}

struct chain chain_without_repeats(const struct chain *chain)
{
    struct chain made = {0};

    for (uint32_t i = 0; i < chain->count; i++) {
        if (!chain_has(&made, &chain->ids[i]))
            made.ids[made.count++] = chain->ids[i];
    }
    return made;
}

bool peer_offers(const struct peer *peer, const struct cv_span *service)
{
    const uint8_t *at = peer->record.services;
    const uint8_t *end = at == NULL ? NULL : at + peer->record.services_bytes;

    while (at != end && at + 1 + at[0] <= end) {
        if (at[0] == service->bytes && memcmp(at + 1, service->at, service->bytes) == 0)
            return true;
        at += 1 + at[0];
    }
    return false;
}
