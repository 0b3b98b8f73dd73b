/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include "ending.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"
#include "protocol/session_error.h"

#include <errno.h>
#include <string.h>

void control_init(struct control_stream *control)
{
    control->id = -1;
    cv_capsule_reader_init(&control->reader, CV_FROM_RELAY, control->reader_buffer);
}

static struct cv_capsule registration(const struct cv_peer *peer)
{
    const struct cv_peer_config *config = &peer->config;
    struct cv_capsule capsule = {
        .type = CV_CAPSULE_REGISTER,
        .registration = {.minor = CV_PROTOCOL_MINOR, .legs = config->legs, .reachable = config->reachable},
    };

    memcpy(capsule.registration.instance, config->instance, CV_INSTANCE_BYTES);
    for (unsigned i = 0; i < config->service_count; i++)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_SERVICE, config->services[i],
                          strlen(config->services[i]));
    if (config->resume != NULL)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_RESUME, config->resume,
                          CV_RESUMPTION_TOKEN_BYTES);
    return capsule;
}

bool control_may_register(const struct cv_peer *peer)
{
    const struct cv_capsule capsule = registration(peer);
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];

    return cv_capsule_write(&capsule, bytes, sizeof(bytes)) > 0;
}

void control_open(struct cv_peer *peer)
{
    const struct cv_capsule capsule = registration(peer);

    if (ngtcp2_conn_open_bidi_stream(peer->conn, &peer->control.id, NULL) != 0 ||
        control_say(peer, &capsule) != 0)
        ending_begin(peer, true, CV_SESSION_ERROR_INTERNAL, "no control stream");
}

/* ---- From the relay ---- */

/* What is said without the user. There is always room for it, unless the relay has long stopped reading. */
static void answer(struct cv_peer *peer, const struct cv_capsule *capsule)
{
    if (control_say(peer, capsule) != 0)
        ending_begin(peer, true, CV_SESSION_ERROR_NOT_READING, "no room for an answer");
}

/* Of an offer only the number can be believed, or it asks for what we do not know. */
static void refuse_offer(struct cv_peer *peer, const struct cv_capsule *offer, uint64_t code)
{
    const struct cv_capsule refusal = {
        .type = CV_CAPSULE_PAIR_REFUSE, .number = offer->number, .refuse = {.code = code}};
    const char *offence = cv_capsule_order_refuse(&peer->control.order, offer);

    if (offence != NULL)
        ending_begin(peer, true, CV_SESSION_ERROR_OUT_OF_ORDER, offence);
    else
        answer(peer, &refusal);
}

static bool is_usable(const struct cv_capsule_leg *leg)
{
    return leg->kind == CV_LEG_KIND_UDP || leg->kind == CV_LEG_KIND_TUNNEL || leg->kind == CV_LEG_KIND_LISTEN;
}

/* A pair that we cannot use is closed again; the user is shown it without its leg. */
static void close_unusable(struct cv_peer *peer, struct cv_capsule *capsule)
{
    bool made = capsule->type == CV_CAPSULE_PAIR_MADE;
    struct cv_capsule_leg *leg = made ? &capsule->made.leg : &capsule->leg_made.leg;
    const struct cv_capsule close = {
        .type = CV_CAPSULE_PAIR_CLOSE,
        .close = {.pair = made ? capsule->made.pair : capsule->leg_made.pair},
    };

    if (is_usable(leg) && capsule->parameters.not_understood == 0)
        return;
    leg->kind = 0;
    answer(peer, &close);
}

static void take_good(struct cv_peer *peer, struct cv_capsule *capsule)
{
    const char *offence = cv_capsule_order_next(&peer->control.order, capsule);

    if (offence != NULL) {
        ending_begin(peer, true, CV_SESSION_ERROR_OUT_OF_ORDER, offence);
        return;
    }
    if (capsule->type == CV_CAPSULE_REGISTERED) {
        peer->stats.registered = true;
        peer->control.has_ticket = cv_parameter_is_set(&capsule->parameters, CV_PARAMETER_TICKET);
        if (peer->control.has_ticket)
            memcpy(peer->control.ticket, capsule->parameters.spans[CV_PARAMETER_TICKET].at, CV_TICKET_BYTES);
    }
    if (capsule->type == CV_CAPSULE_PAIR_MADE || capsule->type == CV_CAPSULE_LEG_MADE)
        close_unusable(peer, capsule);
    peer->config.callbacks->capsule(peer->config.user, capsule);
}

