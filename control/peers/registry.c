/* SPDX-License-Identifier: BSD-3-Clause */
#include "registry.h"

#include <string.h>

/*
 * IDs are hashes already; a peer that searches for colliding ones makes a chain no longer than its
 * sessions.
 */
static size_t bucket(const struct cv_peer_id *id)
{
    uint64_t hash;

    memcpy(&hash, id->bytes, sizeof(hash));
    return hash % SESSION_BUCKETS;
}

static const struct cv_peer_id *id_of(const struct peer_key *key)
{
    return &key->peer->record.chain.ids[key - key->peer->keys];
}

void registry_add(struct peer *peer)
{
    const struct chain *chain = &peer->record.chain;

    for (uint32_t i = 0; i < chain->count; i++) {
        struct peer_keys *keys = i == 0 ? peer->all->by_leaf : peer->all->by_issuer;

        peer->keys[i].peer = peer;
        LIST_INSERT_HEAD(&keys[bucket(&chain->ids[i])], &peer->keys[i], entry);
    }
    peer->listed = true;
}

void registry_remove(struct peer *peer)
{
    if (!peer->listed)
        return;
    for (uint32_t i = 0; i < peer->record.chain.count; i++)
        LIST_REMOVE(&peer->keys[i], entry);
    peer->listed = false;
}

struct search {
    const struct registry_query *query;
    struct peer *best;
    bool any; /* somebody with the ID is here */
};

/* How well an instance answers the query: 0 not at all. */
static unsigned fit(const struct peer *peer, const struct registry_query *query)
{
    if (query->instance != NULL)
        return memcmp(peer->record.id, query->instance, sizeof(peer->record.id)) == 0;
    if (query->service.bytes > 0)
        return peer_offers(peer, &query->service);
    return peer->record.services_bytes == 0 ? 2 : 1;
}

static void look(struct search *search, struct peer_keys *keys)
{
    struct peer_key *key;

    LIST_FOREACH(key, keys, entry)
    {
        struct peer *peer = key->peer;
        unsigned fits, best = search->best == NULL ? 0 : fit(search->best, search->query);

        if (!cv_peer_id_equal(id_of(key), &search->query->id) || !peer_is_here(peer))
            continue;
        search->any = true;
        fits = fit(peer, search->query);
        if (fits > best ||
            (fits == best && fits > 0 && peer->record.registered > search->best->record.registered))
            search->best = peer;
    }
}

struct peer *registry_find(struct peers *all, const struct registry_query *query,
                           enum cv_session_error *error)
{
    struct search search = {.query = query};

    look(&search, &all->by_leaf[bucket(&query->id)]);
    if (!search.any)
        look(&search, &all->by_issuer[bucket(&query->id)]);
    if (search.best != NULL)
        *error = CV_SESSION_ERROR_NONE;
    else
        *error = search.any && query->instance == NULL ? CV_SESSION_ERROR_NO_SUCH_SERVICE
                                                       : CV_SESSION_ERROR_NO_SUCH_PEER;
    return search.best;
}

static void each(struct peer_keys *keys, const struct cv_peer_id *id,
                 void (*found)(void *context, struct peer *peer), void *context)
{
    struct peer_key *key, *next;

    for (key = LIST_FIRST(keys); key != NULL; key = next) {
        next = LIST_NEXT(key, entry);
        if (cv_peer_id_equal(id_of(key), id))
            found(context, key->peer);
    }
}

/* Those whose leaf is in this chain, and those that have this leaf further up in theirs. */
void registry_each_same(struct peers *all, const struct chain *chain,
                        void (*found)(void *context, struct peer *peer), void *context)
{
    for (uint32_t i = 0; i < chain->count; i++)
        each(&all->by_leaf[bucket(&chain->ids[i])], &chain->ids[i], found, context);
    each(&all->by_issuer[bucket(&chain->ids[0])], &chain->ids[0], found, context);
}
