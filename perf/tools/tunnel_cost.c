/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker spends on a datagram that it relays for tunnel legs. The load and the relay take turns, each
 * on a core of its own: in each round the peers write what they send, the port receives it all at once, the
 * worker takes it in bursts of 64, and when it has come to rest the peers read what it sent. So the relay's
 * L1 and L2 are its own, as behind a NIC, and the other core's work falls into times in which the worker
 * polls in vain.
 */
#include "legs.h"
#include "median.h"
#include "relay_setup.h"
#include "wire.h"

#include <getopt.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX   8
#define AT_ONCE      32 /* handshakes */
#define OPEN_SECONDS 300
#define CHANNEL      1
#define SLOTS        131072 /* of the port: 4,000 sessions and as many UDP legs, 8 packets each, and more */
#define BYTES_MAX    1400
#define PARTS        11 /* of the time that is measured; the result is their median */
#define SETTLE_NS    UINT64_C(300000000)
/*
 * From round to round, if the load is not slower: both sides pace what they send, and this leaves them the
 * time.
 */
#define ROUND_NS UINT64_C(1000000)

static const char usage[] =
    "Usage: tunnel_cost --config FILE --certificate FILE --key FILE --sessions N [--udp] [--bytes B,...]\n"
    "                   [--per-burst N,...] [--seconds S]\n"
    "Prints a JSON object for each of --bytes and --per-burst: bytes, per_burst, busy_ns (of the worker, "
    "per\n"
    "datagram that arrived), datagrams, lost, round_us. --udp: each session is paired with a UDP leg in "
    "place of\n"
    "another session.\n";

struct bench {
    struct bench_dataplane *dataplane;
    struct bench_wire wire;
    struct bench_peers peers;
    const char *certificate, *key;
    uint32_t sessions;
    bool udp;
    uint32_t bytes[VALUES_MAX], per_burst[VALUES_MAX];
    uint32_t bytes_count, per_burst_count;
    double seconds;
    uint32_t *order; /* of senders within a round: peers, then UDP legs */
    uint32_t senders;
    uint8_t payload[BYTES_MAX];
    uint64_t sent, received;
    uint64_t held; /* datagrams that were not sent, so that none has to wait */
    uint32_t expected_bytes;
};

/* ---- Setting up ---- */

/* Whom a peer or a UDP leg is paired with. */
static uint32_t partner(const struct bench *bench, uint32_t sender)
{
    if (!bench->udp)
        return sender ^ 1;
    return sender < bench->sessions ? sender + bench->sessions : sender - bench->sessions;
}

static uint32_t sender_of(const uint8_t *payload)
{
    uint32_t sender;

    memcpy(&sender, payload + 1, sizeof(sender));
    return sender;
}

static struct bench *the_bench; /* the peers' callback has no other way to it */

static void on_datagram(void *user, uint64_t channel, const uint8_t *payload, size_t bytes, uint8_t ecn)
{
    const struct bench_peer *peer = user;

    (void)ecn;
    if (channel != CHANNEL || bytes != the_bench->expected_bytes ||
        partner(the_bench, sender_of(payload)) != peer->index)
        bench_fail("peer %" PRIu32 " got a datagram of %zu bytes that is not for it", peer->index, bytes);
    the_bench->received++;
}

static struct cv_leg_config tunnel_leg(const struct bench *bench, uint32_t peer)
{
    return (struct cv_leg_config){
        .bind = CV_BIND_TUNNEL, .session = bench->peers.list[peer].session, .channel = CHANNEL};
}

static void make_pairs(struct bench *bench)
{
    uint32_t count = bench->udp ? bench->sessions : bench->sessions / 2;
    struct cv_pair_config *pairs = calloc(count, sizeof(*pairs));

    if (pairs == NULL)
        bench_fail("no memory for %" PRIu32 " pairs", count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = bench->udp ? i : 2 * i, second = partner(bench, first);

        pairs[i].pair = i + 1;
        pairs[i].legs[0] = tunnel_leg(bench, first);
        if (bench->udp)
            pairs[i].legs[1] = (struct cv_leg_config){.bind = CV_BIND_FIXED,
                                                      .proof = CV_PROOF_EXEMPT,
                                                      .relay_port = bench_relay_port(second),
                                                      .address = bench_leg_address(second)};
        else
            pairs[i].legs[1] = tunnel_leg(bench, second);
    }
    bench_put_pairs(&bench->peers, pairs, count);
    free(pairs);
}

