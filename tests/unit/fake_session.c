/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_session.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

static struct fake_session **slot_of(struct fake_dataplane *fake, uint64_t number)
{
    for (unsigned i = 0; i < FAKE_SESSIONS; i++) {
        if (fake->sessions[i] != NULL && fake->sessions[i]->state.session == number)
            return &fake->sessions[i];
    }
    return NULL;
}

static struct fake_session *find(struct fake_dataplane *fake, uint64_t number)
{
    struct fake_session **slot = slot_of(fake, number);

    return slot == NULL ? NULL : *slot;
}

static void tell(struct fake_dataplane *fake, const struct cv_message *message)
{
    if (fake->link != NULL)
        assert_true(fake_tell(fake, message));
}

static void tell_data(struct fake_dataplane *fake, const struct fake_session *session, uint8_t kind,
                      uint64_t from, uint64_t to)
{
    const uint8_t *bytes = kind == CV_SESSION_CHAIN ? session->chain : session->in;

    while (from < to) {
        struct cv_message message = {.type = CV_MESSAGE_SESSION_DATA};
        uint64_t count = to - from < CV_SESSION_DATA_BYTES ? to - from : CV_SESSION_DATA_BYTES;

        message.data.session = session->state.session;
        message.data.offset = from;
        message.data.kind = kind;
        message.data.bytes = (uint8_t)count;
        memcpy(message.data.data, bytes + from, count);
        tell(fake, &message);
        from += count;
    }
}

static void tell_ask(struct fake_dataplane *fake, const struct fake_session *session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_ASK};

    message.ask.session = session->state.session;
    message.ask.address = session->state.address;
    message.ask.local = session->state.local;
    message.ask.quic_version = session->state.quic_version;
    message.ask.chain_bytes = session->chain_bytes;
    tell(fake, &message);
    tell_data(fake, session, CV_SESSION_CHAIN, 0, session->chain_bytes);
}

static void tell_event(struct fake_dataplane *fake, const struct fake_session *session,
                       enum cv_message_type type, enum cv_session_end end, uint64_t code)
{
    struct cv_message message = {.type = (uint16_t)type};

    message.session.session = session->state.session;
    message.session.address = session->state.address;
    message.session.local = session->state.local;
    message.session.payload_bytes = session->state.payload_bytes;
    message.session.end = (uint8_t)end;
    message.session.code = code;
    message.session.application = code != 0;
    memcpy(message.session.ticket, session->state.ticket, sizeof(message.session.ticket));
    tell(fake, &message);
}

struct fake_session *fake_session_ask(struct fake_dataplane *fake, uint64_t number, const uint8_t *chain,
                                      uint32_t bytes)
{
    struct fake_session *made = calloc(1, sizeof(*made));
    char address[CV_ADDRESS_TEXT];
    unsigned slot = 0;

    assert_non_null(made);
    assert_null(find(fake, number));
    while (fake->sessions[slot] != NULL)
        assert_true(++slot < FAKE_SESSIONS);
    fake->sessions[slot] = made;
    (void)snprintf(address, sizeof(address), "198.51.100.%u:4433", (unsigned)(number % 256));
    made->state.session = number;
    assert_int_equal(cv_address_parse(address, &made->state.address), 0);
    assert_int_equal(cv_address_parse("192.0.2.1:443", &made->state.local), 0);
    made->state.quic_version = 1;
    made->state.suite = 1;
    made->state.round_trip_us = 20000 + (uint32_t)number;
    made->state.round_trip_ms_ago = 1500;
    made->state.payload_bytes = FAKE_PAYLOAD_BYTES;
    memset(made->state.ticket, (int)(number % 255) + 1, sizeof(made->state.ticket));
    assert_true(bytes <= sizeof(made->chain));
    memcpy(made->chain, chain, bytes);
    made->chain_bytes = bytes;
    cv_capsule_reader_init(&made->reader, CV_FROM_RELAY, made->buffer);
    tell_ask(fake, made);
    return made;
}

void fake_session_bytes(struct fake_dataplane *fake, struct fake_session *session, const void *bytes,
                        size_t count)
{
    uint64_t from = session->state.received;

    assert_true(from + count <= sizeof(session->in));
    memcpy(session->in + from, bytes, count);
    session->state.received += count;
    if (cv_control_link_attached(fake->link)) /* else the next one is told */
        tell_data(fake, session, CV_SESSION_STREAM, from, session->state.received);
}

