/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_offers.h"

#include "capsules.h"
#include "control.h"
#include "log.h"
#include "peer_pairs.h"
#include "peers.h"
#include "session_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NO_TUNNEL "this relay has UDP legs only"

static bool is_full(const struct session *session)
{
    return session->record.order.pairs + session->making >= session->record.order.pairs_max;
}

/* NONE: the target may be offered the pair; else why not, in words too. */
static enum cv_session_error hindrance(const struct session *asker, const struct session *target,
                                       uint8_t legs, const char **why)
{
    if (target == NULL) {
        *why = "no session of this peer here";
        return CV_SESSION_ERROR_NO_SUCH_PEER;
    }
    if (target == asker) {
        *why = "a peer cannot be paired with itself";
        return CV_SESSION_ERROR_NOT_ALLOWED;
    }
    if ((legs & CV_LEG_KIND_UDP) == 0 || (target->record.order.legs & CV_LEG_KIND_UDP) == 0) {
        *why = NO_TUNNEL;
        return CV_SESSION_ERROR_NO_COMMON_LEG;
    }
    if (is_full(asker) || is_full(target)) {
        *why = is_full(asker) ? "you are at your limit of pairs" : "the other peer is at its limit of pairs";
        return CV_SESSION_ERROR_TOO_MANY_PAIRS;
    }
    if (target->record.order.offers >= asker->all->control->config->session_offers) {
        *why = "too many offers wait for the other peer's answer";
        return CV_SESSION_ERROR_BUSY;
    }
    return CV_SESSION_ERROR_NONE;
}

static void link_offer(struct peer_offer *offer)
{
    TAILQ_INSERT_TAIL(&offer->all->offers, offer, entry);
    LIST_INSERT_HEAD(&offer->asker->asked, offer, asked);
    LIST_INSERT_HEAD(&offer->answerer->offered, offer, offered);
}

static void end_offer(struct peer_offer *offer)
{
    (void)store_remove_offer(offer->all->control->store, offer->record.offer);
    if (!offer->making)
        TAILQ_REMOVE(&offer->all->offers, offer, entry);
    if (offer->asker != NULL)
        LIST_REMOVE(offer, asked);
    if (offer->answerer != NULL)
        LIST_REMOVE(offer, offered);
    free(offer);
}

/* REFUSED to those that are still there. */
static void end_refused(struct peer_offer *offer, enum cv_session_error code, const char *why)
{
    struct session *asker = offer->asker;
    struct session *answerer = offer->answerer;
    const struct offer_record record = offer->record;

    end_offer(offer);
    if (asker != NULL)
        capsules_refused(asker, CV_ORIGIN_REQUEST, record.request, code, why);
    if (answerer != NULL)
        capsules_refused(answerer, CV_ORIGIN_OFFER, record.offer, code, why);
}

static struct peer_offer *make_offer(struct session *asker, struct session *target, uint64_t request)
{
    struct peer_offer *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->all = asker->all;
    made->asker = asker;
    made->answerer = target;
    made->record.asker = asker->record.session;
    made->record.answerer = target->record.session;
    made->record.request = request;
    made->record.deadline_ms =
        clock_unix_ms() + asker->all->control->config->session_answer_s * UINT64_C(1000);
    if (store_add_offer(asker->all->control->store, &made->record) != 0) {
        free(made);
        return NULL;
    }
    link_offer(made);
    return made;
}

void peer_offers_request(struct session *asker, uint64_t request, const struct cv_peer_id *peer, uint8_t legs)
{
    struct session *target = peers_find(asker->all, peer);
    struct peer_offer *made = NULL;
    const char *why = "the relay could not keep the request";
    enum cv_session_error error = hindrance(asker, target, legs, &why);

    if (error == CV_SESSION_ERROR_NONE) {
        made = make_offer(asker, target, request);
        error = CV_SESSION_ERROR_INTERNAL;
    }
    if (made == NULL) {
        capsules_refused(asker, CV_ORIGIN_REQUEST, request, error, why);
        return;
    }
    session_write(target,
                  &(struct cv_capsule){.type = CV_CAPSULE_PAIR_OFFER,
                                       .offer = {.offer = made->record.offer,
                                                 .peer = asker->record.chain.ids[0],
                                                 .answer_s = asker->all->control->config->session_answer_s}});
    sessions_arm(asker->all);
}

