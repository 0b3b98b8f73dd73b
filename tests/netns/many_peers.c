/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thousands of peers, each with a key of its own, behind one UDP socket: their packets are told apart by
 * connection ID.
 *
 *   many_peers RELAY:PORT COUNT [AT-ONCE]
 *
 * Opens COUNT sessions, AT-ONCE handshakes at a time (100), and keeps them. On stdout lines of JSON: "up"
 * when all have registered. SIGUSR1: the peers ask each other for pairs of tunnel legs, two by two, and
 * "paired" is said when all have an answer. Payloads then pass to and fro; "talking" says when there has been
 * an answer in each pair. SIGTERM: all sessions are closed; "closed" says how many had been ended by others
 * before.
 */
#include "peer/session.h"
#include "peer/udp.h"
#include "protocol/session_error.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MILLISECOND  UINT64_C(1000000)
#define SWEEP_NS     (10 * MILLISECOND)
#define TALK_NS      (200 * MILLISECOND)
#define READS        256 /* in one go */
#define HANDSHAKE_NS (60 * 1000 * MILLISECOND)
#define IDLE_NS      (120 * 1000 * MILLISECOND)

struct one_peer {
    struct cv_peer_tls *tls;
    struct cv_peer *peer;
    uint64_t channel; /* of its tunnel leg; 0: none */
    bool registered, answered, talking, ended;
};

static struct {
    struct cv_address relay, local;
    struct one_peer *peers;
    uint32_t count, opened, registered, ended, answers, refused, talking;
    uint32_t at_once;
    int fd;
    uint64_t now_ns;
    bool closing, up_said, paired_said, talking_said;
} all;

static volatile sig_atomic_t asked_to_pair, asked_to_stop;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        asked_to_pair = 1;
    else
        asked_to_stop = 1;
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * MILLISECOND + (uint64_t)now.tv_nsec;
}

/* The odd one answers what the even one asks. */
static bool asks(const struct one_peer *one)
{
    return (one - all.peers) % 2 == 0;
}

/* ---- Sessions ---- */

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    struct one_peer *one = user;

    switch (capsule->type) {
    case CV_CAPSULE_REGISTERED:
        one->registered = true;
        all.registered++;
        break;
    case CV_CAPSULE_PAIR_OFFER:
        (void)cv_peer_accept(one->peer, capsule->number, CV_LEG_KIND_TUNNEL, NULL);
        break;
    case CV_CAPSULE_PAIR_MADE:
        one->channel = capsule->made.leg.channel;
        break;
    case CV_CAPSULE_REFUSED:
        all.refused += asks(one);
        break;
    default:
        return;
    }
    if ((capsule->type == CV_CAPSULE_PAIR_MADE || capsule->type == CV_CAPSULE_REFUSED) && asks(one))
        all.answers++;
}

static void on_datagram(void *user, uint64_t channel, const uint8_t *payload, size_t bytes, uint8_t ecn)
{
    struct one_peer *one = user;

    (void)ecn;
    if (!asks(one)) {
        (void)cv_peer_send(one->peer, channel, payload, bytes, all.now_ns);
    } else if (!one->talking) {
        one->talking = true;
        all.talking++;
    }
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    struct one_peer *one = user;

    one->ended = true;
    all.ended++;
    if (end->by != CV_PEER_ENDED_BY_US || end->code != CV_SESSION_ERROR_NONE)
        (void)fprintf(stderr, "peer %td: ended by %d, code 0x%llx: %s\n", one - all.peers, end->by,
                      (unsigned long long)end->code, end->sentence);
}

static const struct cv_peer_callbacks callbacks = {on_capsule, on_datagram, on_ended};

static void write_all(struct one_peer *one)
{
    uint8_t packet[CV_PEER_PAYLOAD_MAX];
    struct cv_peer_way way;
    size_t bytes;

    while ((bytes = cv_peer_write(one->peer, &way, packet, sizeof(packet), all.now_ns)) > 0)
        (void)udp_send(all.fd, packet, bytes, &way.remote, way.ecn);
}

static bool open_one(struct one_peer *one)
{
    struct cv_peer_config config;

    cv_peer_config_default(&config);
    if (cv_peer_tls_generate(&one->tls) != 0)
        return false;
    config.tls = one->tls;
    config.local = all.local;
    config.relay = all.relay;
    config.callbacks = &callbacks;
    config.user = one;
    config.tag = (uint32_t)(one - all.peers);
    config.handshake_ns = HANDSHAKE_NS;
    config.idle_ns = IDLE_NS;
    config.queue_bytes = 4096;
    if (cv_peer_create(&one->peer, &config, all.now_ns) != 0)
        return false;
    write_all(one);
    return true;
}

/* ---- What is asked of all ---- */

static void tell(const char *event, uint32_t number, uint32_t other)
{
    (void)printf("{\"event\":\"%s\",\"count\":%u,\"other\":%u}\n", event, number, other);
    (void)fflush(stdout);
}

