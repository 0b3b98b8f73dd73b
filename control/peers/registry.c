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

/* How well an instance answers the query: 0 not at all. */
static unsigned fit(const struct peer *peer, const struct registry_query *query)
{
    if (query->instance != NULL)
        return memcmp(peer->record.id, query->instance, sizeof(peer->record.id)) == 0;
    if (query->service.bytes > 0)
        return peer_offers(peer, &query->service);
    return peer->record.services_bytes == 0 ? 2 : 1;
}

/* Whether it is one that a query for this ID may be for. */
static bool is_found(const struct peer_key *key, const struct cv_peer_id *id)
{
    return cv_peer_id_equal(id_of(key), id) && peer_is_here(key->peer);
}

/* Of the leaf's instances, the newest of those that fit best. */
static struct peer *best_of_leaf(struct peers *all, const struct cv_peer_id *leaf,
                                 const struct registry_query *query, bool *any)
{
    struct peer *best = NULL;
    unsigned best_fit = 0;
    struct peer_key *key;

    LIST_FOREACH(key, &all->by_leaf[bucket(leaf)], entry)
    {
        unsigned fits = is_found(key, leaf) ? fit(key->peer, query) : 0;

        *any |= is_found(key, leaf);
        if (fits > best_fit) {
            best = key->peer;
            best_fit = fits;
        }
    }
    return best;
}

/*
 * Of those that have the ID further up in their chains, the leaf of the newest that fits at all. How well it does is between
 * it and the others of its leaf. NULL: there is none.
 */
static const struct cv_peer_id *newest_leaf(struct peers *all, const struct registry_query *query, bool *any)
{
    struct peer_key *key;

    LIST_FOREACH(key, &all->by_issuer[bucket(&query->id)], entry)
    {
        if (!is_found(key, &query->id))
            continue;
        *any = true;
        if (fit(key->peer, query) > 0)
            return &key->peer->record.chain.ids[0];
    }
    return NULL;
}

struct peer *registry_find(struct peers *all, const struct registry_query *query,
                           enum cv_session_error *error)
{
    bool any = false;
    struct peer *best = best_of_leaf(all, &query->id, query, &any);
    const struct cv_peer_id *leaf = any ? NULL : newest_leaf(all, query, &any);

    if (leaf != NULL)
        best = best_of_leaf(all, leaf, query, &any);
    if (best != NULL)
        *error = CV_SESSION_ERROR_NONE;
    else
        *error =
            any && query->instance == NULL ? CV_SESSION_ERROR_NO_SUCH_SERVICE : CV_SESSION_ERROR_NO_SUCH_PEER;
    return best;
}

static void each(struct peer_keys *keys, const struct cv_peer_id *id,
                 void (*found)(void *context, struct peer *peer), void *context)
{
    struct peer_key *key;

    LIST_FOREACH(key, keys, entry)
    {
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
