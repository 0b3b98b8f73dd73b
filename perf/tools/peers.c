/* SPDX-License-Identifier: BSD-3-Clause */
#include "peers.h"

#include "dataplane_inside.h"
#include "legs.h"
#include "protocol/capsule_value.h"
#include "relay_setup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_MAX 64
#define TIMERS_NS   UINT64_C(2000000) /* between two looks at all timers */
#define PUTS_MAX    1024              /* PAIR_PUTs that are not answered */
#define PUT_SECONDS 30
#define IDLE_US     50

/* Sequence numbers of requests, by which their answers are told apart. */
enum { ADMIT = 1, PUT = 2 };

/* ---- Life ---- */

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    struct bench_peer *peer = user;

    if (capsule->type != CV_CAPSULE_REGISTERED || peer->registered)
        return;
    peer->registered = true;
    peer->all->registered++;
    if (peer->all->close_when_registered)
        cv_peer_close(peer->engine, CV_SESSION_ERROR_NONE, NULL);
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    struct bench_peer *peer = user;

    if (end->by != CV_PEER_ENDED_BY_US)
        bench_fail("the session of peer %" PRIu32 " has ended: code %#" PRIx64 ", %s", peer->index, end->code,
                   end->sentence);
    peer->ended = true;
    peer->all->ended++;
}

void bench_peers_create(struct bench_peers *peers, const struct bench_peers_config *config)
{
    const struct cv_peer_tls_config tls = {
        .certificate = config->certificate, .key = config->key, .suites = "TLS_AES_128_GCM_SHA256"};
    uint32_t relay_be = htonl(BENCH_RELAY_IP);
    char error[512];

    *peers = (struct bench_peers){.way = config->way, .link = config->link, .count = config->count};
    peers->callbacks =
        (struct cv_peer_callbacks){.capsule = on_capsule, .datagram = config->datagram, .ended = on_ended};
    peers->relay = (struct cv_address){.ip = cv_ip_from_v4((const uint8_t *)&relay_be),
                                       .port_be = htons(config->listen_port)};
    if (cv_peer_tls_create(&peers->tls, &tls, error, sizeof(error)) != 0)
        bench_fail("%s", error);
    peers->list = calloc(config->count, sizeof(*peers->list));
    peers->touched = calloc(config->count, sizeof(*peers->touched));
    if (peers->list == NULL || peers->touched == NULL)
        bench_fail("no memory for %" PRIu32 " peers", config->count);
    for (uint32_t i = 0; i < config->count; i++) {
        peers->list[i].all = peers;
        peers->list[i].index = i;
        peers->list[i].deadline_ns = UINT64_MAX;
    }
}

void bench_peers_destroy(struct bench_peers *peers)
{
    for (uint32_t i = 0; i < peers->count; i++)
        cv_peer_destroy(peers->list[i].engine);
    cv_peer_tls_destroy(peers->tls);
    free(peers->touched);
    free(peers->list);
}

static void touch(struct bench_peer *peer)
{
    if (peer->touched)
        return;
    peer->touched = true;
    peer->all->touched[peer->all->touched_count++] = peer->index;
}

void bench_peer_open(struct bench_peer *peer)
{
    struct cv_peer_config config;
    int result;

    cv_peer_config_default(&config);
    config.tls = peer->all->tls;
    config.local = bench_leg_address(peer->index);
    config.relay = peer->all->relay;
    config.callbacks = &peer->all->callbacks;
    config.user = peer;
    config.tag = peer->index;
    config.idle_ns = 0;
    config.keep_alive_ns = 0;
    config.queue_ns = 0;
    config.no_bundling = true;
    peer->registered = peer->ended = false;
    result = cv_peer_create(&peer->engine, &config, bench_now_ns());
    if (result != 0)
        bench_fail("peer %" PRIu32 ": %s", peer->index, strerror(-result));
    peer->all->opened++;
    touch(peer);
}

