/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsules.h"

#include "control.h"
#include "sessions/drain.h"
#include "peer_offers.h"
#include "peer_pairs.h"
#include "peers.h"
#include "link/relay_addresses.h"
#include "sessions/session_io.h"

#include <arpa/inet.h>
#include <string.h>

static void take_register(struct session *session)
{
    const struct cv_config *config = session->all->control->config;
    const struct cv_capsule answer = {
        .type = CV_CAPSULE_REGISTERED,
        .registered =
            {
                .minor = CV_PROTOCOL_MINOR,
                .own = session->record.chain.ids[0],
                .pairs = config->session_pairs,
                .idle_s = config->pair_idle_s,
            },
    };

    peers_register(session);
    session_write(session, &answer);
    capsules_observed(session);
}

void capsules_take(struct session *session, const struct cv_capsule *capsule)
{
    switch (capsule->type) {
    case CV_CAPSULE_REGISTER:
        if (draining(session->all))
            drain_send_away(session);
        else
            take_register(session);
        break;
    case CV_CAPSULE_PAIR_REQUEST:
        peer_offers_request(session, capsule->request.request, &capsule->request.peer, capsule->request.legs);
        break;
    case CV_CAPSULE_PAIR_ACCEPT:
        peer_offers_accept(session, capsule->accept.offer, capsule->accept.leg);
        break;
    case CV_CAPSULE_PAIR_REFUSE:
        peer_offers_refuse(session, capsule->refuse.offer, capsule->refuse.code);
        break;
    case CV_CAPSULE_PAIR_CLOSE:
        peer_pairs_close(session, capsule->close);
        break;
    default: /* the relay's own, which the reader lets no peer send */
        break;
    }
}

void capsules_observed(struct session *session)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_OBSERVED_ADDRESS, .observed = session->address};

    session->record.observed = session->address;
    session_write(session, &capsule);
}

void capsules_refused(struct session *session, enum cv_pair_origin origin, uint64_t number,
                      enum cv_session_error code, const char *sentence)
{
    const struct cv_capsule capsule = {
        .type = CV_CAPSULE_REFUSED,
        .refused = {.origin = (uint8_t)origin,
                    .number = number,
                    .code = code,
                    .sentence = sentence,
                    .sentence_bytes = (uint8_t)strnlen(sentence, CV_CAPSULE_SENTENCE_MAX)},
    };

    session_write(session, &capsule);
}

void capsules_made(struct session *session, enum cv_pair_origin origin, uint64_t number,
                   const struct pair_record *record, unsigned leg)
{
    const struct leg_record *own = &record->legs[leg];
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_PAIR_MADE,
        .made = {.origin = (uint8_t)origin, .number = number, .pair = record->pair, .leg = CV_LEG_KIND_UDP},
    };

    if (own->bind == CV_BIND_TUNNEL) {
        capsule.made.leg = CV_LEG_KIND_TUNNEL;
        capsule.made.tunnel.channel = own->channel;
        capsule.made.tunnel.payload_bytes = channels_payload(session->record.payload_bytes, own->channel);
    } else {
        capsule.made.udp.relay.port_be = htons(record->relay_port);
        capsule.made.udp.relay.count = (uint8_t)relay_addresses(
            session->all->control, capsule.made.udp.relay.ips, CV_CAPSULE_ADDRESSES_MAX);
        memcpy(capsule.made.udp.token, own->token, CV_TOKEN_BYTES);
    }
    session_write(session, &capsule);
}

void capsules_limit(struct session *session, uint16_t channel)
{
    const struct cv_capsule capsule = {
        .type = CV_CAPSULE_TUNNEL_LIMIT,
        .tunnel_limit = {.channel = channel,
                         .payload_bytes = channels_payload(session->record.payload_bytes, channel)},
    };

    session_write(session, &capsule);
}

void capsules_closed(struct session *session, uint64_t pair, enum cv_session_error code)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_PAIR_CLOSED,
                                       .closed = {.pair = pair, .code = code}};

    session_write(session, &capsule);
}