static void take_capsule(struct cv_peer *peer, const struct cv_capsule_frame *frame)
{
    struct cv_capsule capsule;

    switch (cv_capsule_parse(frame, &capsule)) {
    case CV_CAPSULE_GOOD:
        take_good(peer, &capsule);
        break;
    case CV_CAPSULE_UNREADABLE:
        ending_begin(peer, true, CV_SESSION_ERROR_MALFORMED, cv_capsule_name(frame->type));
        break;
    case CV_CAPSULE_BAD: /* of what a relay sends, only offers can be */
        refuse_offer(peer, &capsule, CV_SESSION_ERROR_BAD_REQUEST);
        break;
    case CV_CAPSULE_NOT_UNDERSTOOD:
        if (capsule.type == CV_CAPSULE_PAIR_OFFER)
            refuse_offer(peer, &capsule, CV_SESSION_ERROR_NOT_UNDERSTOOD);
        else if (capsule.type == CV_CAPSULE_PAIR_MADE)
            take_good(peer, &capsule);
        else
            ending_begin(peer, true, CV_SESSION_ERROR_NOT_UNDERSTOOD, cv_capsule_name(frame->type));
        break;
    }
}

static void grant(struct cv_peer *peer)
{
    struct control_stream *control = &peer->control;

    if (control->not_reading || control->held == 0)
        return;
    ngtcp2_conn_extend_max_stream_offset(peer->conn, control->id, control->held);
    ngtcp2_conn_extend_max_offset(peer->conn, control->held);
    control->held = 0;
}

void control_receive(struct cv_peer *peer, const uint8_t *data, size_t bytes)
{
    struct control_stream *control = &peer->control;
    struct cv_capsule_frame frame;

    control->held += bytes;
    while (!peer->end.set) {
        enum cv_capsule_reading reading = cv_capsule_next(&control->reader, &data, &bytes, &frame);

        if (reading == CV_CAPSULE_MORE)
            break;
        if (reading == CV_CAPSULE_READY)
            take_capsule(peer, &frame);
        else
            ending_begin(peer, true, control->reader.error, cv_session_error_meaning(control->reader.error));
    }
    grant(peer);
}

void control_read(struct cv_peer *peer, bool on)
{
    peer->control.not_reading = !on;
    peer->idle = false;
    if (!peer->is_ended)
        grant(peer);
}

/* ---- To the relay ---- */

int control_say(struct cv_peer *peer, const struct cv_capsule *capsule)
{
    struct control_stream *control = &peer->control;
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];
    struct cv_capsule_order order = control->order;
    int count = cv_capsule_write(capsule, bytes, sizeof(bytes));

    if (count < 0)
        return count;
    if ((uint64_t)count > CONTROL_OUT_BYTES - (control->end - control->acknowledged))
        return -ENOBUFS;
    if (cv_capsule_order_next(&order, capsule) != NULL)
        return -EPROTO;
    control->order = order;
    for (int i = 0; i < count; i++)
        control->out[control->end++ % CONTROL_OUT_BYTES] = bytes[i];
    peer->idle = false;
    return 0;
}

size_t control_unsent(const struct control_stream *control, ngtcp2_vec pieces[2])
{
    size_t bytes = (size_t)(control->end - control->sent);
    size_t from = (size_t)(control->sent % CONTROL_OUT_BYTES);
    size_t first = bytes < CONTROL_OUT_BYTES - from ? bytes : CONTROL_OUT_BYTES - from;

    pieces[0] = (ngtcp2_vec){(uint8_t *)control->out + from, first};
    pieces[1] = (ngtcp2_vec){(uint8_t *)control->out, bytes - first};
    return (first > 0) + (size_t)(bytes > first);
}