void bench_peer_forget(struct bench_peer *peer)
{
    cv_peer_destroy(peer->engine);
    peer->engine = NULL;
    peer->deadline_ns = UINT64_MAX;
}

/* ---- Packets ---- */

void bench_peer_receive(struct bench_peer *peer, const uint8_t *packet, size_t bytes)
{
    const struct cv_address local = bench_leg_address(peer->index);

    if (peer->engine == NULL)
        return;
    cv_peer_receive(peer->engine, &local, &peer->all->relay, 0, packet, bytes, bench_now_ns());
    touch(peer);
}

void bench_peer_write(struct bench_peer *peer)
{
    const struct bench_way *way = &peer->all->way;
    uint64_t now_ns = bench_now_ns();
    struct cv_peer_way path;
    size_t bytes;

    if (peer->engine == NULL)
        return;
    if (peer->deadline_ns <= now_ns)
        cv_peer_expire(peer->engine, now_ns);
    while ((bytes =
                cv_peer_write(peer->engine, &path, way->room(way->context), CV_PEER_PAYLOAD_MAX, now_ns)) > 0)
        way->send(way->context, peer->index, bytes);
    peer->deadline_ns = cv_peer_deadline_ns(peer->engine);
    if (peer->ended)
        bench_peer_forget(peer);
}

static void serve_timers(struct bench_peers *peers)
{
    uint64_t now_ns = bench_now_ns();

    if (now_ns - peers->expired_ns < TIMERS_NS)
        return;
    peers->expired_ns = now_ns;
    for (uint32_t i = 0; i < peers->count; i++) {
        struct bench_peer *peer = &peers->list[i];

        if (peer->deadline_ns <= now_ns)
            touch(peer);
    }
}

/* ---- Control's part ---- */

static void admit(struct bench_peers *peers, uint64_t session)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_ADMIT, .sequence = ADMIT};

    message.order.session = session;
    if (!cv_dataplane_link_send(peers->link, &message))
        bench_fail("no room for an order to the data plane");
}

static void say(struct bench_peers *peers, uint64_t session, uint64_t *offset,
                const struct cv_capsule *capsule)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_SEND};
    int bytes;

    message.data.session = session;
    message.data.offset = *offset;
    message.data.kind = CV_SESSION_STREAM;
    bytes = cv_capsule_write(capsule, message.data.data, sizeof(message.data.data));
    if (bytes < 0)
        bench_fail("%s cannot be written", cv_capsule_name(capsule->type));
    message.data.bytes = (uint8_t)bytes;
    *offset += (uint64_t)bytes;
    if (!cv_dataplane_link_send(peers->link, &message))
        bench_fail("no room for a capsule to the data plane");
}

/* All that peers say is REGISTER, which fits into one message. */
static void answer_register(struct bench_peers *peers, const struct cv_session_data *data)
{
    const struct cv_capsule registered = {
        .type = CV_CAPSULE_REGISTERED,
        .registered = {.own = *cv_peer_tls_id(peers->tls),
                       .pairs = 1,
                       .relay = {.port_be = peers->relay.port_be, .count = 1, .ips = {peers->relay.ip}},
                       .relay_port_first_be = htons(BENCH_RELAY_PORT_FIRST),
                       .relay_port_last_be = htons(BENCH_RELAY_PORT_FIRST + BENCH_RELAY_PORTS - 1)},
    };
    const struct cv_capsule observed = {
        .type = CV_CAPSULE_OBSERVED_ADDRESS,
        .observed = {.peer = bench_leg_address(0), .relay = peers->relay},
    };
    struct cv_message credit = {.type = CV_MESSAGE_SESSION_CREDIT};
    uint64_t offset = 0;

    credit.order.session = data->session;
    credit.order.value = data->offset + data->bytes;
    if (!cv_dataplane_link_send(peers->link, &credit))
        bench_fail("no room for credit to the data plane");
    if (data->offset > 0)
        return;
    say(peers, data->session, &offset, &registered);
    say(peers, data->session, &offset, &observed);
}

