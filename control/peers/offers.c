/* SPDX-License-Identifier: BSD-3-Clause */
#include "offers.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "capsules.h"
#include "pair_updates.h"
#include "pairing.h"
#include "pairs/record.h"
#include "pairs/relay_ports.h"
#include "peer_legs.h"
#include "peer_pairs.h"
#include "registry.h"
#include "sessions/keep.h"
#include "sessions/stream_out.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void link_offer(struct peer_offer *offer)
{
    TAILQ_INSERT_TAIL(&offer->all->offers, offer, entry);
    if (offer->asker != NULL)
        LIST_INSERT_HEAD(&offer->asker->asked, offer, asked);
    if (offer->answerer != NULL)
        LIST_INSERT_HEAD(&offer->answerer->offered, offer, offered);
}

static void end_offer(struct peer_offer *offer)
{
    (void)store_remove_offer(offer->all->services->store, offer->record.offer);
    if (!offer->making)
        TAILQ_REMOVE(&offer->all->offers, offer, entry);
    if (offer->asker != NULL)
        LIST_REMOVE(offer, asked);
    if (offer->answerer != NULL)
        LIST_REMOVE(offer, offered);
    free(offer);
}

/* The channels that it took go back. Those of an instance that has ended went with it. */
static void give_back(const struct peer_offer *offer)
{
    const uint64_t instances[2] = {offer->record.asker, offer->record.answerer};

    for (unsigned leg = 0; leg < 2; leg++) {
        uint16_t channel = offer->change.record.legs[leg].channel;
        struct peer *peer = channel == 0 ? NULL : peer_find(offer->all, instances[leg]);

        if (peer != NULL)
            channels_give_back(peer->channels, channel);
    }
}

/* REFUSED to who asked, if it is still there; the other is told by the caller. A pair that they had not been told of goes. */
static void end_for_asker(struct peer_offer *offer, enum cv_session_error code, const char *why,
                          const struct cv_span *data)
{
    struct peer *asker = offer->asker;
    uint64_t request = offer->record.request;

    if (offer->made.pair != 0)
        peer_pairs_remove(offer->all, offer->made.pair);
    give_back(offer);
    end_offer(offer);
    if (asker != NULL)
        capsules_refused(asker, CV_ORIGIN_REQUEST, request, code, why, data);
}

/*
 * REFUSED to those that are still there. The request that took the offer is refused, too, and the offer to who
 * made it had ended then.
 */
static void end_refused(struct peer_offer *offer, enum cv_session_error code, const char *why,
                        const struct cv_span *data)
{
    struct peer *answerer = offer->answerer;
    const struct offer_record record = offer->record;

    end_for_asker(offer, code, why, data);
    if (answerer != NULL && record.crossing != 0)
        capsules_refused(answerer, CV_ORIGIN_REQUEST, record.crossing, code, why, NULL);
    else if (answerer != NULL)
        capsules_refused(answerer, CV_ORIGIN_OFFER, record.offer, code, why, NULL);
}

/* ---- PAIR_REQUEST ---- */

static void copy_service(const struct cv_parameters *parameters, char service[CV_SERVICE_BYTES_MAX + 1])
{
    const struct cv_span *span = &parameters->spans[CV_PARAMETER_SERVICE];

    memcpy(service, span->bytes > 0 ? (const char *)span->at : "", span->bytes);
    service[span->bytes] = '\0';
}

static uint16_t copy_data(const struct cv_parameters *parameters, uint8_t data[CV_DATA_BYTES_MAX])
{
    const struct cv_span *span = &parameters->spans[CV_PARAMETER_DATA];

    if (span->bytes > 0)
        memcpy(data, span->at, span->bytes);
    return span->bytes;
}

