/* SPDX-License-Identifier: BSD-3-Clause */
#include "peers.h"

#include "sessions/session_events.h"

#include <string.h>

/* IDs are hashes already; a peer that searches for colliding ones makes a chain no longer than its sessions.
 */
static struct session_keys *bucket(struct sessions *all, const struct cv_peer_id *id)
{
    uint64_t hash;

    memcpy(&hash, id->bytes, sizeof(hash));
    return &all->by_id[hash % SESSION_BUCKETS];
}

static const struct cv_peer_id *id_of(const struct session_key *key)
{
    return &key->session->record.chain.ids[key - key->session->keys];
}

static bool has_id(const struct session *session, const struct cv_peer_id *id)
{
    for (uint32_t i = 0; i < session->record.chain.count; i++) {
        if (cv_peer_id_equal(&session->record.chain.ids[i], id))
            return true;
    }
    return false;
}

bool peers_same(const struct session *one, const struct session *other)
{
    return has_id(one, &other->record.chain.ids[0]) || has_id(other, &one->record.chain.ids[0]);
}

/* Another session of the same peer that has this ID, or NULL. */
static struct session *older(const struct session *session, const struct cv_peer_id *id)
{
    struct session_key *key;

    LIST_FOREACH(key, bucket(session->all, id), entry)
    {
        if (key->session != session && cv_peer_id_equal(id_of(key), id) && peers_same(key->session, session))
            return key->session;
    }
    return NULL;
}

void peers_register(struct session *session)
{
    struct session *found;

    for (uint32_t i = 0; i < session->record.chain.count; i++) {
        const struct cv_peer_id *id = &session->record.chain.ids[i];

        while ((found = older(session, id)) != NULL) {
            peers_forget(found);
            session_close(found, CV_SESSION_ERROR_REPLACED, "the peer has registered in a newer session");
        }
    }
    for (uint32_t i = 0; i < session->record.chain.count; i++) {
        session->keys[i].session = session;
        LIST_INSERT_HEAD(bucket(session->all, &session->record.chain.ids[i]), &session->keys[i], entry);
    }
    session->registered_at = ++session->all->registrations;
    session_registered(session);
}

void peers_forget(struct session *session)
{
    if (session->registered_at == 0)
        return;
    for (uint32_t i = 0; i < session->record.chain.count; i++)
        LIST_REMOVE(&session->keys[i], entry);
    session->registered_at = 0;
}

struct session *peers_find(struct sessions *all, const struct cv_peer_id *id)
{
    struct session *newest = NULL;
    struct session_key *key;

    LIST_FOREACH(key, bucket(all, id), entry)
    {
        if (!cv_peer_id_equal(id_of(key), id))
            continue;
        if (key == key->session->keys)
            return key->session;
        if (newest == NULL || key->session->registered_at > newest->registered_at)
            newest = key->session;
    }
    return newest;
}
