/* SPDX-License-Identifier: BSD-3-Clause */
#include "registering.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "capsules.h"
#include "offers.h"
#include "peer_legs.h"
#include "peer_pairs.h"
#include "registry.h"
#include "sessions/keep.h"
#include "sessions/stream_out.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- Who there is already ---- */

struct search {
    const struct cv_capsule *capsule; /* REGISTER */
    const struct chain *chain;
    const struct cv_span *token; /* RESUME; NULL: not named */
    struct peer *resumed;
    struct peer *same;        /* the same instance, as far as its leaf says */
    struct peer *oldest_away; /* of this leaf */
    uint32_t count;           /* of this leaf */
};

/* An instance that never came back has no former one: zeros are nobody's. */
static bool has_token(const struct peer *peer, const struct cv_span *token)
{
    static const uint8_t none[CV_RESUMPTION_TOKEN_BYTES];

    if (token == NULL || CRYPTO_memcmp(token->at, none, sizeof(none)) == 0)
        return false;
    return CRYPTO_memcmp(peer->record.token, token->at, sizeof(none)) == 0 ||
           CRYPTO_memcmp(peer->record.former, token->at, sizeof(none)) == 0;
}

static bool has_leaf(const struct peer *peer, const struct chain *chain)
{
    return cv_peer_id_equal(&peer->record.chain.ids[0], &chain->ids[0]);
}

static void look_at(void *context, struct peer *peer)
{
    struct search *search = context;
    bool same_instance =
        memcmp(peer->record.id, search->capsule->registration.instance, CV_INSTANCE_BYTES) == 0;

    if (same_instance && has_token(peer, search->token))
        search->resumed = peer;
    if (!has_leaf(peer, search->chain))
        return;
    search->count++;
    if (same_instance)
        search->same = peer;
    if (peer->session == NULL &&
        (search->oldest_away == NULL || peer->record.until_ms < search->oldest_away->record.until_ms))
        search->oldest_away = peer;
}

static void stop_waiting(struct peer *peer)
{
    if (peer->waits)
        TAILQ_REMOVE(&peer->all->away, peer, away);
    peer->waits = false;
}

/* The older session of an instance; what it had open is its no more, or the newer one's. */
static void replace(struct peer *peer)
{
    struct session *older = peer->session;

    peer->session = NULL;
    if (older == NULL)
        return;
    older->peer = NULL;
    session_close(older, CV_SESSION_ERROR_REPLACED, "the instance has registered in a newer session");
}

/* ---- What REGISTER says ---- */

static uint8_t *pack_services(const struct cv_parameters *parameters, uint16_t *bytes)
{
    uint8_t packed[INSTANCE_SERVICES_BYTES], *copy;
    uint16_t used = 0;

    for (unsigned i = 0; i < parameters->service_count; i++) {
        const struct cv_span *service = &parameters->services[i];

        packed[used++] = (uint8_t)service->bytes;
        memcpy(packed + used, service->at, service->bytes);
        used = (uint16_t)(used + service->bytes);
    }
    *bytes = 0;
    copy = used == 0 ? NULL : malloc(used);
    if (copy == NULL)
        return NULL;
    memcpy(copy, packed, used);
    *bytes = used;
    return copy;
}

void registering_set_reachable(struct instance_record *record, const struct cv_reachable *reachable)
{
    size_t bytes = reachable->peers.count * sizeof(struct cv_peer_id);

    free(record->listed);
    record->listed = bytes == 0 ? NULL : malloc(bytes);
    record->listed_count = record->listed == NULL ? 0 : reachable->peers.count;
    if (record->listed != NULL)
        memcpy(record->listed, reachable->peers.list, bytes);
    record->reachable = (uint8_t)reachable->by;
}

/* As the peer says, but no more open than the operator allows. */
static void take_reachable(const struct cv_config *config, struct instance_record *record,
                           const struct cv_reachable *wanted)
{
    registering_set_reachable(record, wanted);
    if (record->reachable == CV_REACHABLE_BY_ANYONE &&
        config->session_reachable == CV_SESSION_REACHABLE_LISTED)
        record->reachable = CV_REACHABLE_BY_LISTED;
}

/* What a REGISTER changes of an instance, whether it is new or back. False: no randomness. */
static bool fill(struct peers *all, struct instance_record *record, const struct session *session,
                 const struct cv_capsule *capsule)
{
    record->registered = ++all->registrations;
    record->session = session->record.session;
    record->chain = chain_without_repeats(&session->record.chain);
    record->until_ms = 0;
    record->legs = (uint8_t)capsule->registration.legs;
    memcpy(record->id, capsule->registration.instance, sizeof(record->id));
    free(record->services);
    record->services = pack_services(&capsule->parameters, &record->services_bytes);
    take_reachable(session->all->services->config, record, &capsule->registration.reachable);
    return getrandom(record->token, sizeof(record->token), 0) == (ssize_t)sizeof(record->token);
}

/* ---- Here ---- */

static void welcome(struct peer *peer, uint32_t resumed)
{
    struct session *session = peer->session;

    peer->session->peer = peer;
    registry_add(peer);
    session_registered(session);
    capsules_registered(peer, resumed);
    session_write_observed(session, 0, &session->address, &session->local);
    if (session->payload_bytes > 0)
        capsules_limit(session);
}