void fake_session_say(struct fake_dataplane *fake, struct fake_session *session,
                      const struct cv_capsule *capsule)
{
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];
    int count = cv_capsule_write(capsule, bytes, sizeof(bytes));

    assert_true(count > 0);
    if (!session->unchecked)
        assert_null(cv_capsule_order_next(&session->order, capsule));
    fake_session_bytes(fake, session, bytes, (size_t)count);
}

bool fake_session_hear(struct fake_session *session)
{
    struct cv_capsule_frame frame;
    const uint8_t *at = session->out + session->read;
    size_t left = session->state.sent - session->read;
    enum cv_capsule_reading reading = cv_capsule_next(&session->reader, &at, &left, &frame);
    const char *wrong;

    session->read = session->state.sent - left;
    if (session->state.acknowledged < session->read)
        session->state.acknowledged = session->read;
    if (reading == CV_CAPSULE_MORE)
        return false;
    assert_int_equal(reading, CV_CAPSULE_READY);
    assert_int_equal(cv_capsule_parse(&frame, &session->capsule), 0);
    wrong = cv_capsule_order_next(&session->order, &session->capsule);
    if (wrong != NULL && !session->unchecked)
        fail_msg("control sent %s: %s", cv_capsule_name(frame.type), wrong);
    return true;
}

void fake_session_move(struct fake_dataplane *fake, struct fake_session *session, const char *address)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_ADDRESS};

    message.session.session = session->state.session;
    message.session.previous = session->state.address;
    assert_int_equal(cv_address_parse(address, &session->state.address), 0);
    message.session.address = session->state.address;
    message.session.local = session->state.local;
    tell(fake, &message);
}

void fake_session_limit(struct fake_dataplane *fake, struct fake_session *session, uint16_t payload_bytes)
{
    session->state.payload_bytes = payload_bytes;
    tell_event(fake, session, CV_MESSAGE_SESSION_LIMIT, 0, 0);
}

void fake_session_probe(struct fake_dataplane *fake, const struct fake_session *session, uint32_t number,
                        const char *address, const char *local)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_PROBE};

    message.probe.session = session->state.session;
    message.probe.number = number;
    assert_int_equal(cv_address_parse(address, &message.probe.address), 0);
    assert_int_equal(cv_address_parse(local, &message.probe.local), 0);
    tell(fake, &message);
}

static void drop(struct fake_dataplane *fake, struct fake_session *session)
{
    *slot_of(fake, session->state.session) = NULL;
    free(session);
}

void fake_session_go(struct fake_dataplane *fake, struct fake_session *session)
{
    if (!session->closed && !session->refused)
        tell_event(fake, session, CV_MESSAGE_SESSION_CLOSED, CV_SESSION_END_PEER, CV_SESSION_ERROR_NONE);
    drop(fake, session);
}

void fake_session_lose(struct fake_dataplane *fake, struct fake_session *session, enum cv_session_end end)
{
    if (!session->closed && !session->refused)
        tell_event(fake, session, CV_MESSAGE_SESSION_CLOSED, end, 0);
    drop(fake, session);
}

static void send_state(struct fake_dataplane *fake, uint32_t sequence, const struct fake_session *session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_STATE, .sequence = sequence};

    message.session_state = session->state;
    assert_true(cv_control_link_send(fake->link, &message));
}

static bool is_over(const struct fake_session *session)
{
    return session->closed || session->refused;
}

bool fake_session_is_open(struct fake_dataplane *fake, uint64_t number)
{
    const struct fake_session *session = find(fake, number);

    return session != NULL && !is_over(session) && session->state.phase == CV_SESSION_OPEN;
}

static void dump(struct fake_dataplane *fake, const struct cv_message *request)
{
    struct cv_message end = {.type = CV_MESSAGE_DUMP_END, .sequence = request->sequence};
    struct fake_session *session;

    for (unsigned i = 0; i < FAKE_SESSIONS; i++) {
        session = fake->sessions[i];
        if (session == NULL || is_over(session))
            continue;
        session->held = 0;
        send_state(fake, request->sequence, session);
        end.count++;
    }
    for (unsigned i = 0; i < FAKE_SESSIONS; i++) {
        session = fake->sessions[i];
        if (session == NULL || is_over(session))
            continue;
        if (session->state.phase == CV_SESSION_ASKING)
            tell_ask(fake, session);
        else
            tell_data(fake, session, CV_SESSION_STREAM, session->state.credited, session->state.received);
    }
    assert_true(cv_control_link_send(fake->link, &end));
}