struct peer_offer *peer_offers_find(const struct session *answerer, uint64_t number)
{
    struct peer_offer *offer;

    LIST_FOREACH(offer, &answerer->offered, offered)
    {
        if (offer->record.offer == number)
            return offer;
    }
    return NULL;
}

static void on_made(struct pair_change *change)
{
    struct peer_offer *offer =
        (struct peer_offer *)(void *)((char *)change - offsetof(struct peer_offer, change));
    const struct pair_record record = change->record; /* the change goes with the offer */
    struct sessions *all = offer->all;

    if (offer->asker != NULL)
        offer->asker->making--;
    if (offer->answerer != NULL)
        offer->answerer->making--;
    if (change->outcome == CHANGE_DONE && offer->asker != NULL && offer->answerer != NULL) {
        peer_offers_made(offer, &record);
    } else if (change->outcome == CHANGE_DONE) {
        peer_pairs_remove(all, record.pair);
        end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended");
    } else if (change->outcome == CHANGE_REFUSED && change->error == -ENOSPC) {
        end_refused(offer, CV_SESSION_ERROR_RELAY_FULL, "the relay has no room for another pair");
    } else {
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "the relay could not make the pair");
    }
    sessions_keep(all);
}

void peer_offers_made(struct peer_offer *offer, const struct pair_record *record)
{
    struct session *asker = offer->asker;
    struct session *answerer = offer->answerer;
    const struct offer_record ended = offer->record;

    end_offer(offer);
    if (!peer_pairs_add(asker, answerer, record->pair)) {
        peer_pairs_remove(asker->all, record->pair);
        capsules_refused(asker, CV_ORIGIN_REQUEST, ended.request, CV_SESSION_ERROR_INTERNAL, "out of memory");
        capsules_refused(answerer, CV_ORIGIN_OFFER, ended.offer, CV_SESSION_ERROR_INTERNAL, "out of memory");
        return;
    }
    log_info("pair %" PRIu64 " made by sessions %" PRIu64 " and %" PRIu64 " on relay port %u", record->pair,
             ended.asker, ended.answerer, record->relay_port);
    events_pair(&asker->all->control->events, EVENT_PAIR_ADDED, record);
    capsules_made(asker, CV_ORIGIN_REQUEST, ended.request, record, 0);
    capsules_made(answerer, CV_ORIGIN_OFFER, ended.offer, record, 1);
}

static void fill_record(const struct peer_offer *offer, struct pair_record *record)
{
    const struct cv_config *config = offer->all->control->config;
    const struct session *sessions[2] = {offer->asker, offer->answerer};

    memset(record, 0, sizeof(*record));
    record->idle_s = config->pair_idle_s;
    record->rate_bytes_per_second = config->pair_rate_bytes_per_second;
    for (unsigned leg = 0; leg < 2; leg++) {
        (void)session_label(sessions[leg], record->legs[leg].peer);
        record->legs[leg].bind = CV_BIND_TOKEN;
    }
}