static struct peer_offer *make_offer(struct peer *asker, struct peer *target,
                                     const struct cv_capsule *capsule)
{
    struct peer_offer *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->all = asker->all;
    made->asker = asker;
    made->answerer = target;
    made->record.asker = asker->record.number;
    made->record.answerer = target->record.number;
    made->record.request = capsule->number;
    made->record.legs = (uint8_t)capsule->request.legs;
    made->record.asked = capsule->request.peer;
    copy_service(&capsule->parameters, made->record.service);
    made->record.data_bytes = copy_data(&capsule->parameters, made->record.data);
    made->record.deadline_ms =
        clock_unix_ms() + asker->all->services->config->session_answer_s * UINT64_C(1000);
    if (store_add_offer(asker->all->services->store, &made->record) != 0) {
        free(made);
        return NULL;
    }
    link_offer(made);
    return made;
}

static struct peer *find_target(struct peer *asker, const struct cv_capsule *capsule,
                                enum cv_session_error *error)
{
    const struct cv_parameters *parameters = &capsule->parameters;
    const struct registry_query query = {
        .id = capsule->request.peer,
        .service = parameters->spans[CV_PARAMETER_SERVICE],
        .instance = parameters->spans[CV_PARAMETER_INSTANCE].at,
    };

    return registry_find(asker->all, &query, error);
}

/* An open offer of the target to the asker that its request answers: they want the same of each other. */
static struct peer_offer *find_crossing(const struct peer *asker, const struct peer *target,
                                        const struct cv_capsule *capsule)
{
    char service[CV_SERVICE_BYTES_MAX + 1];
    struct peer_offer *offer;

    copy_service(&capsule->parameters, service);
    LIST_FOREACH(offer, &asker->offered, offered)
    {
        if (offer->asker == target && !offer->making && offer->made.pair == 0 &&
            strcmp(offer->record.service, service) == 0)
            return offer;
    }
    return NULL;
}

static void accept_offer(struct peer_offer *offer, uint64_t legs);

/* The offer ends for the asker with its own request, which takes it. */
static void cross(struct peer_offer *offer, struct peer *asker, const struct cv_capsule *capsule)
{
    offer->record.crossing = capsule->number;
    offer->record.crossing_asked = capsule->request.peer;
    offer->record.answer_bytes = copy_data(&capsule->parameters, offer->record.answer);
    (void)store_set_answer(asker->all->services->store, &offer->record);
    capsules_refused(asker, CV_ORIGIN_OFFER, offer->record.offer, CV_SESSION_ERROR_CROSSED,
                     "your own request has taken the offer", NULL);
    if (peer_is_here(asker)) /* else it does not read, and the offer ends with its session */
        accept_offer(offer, capsule->request.legs);
}

void offers_request(struct peer *asker, const struct cv_capsule *capsule)
{
    const char *why = "no session of this peer here";
    enum cv_session_error error;
    struct peer *target = find_target(asker, capsule, &error);
    struct peer_offer *offer = NULL;

    if (error == CV_SESSION_ERROR_NO_SUCH_SERVICE)
        why = "no instance of the other peer takes requests for that service";
    if (target != NULL && !target->session->record.order.going_away)
        offer = find_crossing(asker, target, capsule);
    if (offer != NULL) {
        cross(offer, asker, capsule);
        return;
    }
    if (target != NULL)
        error = pairing_offer_hindrance(asker, capsule->request.legs, target, &why);
    if (error == CV_SESSION_ERROR_NONE) {
        offer = make_offer(asker, target, capsule);
        error = CV_SESSION_ERROR_INTERNAL;
        why = "the relay could not keep the request";
    }
    if (offer == NULL) {
        capsules_refused(asker, CV_ORIGIN_REQUEST, capsule->number, error, why, NULL);
        return;
    }
    capsules_offer(target, &offer->record, asker, asker->all->services->config->session_answer_s);
    offers_arm(asker->all);
}

struct peer_offer *offers_find(const struct peer *answerer, uint64_t number)
{
    struct peer_offer *offer;

    LIST_FOREACH(offer, &answerer->offered, offered)
    {
        if (offer->record.offer == number)
            return offer;
    }
    return NULL;
}

/* The same, while it waits for an answer. */
static struct peer_offer *find_open(const struct peer *answerer, uint64_t number)
{
    struct peer_offer *offer = offers_find(answerer, number);

    return offer == NULL || offer->making || offer->made.pair != 0 || offer->record.crossing != 0 ? NULL
                                                                                                  : offer;
}