static void pair_all(void)
{
    asked_to_pair = 0;
    all.answers = all.refused = all.talking = 0;
    all.paired_said = all.talking_said = false;
    for (uint32_t i = 0; i + 1 < all.count; i += 2) {
        struct one_peer *one = &all.peers[i];
        uint64_t request;

        if (one->ended ||
            cv_peer_request(one->peer, cv_peer_tls_id(one[1].tls), CV_LEG_KIND_TUNNEL, NULL, &request) != 0)
            all.answers++, all.refused++;
        else
            write_all(one);
    }
}

static void talk(void)
{
    static uint64_t next_ns;

    if (all.now_ns < next_ns)
        return;
    next_ns = all.now_ns + TALK_NS;
    for (uint32_t i = 0; i < all.opened; i += 2) {
        struct one_peer *one = &all.peers[i];

        if (one->channel == 0 || one->talking || one->ended)
            continue;
        (void)cv_peer_send(one->peer, one->channel, (const uint8_t *)"hello", 5, all.now_ns);
        write_all(one);
    }
}

static void close_all(void)
{
    uint32_t before = all.ended;

    all.closing = true;
    for (uint32_t i = 0; i < all.opened; i++) {
        cv_peer_close(all.peers[i].peer, CV_SESSION_ERROR_NONE, NULL);
        write_all(&all.peers[i]);
        if (i % 8 == 7)
            (void)poll(NULL, 0, 1); /* or the relay's receive queue is too short */
    }
    tell("closed", all.ended, before);
}

static void say_what_is_done(void)
{
    if (!all.up_said && all.registered == all.count) {
        tell("up", all.registered, all.ended);
        all.up_said = true;
    }
    if (all.answers > 0 && !all.paired_said && all.answers == all.count / 2) {
        tell("paired", all.answers - all.refused, all.refused);
        all.paired_said = true;
    }
    if (all.paired_said && !all.talking_said && all.talking == all.answers - all.refused) {
        tell("talking", all.talking, all.ended);
        all.talking_said = true;
    }
}

/* ---- The loop ---- */

static void read_packets(void)
{
    uint8_t packet[2048];
    struct cv_address from;
    uint32_t tag;
    uint8_t ecn;

    for (unsigned i = 0; i < READS; i++) {
        ssize_t bytes = udp_receive(all.fd, packet, sizeof(packet), &from, &ecn);

        if (bytes < 0)
            return;
        if (!cv_peer_packet_tag(packet, (size_t)bytes, &tag) || tag >= all.opened)
            continue;
        cv_peer_receive(all.peers[tag].peer, &all.local, &from, ecn, packet, (size_t)bytes, all.now_ns);
        write_all(&all.peers[tag]);
    }
}

static bool sweep(void)
{
    for (uint32_t i = 0; i < all.opened; i++) {
        struct one_peer *one = &all.peers[i];

        if (cv_peer_deadline_ns(one->peer) <= all.now_ns)
            cv_peer_expire(one->peer, all.now_ns);
        write_all(one);
    }
    while (all.opened < all.count && all.opened - all.registered - all.ended < all.at_once)
        if (!open_one(&all.peers[all.opened++]))
            return false;
    talk();
    say_what_is_done();
    return true;
}

static bool run(void)
{
    uint64_t sweep_ns = 0;

    while (!asked_to_stop) {
        struct pollfd waiting = {all.fd, POLLIN, 0};

        (void)poll(&waiting, 1, (int)(SWEEP_NS / MILLISECOND));
        all.now_ns = monotonic_ns();
        read_packets();
        if (all.now_ns >= sweep_ns) {
            sweep_ns = all.now_ns + SWEEP_NS;
            if (!sweep())
                return false;
        }
        if (asked_to_pair)
            pair_all();
    }
    all.now_ns = monotonic_ns();
    close_all();
    return true;
}

int main(int argc, char **argv)
{
    const struct sigaction action = {.sa_handler = on_signal};
    bool done;

    if (argc < 3 || cv_address_parse(argv[1], &all.relay) != 0 || all.relay.port_be == 0 ||
        atoi(argv[2]) <= 0) {
        (void)fputs("usage: many_peers RELAY:PORT COUNT [AT-ONCE]\n", stderr);
        return 1;
    }
    all.count = (uint32_t)atoi(argv[2]);
    all.at_once = argc > 3 ? (uint32_t)atoi(argv[3]) : 100;
    all.peers = calloc(all.count, sizeof(*all.peers));
    all.fd = udp_open(NULL, &all.relay);
    if (all.peers == NULL || all.fd < 0 || udp_local(all.fd, &all.local) != 0) {
        (void)fprintf(stderr, "many_peers: no socket: %s\n", strerror(-all.fd));
        return 2;
    }
    (void)sigaction(SIGUSR1, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    all.now_ns = monotonic_ns();
    done = run();
    if (!done)
        (void)fputs("many_peers: no memory for another session\n", stderr);
    for (uint32_t i = 0; i < all.count; i++) {
        cv_peer_destroy(all.peers[i].peer);
        cv_peer_tls_destroy(all.peers[i].tls);
    }
    free(all.peers);
    close(all.fd);
    return done ? 0 : 2;
}