/* Fixed, and nothing that the relay could gain from: neighbours in a burst are strangers in its tables. */
static void make_order(struct bench *bench)
{
    uint64_t random = 1;

    bench->senders = bench->udp ? 2 * bench->sessions : bench->sessions;
    bench->order = calloc(bench->senders, sizeof(*bench->order));
    if (bench->order == NULL)
        bench_fail("no memory for %" PRIu32 " senders", bench->senders);
    for (uint32_t i = 0; i < bench->senders; i++) {
        uint32_t other = bench_random_below(&random, i + 1);

        bench->order[i] = bench->order[other];
        bench->order[other] = i;
    }
}

static void set_up(struct bench *bench)
{
    struct bench_peers_config config = {
        .certificate = bench->certificate,
        .key = bench->key,
        .count = bench->sessions,
        .listen_port = bench->dataplane->config.listen_port,
        .way = bench_wire_way(&bench->wire),
        .link = bench->dataplane->link,
        .datagram = on_datagram,
    };

    bench_wire_create(&bench->wire, bench->dataplane, rte_ring_get_capacity(bench->dataplane->received));
    bench_peers_create(&bench->peers, &config);
    bench->wire.peers = &bench->peers;
    bench_peers_open_all(&bench->peers, AT_ONCE, OPEN_SECONDS, bench_wire_exchange);
    make_pairs(bench);
    make_order(bench);
}

/* ---- Rounds ---- */

static void send_by_tunnel(struct bench *bench, struct bench_peer *peer, uint32_t count)
{
    uint64_t now_ns = bench_now_ns();

    if (peer->engine == NULL)
        bench_fail("peer %" PRIu32 " has no session any more", peer->index);
    if (cv_peer_queued(peer->engine) > 0) { /* of the last round: the congestion window is full */
        bench->held += count;
        count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (cv_peer_send(peer->engine, CHANNEL, bench->payload, bench->expected_bytes, now_ns) != 0)
            bench_fail("peer %" PRIu32 " cannot send %" PRIu32 " bytes", peer->index, bench->expected_bytes);
        bench->sent++;
    }
    bench_peer_write(peer);
}

static void send_by_udp(struct bench *bench, uint32_t leg, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bench_wire_udp(&bench->wire, leg, bench->payload, bench->expected_bytes);
        bench->sent++;
    }
}

static void run_round(struct bench *bench, uint32_t per_burst)
{
    for (uint32_t i = 0; i < bench->senders; i++) {
        uint32_t sender = bench->order[i];

        memcpy(bench->payload + 1, &sender, sizeof(sender));
        if (sender < bench->sessions)
            send_by_tunnel(bench, &bench->peers.list[sender], per_burst);
        else
            send_by_udp(bench, sender, per_burst);
    }
    bench_peers_serve(&bench->peers);
    bench_wire_receive(&bench->wire);
    bench_await_rest(bench->dataplane);
    bench_wire_take(&bench->wire);
}

static uint64_t run_rounds(struct bench *bench, uint32_t per_burst, double seconds)
{
    uint64_t deadline_ns = bench_now_ns() + (uint64_t)(seconds * 1e9), rounds = 0, next_ns;

    do {
        next_ns = bench_now_ns() + ROUND_NS;
        run_round(bench, per_burst);
        rounds++;
        while (bench_now_ns() < next_ns)
            rte_pause();
    } while (next_ns < deadline_ns);
    return rounds;
}

static uint64_t arrived(const struct bench *bench)
{
    return bench->received + bench->wire.udp_received;
}

/* What waits for a congestion window, or to be paced. */
static void settle(struct bench *bench)
{
    uint64_t deadline_ns = bench_now_ns() + SETTLE_NS;

    do {
        bench_peers_turn(&bench->peers);
        bench_wire_exchange(&bench->wire);
    } while (arrived(bench) < bench->sent && bench_now_ns() < deadline_ns);
}

static double busy_ns(const struct bench *bench)
{
    return (double)bench_counter(&bench->dataplane->shared->workers[0].busy_cycles) * 1e9 /
           (double)rte_get_tsc_hz();
}