/* 0: `on_made` follows. */
static int begin_pair(struct peer_offer *offer, char *why, size_t why_bytes)
{
    struct control *control = offer->all->control;
    struct peer_pair_record link = {
        .asker = offer->record.asker, .answerer = offer->record.answerer, .offer = offer->record.offer};
    int error;

    fill_record(offer, &offer->change.record);
    error = pairs_choose_port(control, &offer->change.record, why, why_bytes);
    if (error == 0)
        error = pairs_make_tokens(&offer->change.record);
    if (error != 0)
        return error;
    offer->change.done = on_made;
    error = pairs_add(control, &offer->change);
    if (error != 0)
        return error;
    link.pair = offer->change.record.pair;
    (void)store_add_peer_pair(control->store, &link); /* when this fails so does the commit */
    TAILQ_REMOVE(&offer->all->offers, offer, entry);
    offer->making = true;
    offer->asker->making++;
    offer->answerer->making++;
    return 0;
}

void peer_offers_accept(struct session *answerer, uint64_t number, uint8_t leg)
{
    struct peer_offer *offer = peer_offers_find(answerer, number);
    char why[320] = "the relay could not make the pair";
    int error;

    if (offer == NULL || offer->making)
        return;
    if (leg != CV_LEG_KIND_UDP) {
        end_refused(offer, CV_SESSION_ERROR_NO_COMMON_LEG, NO_TUNNEL);
        return;
    }
    if (is_full(offer->asker) || is_full(answerer)) {
        end_refused(offer, CV_SESSION_ERROR_TOO_MANY_PAIRS, "one of the peers is at its limit of pairs");
        return;
    }
    error = begin_pair(offer, why, sizeof(why));
    if (error == 0)
        return;
    log_warning("offer %" PRIu64 " came to nothing: %s", number, why);
    if (error == -ENOSPC)
        end_refused(offer, CV_SESSION_ERROR_RELAY_FULL, "no relay port is free for both peers");
    else
        end_refused(offer, CV_SESSION_ERROR_INTERNAL, "the relay could not make the pair");
}

void peer_offers_refuse(struct session *answerer, uint64_t number, uint64_t code)
{
    struct peer_offer *offer = peer_offers_find(answerer, number);

    if (offer == NULL || offer->making)
        return;
    if ((cv_session_error_where(code) & CV_IN_REFUSE) == 0)
        code = CV_SESSION_ERROR_NOT_WANTED;
    end_refused(offer, (enum cv_session_error)code, cv_session_error_meaning(code));
}

/* Offers are in the order of their deadlines, unless the clock was set. */
uint64_t peer_offers_expire(struct sessions *all, uint64_t now_ms)
{
    struct peer_offer *offer;

    while ((offer = TAILQ_FIRST(&all->offers)) != NULL && offer->record.deadline_ms <= now_ms)
        end_refused(offer, CV_SESSION_ERROR_NO_ANSWER, "the offer was not answered in time");
    return offer == NULL ? 0 : offer->record.deadline_ms;
}

void peer_offers_leave(struct session *session)
{
    struct peer_offer *offer;

    while ((offer = LIST_FIRST(&session->asked)) != NULL) {
        LIST_REMOVE(offer, asked);
        offer->asker = NULL;
        if (!offer->making)
            end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended");
    }
    while ((offer = LIST_FIRST(&session->offered)) != NULL) {
        LIST_REMOVE(offer, offered);
        offer->answerer = NULL;
        if (!offer->making)
            end_refused(offer, CV_SESSION_ERROR_PEER_GONE, "the other peer's session has ended");
    }
}

void peer_offers_load(struct sessions *all, const struct offer_record *record)
{
    struct session *asker = session_find(all, record->asker);
    struct session *answerer = session_find(all, record->answerer);
    struct peer_offer *made = asker == NULL || answerer == NULL ? NULL : calloc(1, sizeof(*made));

    if (made == NULL)
        return;
    made->all = all;
    made->record = *record;
    made->asker = asker;
    made->answerer = answerer;
    link_offer(made);
}

void peer_offers_free(struct sessions *all)
{
    struct peer_offer *offer;

    while ((offer = TAILQ_FIRST(&all->offers)) != NULL) {
        TAILQ_REMOVE(&all->offers, offer, entry);
        free(offer);
    }
}