/* ---- The pair ---- */

/* The pair is there: tells both, and ends the offer. */
static void announce(struct peer_offer *offer, const struct pair_record *record)
{
    struct peer *asker = offer->asker;
    struct peer *answerer = offer->answerer;
    const struct offer_record ended = offer->record;
    const struct cv_span answer = {.at = ended.answer, .bytes = ended.answer_bytes};
    const struct cv_span data = {.at = ended.data, .bytes = ended.data_bytes};
    struct peer_pair *pair;

    for (unsigned leg = 0; leg < 2; leg++)
        offer->made.channels[leg] = record->legs[leg].channel;
    pair = peer_pairs_add(asker, answerer, &offer->made);
    if (pair == NULL) {
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "out of memory", NULL);
        return;
    }
    end_offer(offer);
    log_info("pair %" PRIu64 " made by instances %" PRIu64 " (%s leg) and %" PRIu64 " (%s leg)", record->pair,
             ended.asker, leg_kind_name(&record->legs[0]), ended.answerer, leg_kind_name(&record->legs[1]));
    events_pair(&asker->all->services->events, EVENT_PAIR_ADDED, record);
    capsules_made(asker, CV_ORIGIN_REQUEST, ended.request, pair, record, &answer);
    pair_updates_made(pair, 0, &record->legs[1]);
    if (ended.crossing != 0)
        capsules_made(answerer, CV_ORIGIN_REQUEST, ended.crossing, pair, record, &data);
    else
        capsules_made(answerer, CV_ORIGIN_OFFER, ended.offer, pair, record, NULL);
    pair_updates_made(pair, 1, &record->legs[0]);
    for (unsigned leg = 0; leg < 2; leg++)
        peer_legs_catch_up(pair, leg, &record->legs[leg]);
}

static void refuse_made(struct peer_offer *offer, const struct pair_change *change)
{
    if (change->outcome == CHANGE_DONE) {
        offer->made.pair = change->record.pair;
        end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended", NULL);
    } else if (change->outcome == CHANGE_REFUSED && change->error == -ENOTCONN) {
        end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the session of a tunnel leg has ended", NULL);
    } else if (change->outcome == CHANGE_REFUSED && change->error == -ENOSPC) {
        end_refused(offer, CV_SESSION_ERROR_RELAY_FULL, "the relay has no room for another pair", NULL);
    } else {
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "the relay could not make the pair", NULL);
    }
}

static void on_made(struct pair_change *change)
{
    struct peer_offer *offer =
        (struct peer_offer *)(void *)((char *)change - offsetof(struct peer_offer, change));
    const struct pair_record record = change->record; /* the change goes with the offer */
    struct peers *all = offer->all;

    if (offer->asker != NULL)
        offer->asker->making--;
    if (offer->answerer != NULL)
        offer->answerer->making--;
    if (change->outcome == CHANGE_DONE && offer->asker != NULL && offer->answerer != NULL) {
        announce(offer, &record);
    } else {
        offer->made.pair = 0;
        refuse_made(offer, change);
    }
    sessions_keep(all->sessions);
}

static void fill_record(const struct peer_offer *offer, const uint8_t kinds[2], struct pair_record *record)
{
    const struct cv_config *config = offer->all->services->config;

    memset(record, 0, sizeof(*record));
    record->idle_s = config->pair_idle_s;
    record->rate_bytes_per_second = config->pair_rate_bytes_per_second;
    peer_legs_fill(offer->asker, kinds[0], &record->legs[0]);
    peer_legs_fill(offer->answerer, kinds[1], &record->legs[1]);
}

/* The asker dials; where requests crossed, the one with the lower ID. */
static int fill_made(struct peer_offer *offer)
{
    const struct offer_record *record = &offer->record;
    const struct cv_peer_id *asker = &offer->asker->record.chain.ids[0];
    const struct cv_peer_id *answerer = &offer->answerer->record.chain.ids[0];
    bool crossing = record->crossing != 0;

    offer->made = (struct peer_pair_record){
        .asker = record->asker,
        .answerer = record->answerer,
        .offer = record->offer,
        .asked = {record->asked, crossing ? record->crossing_asked : record->asked},
        .dials = crossing && memcmp(answerer->bytes, asker->bytes, sizeof(asker->bytes)) < 0,
    };
    memcpy(offer->made.service, record->service, sizeof(offer->made.service));
    return getrandom(offer->made.id, sizeof(offer->made.id), 0) == (ssize_t)sizeof(offer->made.id) ? 0 : -EIO;
}

