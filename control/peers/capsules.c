/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsules.h"

#include "link/relay_addresses.h"
#include "sessions/stream_out.h"

#include <arpa/inet.h>
#include <string.h>

static void say(const struct peer *peer, const struct cv_capsule *capsule)
{
    if (peer_is_here(peer))
        session_write(peer->session, capsule);
}

static struct cv_relay_addresses relay_at(const struct services *services, uint16_t port)
{
    struct cv_relay_addresses relay = {.port_be = htons(port)};

    relay.count =
        (uint8_t)relay_addresses(services->config, services->dataplane, relay.ips, CV_CAPSULE_ADDRESSES_MAX);
    return relay;
}

static struct cv_other_peer other_peer(const struct peer *other, const struct cv_peer_id *asked)
{
    struct cv_other_peer told = {
        .asked = *asked,
        .ids = {.list = other->record.chain.ids, .count = (uint8_t)other->record.chain.count}};

    memcpy(told.instance, other->record.id, sizeof(told.instance));
    return told;
}

static void add_service(struct cv_capsule *capsule, const char *service)
{
    if (service[0] != '\0')
        cv_parameter_span(&capsule->parameters, CV_PARAMETER_SERVICE, service, strlen(service));
}

static void add_data(struct cv_capsule *capsule, const struct cv_span *data)
{
    if (data != NULL && data->bytes > 0)
        cv_parameter_span(&capsule->parameters, CV_PARAMETER_DATA, data->at, data->bytes);
}

void capsules_registered(struct peer *peer, uint32_t resumed)
{
    const struct services *services = peer->all->services;
    const struct cv_config *config = services->config;
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_REGISTERED,
        .registered =
            {
                .minor = CV_PROTOCOL_MINOR,
                .own = peer->record.chain.ids[0],
                .pairs = config->session_pairs > resumed ? config->session_pairs : resumed,
                .idle_s = config->pair_idle_s,
                .relay = relay_at(services, config->listen_port),
                .relay_port_first_be = htons(config->relay_port_first),
                .relay_port_last_be = htons(config->relay_port_last),
            },
    };
    struct cv_parameters *parameters = &capsule.parameters;

    cv_parameter_span(parameters, CV_PARAMETER_RESUMPTION_TOKEN, peer->record.token,
                      sizeof(peer->record.token));
    cv_parameter_number(parameters, CV_PARAMETER_RESUMPTION_TIME, config->session_resume_s);
    if (resumed > 0)
        cv_parameter_number(parameters, CV_PARAMETER_RESUMED, resumed);
    cv_parameter_span(parameters, CV_PARAMETER_TICKET, peer->session->record.ticket,
                      sizeof(peer->session->record.ticket));
    cv_parameter_number(parameters, CV_PARAMETER_KINDS, CV_LEG_KINDS);
    cv_parameter_number(parameters, CV_PARAMETER_INSTANCES, config->session_instances);
    cv_parameter_number(parameters, CV_PARAMETER_TUNNEL_LEGS, CHANNELS_MAX);
    cv_parameter_number(parameters, CV_PARAMETER_RATE_BYTES, config->pair_rate_bytes_per_second);
    cv_parameter_number(parameters, CV_PARAMETER_RATE_PACKETS, 0);
    cv_parameter_number(parameters, CV_PARAMETER_MESSAGES, config->session_messages);
    cv_parameter_number(parameters, CV_PARAMETER_MESSAGE_BYTES,
                        config->session_messages == 0 ? 0 : CV_CAPSULE_MESSAGE_MAX);
    cv_parameter_number(parameters, CV_PARAMETER_REQUESTS, config->session_requests);
    say(peer, &capsule);
}

static struct cv_capsule refusal(enum cv_pair_origin origin, uint64_t number, enum cv_session_error code,
                                 const char *sentence)
{
    return (struct cv_capsule){
        .type = CV_CAPSULE_REFUSED,
        .number = number,
        .refused = {.origin = (uint8_t)origin,
                    .code = code,
                    .sentence = sentence,
                    .sentence_bytes = (uint8_t)strnlen(sentence, CV_CAPSULE_SENTENCE_MAX)},
    };
}

void capsules_refused(struct peer *peer, enum cv_pair_origin origin, uint64_t number,
                      enum cv_session_error code, const char *sentence, const struct cv_span *data)
{
    struct cv_capsule capsule = refusal(origin, number, code, sentence);

    add_data(&capsule, data);
    say(peer, &capsule);
}

void capsules_refused_bad(struct peer *peer, enum cv_pair_origin origin, const struct cv_capsule *bad,
                          enum cv_capsule_parsed parsed)
{
    struct cv_capsule capsule;

