/* SPDX-License-Identifier: BSD-3-Clause */
#include "offers.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "capsules.h"
#include "pairing.h"
#include "pairs/record.h"
#include "pairs/relay_ports.h"
#include "peer_pairs.h"
#include "registry.h"
#include "sessions/keep.h"
#include "sessions/stream_out.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void link_offer(struct peer_offer *offer)
{
    TAILQ_INSERT_TAIL(&offer->all->offers, offer, entry);
    LIST_INSERT_HEAD(&offer->asker->asked, offer, asked);
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

/* The channels that it took go back. Those of a peer whose session has ended went with it. */
static void give_back(const struct peer_offer *offer)
{
    struct peer *const peers[2] = {offer->asker, offer->answerer};

    for (unsigned leg = 0; leg < 2; leg++) {
        uint16_t channel = offer->change.record.legs[leg].channel;

        if (peers[leg] != NULL && channel != 0)
            channels_give_back(peers[leg]->channels, channel);
    }
}

/* REFUSED to those that are still there. A pair that they had not been told of goes. */
static void end_refused(struct peer_offer *offer, enum cv_session_error code, const char *why)
{
    struct peer *asker = offer->asker;
    struct peer *answerer = offer->answerer;
    const struct offer_record record = offer->record;

    if (offer->pair != 0)
        peer_pairs_remove(offer->all, offer->pair);
    give_back(offer);
    end_offer(offer);
    if (asker != NULL)
        capsules_refused(asker->session, CV_ORIGIN_REQUEST, record.request, code, why);
    if (answerer != NULL)
        capsules_refused(answerer->session, CV_ORIGIN_OFFER, record.offer, code, why);
}

static struct peer_offer *make_offer(struct peer *asker, struct peer *target, uint64_t request, uint8_t kind)
{
    struct peer_offer *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->all = asker->all;
    made->asker = asker;
    made->answerer = target;
    made->record.asker = asker->session->record.session;
    made->record.answerer = target->session->record.session;
    made->record.request = request;
    made->record.kind = kind;
    made->record.deadline_ms =
        clock_unix_ms() + asker->all->services->config->session_answer_s * UINT64_C(1000);
    if (store_add_offer(asker->all->services->store, &made->record) != 0) {
        free(made);
        return NULL;
    }
    link_offer(made);
    return made;
}

void offers_request(struct peer *asker, uint64_t request, const struct cv_peer_id *id, uint8_t legs)
{
    struct peer *target = registry_find(asker->all, id);
    struct peer_offer *made = NULL;
    const char *why = "the relay could not keep the request";
    uint8_t kind = pairing_leg_kind(legs);
    enum cv_session_error error = pairing_offer_hindrance(asker, target, kind, &why);

    if (error == CV_SESSION_ERROR_NONE) {
        made = make_offer(asker, target, request, kind);
        error = CV_SESSION_ERROR_INTERNAL;
    }
    if (made == NULL) {
        capsules_refused(asker->session, CV_ORIGIN_REQUEST, request, error, why);
        return;
    }
    session_write(
        target->session,
        &(struct cv_capsule){.type = CV_CAPSULE_PAIR_OFFER,
                             .offer = {.offer = made->record.offer,
                                       .peer = asker->session->record.chain.ids[0],
                                       .answer_s = asker->all->services->config->session_answer_s}});
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

/* The pair is there: tells both, and ends the offer. */
static void announce(struct peer_offer *offer, const struct pair_record *record)
{
    struct peer *asker = offer->asker;
    struct peer *answerer = offer->answerer;
    const struct offer_record ended = offer->record;
    const uint16_t channels[2] = {record->legs[0].channel, record->legs[1].channel};

    if (!peer_pairs_add(asker, answerer, record->pair, channels)) {
        offer->pair = record->pair;
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "out of memory");
        return;
    }
    end_offer(offer);
    log_info("pair %" PRIu64 " made by sessions %" PRIu64 " (%s leg) and %" PRIu64 " (%s leg)", record->pair,
             ended.asker, leg_kind_name(record->legs[0].bind), ended.answerer,
             leg_kind_name(record->legs[1].bind));
    events_pair(&asker->all->services->events, EVENT_PAIR_ADDED, record);
    capsules_made(asker->session, CV_ORIGIN_REQUEST, ended.request, record, 0);
    capsules_made(answerer->session, CV_ORIGIN_OFFER, ended.offer, record, 1);
}

static void refuse_made(struct peer_offer *offer, const struct pair_change *change)
{
    if (change->outcome == CHANGE_DONE) {
        offer->pair = change->record.pair;
        end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended");
    } else if (change->outcome == CHANGE_REFUSED && change->error == -ENOTCONN) {
        end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the session of a tunnel leg has ended");
    } else if (change->outcome == CHANGE_REFUSED && change->error == -ENOSPC) {
        end_refused(offer, CV_SESSION_ERROR_RELAY_FULL, "the relay has no room for another pair");
    } else {
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "the relay could not make the pair");
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
    if (change->outcome == CHANGE_DONE && offer->asker != NULL && offer->answerer != NULL)
        announce(offer, &record);
    else
        refuse_made(offer, change);
    sessions_keep(all->sessions);
}

static void fill_leg(struct peer *peer, uint8_t kind, struct leg_record *leg)
{
    struct session *session = peer->session;

    (void)session_label(session, leg->peer);
    leg->bind = CV_BIND_TOKEN;
    if (kind == CV_LEG_KIND_UDP)
        return;
    leg->bind = CV_BIND_TUNNEL;
    leg->session = session->record.session;
    leg->channel = channels_take(&peer->channels, session->record.channel);
    if (leg->channel == 0)
        return;
    session->record.channel = leg->channel;
    session_changed(session);
}

static void fill_record(const struct peer_offer *offer, uint8_t answerers_kind, struct pair_record *record)
{
    const struct cv_config *config = offer->all->services->config;

    memset(record, 0, sizeof(*record));
    record->idle_s = config->pair_idle_s;
    record->rate_bytes_per_second = config->pair_rate_bytes_per_second;
    fill_leg(offer->asker, offer->record.kind, &record->legs[0]);
    fill_leg(offer->answerer, answerers_kind, &record->legs[1]);
}

/* 0: `on_made` follows. Else the offer is to be refused. */
static int begin_pair(struct peer_offer *offer, uint8_t answerers_kind, char *why, size_t why_bytes)
{
    struct services *services = offer->all->services;
    struct pair_record *record = &offer->change.record;
    struct peer_pair_record link = {
        .asker = offer->record.asker, .answerer = offer->record.answerer, .offer = offer->record.offer};
    int error;

    fill_record(offer, answerers_kind, record);
    error = relay_port_choose(services->config, services->store, record, why, why_bytes);
    if (error == 0)
        error = pair_record_make_tokens(record);
    offer->change.done = on_made;
    if (error == 0)
        error = pair_change_add(offer->all->pairs, &offer->change);
    if (error != 0)
        return error;
    link.pair = record->pair;
    (void)store_add_peer_pair(services->store, &link); /* when this fails so does the commit */
    TAILQ_REMOVE(&offer->all->offers, offer, entry);
    offer->making = true;
    offer->asker->making++;
    offer->answerer->making++;
    return 0;
}

void offers_accept(struct peer *answerer, uint64_t number, uint8_t leg)
{
    struct peer_offer *offer = offers_find(answerer, number);
    char why[320] = "the relay could not make the pair";
    enum cv_session_error hindered;
    const char *reason;
    int error;

    if (offer == NULL || offer->making || offer->pair != 0)
        return;
    hindered = pairing_hindrance(offer->asker, offer->record.kind, answerer, leg, &reason);
    if (hindered != CV_SESSION_ERROR_NONE) {
        end_refused(offer, hindered, reason);
        return;
    }
    error = begin_pair(offer, leg, why, sizeof(why));
    if (error == 0)
        return;
    log_warning("offer %" PRIu64 " came to nothing: %s", number, why);
    if (error == -ENOSPC)
        end_refused(offer, CV_SESSION_ERROR_RELAY_FULL, "no relay port is free for this pair");
    else
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "the relay could not make the pair");
}

