/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each stage of the packet path costs, on packets that lie ready in mbufs as if just received: no port,
 * no system call. Every burst is filled afresh from frames of all legs in random order; that is not counted.
 */
#include "frame.h"
#include "legs.h"
#include "relay/forward.h"
#include "relay/lookup.h"
#include "relay_setup.h"
#include "session/demux.h"
#include "worker/parse.h"
#include "worker/worker.h"

#include <getopt.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES  64
#define FRAMES_MIN   65536
#define BURSTS_MAX   10000000
#define NOTICE_SLOTS 1024

static const char usage[] =
    "Usage: stage_cost --pairs N [--listen] [--bursts N] [--core N] [--no-huge]\n"
    "Prints one JSON object: pairs, port, and nanoseconds per packet of parse, lookup, forward and all "
    "(cv_worker_burst).\n"
    "With --listen all legs are on the listening port: lookup is first whether the packets are sessions'.\n"
    "Example, counting instructions: valgrind --tool=callgrind --toggle-collect=cv_worker_burst \\\n"
    "    stage_cost --pairs 1000 --bursts 500 --no-huge\n";

struct arguments {
    uint32_t pairs;
    uint32_t bursts;
    uint32_t core;
    bool no_huge;
    bool listening;
};

struct frame {
    _Alignas(64) uint8_t bytes[FRAME_BYTES];
};

/* What is measured, and on what. */
struct bench {
    struct bench_relay relay;
    struct cv_worker *worker;
    struct cv_shard *shard; /* NULL: the legs are on relay ports */
    struct frame *frames;
    uint32_t frame_count;
    uint32_t next_frame;
    struct rte_mbuf *mbufs[CV_BURST];
};

enum stage { PARSE, LOOKUP, FORWARD, ALL, STAGES };

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"pairs", required_argument, NULL, 'n'},
        {"bursts", required_argument, NULL, 'b'},
        {"core", required_argument, NULL, 'c'},
        {"no-huge", no_argument, NULL, 'H'},
        {"listen", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            arguments->pairs = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'b':
            arguments->bursts = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'c':
            arguments->core = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'H':
            arguments->no_huge = true;
            break;
        case 'l':
            arguments->listening = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            return false;
        }
    }
    return optind == argc && arguments->pairs > 0 && arguments->pairs <= BENCH_PAIRS_MAX &&
           arguments->bursts > 0 && arguments->bursts <= BURSTS_MAX;
}

/* ---- Setting up ---- */

static void make_frames(struct bench *bench, uint32_t pairs, bool listening)
{
    uint32_t legs = 2 * pairs;
    uint64_t random = 1;

    bench->frame_count = RTE_ALIGN_CEIL(RTE_MAX(legs, (uint32_t)FRAMES_MIN), 64);
    bench->frames = aligned_alloc(64, bench->frame_count * sizeof(bench->frames[0]));
    if (bench->frames == NULL)
        bench_fail("no memory for %" PRIu32 " frames", bench->frame_count);
    for (uint32_t i = 0; i < bench->frame_count; i++) {
        uint32_t leg = bench_random_below(&random, legs);

        bench_frame(bench->frames[i].bytes, leg, bench_port(leg, listening), FRAME_BYTES);
    }
}

static void make_worker(struct bench *bench)
{
    struct cv_worker *worker = rte_zmalloc("worker", sizeof(*worker), 64);
    struct cv_worker_stats *stats = rte_zmalloc("stats", sizeof(*stats), 64);
    struct rte_mempool *pool = rte_pktmbuf_pool_create("mbufs", 1023, 0, 0, 2048, SOCKET_ID_ANY);

    if (worker == NULL || stats == NULL || pool == NULL ||
        rte_pktmbuf_alloc_bulk(pool, bench->mbufs, CV_BURST) != 0)
        bench_fail("no memory for a worker and its packets");
    worker->relay.table = &bench->relay.table;
    worker->relay.hops = &bench->relay.hops;
    worker->relay.locals = &bench->relay.locals;
    worker->relay.context.notices =
        rte_ring_create_elem("notices", sizeof(struct cv_notice), NOTICE_SLOTS, SOCKET_ID_ANY, 0);
    worker->relay.context.stats = stats;
    worker->relay.context.now_ms = 1;
    worker->relay.context.tx[0].present = true;
    bench->worker = worker;
}

/* What the listening port needs of sessions, without any. */
static void make_shard(struct bench *bench)
{
    static struct cv_sessions all;
    static struct cv_shard shard;

    if (cv_cid_secret_make(&all.secret) != 0 || (shard.codec = cv_cid_codec_create(&all.secret)) == NULL)
        bench_fail("no memory for connection IDs");
    shard.all = &all;
    shard.relay = &bench->worker->relay;
    bench->shard = bench->worker->shard = &shard;
    bench->worker->listen_port = BENCH_LISTEN_PORT;
}

/* ---- Measuring ---- */