    if (parsed == CV_CAPSULE_NOT_UNDERSTOOD) {
        capsule = refusal(origin, bad->number, CV_SESSION_ERROR_NOT_UNDERSTOOD,
                          "the relay does not know a parameter that it must understand");
        cv_parameter_number(&capsule.parameters, CV_PARAMETER_PARAMETER, bad->parameters.not_understood);
    } else {
        capsule = refusal(origin, bad->number, CV_SESSION_ERROR_BAD_REQUEST,
                          cv_session_error_meaning(CV_SESSION_ERROR_BAD_REQUEST));
    }
    say(peer, &capsule);
}

void capsules_offer(struct peer *peer, const struct offer_record *offer, const struct peer *asker,
                    uint64_t answer_s)
{
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_PAIR_OFFER,
        .number = offer->offer,
        .offer = {.answer_s = answer_s, .other = other_peer(asker, &offer->asked)},
    };
    const struct cv_span data = {.at = offer->data, .bytes = offer->data_bytes};

    add_service(&capsule, offer->service);
    add_data(&capsule, &data);
    say(peer, &capsule);
}

static struct cv_capsule_leg told_leg(const struct peer *peer, const struct leg_record *leg)
{
    struct cv_capsule_leg told = {.kind = CV_LEG_KIND_TUNNEL, .channel = leg->channel};

    if (leg->bind == CV_BIND_TUNNEL)
        return told;
    told.kind = leg->listen ? CV_LEG_KIND_LISTEN : CV_LEG_KIND_UDP;
    told.udp.relay = relay_at(peer->all->services, leg->relay_port);
    memcpy(told.udp.token, leg->token, CV_TOKEN_BYTES);
    return told;
}

void capsules_made(struct peer *peer, enum cv_pair_origin origin, uint64_t number,
                   const struct peer_pair *pair, const struct pair_record *record, const struct cv_span *data)
{
    unsigned side = peer_pair_side(pair, peer);
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_PAIR_MADE,
        .number = number,
        .made = {.origin = (uint8_t)origin,
                 .pair = record->pair,
                 .role = pair->record.dials == side ? CV_ROLE_DIALS : CV_ROLE_LISTENS,
                 .other = other_peer(pair->peers[1 - side], &pair->record.asked[side]),
                 .leg = told_leg(peer, &record->legs[side])},
    };

    memcpy(capsule.made.id, pair->record.id, sizeof(capsule.made.id));
    add_service(&capsule, pair->record.service);
    add_data(&capsule, data);
    say(peer, &capsule);
}

void capsules_other_leg(struct peer *peer, uint64_t pair, const struct other_leg *leg)
{
    const struct cv_capsule capsule = {
        .type = CV_CAPSULE_OTHER_LEG,
        .other_leg = {.pair = pair, .kind = leg->kind, .payload_bytes = leg->payload_bytes}};

    say(peer, &capsule);
}

void capsules_leg_made(struct peer *peer, uint64_t request, uint64_t pair, const struct leg_record *leg)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_LEG_MADE,
                                       .number = request,
                                       .leg_made = {.pair = pair, .leg = told_leg(peer, leg)}};

    say(peer, &capsule);
}

void capsules_leg_token(struct peer *peer, uint64_t pair, const uint8_t token[CV_TOKEN_BYTES])
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_LEG_TOKEN, .leg_token = {.pair = pair}};

    memcpy(capsule.leg_token.token, token, CV_TOKEN_BYTES);
    say(peer, &capsule);
}

void capsules_closed(struct peer *peer, uint64_t pair, enum cv_session_error code)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_PAIR_CLOSED,
                                       .closed = {.pair = pair, .code = code}};

    say(peer, &capsule);
}

void capsules_done(struct peer *peer, uint64_t request)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_DONE, .number = request};

    say(peer, &capsule);
}

void capsules_message(struct peer *peer, const struct peer *sender, const struct cv_capsule *message)
{
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_MESSAGE_FROM,
        .message_from = {.other = other_peer(sender, &message->message.peer), .text = message->message.text},
    };

    if (cv_parameter_is_set(&message->parameters, CV_PARAMETER_SERVICE))
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE,
                          message->parameters.spans[CV_PARAMETER_SERVICE].at,
                          message->parameters.spans[CV_PARAMETER_SERVICE].bytes);
    say(peer, &capsule);
}

void capsules_limited(struct peer *peer, enum cv_limited what, uint64_t pair, uint64_t for_ms)
{
    const struct cv_capsule capsule = {
        .type = CV_CAPSULE_LIMITED,
        .limited = {.what = what,
                    .pair = pair,
                    .for_ms = for_ms < CV_CAPSULE_LIMITED_MAX_MS ? for_ms : CV_CAPSULE_LIMITED_MAX_MS}};

    say(peer, &capsule);
}

void capsules_limit(struct session *session)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_TUNNEL_LIMIT,
                                       .tunnel_limit = {.frame_bytes = session->payload_bytes}};

    session->record.told_bytes = session->payload_bytes;
    session_write(session, &capsule);
}
