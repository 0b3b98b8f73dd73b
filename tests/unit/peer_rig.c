/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_rig.h"

#include "protocol/capsule_value.h"

#include <string.h>

#define SESSIONS  16
#define STEPS_MAX 5000

struct peer_rig peer_rig;

/* ---- The user ---- */

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    (void)user;
    assert_true(peer_rig.by_user_count < PEER_RIG_HEARD_MAX);
    peer_rig.by_user[peer_rig.by_user_count++] = *capsule;
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    (void)user;
    peer_rig.ends++;
    peer_rig.end = *end;
}

static const struct cv_peer_callbacks callbacks = {.capsule = on_capsule, .ended = on_ended};

/* ---- Control ---- */

static void order(const struct cv_message *message)
{
    const struct cv_session_rings *rings = message->type == CV_MESSAGE_SESSION_ADMIT
                                               ? cv_handshake_rings(peer_rig.relay.sessions)
                                               : &peer_rig.relay.sessions->rings[0];

    assert_int_equal(rte_ring_sp_enqueue_elem(rings->orders, (void *)(uintptr_t)message, sizeof(*message)),
                     0);
}

static void admit(uint64_t session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_ADMIT, .sequence = 1};

    peer_rig.session = message.order.session = session;
    peer_rig.sent = 0;
    cv_capsule_reader_init(&peer_rig.reader, CV_FROM_PEER, peer_rig.reader_buffer);
    order(&message);
}

static void hear(const uint8_t *data, size_t bytes)
{
    struct cv_capsule_frame frame;
    enum cv_capsule_reading reading;

    while ((reading = cv_capsule_next(&peer_rig.reader, &data, &bytes, &frame)) == CV_CAPSULE_READY) {
        struct peer_rig_heard *heard = &peer_rig.by_relay[peer_rig.by_relay_count++];

        assert_true(peer_rig.by_relay_count <= PEER_RIG_HEARD_MAX);
        memcpy(heard->value, frame.value, frame.bytes);
        frame.value = heard->value;
        assert_int_equal(cv_capsule_parse(&frame, &heard->capsule), CV_CAPSULE_GOOD);
    }
    assert_int_equal(reading, CV_CAPSULE_MORE);
}

static void take_events(const struct cv_session_rings *rings)
{
    struct cv_message message;

    while (rte_ring_sc_dequeue_elem(rings->events, &message, sizeof(message)) == 0) {
        if (message.type == CV_MESSAGE_SESSION_ASK)
            admit(message.ask.session);
        else if (message.type == CV_MESSAGE_SESSION_DATA && message.data.kind == CV_SESSION_STREAM &&
                 message.data.session == peer_rig.session)
            hear(message.data.data, message.data.bytes);
    }
}

/* ---- Packets ---- */

uint64_t peer_rig_now(void)
{
    return cv_sessions_now(peer_rig.relay.sessions);
}

static void from_peer(void)
{
    uint8_t packet[CV_PEER_PAYLOAD_MAX];
    struct cv_peer_way way;
    size_t bytes;

    if (cv_peer_deadline_ns(peer_rig.peer) <= peer_rig_now())
        cv_peer_expire(peer_rig.peer, peer_rig_now());
    while ((bytes = cv_peer_write(peer_rig.peer, &way, packet, sizeof(packet), peer_rig_now())) > 0)
        rig_burst(peer_rig.relay.rig, rig_datagram(PEER_RIG_LOCAL, "192.0.2.1:443", packet, (uint16_t)bytes));
}

static void to_peer(void)
{
    struct rte_mbuf *mbuf;

    while ((mbuf = rig_take(peer_rig.relay.rig, RIG_PORT)) != NULL) {
        struct packet_view view = packets_read(mbuf);

        cv_peer_receive(peer_rig.peer, &view.destination, &view.source, 0, view.payload, view.payload_bytes,
                        peer_rig_now());
        rte_pktmbuf_free(mbuf);
    }
}

static void step(void)
{
    from_peer();
    session_rig_turn(&peer_rig.relay);
    take_events(cv_handshake_rings(peer_rig.relay.sessions));
    take_events(&peer_rig.relay.sessions->rings[0]);
    to_peer();
}

/* ---- Steps of a test ---- */

void peer_rig_forget(void)
{
    peer_rig.by_relay_count = peer_rig.by_user_count = 0;
}

/* What the relay has heard, the only one. */
const struct cv_capsule *peer_rig_wait_relay(enum cv_capsule_type type)
{
    for (unsigned i = 0; i < STEPS_MAX && peer_rig.by_relay_count == 0; i++)
        step();
    assert_int_equal(peer_rig.by_relay_count, 1);
    assert_int_equal(peer_rig.by_relay[0].capsule.type, type);
    return &peer_rig.by_relay[0].capsule;
}

const struct cv_capsule *peer_rig_wait_user(enum cv_capsule_type type)
{
    for (unsigned i = 0; i < STEPS_MAX && peer_rig.by_user_count == 0; i++)
        step();
    assert_int_equal(peer_rig.by_user_count, 1);
    assert_int_equal(peer_rig.by_user[0].type, type);
    return &peer_rig.by_user[0];
}