/* As the driver leaves them: in the mbuf's data room, and in the cache. */
static void receive(struct bench *bench)
{
    for (unsigned i = 0; i < CV_BURST; i++) {
        struct rte_mbuf *mbuf = bench->mbufs[i];

        rte_pktmbuf_reset(mbuf);
        mbuf->data_len = FRAME_BYTES;
        mbuf->pkt_len = FRAME_BYTES;
        mbuf->port = 0;
        memcpy(rte_pktmbuf_mtod(mbuf, void *), bench->frames[bench->next_frame].bytes, FRAME_BYTES);
        if (++bench->next_frame == bench->frame_count)
            bench->next_frame = 0;
    }
}

/* The mbufs are ours again. All must have come this far. */
static void transmit(struct bench *bench)
{
    if (bench->worker->relay.context.tx[0].count != CV_BURST)
        bench_fail("%u of %u packets were forwarded", bench->worker->relay.context.tx[0].count, CV_BURST);
    bench->worker->relay.context.tx[0].count = 0;
}

static void run_stages(struct bench *bench, uint32_t cycles[STAGES])
{
    struct cv_worker *worker = bench->worker;
    const struct cv_parse_context context = {
        .locals = worker->relay.locals,
        .relay_port_first = worker->relay.table->relay_port_first,
        .relay_port_last = worker->relay.table->relay_port_last,
        .listen_port = worker->listen_port,
        .after_first = worker->after_first,
        .packets = worker->packets,
    };
    struct cv_named_burst named = {.count = 0};
    struct cv_tunnel_burst tunnelled = {.count = 0};
    struct cv_packet *packets[CV_BURST];
    uint64_t tsc[4];

    for (unsigned i = 0; i < CV_BURST; i++)
        packets[i] = &worker->packets[i];
    receive(bench);
    tsc[0] = rte_rdtsc_precise();
    cv_parse_burst(&context, bench->mbufs, worker->packets, CV_BURST);
    tsc[1] = rte_rdtsc_precise();
    if (bench->shard != NULL)
        cv_demux_sort(bench->shard, packets, worker->after_first, CV_BURST, &named);
    cv_lookup(worker->relay.table, packets, CV_BURST);
    tsc[2] = rte_rdtsc_precise();
    cv_forward(&worker->relay, packets, CV_BURST, true, &tunnelled);
    tsc[3] = rte_rdtsc_precise();
    transmit(bench);
    for (enum stage stage = PARSE; stage <= FORWARD; stage++)
        cycles[stage] = (uint32_t)(tsc[stage + 1] - tsc[stage]);
}

static void run_all(struct bench *bench, uint32_t cycles[STAGES])
{
    static const struct cv_rx rx;
    uint64_t start_tsc;

    receive(bench);
    start_tsc = rte_rdtsc_precise();
    cv_worker_burst(bench->worker, &rx, bench->mbufs, CV_BURST);
    cycles[ALL] = (uint32_t)(rte_rdtsc_precise() - start_tsc);
    transmit(bench);
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/*
 * The mean of the middle half of the bursts: those in which the kernel ran something else do not count, and
 * the mean is finer than the clock's ticks.
 */
static double middle_mean(uint32_t *values, uint32_t count)
{
    uint32_t first = count / 4, last = count - count / 4;
    uint64_t sum = 0;

    qsort(values, count, sizeof(*values), compare);
    for (uint32_t i = first; i < last; i++)
        sum += values[i];
    return (double)sum / (last - first);
}

static void measure(struct bench *bench, uint32_t bursts, double ns[STAGES])
{
    uint32_t(*cycles)[STAGES] = malloc(bursts * sizeof(*cycles));
    uint32_t *sorted = malloc(bursts * sizeof(*sorted));

    if (cycles == NULL || sorted == NULL)
        bench_fail("no memory for the times of %" PRIu32 " bursts", bursts);
    for (uint32_t burst = 0; burst < bursts; burst++)
        run_stages(bench, cycles[burst]);
    for (uint32_t burst = 0; burst < bursts; burst++)
        run_all(bench, cycles[burst]);
    for (enum stage stage = PARSE; stage < STAGES; stage++) {
        for (uint32_t burst = 0; burst < bursts; burst++)
            sorted[burst] = cycles[burst][stage];
        ns[stage] = middle_mean(sorted, bursts) * 1e9 / (double)rte_get_tsc_hz() / CV_BURST;
    }
    free(sorted);
    free(cycles);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.bursts = 50000, .core = 1};
    static struct bench bench;
    double ns[STAGES];

    if (!parse_arguments(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 1;
    }
    bench_eal_start(argv[0], arguments.core, arguments.no_huge);
    bench_relay_create(&bench.relay, arguments.pairs, arguments.listening);
    make_frames(&bench, arguments.pairs, arguments.listening);
    make_worker(&bench);
    if (arguments.listening)
        make_shard(&bench);
    measure(&bench, arguments.bursts, ns);
    printf("{\"pairs\": %" PRIu32 ", \"port\": \"%s\""
           ", \"parse_ns\": %.2f, \"lookup_ns\": %.2f, \"forward_ns\": %.2f, \"all_ns\": %.2f}\n",
           arguments.pairs, arguments.listening ? "listen" : "relay", ns[PARSE], ns[LOOKUP], ns[FORWARD],
           ns[ALL]);
    return 0;
}
