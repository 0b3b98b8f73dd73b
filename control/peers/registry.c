/* SPDX-License-Identifier: BSD-3-Clause */
#include "registry.h"

#include <string.h>

/*
 * IDs are hashes already; a peer that searches for colliding ones makes a chain no longer than its sessions.
 */
static struct peer_keys *bucket(struct peers *all, const struct cv_peer_id *id)
{
    uint64_t hash;

    memcpy(&hash, id->bytes, sizeof(hash));
    return &all->by_id[hash % SESSION_BUCKETS];
}

static const struct chain *chain_of(const struct peer *peer)
{
    return &peer->session->record.chain;
}

static const struct cv_peer_id *id_of(const struct peer_key *key)
{
    return &chain_of(key->peer)->ids[key - key->peer->keys];
}

static bool has_id(const struct chain *chain, const struct cv_peer_id *id)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (cv_peer_id_equal(&chain->ids[i], id))
            return true;
    }
    return false;
}

static bool are_same(const struct chain *one, const struct chain *other)
{
    return has_id(one, &other->ids[0]) || has_id(other, &one->ids[0]);
}

/* Another session of the same peer that has this ID, or NULL. */
static struct peer *older(const struct peer *peer, const struct cv_peer_id *id)
{
    struct peer_key *key;

    LIST_FOREACH(key, bucket(peer->all, id), entry)
    {
        if (key->peer != peer && cv_peer_id_equal(id_of(key), id) &&
            are_same(chain_of(key->peer), chain_of(peer)))
            return key->peer;
    }
    return NULL;
}

void registry_add(struct peer *peer)
{
    const struct chain *chain = chain_of(peer);
    struct peer *found;

    for (uint32_t i = 0; i < chain->count; i++) {
        while ((found = older(peer, &chain->ids[i])) != NULL) {
            registry_remove(found);
            session_close(found->session, CV_SESSION_ERROR_REPLACED,
                          "the peer has registered in a newer session");
        }
    }
    for (uint32_t i = 0; i < chain->count; i++) {
        peer->keys[i].peer = peer;
        LIST_INSERT_HEAD(bucket(peer->all, &chain->ids[i]), &peer->keys[i], entry);
    }
    peer->registered_at = ++peer->all->registrations;
    session_registered(peer->session);
}

void registry_remove(struct peer *peer)
{
    if (peer->registered_at == 0)
        return;
    for (uint32_t i = 0; i < chain_of(peer)->count; i++)
        LIST_REMOVE(&peer->keys[i], entry);
    peer->registered_at = 0;
}

struct peer *registry_find(struct peers *all, const struct cv_peer_id *id)
{
    struct peer *newest = NULL;
    struct peer_key *key;

    LIST_FOREACH(key, bucket(all, id), entry)
    {
        if (!cv_peer_id_equal(id_of(key), id))
            continue;
        if (key == key->peer->keys)
            return key->peer;
        if (newest == NULL || key->peer->registered_at > newest->registered_at)
            newest = key->peer;
    }
    return newest;
}
