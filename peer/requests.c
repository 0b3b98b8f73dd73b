/* SPDX-License-Identifier: BSD-3-Clause */
#include "requests.h"

#include "control.h"
#include "state.h"

#include <errno.h>
#include <string.h>

bool cv_peer_is_registered(const struct cv_peer *peer)
{
    return peer->stats.registered && !peer->end.set && !peer->is_ended;
}

/* Nothing may be said between REGISTER and REGISTERED. */
static int say(struct cv_peer *peer, const struct cv_capsule *capsule)
{
    return cv_peer_is_registered(peer) ? control_say(peer, capsule) : -ENOTCONN;
}

/* Requests of all kinds share one row of numbers. */
static int ask(struct cv_peer *peer, struct cv_capsule *capsule, uint64_t *request)
{
    int result;

    capsule->number = peer->control.order.last_request + 1;
    result = say(peer, capsule);
    if (result == 0)
        *request = capsule->number;
    return result;
}

static void add_data(struct cv_capsule *capsule, const struct cv_span *data)
{
    if (data != NULL)
        cv_parameter_span(&capsule->parameters, CV_PARAMETER_DATA, data->at, data->bytes);
}

static void add_aim(struct cv_capsule *capsule, const struct cv_peer_aim *aim)
{
    struct cv_parameters *parameters = &capsule->parameters;

    if (aim == NULL)
        return;
    if (aim->service != NULL)
        cv_parameter_span(parameters, CV_PARAMETER_SERVICE, aim->service, strlen(aim->service));
    if (aim->instance != NULL)
        cv_parameter_span(parameters, CV_PARAMETER_INSTANCE, aim->instance, CV_INSTANCE_BYTES);
    add_data(capsule, aim->data);
}

/* ---- Pairs ---- */

int cv_peer_request(struct cv_peer *peer, const struct cv_peer_id *other, uint8_t legs,
                    const struct cv_peer_aim *aim, uint64_t *request)
{
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_PAIR_REQUEST,
        .request = {.peer = *other, .legs = legs},
    };

    add_aim(&capsule, aim);
    return ask(peer, &capsule, request);
}

int cv_peer_accept(struct cv_peer *peer, uint64_t offer, uint8_t legs, const struct cv_span *data)
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_PAIR_ACCEPT, .number = offer, .accept = {.legs = legs}};

    add_data(&capsule, data);
    return say(peer, &capsule);
}

int cv_peer_refuse(struct cv_peer *peer, uint64_t offer, uint64_t code, const struct cv_span *data)
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_PAIR_REFUSE, .number = offer, .refuse = {.code = code}};

    add_data(&capsule, data);
    return say(peer, &capsule);
}

int cv_peer_close_pair(struct cv_peer *peer, uint64_t pair)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_PAIR_CLOSE, .close = {.pair = pair}};

    return say(peer, &capsule);
}

int cv_peer_change_leg(struct cv_peer *peer, uint64_t pair, uint8_t legs, uint64_t *request)
{
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_LEG_REQUEST,
        .leg_request = {.pair = pair, .legs = legs},
    };

    return ask(peer, &capsule, request);
}

/* ---- What needs no pair ---- */

int cv_peer_message(struct cv_peer *peer, const struct cv_peer_id *other, const void *text, size_t bytes,
                    const struct cv_peer_aim *aim, uint64_t *request)
{
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_MESSAGE,
        .message = {.peer = *other,
                    .text = {.at = text, .bytes = (uint16_t)(bytes < UINT16_MAX ? bytes : UINT16_MAX)}},
    };

    add_aim(&capsule, aim);
    return ask(peer, &capsule, request);
}

int cv_peer_set_reachable(struct cv_peer *peer, const struct cv_reachable *reachable, uint64_t *request)
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_REACHABLE, .reachable = *reachable};

    return ask(peer, &capsule, request);
}

int cv_peer_answer_challenge(struct cv_peer *peer, const uint8_t challenge[CV_CHALLENGE_BYTES])
{
    struct cv_capsule capsule = {.type = CV_CAPSULE_CHALLENGE_ANSWER};

    memcpy(capsule.challenge, challenge, sizeof(capsule.challenge));
    return say(peer, &capsule);
}

int cv_peer_probe(const struct cv_peer *peer, uint32_t number, uint8_t datagram[CV_PROBE_BYTES])
{
    if (!cv_peer_is_registered(peer) || !peer->control.has_ticket)
        return -ENOTCONN;
    if (number < 1 || number > CV_PROBE_NUMBER_MAX)
        return -EINVAL;
    datagram[0] = CV_DATAGRAM_PROBE;
    for (unsigned i = 1; i <= 3; i++)
        datagram[i] = (uint8_t)(number >> (24 - 8 * i));
    memcpy(datagram + 4, peer->control.ticket, CV_TICKET_BYTES);
    return 0;
}
