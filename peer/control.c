/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include "ending.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"
#include "protocol/session_error.h"

#include <errno.h>

void control_init(struct control_stream *control)
{
    control->id = -1;
    cv_capsule_reader_init(&control->reader, CV_FROM_RELAY, control->reader_buffer);
}

void control_open(struct cv_peer *peer)
{
    const struct cv_capsule capsule = {
        .type = CV_CAPSULE_REGISTER,
        .registration = {.minor = CV_PROTOCOL_MINOR, .legs = peer->config.legs},
    };

    if (ngtcp2_conn_open_bidi_stream(peer->conn, &peer->control.id, NULL) != 0 ||
        control_say(peer, &capsule) != 0)
        ending_begin(peer, true, CV_SESSION_ERROR_INTERNAL, "no control stream");
}

/* ---- From the relay ---- */

static void take_capsule(struct cv_peer *peer, const struct cv_capsule_frame *frame)
{
    struct cv_capsule capsule;
    const char *offence;

    if (cv_capsule_parse(frame, &capsule) != 0) {
        ending_begin(peer, true, CV_SESSION_ERROR_MALFORMED, cv_capsule_name(frame->type));
        return;
    }
    offence = cv_capsule_order_next(&peer->control.order, &capsule);
    if (offence != NULL) {
        ending_begin(peer, true, CV_SESSION_ERROR_OUT_OF_ORDER, offence);
        return;
    }
    peer->stats.registered |= capsule.type == CV_CAPSULE_REGISTERED;
    peer->config.callbacks->capsule(peer->config.user, &capsule);
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
