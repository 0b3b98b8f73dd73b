/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What handshakes cost the thread that makes them, and what they do to forwarding: peers open sessions and
 * close them again as soon as they are registered, while pairs of UDP legs send as fast as they are let.
 */
#include "legs.h"
#include "relay_setup.h"
#include "wire.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEERS       1024     /* that take turns */
#define AT_ONCE     16       /* handshakes, when as many are made as can be */
#define FIRST_LEG   0x100000 /* of the UDP pairs */
#define PAIRS       64
#define IN_HAND     1024 /* packets that the port has ready to receive */
#define FRAME_BYTES 22   /* of payload: 64 with headers */
#define LONG_US     50   /* a stall that is worth counting */
#define THREAD      "cv-handshake"

static const char usage[] =
    "Usage: handshake_cost --config FILE --certificate FILE --key FILE [--rate N] [--seconds S]\n"
    "Prints a JSON object: per_second (handshakes that a core makes: per second of the handshake thread's "
    "CPU\n"
    "time), handshakes, and of the worker, while --rate handshakes are made a second and with none "
    "(quiet_):\n"
    "max_stall_us, the longest time between two polls of its queue; stalls, how many were over 50 us; polls; "
    "mpps\n"
    "forwarded.\n";

struct bench {
    struct bench_dataplane *dataplane;
    struct bench_wire wire;
    struct bench_peers peers;
    const char *certificate, *key;
    double rate, seconds;
    uint8_t payload[FRAME_BYTES];
    uint32_t next_peer, next_leg;
};

/* What was seen in one stretch of time. */
struct stretch {
    struct bench_polls polls;
    double seconds;
    uint64_t handshakes, handshake_ns, forwarded;
};

static void fill_port(struct bench *bench)
{
    while (rte_ring_count(bench->dataplane->received) + bench->wire.waiting_count < IN_HAND) {
        bench_wire_udp(&bench->wire, FIRST_LEG + bench->next_leg, bench->payload, FRAME_BYTES);
        bench->next_leg = (bench->next_leg + 1) % (2 * PAIRS);
    }
}

static void open_one(struct bench *bench)
{
    struct bench_peer *peer = &bench->peers.list[bench->next_peer];

    if (peer->engine != NULL)
        bench_fail("%d sessions are open, and no more are closed", PEERS);
    bench_peer_open(peer);
    bench->next_peer = (bench->next_peer + 1) % PEERS;
}

/* `rate` of 0: as many as can be. `traffic`: with packets to forward. */
static void run(struct bench *bench, double rate, double seconds, bool traffic)
{
    uint64_t begin_ns = bench_now_ns(), first = bench->peers.opened, passed_ns;

    while ((passed_ns = bench_now_ns() - begin_ns) < (uint64_t)(seconds * 1e9)) {
        uint64_t due = first + (rate > 0 ? (uint64_t)((double)passed_ns * rate / 1e9) : UINT64_MAX / 2);

        while (bench->peers.opened < due && (rate > 0 || bench->peers.opened - bench->peers.ended < AT_ONCE))
            open_one(bench);
        if (traffic)
            fill_port(bench);
        bench_peers_turn(&bench->peers);
        bench_wire_exchange(&bench->wire);
    }
}

/* Those in progress. */
static void finish(struct bench *bench)
{
    uint64_t deadline_ns = bench_now_ns() + UINT64_C(10000000000);

    while (bench->peers.ended < bench->peers.opened) {
        bench_peers_turn(&bench->peers);
        bench_wire_exchange(&bench->wire);
        if (bench_now_ns() > deadline_ns)
            bench_fail("%" PRIu64 " of %" PRIu64 " sessions did not end",
                       bench->peers.opened - bench->peers.ended, bench->peers.opened);
    }
}

static struct stretch observe(struct bench *bench, double rate, bool handshakes, bool traffic)
{
    const uint64_t *forwarded = &bench->dataplane->shared->workers[0].forwarded_pkts;
    clockid_t clock = bench_thread_clock(THREAD);
    struct stretch seen;

