/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsules.h"

#include "channels.h"
#include "link/relay_addresses.h"
#include "sessions/stream_out.h"

#include <arpa/inet.h>
#include <string.h>

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
    const struct services *services = session->all->services;
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
            services->config, services->dataplane, capsule.made.udp.relay.ips, CV_CAPSULE_ADDRESSES_MAX);
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