void peer_rig_wait_end(uint64_t code)
{
    for (unsigned i = 0; i < STEPS_MAX && peer_rig.ends == 0; i++)
        step();
    assert_int_equal(peer_rig.ends, 1);
    assert_int_equal(peer_rig.end.by, CV_PEER_ENDED_BY_US);
    assert_true(peer_rig.end.application);
    assert_int_equal(peer_rig.end.code, code);
}

void peer_rig_say_bytes(const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        struct cv_message message = {.type = CV_MESSAGE_SESSION_SEND};
        size_t piece = count < CV_SESSION_DATA_BYTES ? count : CV_SESSION_DATA_BYTES;

        message.data.session = peer_rig.session;
        message.data.offset = peer_rig.sent;
        message.data.kind = CV_SESSION_STREAM;
        message.data.more = piece < count;
        message.data.bytes = (uint8_t)piece;
        memcpy(message.data.data, bytes, piece);
        order(&message);
        peer_rig.sent += piece;
        bytes += piece;
        count -= piece;
    }
}

/* A capsule without parameters, and one behind it: an empty one of type `parameter`, 0: none. */
size_t peer_rig_write(const struct cv_capsule *capsule, uint64_t parameter, uint8_t *out)
{
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];
    int count = cv_capsule_write(capsule, bytes, sizeof(bytes));
    uint64_t type, length;
    size_t header, type_bytes, at;

    assert_true(count > 0);
    type_bytes = cv_varint_read(bytes, (size_t)count, &type);
    header = type_bytes + cv_varint_read(bytes + type_bytes, (size_t)count - type_bytes, &length);
    at = cv_varint_write(out, 8, type);
    at += cv_varint_write(out + at, 8, length + (parameter != 0 ? cv_varint_size(parameter) + 1 : 0));
    memcpy(out + at, bytes + header, length);
    at += length;
    if (parameter != 0) {
        at += cv_varint_write(out + at, 8, parameter);
        out[at++] = 0;
    }
    return at;
}

void peer_rig_say(const struct cv_capsule *capsule, uint64_t parameter)
{
    uint8_t bytes[CV_CAPSULE_BYTES_MAX];

    if (capsule->parameters.present == 0)
        peer_rig_say_bytes(bytes, peer_rig_write(capsule, parameter, bytes));
    else
        peer_rig_say_bytes(bytes, (size_t)cv_capsule_write(capsule, bytes, sizeof(bytes)));
}

struct cv_capsule peer_rig_registered(void)
{
    return (struct cv_capsule){
        .type = CV_CAPSULE_REGISTERED,
        .registered = {.own = *cv_peer_tls_id(peer_rig.tls),
                       .pairs = 4,
                       .relay = {.port_be = rte_cpu_to_be_16(443),
                                 .count = 1,
                                 .ips = {packets_address("192.0.2.1:443").ip}},
                       .relay_port_first_be = rte_cpu_to_be_16(40000),
                       .relay_port_last_be = rte_cpu_to_be_16(40063)},
    };
}

struct cv_peer_config peer_rig_config(void)
{
    struct cv_peer_config config;

    cv_peer_config_default(&config);
    config.tls = peer_rig.tls;
    config.local = packets_address(PEER_RIG_LOCAL);
    config.relay = packets_address("192.0.2.1:443");
    config.callbacks = &callbacks;
    return config;
}

/* Until REGISTER has come. */
const struct cv_capsule *peer_rig_open(const struct cv_peer_config *config)
{
    peer_rig_forget();
    peer_rig.ends = 0;
    assert_int_equal(cv_peer_create(&peer_rig.peer, config, peer_rig_now()), 0);
    return peer_rig_wait_relay(CV_CAPSULE_REGISTER);
}

/* Until REGISTERED, with a ticket, has come; nothing is left to be heard. */
void peer_rig_register(void)
{
    const struct cv_peer_config config = peer_rig_config();
    struct cv_capsule capsule = peer_rig_registered();

    (void)peer_rig_open(&config);
    cv_parameter_span(&capsule.parameters, CV_PARAMETER_TICKET, PEER_RIG_TICKET, CV_TICKET_BYTES);
    peer_rig_say(&capsule, 0);
    (void)peer_rig_wait_user(CV_CAPSULE_REGISTERED);
    peer_rig_forget();
}

void peer_rig_close(void)
{
    if (peer_rig.ends == 0) {
        cv_peer_close(peer_rig.peer, CV_SESSION_ERROR_NONE, NULL);
        peer_rig_wait_end(CV_SESSION_ERROR_NONE);
    }
    cv_peer_destroy(peer_rig.peer);
    peer_rig.peer = NULL;
}

/* ---- Set-up ---- */

int peer_rig_start(void **state)
{
    (void)state;
    session_rig_config(&peer_rig.relay.config, SESSIONS);
    session_rig_start(&peer_rig.relay, "peer_rig");
    return cv_peer_tls_generate(&peer_rig.tls);
}

int peer_rig_stop(void **state)
{
    (void)state;
    cv_peer_destroy(peer_rig.peer);
    cv_peer_tls_destroy(peer_rig.tls);
    session_rig_stop(&peer_rig.relay);
    return 0;
}