static void note_session(struct bench_peers *peers, const struct cv_session_ask *ask)
{
    uint32_t ip_be;

    memcpy(&ip_be, ask->address.ip.bytes + 12, sizeof(ip_be));
    if (bench_leg_of_ip(ntohl(ip_be)) < peers->count)
        peers->list[bench_leg_of_ip(ntohl(ip_be))].session = ask->session;
}

static void take_result(struct bench_peers *peers, const struct cv_message *message)
{
    if (message->sequence == ADMIT && message->result.error == -EAGAIN)
        admit(peers, message->result.pair);
    else if (message->sequence == PUT && message->result.error != 0)
        bench_fail("pair %" PRIu64 ": %s", message->result.pair, cv_result_text(message->result.error));
    peers->results += message->sequence == PUT;
}

static void take_message(struct bench_peers *peers, const struct cv_message *message)
{
    switch (message->type) {
    case CV_MESSAGE_SESSION_ASK:
        note_session(peers, &message->ask);
        admit(peers, message->ask.session);
        break;
    case CV_MESSAGE_SESSION_DATA:
        if (message->data.kind == CV_SESSION_STREAM)
            answer_register(peers, &message->data);
        break;
    case CV_MESSAGE_RESULT:
        take_result(peers, message);
        break;
    default:
        break;
    }
}

static uint32_t play_control(struct bench_peers *peers)
{
    struct cv_message messages[RECEIVE_MAX];
    uint32_t count;

    if (cv_dataplane_link_room(peers->link) < 4 * RECEIVE_MAX) {
        cv_dataplane_link_flush(peers->link);
        return 0;
    }
    count = cv_dataplane_link_receive(peers->link, messages, RECEIVE_MAX);
    for (uint32_t i = 0; i < count; i++)
        take_message(peers, &messages[i]);
    cv_dataplane_link_flush(peers->link);
    return count;
}

/* ---- Together ---- */

uint32_t bench_peers_serve(struct bench_peers *peers)
{
    serve_timers(peers);
    while (peers->touched_count > 0) {
        struct bench_peer *peer = &peers->list[peers->touched[--peers->touched_count]];

        peer->touched = false;
        bench_peer_write(peer);
    }
    return play_control(peers);
}

void bench_peers_turn(struct bench_peers *peers)
{
    if (bench_peers_serve(peers) == 0)
        usleep(IDLE_US); /* the data plane's threads need this core, too */
}

void bench_peers_open_all(struct bench_peers *peers, uint32_t at_once, double seconds,
                          void (*exchange)(void *context))
{
    uint64_t deadline_ns = bench_now_ns() + (uint64_t)(seconds * 1e9);

    while (peers->registered < peers->count) {
        while (peers->opened < peers->count && peers->opened - peers->registered < at_once)
            bench_peer_open(&peers->list[peers->opened]);
        bench_peers_turn(peers);
        exchange(peers->way.context);
        if (bench_now_ns() > deadline_ns)
            bench_fail("%" PRIu64 " of %" PRIu32 " sessions were open after %.0f seconds", peers->registered,
                       peers->count, seconds);
    }
}

void bench_put_pairs(struct bench_peers *peers, const struct cv_pair_config *pairs, uint32_t count)
{
    uint64_t deadline_ns = bench_now_ns() + PUT_SECONDS * UINT64_C(1000000000);
    uint32_t sent = 0;

    peers->results = 0;
    while (peers->results < count) {
        while (sent < count && sent - peers->results < PUTS_MAX) {
            const struct cv_message message = {
                .type = CV_MESSAGE_PAIR_PUT, .sequence = PUT, .put = pairs[sent]};

            if (!cv_dataplane_link_send(peers->link, &message))
                break;
            sent++;
        }
        bench_peers_turn(peers);
        if (bench_now_ns() > deadline_ns)
            bench_fail("%" PRIu64 " of %" PRIu32 " pairs were made in time", peers->results, count);
    }
}