void offers_refuse(struct peer *answerer, uint64_t number, uint64_t code)
{
    struct peer_offer *offer = offers_find(answerer, number);

    if (offer == NULL || offer->making || offer->pair != 0)
        return;
    if ((cv_session_error_where(code) & CV_IN_REFUSE) == 0)
        code = CV_SESSION_ERROR_NOT_WANTED;
    end_refused(offer, (enum cv_session_error)code, cv_session_error_meaning(code));
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
        end_refused(offer, CV_SESSION_ERROR_NO_ANSWER, "the offer was not answered in time");
    offers_arm(all);
    sessions_keep(all->sessions);
}

void offers_leave(struct peer *peer)
{
    struct peer_offer *offer;

    while ((offer = LIST_FIRST(&peer->asked)) != NULL) {
        LIST_REMOVE(offer, asked);
        offer->asker = NULL;
        if (!offer->making)
            end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended");
    }
    while ((offer = LIST_FIRST(&peer->offered)) != NULL) {
        LIST_REMOVE(offer, offered);
        offer->answerer = NULL;
        if (!offer->making)
            end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended");
    }
}

void offers_load(struct peer *asker, struct peer *answerer, const struct offer_record *record)
{
    struct peer_offer *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->all = asker->all;
    made->record = *record;
    made->asker = asker;
    made->answerer = answerer;
    link_offer(made);
}

void offers_load_made(struct peer_offer *offer, const struct peer_pair_record *pair)
{
    offer->pair = pair->pair;
    for (unsigned leg = 0; leg < 2; leg++)
        offer->change.record.legs[leg].channel = pair->channels[leg];
}

void offers_announce_made(struct peers *all)
{
    struct peer_offer *offer, *next;

    for (offer = TAILQ_FIRST(&all->offers); offer != NULL; offer = next) {
        struct pair_record record;

        next = TAILQ_NEXT(offer, entry);
        if (offer->pair != 0 && store_get_pair(all->services->store, offer->pair, &record) == 0)
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