static void begin(struct peers *all, struct session *session, const struct cv_capsule *capsule)
{
    struct instance_record record = {0};
    struct peer *peer = NULL;

    if (fill(all, &record, session, capsule) && store_add_instance(all->services->store, &record) == 0)
        peer = peer_enter(all, &record);
    if (peer == NULL) {
        instance_record_free(&record);
        session_close(session, CV_SESSION_ERROR_INTERNAL, "the relay could not keep the instance");
        return;
    }
    peer->session = session;
    welcome(peer, 0);
}

/* The instance ends: its offers and its pairs, too. Its session, if it has one, goes on without it. */
static void end_instance(struct peer *peer)
{
    struct peers *all = peer->all;

    stop_waiting(peer);
    replace(peer);
    registry_remove(peer);
    offers_leave(peer);
    peer_pairs_leave(peer);
    (void)store_remove_instance(all->services->store, peer->record.number);
    peer_discard(peer);
}

/*
 * Relay ports are coloured by peers, whose name in the store is their leaf's ID. If another instance has a leg of the new
 * name on that port the old name stays: the port is taken by the new name as it is.
 */
static void relabel(struct peer_pair *pair, unsigned side)
{
    const struct peer *peer = pair->peers[side];
    char label[CV_PEER_ID_TEXT];

    (void)store_set_leg_peer(peer->all->services->store, pair->record.pair, side,
                             session_label(peer->session, label));
}

/* The instance is back: what it had is its again, in this session. */
static void resume(struct peer *peer, struct session *session, const struct cv_capsule *capsule)
{
    bool rotated = !cv_peer_id_equal(&peer->record.chain.ids[0], &session->record.chain.ids[0]);

    stop_waiting(peer);
    replace(peer);
    registry_remove(peer);
    offers_leave(peer);
    if (!fill(peer->all, &peer->record, session, capsule)) {
        session_close(session, CV_SESSION_ERROR_INTERNAL, "no randomness");
        end_instance(peer);
        return;
    }
    memcpy(peer->record.former, capsule->parameters.spans[CV_PARAMETER_RESUME].at,
           sizeof(peer->record.former));
    peer_keep(peer);
    peer_legs_drop(peer);
    peer->session = session;
    if (rotated)
        peer_pairs_each(peer, relabel);
    log_info("session %" PRIu64 " resumes instance %" PRIu64 " and its %u pairs", session->record.session,
             peer->record.number, peer_pairs_count(peer));
    welcome(peer, peer_pairs_count(peer));
    peer_legs_resume(peer);
}

/*
 * Ends whom the new one takes the place of among those of its leaf, the resumed one aside: the same instance, or,
 * where there are as many as may be, the one that has been away for longest. False: they are all here.
 */
static bool make_room(const struct search *search, uint32_t instances_max)
{
    bool is_counted = search->resumed != NULL && has_leaf(search->resumed, search->chain);

    if (search->same != NULL && search->same != search->resumed) {
        end_instance(search->same);
        return true;
    }
    if (is_counted || search->count < instances_max)
        return true;
    if (search->oldest_away == NULL)
        return false;
    end_instance(search->oldest_away);
    return true;
}

void registering_take(struct peers *all, struct session *session, const struct cv_capsule *capsule)
{
    const struct chain chain = chain_without_repeats(&session->record.chain);
    struct search search = {.capsule = capsule, .chain = &chain};

    if (cv_parameter_is_set(&capsule->parameters, CV_PARAMETER_RESUME))
        search.token = &capsule->parameters.spans[CV_PARAMETER_RESUME];
    registry_each_same(all, search.chain, look_at, &search);
    if (!make_room(&search, all->services->config->session_instances))
        session_close(session, CV_SESSION_ERROR_TOO_MANY_INSTANCES,
                      "the peer has as many instances as it may");
    else if (search.resumed != NULL)
        resume(search.resumed, session, capsule);
    else
        begin(all, session, capsule);
}

/* ---- Away, and gone ---- */

void registering_leave(struct peer *peer, enum session_leave how)
{
    struct peers *all = peer->all;
    uint32_t resume_s = all->services->config->session_resume_s;
    bool waits = how == SESSION_LOST && resume_s > 0 && peer_pairs_count(peer) + peer->making > 0;

    peer->session->peer = NULL;
    peer->session = NULL;
    if (!waits) {
        end_instance(peer);
        return;
    }
    offers_leave(peer);
    peer->record.session = 0;
    peer->record.until_ms = clock_unix_ms() + resume_s * UINT64_C(1000);
    peer_keep(peer);
    registering_wait(peer);
    registering_arm(all);
}

void registering_wait(struct peer *peer)
{
    struct peer *after;

    peer->waits = true;
    TAILQ_FOREACH_REVERSE(after, &peer->all->away, peer_queue, away)
    {
        if (after->record.until_ms <= peer->record.until_ms)
            break;
    }
    if (after == NULL)
        TAILQ_INSERT_HEAD(&peer->all->away, peer, away);
    else
        TAILQ_INSERT_AFTER(&peer->all->away, after, peer, away);
}

void registering_arm(struct peers *all)
{
    const struct peer *first = TAILQ_FIRST(&all->away);
    uint64_t now = clock_unix_ms();

    if (first != NULL)
        timer_start(all->away_timer, first->record.until_ms > now ? first->record.until_ms - now : 1);
}

void registering_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct peers *all = context;
    uint64_t now = clock_unix_ms();
    struct peer *peer;

    (void)fd;
    (void)what;
    while ((peer = TAILQ_FIRST(&all->away)) != NULL && peer->record.until_ms <= now) {
        log_info("instance %" PRIu64 " has been away for too long: its pairs end", peer->record.number);
        end_instance(peer);
    }
    registering_arm(all);
    sessions_keep(all->sessions);
}