static void measure(struct bench *bench, uint32_t bytes, uint32_t per_burst)
{
    double cost_ns[PARTS], begin_ns;
    uint64_t datagrams, lost, rounds = 0;

    settle(bench);
    lost = bench->sent - arrived(bench);
    bench->held = 0;
    bench->expected_bytes = bytes;
    bench->wire.udp_bytes = bytes;
    run_rounds(bench, per_burst, bench->seconds / 3);
    datagrams = arrived(bench);
    begin_ns = (double)bench_now_ns();
    for (unsigned i = 0; i < PARTS; i++) {
        double busy_before_ns = busy_ns(bench);
        uint64_t before = arrived(bench);

        rounds += run_rounds(bench, per_burst, bench->seconds / PARTS);
        cost_ns[i] = (busy_ns(bench) - busy_before_ns) / (double)(arrived(bench) - before);
    }
    begin_ns = (double)bench_now_ns() - begin_ns;
    datagrams = arrived(bench) - datagrams;
    settle(bench);
    if (datagrams == 0 || bench->wire.udp_wrong > 0)
        bench_fail("no datagram arrived, or wrong ones; %" PRIu64 " packets were dropped",
                   bench_dropped(bench->dataplane));
    printf("{\"bytes\": %" PRIu32 ", \"per_burst\": %" PRIu32 ", \"busy_ns\": %.1f, \"datagrams\": %" PRIu64
           ", \"lost\": %" PRIu64 ", \"held\": %" PRIu64 ", \"round_us\": %.1f}\n",
           bytes, per_burst, bench_median(cost_ns, PARTS), datagrams, bench->sent - arrived(bench) - lost,
           bench->held, begin_ns / 1e3 / (double)rounds);
    fflush(stdout);
}

static int load(struct bench_dataplane *dataplane, void *context)
{
    struct bench *bench = context;

    bench->dataplane = dataplane;
    bench->payload[0] = 0x40; /* as QUIC's packets have it */
    set_up(bench);
    for (uint32_t i = 0; i < bench->bytes_count; i++)
        for (uint32_t j = 0; j < bench->per_burst_count; j++)
            measure(bench, bench->bytes[i], bench->per_burst[j]);
    bench_peers_destroy(&bench->peers);
    bench_wire_destroy(&bench->wire);
    free(bench->order);
    return 0;
}

/* ---- Arguments ---- */

static uint32_t parse_numbers(char *text, uint32_t values[VALUES_MAX])
{
    uint32_t count = 0;

    for (char *part = strtok(text, ","); part != NULL && count < VALUES_MAX; part = strtok(NULL, ","))
        values[count++] = (uint32_t)strtoul(part, NULL, 10);
    return count;
}

static bool parse_arguments(int argc, char **argv, struct bench *bench, const char **config)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"certificate", required_argument, NULL, 'C'},
        {"key", required_argument, NULL, 'k'},
        {"sessions", required_argument, NULL, 'n'},
        {"udp", no_argument, NULL, 'u'},
        {"bytes", required_argument, NULL, 'b'},
        {"per-burst", required_argument, NULL, 'p'},
        {"seconds", required_argument, NULL, 's'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            *config = optarg;
            break;
        case 'C':
            bench->certificate = optarg;
            break;
        case 'k':
            bench->key = optarg;
            break;
        case 'n':
            bench->sessions = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'u':
            bench->udp = true;
            break;
        case 'b':
            bench->bytes_count = parse_numbers(optarg, bench->bytes);
            break;
        case 'p':
            bench->per_burst_count = parse_numbers(optarg, bench->per_burst);
            break;
        case 's':
            bench->seconds = strtod(optarg, NULL);
            break;
        default:
            return false;
        }
    }
    for (uint32_t i = 0; i < bench->bytes_count; i++)
        if (bench->bytes[i] < 1 + sizeof(uint32_t) || bench->bytes[i] > BYTES_MAX)
            return false;
    return optind == argc && *config != NULL && bench->certificate != NULL && bench->key != NULL &&
           bench->sessions > 0 && bench->sessions % 2 == 0 && bench->seconds > 0;
}

int main(int argc, char **argv)
{
    static struct bench bench = {
        .bytes = {64, 1150},
        .bytes_count = 2,
        .per_burst = {1, 8},
        .per_burst_count = 2,
        .seconds = 2,
    };
    const char *config = NULL;

    the_bench = &bench;
    if (!parse_arguments(argc, argv, &bench, &config)) {
        fputs(usage, stderr);
        return 1;
    }
    return bench_dataplane_run(config, SLOTS, load, &bench);
}
