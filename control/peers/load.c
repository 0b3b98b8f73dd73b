/* SPDX-License-Identifier: BSD-3-Clause */
#include "load.h"

#include "base/clock.h"
#include "base/numbers.h"
#include "leg_requests.h"
#include "offers.h"
#include "peer_legs.h"
#include "peer_pairs.h"
#include "registering.h"
#include "registry.h"
#include "store/store_offers.h"

#include <errno.h>

struct loading {
    struct peers *peers;
    struct numbers orphans; /* pairs without their instances */
    int error;
};

/* One whose session the store does not know is away from now on. */
static void load_instance(void *context, struct instance_record *record)
{
    struct loading *loading = context;
    struct peers *peers = loading->peers;
    struct peer *peer;

    record->chain = chain_without_repeats(&record->chain);
    peer = peer_enter(peers, record);
    if (peer == NULL) {
        instance_record_free(record);
        loading->error = -ENOMEM;
        return;
    }
    peers->registrations = record->registered; /* they come in this order */
    registry_add(peer);
    peer->session = record->session == 0 ? NULL : session_find(peers->sessions, record->session);
    if (peer->session != NULL) {
        peer->session->peer = peer;
        return;
    }
    if (peer->record.until_ms == 0)
        peer->record.until_ms = clock_unix_ms() + peers->services->config->session_resume_s * UINT64_C(1000);
    registering_wait(peer);
}

/* An offer without the session of one of the two ends when the sessions are known. */
static void load_offer(void *context, const struct offer_record *record)
{
    struct loading *loading = context;

    offers_load(loading->peers, peer_find(loading->peers, record->asker),
                peer_find(loading->peers, record->answerer), record);
}

static bool mark(struct peer *peer, uint16_t channel)
{
    return channel == 0 || channels_mark(&peer->channels, channel);
}

/* A pair whose offer is still open was made, but neither peer was told: see offers_known. */
static void load_pair(void *context, const struct peer_pair_record *record)
{
    struct loading *loading = context;
    struct peer *const peers[2] = {peer_find(loading->peers, record->asker),
                                   peer_find(loading->peers, record->answerer)};
    struct peer_offer *offer;

    if (peers[0] == NULL || peers[1] == NULL) {
        numbers_add(&loading->orphans, record->pair);
        return;
    }
    for (unsigned side = 0; side < 2; side++) { /* of a leg that goes over to another session both are one */
        if (!mark(peers[side], record->channels[side]) || !mark(peers[side], record->next_channels[side])) {
            loading->error = -ENOMEM;
            return;
        }
    }
    offer = offers_find(peers[1], record->offer);
    if (offer != NULL)
        offers_load_made(offer, record);
    else if (peer_pairs_add(peers[0], peers[1], record) == NULL)
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

int peers_load(struct peers *peers)
{
    struct loading loading = {.peers = peers};
    struct store *store = peers->services->store;
    int error = store_load_instances(store, load_instance, &loading);

    if (error == 0)
        error = loading.error;
    if (error == 0)
        error = store_load_offers(store, load_offer, &loading);
    if (error == 0)
        error = store_load_peer_pairs(store, load_pair, &loading);
    if (error == 0 && !remove_orphans(&loading))
        error = -EIO;
    if (error == 0)
        error = peer_legs_load(peers);
    if (error == 0)
        error = leg_requests_load(peers);
    if (error == 0)
        registering_arm(peers);
    return error != 0 ? error : loading.error;
}