void fake_session_dump(struct fake_dataplane *fake)
{
    if (fake->session_dump.type == CV_MESSAGE_SESSION_DUMP)
        dump(fake, &fake->session_dump);
    memset(&fake->session_dump, 0, sizeof(fake->session_dump));
}

static void take_order(struct fake_dataplane *fake, const struct cv_message *message,
                       struct fake_session *session)
{
    const struct cv_session_order *order = &message->order;

    fake_answer(fake, message, 0);
    switch (message->type) {
    case CV_MESSAGE_SESSION_ADMIT:
        assert_int_equal(session->state.phase, CV_SESSION_ASKING);
        session->admitted = true;
        session->state.phase = CV_SESSION_OPEN;
        memcpy(session->state.tag, order->tag, sizeof(session->state.tag));
        tell_event(fake, session, CV_MESSAGE_SESSION_UP, 0, 0);
        break;
    case CV_MESSAGE_SESSION_REFUSE:
        assert_int_equal(session->state.phase, CV_SESSION_ASKING);
        session->refused = true;
        session->code = order->value;
        tell_event(fake, session, CV_MESSAGE_SESSION_CLOSED, CV_SESSION_END_REFUSED, order->value);
        break;
    default:
        session->closed = true;
        session->code = order->value;
        tell_event(fake, session, CV_MESSAGE_SESSION_CLOSED, CV_SESSION_END_CONTROL, order->value);
        break;
    }
}

static void take_send(const struct fake_dataplane *fake, struct fake_session *session,
                      const struct cv_session_data *data)
{
    assert_int_equal(session->state.phase, CV_SESSION_OPEN);
    assert_int_equal(data->offset, session->state.sent + session->held);
    assert_true(data->offset + data->bytes <= sizeof(session->out));
    memcpy(session->out + data->offset, data->data, data->bytes);
    session->held += data->bytes;
    if (data->more == 0) {
        session->state.sent += session->held;
        session->held = 0;
        if (!fake->late)
            session->state.acknowledged = session->state.sent;
        assert_true(session->state.sent - session->state.acknowledged <= CV_SESSION_WAITING_BYTES);
    }
}

static void take_credit(struct fake_session *session, uint64_t value)
{
    assert_true(value > session->state.credited);
    assert_true(value <= session->state.received);
    session->state.credited = value;
}

bool fake_session_handle(struct fake_dataplane *fake, const struct cv_message *message)
{
    struct fake_session *session = NULL;

    if (message->type == CV_MESSAGE_SESSION_DUMP) {
        fake->session_dump = *message;
        return true;
    }
    if (message->type == CV_MESSAGE_SESSION_SEND || message->type == CV_MESSAGE_SESSION_CREDIT ||
        message->type == CV_MESSAGE_SESSION_GET || message->type == CV_MESSAGE_SESSION_ADMIT ||
        message->type == CV_MESSAGE_SESSION_REFUSE || message->type == CV_MESSAGE_SESSION_CLOSE ||
        message->type == CV_MESSAGE_SESSION_PING)
        session = find(fake, message->order.session);
    else
        return false;
    if (session != NULL && is_over(session))
        session = NULL;
    if (message->type == CV_MESSAGE_SESSION_SEND) {
        if (session != NULL)
            take_send(fake, session, &message->data);
    } else if (message->type == CV_MESSAGE_SESSION_CREDIT) {
        if (session != NULL)
            take_credit(session, message->order.value);
    } else if (session == NULL) {
        fake_answer(fake, message, -ENOENT);
    } else if (message->type == CV_MESSAGE_SESSION_GET) {
        send_state(fake, message->sequence, session);
    } else if (message->type == CV_MESSAGE_SESSION_PING) {
        fake->pings++;
        fake_answer(fake, message, 0);
    } else {
        take_order(fake, message, session);
    }
    return true;
}

void fake_sessions_free(struct fake_dataplane *fake)
{
    for (unsigned i = 0; i < FAKE_SESSIONS; i++) {
        free(fake->sessions[i]);
        fake->sessions[i] = NULL;
    }
}
