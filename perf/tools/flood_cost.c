/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a flood on the listening port takes from pairs whose packets come by the same queue: in each round the
 * port receives packets of pairs and of the flood, mixed, and the worker's busy time is divided by the pairs'
 * packets. The kinds of flood take turns, one round each.
 */
#include "frame.h"
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

#define PAIRS          1000
#define FIRST_LEG      0x100000
#define FIRST_STRANGER 0x400000
#define STRANGERS      0x400000
#define PAIR_BYTES     22
#define ROUND_PKTS     8192 /* of pairs; a flood is as many, times its share */
#define INITIALS       64
#define INITIAL_BYTES  1200
#define SHORT_BYTES    60
#define ROUNDS_MAX     4096
#define SETTLE_TURNS   4

/* X(enumerator, name) */
#define FLOOD_LIST(X)                                                                    \
    X(NONE, "none")                                                                      \
    X(GARBAGE, "garbage") /* random bytes, of 60 to 1,200 */                             \
    X(UNKNOWN, "unknown") /* short headers with connection IDs that were never issued */ \
    X(VERSION, "version") /* long headers of a version that is not spoken */             \
    X(INITIAL, "initial") /* real first packets of peers, each from another address */

enum flood {
#define FLOOD_ENUM(id, name) FLOOD_##id,
    FLOOD_LIST(FLOOD_ENUM)
#undef FLOOD_ENUM
        FLOODS
};

static const char *const names[FLOODS] = {
#define FLOOD_NAME(id, name) [FLOOD_##id] = (name),
    FLOOD_LIST(FLOOD_NAME)
#undef FLOOD_NAME
};

static const char usage[] =
    "Usage: flood_cost --config FILE --certificate FILE --key FILE [--share S] [--seconds S]\n"
    "Prints a JSON object for each kind of flood: flood, share (its packets per packet of a pair), pair_ns "
    "(of the\n"
    "worker, per packet of a pair, the flood's included), forwarded_share (of the pairs' packets).\n";

struct result {
    double cost_ns[ROUNDS_MAX];
    uint64_t offered, forwarded;
};

struct bench {
    struct bench_dataplane *dataplane;
    struct bench_wire wire;
    struct bench_peers peers;
    const char *certificate, *key;
    double share, seconds;
    uint8_t payload[PAIR_BYTES];
    uint8_t initials[INITIALS][INITIAL_BYTES];
    uint64_t random;
    struct result results[FLOODS];
    uint32_t rounds;
};

/* ---- Packets of the flood ---- */

/* Takes the first packet that each peer sends in place of sending it. */
static uint8_t *initial_room(void *context)
{
    static uint8_t packet[CV_PEER_PAYLOAD_MAX];

    (void)context;
    return packet;
}

static void keep_initial(void *context, uint32_t peer, size_t bytes)
{
    struct bench *bench = context;

    if (bytes >= INITIAL_BYTES)
        memcpy(bench->initials[peer], initial_room(context), INITIAL_BYTES);
}

/* A peer whose key share is large sends two: the first has the beginning of its ClientHello. */
static void make_initials(struct bench *bench)
{
    for (uint32_t i = 0; i < INITIALS; i++) {
        bench_peer_open(&bench->peers.list[i]);
        bench_peer_write(&bench->peers.list[i]);
        bench_peer_forget(&bench->peers.list[i]);
        if ((bench->initials[i][0] & 0xc0) != 0xc0)
            bench_fail("a peer began without an Initial packet");
    }
}

static void random_bytes(struct bench *bench, uint8_t *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
        uint64_t random = bench_random(&bench->random);

        memcpy(out + i, &random, RTE_MIN(bytes - i, sizeof(random)));
    }
}

static size_t fill(struct bench *bench, enum flood flood, uint8_t *payload)
{
    size_t bytes = INITIAL_BYTES;

    if (flood == FLOOD_INITIAL) {
        memcpy(payload, bench->initials[bench_random_below(&bench->random, INITIALS)], bytes);
        return bytes;
    }
    if (flood == FLOOD_UNKNOWN)
        bytes = SHORT_BYTES;
    else if (flood == FLOOD_GARBAGE)
        bytes = SHORT_BYTES + bench_random_below(&bench->random, INITIAL_BYTES - SHORT_BYTES);
    random_bytes(bench, payload, bytes);
    if (flood == FLOOD_UNKNOWN)
        payload[0] = 0x40 | (payload[0] & 0x3f);
    if (flood == FLOOD_VERSION)
        memcpy(payload, "\xc0\x1a\x2a\x3a\x4a\x08", 6);
    return bytes;
}

static void send_stranger(struct bench *bench, enum flood flood)
{
    uint32_t leg = FIRST_STRANGER + bench_random_below(&bench->random, STRANGERS);
    uint8_t *frame = bench_wire_room(&bench->wire);
    size_t bytes = fill(bench, flood, frame + BENCH_HEADERS);

    bench_headers(frame, bench_leg_ip(leg), bench_leg_port(leg), bench->dataplane->config.listen_port, bytes);
    bench_wire_frame(&bench->wire, BENCH_HEADERS + bytes);
}