/*
 * The legs, each of the first kind that can be had. Only kind 1 may be found not to, where relay ports are taken: then it is
 * left out for one of the two, or for both. -ENOSPC: it cannot be; or the store's.
 */
static int choose_legs(struct peer_offer *offer, uint64_t answerers_legs, char *why, size_t why_bytes)
{
    static const uint64_t without[][2] = {
        {0, 0}, {0, CV_LEG_KIND_UDP}, {CV_LEG_KIND_UDP, 0}, {CV_LEG_KIND_UDP, CV_LEG_KIND_UDP}};
    struct services *services = offer->all->services;
    int error = -ENOSPC;

    for (unsigned i = 0; i < sizeof(without) / sizeof(without[0]) && error == -ENOSPC; i++) {
        const uint8_t kinds[2] = {
            pairing_leg_kind(offer->asker, offer->record.legs & ~without[i][0]),
            pairing_leg_kind(offer->answerer, answerers_legs & ~without[i][1]),
        };

        if (kinds[0] == 0 || kinds[1] == 0)
            continue;
        fill_record(offer, kinds, &offer->change.record);
        error = relay_port_choose(services->config, services->store, &offer->change.record, why, why_bytes);
    }
    return error;
}

/* 0: `on_made` follows. Else the offer is to be refused. */
static int begin_pair(struct peer_offer *offer, uint64_t answerers_legs, char *why, size_t why_bytes)
{
    struct services *services = offer->all->services;
    struct pair_record *record = &offer->change.record;
    int error = choose_legs(offer, answerers_legs, why, why_bytes);

    if (error == 0) {
        peer_legs_take_channel(offer->asker, &record->legs[0]);
        peer_legs_take_channel(offer->answerer, &record->legs[1]);
    }
    if (error == 0)
        error = pair_record_make_tokens(record);
    if (error == 0)
        error = fill_made(offer);
    offer->change.done = on_made;
    if (error == 0)
        error = pair_change_add(offer->all->pairs, &offer->change);
    if (error != 0) {
        offer->made.pair = 0;
        return error;
    }
    offer->made.pair = record->pair;
    (void)store_add_peer_pair(services->store, &offer->made); /* when this fails so does the commit */
    TAILQ_REMOVE(&offer->all->offers, offer, entry);
    offer->making = true;
    offer->asker->making++;
    offer->answerer->making++;
    return 0;
}

/* ---- Answers ---- */

static void accept_offer(struct peer_offer *offer, uint64_t legs)
{
    uint64_t number = offer->record.offer;
    char why[320] = "the relay could not make the pair";
    const char *reason;
    enum cv_session_error hindered =
        pairing_hindrance(offer->asker, offer->record.legs, offer->answerer, legs, &reason);
    int error;

    if (hindered != CV_SESSION_ERROR_NONE) {
        end_refused(offer, hindered, reason, NULL);
        return;
    }
    error = begin_pair(offer, legs, why, sizeof(why));
    if (error == -ENOSPC) {
        /* Two peers can bring this about as often as they like. */
        log_debug("offer %" PRIu64 " came to nothing: %s", number, why);
        end_refused(offer, CV_SESSION_ERROR_RELAY_FULL, "no relay port is free for this pair", NULL);
    } else if (error != 0) {
        log_warning("offer %" PRIu64 " came to nothing: %s", number, why);
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "the relay could not make the pair", NULL);
    }
}

void offers_accept(struct peer *answerer, const struct cv_capsule *capsule)
{
    struct peer_offer *offer = find_open(answerer, capsule->number);

    if (offer == NULL)
        return;
    offer->record.answer_bytes = copy_data(&capsule->parameters, offer->record.answer);
    if (offer->record.answer_bytes > 0)
        (void)store_set_answer(offer->all->services->store, &offer->record);
    accept_offer(offer, capsule->accept.legs);
}