    seen.handshakes = bench->peers.registered;
    seen.handshake_ns = bench_clock_ns(clock);
    seen.forwarded = bench_counter(forwarded);
    seen.seconds = (double)bench_now_ns() / 1e9;
    bench_polls_begin(bench->dataplane, LONG_US);
    run(bench, handshakes ? rate : 1e-9, bench->seconds, traffic);
    seen.polls = bench_polls_end(bench->dataplane);
    seen.seconds = (double)bench_now_ns() / 1e9 - seen.seconds;
    seen.forwarded = bench_counter(forwarded) - seen.forwarded;
    seen.handshake_ns = bench_clock_ns(clock) - seen.handshake_ns;
    seen.handshakes = bench->peers.registered - seen.handshakes;
    finish(bench);
    return seen;
}

static void print_stalls(const char *prefix, const struct stretch *seen)
{
    printf(", \"%smax_stall_us\": %.1f, \"%sstalls\": %" PRIu64 ", \"%spolls\": %" PRIu64
           ", \"%smpps\": %.3f",
           prefix, seen->polls.longest_us, prefix, seen->polls.long_count, prefix, seen->polls.count, prefix,
           (double)seen->forwarded / seen->seconds / 1e6);
}

static int load(struct bench_dataplane *dataplane, void *context)
{
    struct bench *bench = context;
    struct bench_peers_config config = {
        .certificate = bench->certificate,
        .key = bench->key,
        .count = PEERS,
        .listen_port = dataplane->config.listen_port,
        .way = bench_wire_way(&bench->wire),
        .link = dataplane->link,
    };
    struct stretch most, quiet, paced;

    bench->dataplane = dataplane;
    bench->payload[0] = 0x40;
    bench_wire_create(&bench->wire, dataplane, rte_ring_get_capacity(dataplane->received));
    bench_peers_create(&bench->peers, &config);
    bench->peers.close_when_registered = true;
    bench->wire.peers = &bench->peers;
    bench_wire_udp_pairs(&bench->wire, FIRST_LEG, PAIRS);
    bench->wire.udp_bytes = FRAME_BYTES;
    run(bench, 0, bench->seconds / 4, true);
    finish(bench);
    most = observe(bench, 0, true, false);
    quiet = observe(bench, 0, false, true);
    paced = observe(bench, bench->rate, true, true);
    if (most.handshakes == 0 || bench->wire.udp_received == 0 || bench->wire.udp_wrong > 0)
        bench_fail("no handshake was made, or nothing forwarded");
    printf("{\"per_second\": %.1f, \"handshakes\": %" PRIu64 ", \"rate\": %.1f",
           (double)most.handshakes * 1e9 / (double)most.handshake_ns, most.handshakes,
           (double)paced.handshakes / paced.seconds);
    print_stalls("", &paced);
    print_stalls("quiet_", &quiet);
    puts("}");
    bench_peers_destroy(&bench->peers);
    bench_wire_destroy(&bench->wire);
    return 0;
}

static bool parse_arguments(int argc, char **argv, struct bench *bench, const char **config)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},  {"certificate", required_argument, NULL, 'C'},
        {"key", required_argument, NULL, 'k'},     {"rate", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 's'}, {0},
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
        case 'r':
            bench->rate = strtod(optarg, NULL);
            break;
        case 's':
            bench->seconds = strtod(optarg, NULL);
            break;
        default:
            return false;
        }
    }
    return optind == argc && *config != NULL && bench->certificate != NULL && bench->key != NULL &&
           bench->rate > 0 && bench->seconds > 0;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.rate = 500, .seconds = 5};
    const char *config = NULL;

    if (!parse_arguments(argc, argv, &bench, &config)) {
        fputs(usage, stderr);
        return 1;
    }
    return bench_dataplane_run(config, 65536, load, &bench);
}
