/* SPDX-License-Identifier: BSD-3-Clause */
/* What a look-up costs in Culvert's index and in two others: see bench_index.h. */
#include "bench_index.h"
#include "index_culvert.h"
#include "index_lfht.h"
#include "index_rte_hash.h"
#include "legs.h"
#include "median.h"

#include <getopt.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS       (1u << 20) /* look-ups of a round, laid out in the order in which they are asked */
#define ROUNDS_MAX 101

static const char usage[] =
    "Usage: index_cost --pairs N [--rounds N] [--core N]\n"
    "Prints one JSON object per index: index, pairs, hit_ns, miss_ns, bytes_per_leg.\n";

struct arguments {
    uint32_t pairs;
    uint32_t rounds;
    uint32_t core;
};

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"pairs", required_argument, NULL, 'n'},
        {"rounds", required_argument, NULL, 'r'},
        {"core", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            arguments->pairs = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            arguments->rounds = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'c':
            arguments->core = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            return false;
        }
    }
    return optind == argc && arguments->pairs > 0 && arguments->pairs <= BENCH_PAIRS_MAX &&
           arguments->rounds > 0 && arguments->rounds <= ROUNDS_MAX;
}

/* Keys of legs from `first` on, in random order. */
static struct bench_key *random_keys(uint32_t first, uint32_t legs)
{
    struct bench_key *keys = malloc(KEYS * sizeof(*keys));
    uint64_t random = first + 1;

    if (keys == NULL)
        bench_fail("no memory for keys");
    for (uint32_t i = 0; i < KEYS; i++)
        keys[i] = bench_key_of(first + bench_random_below(&random, legs));
    return keys;
}

/* Nanoseconds of a look-up, as the mean of a round. */
static double round_ns(const struct bench_index *index, const struct bench_key *keys, uint32_t *found)
{
    uint64_t cycles = 0;

    for (uint32_t i = 0; i < KEYS; i += BENCH_BURST)
        cycles += index->look_up(&keys[i], found);
    return (double)cycles * 1e9 / (double)rte_get_tsc_hz() / KEYS;
}

/* The median of the rounds; all keys must be found, or none. */
static double measure(const struct bench_index *index, const struct bench_key *keys, uint32_t rounds,
                      bool there)
{
    double ns[ROUNDS_MAX];

    for (uint32_t i = 0; i < rounds; i++) {
        uint32_t found = 0;

        ns[i] = round_ns(index, keys, &found);
        if (found != (there ? KEYS : 0))
            bench_fail("%s found %" PRIu32 " of %u keys", index->name, found, there ? KEYS : 0);
    }
    return bench_median(ns, rounds);
}

static void measure_index(const struct bench_index *index, struct bench_relay *relay,
                          const struct arguments *arguments)
{
    uint32_t legs = 2 * arguments->pairs;
    struct bench_key *hits = random_keys(0, legs);
    struct bench_key *misses = random_keys(legs, legs);

    index->create(relay, legs);
    measure(index, hits, 1, true); /* warms up */
    printf("{\"index\": \"%s\", \"pairs\": %" PRIu32 ", \"hit_ns\": %.2f, ", index->name, arguments->pairs,
           measure(index, hits, arguments->rounds, true));
    printf("\"miss_ns\": %.2f, \"bytes_per_leg\": %.1f}\n", measure(index, misses, arguments->rounds, false),
           (double)index->bytes() / legs);
    fflush(stdout);
    index->destroy();
    free(hits);
    free(misses);
}

int main(int argc, char **argv)
{
    static const struct bench_index *const indexes[] = {&bench_index_culvert, &bench_index_rte_hash,
                                                        &bench_index_lfht};
    struct arguments arguments = {.rounds = 11, .core = 1};
    static struct bench_relay relay;

    if (!parse_arguments(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 1;
    }
    bench_eal_start(argv[0], arguments.core, false);
    bench_relay_create(&relay, arguments.pairs, false);
    for (size_t i = 0; i < RTE_DIM(indexes); i++)
        measure_index(indexes[i], &relay, &arguments);
    bench_relay_destroy(&relay);
    return 0;
}