/* ---- Rounds ---- */

static double busy_ns(const struct bench *bench)
{
    return (double)bench_counter(&bench->dataplane->shared->workers[0].busy_cycles) * 1e9 /
           (double)rte_get_tsc_hz();
}

static void free_sent(struct bench *bench)
{
    struct rte_mbuf *mbufs[64];
    unsigned count;

    while ((count = bench_sent(bench->dataplane, mbufs, 64)) > 0)
        rte_pktmbuf_free_bulk(mbufs, count);
}

static void run_round(struct bench *bench, enum flood flood, bool counted)
{
    const uint64_t *forwarded = &bench->dataplane->shared->workers[0].forwarded_pkts;
    struct result *result = &bench->results[flood];
    double debt = 0, before_ns;
    uint64_t before;

    for (uint32_t i = 0; i < ROUND_PKTS; i++) {
        bench_wire_udp(&bench->wire, FIRST_LEG + bench_random_below(&bench->random, 2 * PAIRS),
                       bench->payload, PAIR_BYTES);
        for (debt += flood == FLOOD_NONE ? 0 : bench->share; debt >= 1; debt--)
            send_stranger(bench, flood);
    }
    before_ns = busy_ns(bench);
    before = bench_counter(forwarded);
    bench_wire_receive(&bench->wire);
    for (int i = 0; i < SETTLE_TURNS;
         i++) { /* what the handshake thread makes of it is the worker's work, too */
        bench_await_rest(bench->dataplane);
        bench_peers_turn(&bench->peers);
    }
    bench_await_rest(bench->dataplane);
    free_sent(bench);
    if (!counted)
        return;
    before = bench_counter(forwarded) - before;
    if (before == 0)
        bench_fail("nothing was forwarded");
    result->cost_ns[bench->rounds] = (busy_ns(bench) - before_ns) / (double)before;
    result->offered += ROUND_PKTS;
    result->forwarded += before;
}

static void print_result(struct bench *bench, enum flood flood)
{
    struct result *result = &bench->results[flood];

    printf("{\"flood\": \"%s\", \"share\": %.2f, \"pair_ns\": %.2f, \"forwarded_share\": %.6f}\n",
           names[flood], flood == FLOOD_NONE ? 0 : bench->share, bench_median(result->cost_ns, bench->rounds),
           (double)result->forwarded / (double)result->offered);
}

static int load(struct bench_dataplane *dataplane, void *context)
{
    struct bench *bench = context;
    struct bench_peers_config config = {
        .certificate = bench->certificate,
        .key = bench->key,
        .count = INITIALS,
        .listen_port = dataplane->config.listen_port,
        .way = {.room = initial_room, .send = keep_initial, .context = bench},
        .link = dataplane->link,
    };
    uint64_t deadline_ns;

    bench->dataplane = dataplane;
    bench->payload[0] = 0x40;
    bench_wire_create(&bench->wire, dataplane, rte_ring_get_capacity(dataplane->received));
    bench_peers_create(&bench->peers, &config);
    bench->wire.peers = &bench->peers;
    bench_wire_udp_pairs(&bench->wire, FIRST_LEG, PAIRS);
    make_initials(bench);
    for (enum flood flood = 0; flood < FLOODS; flood++)
        run_round(bench, flood, false);
    deadline_ns = bench_now_ns() + (uint64_t)(bench->seconds * 1e9);
    do {
        for (enum flood flood = 0; flood < FLOODS; flood++)
            run_round(bench, flood, true);
    } while (++bench->rounds < ROUNDS_MAX && bench_now_ns() < deadline_ns);
    for (enum flood flood = 0; flood < FLOODS; flood++)
        print_result(bench, flood);
    bench_peers_destroy(&bench->peers);
    bench_wire_destroy(&bench->wire);
    return 0;
}

static bool parse_arguments(int argc, char **argv, struct bench *bench, const char **config)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},  {"certificate", required_argument, NULL, 'C'},
        {"key", required_argument, NULL, 'k'},     {"share", required_argument, NULL, 'r'},
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
            bench->share = strtod(optarg, NULL);
            break;
        case 's':
            bench->seconds = strtod(optarg, NULL);
            break;
        default:
            return false;
        }
    }
    return optind == argc && *config != NULL && bench->certificate != NULL && bench->key != NULL &&
           bench->share > 0 && bench->share <= 4 && bench->seconds > 0;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.share = 1, .seconds = 5, .random = 1};
    const char *config = NULL;

    if (!parse_arguments(argc, argv, &bench, &config)) {
        fputs(usage, stderr);
        return 1;
    }
    return bench_dataplane_run(config, 65536, load, &bench);
}
