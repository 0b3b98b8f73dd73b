/* SPDX-License-Identifier: BSD-3-Clause */
#include "load.h"

#include "base/numbers.h"
#include "offers.h"
#include "peer_pairs.h"
#include "registry.h"

#include <errno.h>

struct loading {
    struct peers *peers;
    struct numbers orphans; /* pairs without their sessions */
    int error;
};

static void load_peer(void *context, struct session *session)
{
    struct loading *loading = context;

    if (peer_begin(loading->peers, session) == NULL)
        loading->error = -ENOMEM;
}

static struct peer *find(const struct loading *loading, uint64_t number)
{
    struct session *session = session_find(loading->peers->sessions, number);

    return session == NULL ? NULL : peer_of(session);
}

/* An offer without its two sessions is gone. */
static void load_offer(void *context, const struct offer_record *record)
{
    struct loading *loading = context;
    struct peer *asker = find(loading, record->asker);
    struct peer *answerer = find(loading, record->answerer);

    if (asker != NULL && answerer != NULL)
        offers_load(asker, answerer, record);
}

/* A pair whose offer is still open was made, but neither peer was told: see offers_announce_made. */
static void load_pair(void *context, const struct peer_pair_record *record)
{
    struct loading *loading = context;
    struct peer *const peers[2] = {find(loading, record->asker), find(loading, record->answerer)};
    struct peer_offer *offer;

    if (peers[0] == NULL || peers[1] == NULL) {
        numbers_add(&loading->orphans, record->pair);
        return;
    }
    for (unsigned side = 0; side < 2; side++) {
        if (record->channels[side] != 0 && !channels_mark(&peers[side]->channels, record->channels[side])) {
            loading->error = -ENOMEM;
            return;
        }
    }
    offer = offers_find(peers[1], record->offer);
    if (offer != NULL)
        offers_load_made(offer, record);
    else if (!peer_pairs_add(peers[0], peers[1], record->pair, record->channels))
        loading->error = -ENOMEM;
}

/*
 * False: the store failed. If the data plane has such a pair, it goes there when the pairs are brought in
 * line.
 */
static bool remove_orphans(struct loading *loading)
{
    struct store *store = loading->peers->services->store;
    bool removed = true;

    while (removed && loading->orphans.count > 0)
        removed = store_remove_pair(store, numbers_pop(&loading->orphans)) == 0;
    numbers_free(&loading->orphans);
    return removed;
}

static void register_again(void *context, struct session *session)
{
    (void)context;
    if (session->record.order.registered)
        registry_add(peer_of(session));
}

int peers_load(struct peers *peers)
{
    struct loading loading = {.peers = peers};
    struct store *store = peers->services->store;
    int error;

    sessions_each_known(peers->sessions, load_peer, &loading);
    if (loading.error != 0)
        return loading.error;
    error = store_load_offers(store, load_offer, &loading);
    if (error == 0)
        error = store_load_peer_pairs(store, load_pair, &loading);
    if (error == 0 && !remove_orphans(&loading))
        error = -EIO;
    if (error == 0)
        sessions_each_known(peers->sessions, register_again, NULL);
    return error != 0 ? error : loading.error;
}