void offers_refuse(struct peer *answerer, const struct cv_capsule *capsule)
{
    struct peer_offer *offer = find_open(answerer, capsule->number);
    uint64_t code = capsule->refuse.code;

    if (offer == NULL)
        return;
    if ((cv_session_error_where(code) & CV_IN_REFUSE) == 0)
        code = CV_SESSION_ERROR_NOT_WANTED;
    end_refused(offer, (enum cv_session_error)code, cv_session_error_meaning(code),
                &capsule->parameters.spans[CV_PARAMETER_DATA]);
}

void offers_answer_bad(struct peer *answerer, const struct cv_capsule *capsule, enum cv_capsule_parsed parsed)
{
    struct peer_offer *offer = find_open(answerer, capsule->number);

    if (offer == NULL)
        return;
    end_for_asker(offer, CV_SESSION_ERROR_NOT_WANTED, "the other peer's answer could not be read", NULL);
    capsules_refused_bad(answerer, CV_ORIGIN_OFFER, capsule, parsed);
}

void offers_arm(struct peers *all)
{
    const struct peer_offer *offer = TAILQ_FIRST(&all->offers);
    uint64_t now = clock_unix_ms();

    if (offer == NULL)
        return;
    timer_start(all->timer, offer->record.deadline_ms > now ? offer->record.deadline_ms - now : 1);
}

/* Offers are in the order of their deadlines, unless the clock was set. */
void offers_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct peers *all = context;
    uint64_t now = clock_unix_ms();
    struct peer_offer *offer;

    (void)fd;
    (void)what;
    while ((offer = TAILQ_FIRST(&all->offers)) != NULL && offer->record.deadline_ms <= now)
        end_refused(offer, CV_SESSION_ERROR_NO_ANSWER, "the offer was not answered in time", NULL);
    offers_arm(all);
    sessions_keep(all->sessions);
}

/* A pair that is being made with it is found to be without it when it is made. */
static void leave_offer(struct peer_offer *offer, struct peer *peer)
{
    if (offer->making)
        peer->making--;
    else
        end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended", NULL);
}

void offers_leave(struct peer *peer)
{
    struct peer_offer *offer;

    while ((offer = LIST_FIRST(&peer->asked)) != NULL) {
        LIST_REMOVE(offer, asked);
        offer->asker = NULL;
        leave_offer(offer, peer);
    }
    while ((offer = LIST_FIRST(&peer->offered)) != NULL) {
        LIST_REMOVE(offer, offered);
        offer->answerer = NULL;
        leave_offer(offer, peer);
    }
}

void offers_load(struct peers *all, struct peer *asker, struct peer *answerer,
                 const struct offer_record *record)
{
    struct peer_offer *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->all = all;
    made->record = *record;
    made->asker = asker;
    made->answerer = answerer;
    link_offer(made);
}

void offers_load_made(struct peer_offer *offer, const struct peer_pair_record *pair)
{
    offer->made = *pair;
    for (unsigned leg = 0; leg < 2; leg++)
        offer->change.record.legs[leg].channel = pair->channels[leg];
}

static bool is_lost(const struct peer *peer)
{
    return peer == NULL || peer->session == NULL;
}

void offers_known(struct peers *all)
{
    struct peer_offer *offer, *next;

    for (offer = TAILQ_FIRST(&all->offers); offer != NULL; offer = next) {
        struct pair_record record;

        next = TAILQ_NEXT(offer, entry);
        if (is_lost(offer->asker) || is_lost(offer->answerer))
            end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended", NULL);
        else if (offer->made.pair != 0 &&
                 store_get_pair(all->services->store, offer->made.pair, &record) == 0)
            announce(offer, &record);
    }
}

void offers_free(struct peers *all)
{
    struct peer_offer *offer;

    while ((offer = TAILQ_FIRST(&all->offers)) != NULL) {
        TAILQ_REMOVE(&all->offers, offer, entry);
        free(offer);
    }
}
