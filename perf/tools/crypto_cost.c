/* SPDX-License-Identifier: BSD-3-Clause */
/* What packet protection costs: see usage. */
#include "crypto_contenders.h"
#include "crypto_spread.h"
#include "crypto_turns.h"
#include "relay_setup.h"

#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define BURSTS      8  /* in a turn */
#define SPREAD_PART 20 /* a turn over all keys is that much longer */

static const char usage[] =
    "Usage: crypto_cost [--rounds N] [--core N]\n"
    "Prints JSON objects, one a line, by \"table\":\n"
    "  suites  seal_ns and open_ns of each suite, size and contender, a header mask included,\n"
    "          and their ratio to libipsec-mb's\n"
    "  masks   ns of a header mask, `batch` with the same key at a time\n"
    "  keys    ns of sealing with so many keys in random order, all kept expanded, or none\n";

enum contenders { RAW, CULVERT, EVP, CONTENDERS };

static struct crypto_contender contenders[CONTENDERS];
static struct crypto_packets *packets;

/* ---- What a turn is ---- */

static void seal_turn(void *context, void *argument)
{
    const struct crypto_contender *contender = context;

    for (int i = 0; i < BURSTS; i++)
        contender->seal(contender->context, argument);
}

static void open_turn(void *context, void *argument)
{
    const struct crypto_contender *contender = context;

    for (int i = 0; i < BURSTS; i++)
        contender->open(contender->context, argument);
}

static void masks_turn(void *context, void *argument)
{
    const struct crypto_contender *contender = context;

    for (int i = 0; i < BURSTS; i++)
        contender->masks(contender->context, argument);
}

static void measure(void (*run)(void *, void *), unsigned rounds, struct crypto_turn turns[CONTENDERS])
{
    for (int i = 0; i < CONTENDERS; i++)
        turns[i] = (struct crypto_turn){
            .run = run,
            .context = &contenders[i],
            .argument = packets,
            .packets = BURSTS * CRYPTO_BURST,
        };
    crypto_measure(turns, CONTENDERS, rounds);
}

/* ---- Tables ---- */

static void suites_table(enum cv_suite suite, size_t bytes, unsigned rounds)
{
    struct crypto_turn seal[CONTENDERS], open[CONTENDERS];

    packets->payload_bytes = bytes;
    measure(seal_turn, rounds, seal);
    measure(open_turn, rounds, open);
    for (int i = 0; i < CONTENDERS; i++)
        printf("{\"table\": \"suites\", \"suite\": \"%s\", \"bytes\": %zu, \"contender\": \"%s\", "
               "\"seal_ns\": %.2f, "
               "\"open_ns\": %.2f, \"seal_ratio\": %.3f, \"open_ratio\": %.3f}\n",
               cv_suite_name(suite), bytes, contenders[i].name, seal[i].ns, open[i].ns, seal[i].ratio,
               open[i].ratio);
}

static void masks_table(enum cv_suite suite, size_t batch, unsigned rounds)
{
    struct crypto_turn turns[CONTENDERS];

    packets->batch = batch;
    measure(masks_turn, rounds, turns);
    for (int i = 0; i < CONTENDERS; i++)
        printf("{\"table\": \"masks\", \"suite\": \"%s\", \"batch\": %zu, \"contender\": \"%s\", \"ns\": "
               "%.2f}\n",
               cv_suite_name(suite), batch, contenders[i].name, turns[i].ns);
}

static void all_tables(unsigned rounds)
{
    static const size_t bytes[] = {64, 512, 1200, 1400}, batches[] = {1, 8, CRYPTO_BURST};

    contenders[CULVERT] = crypto_engine_contender("ipsec-mb");
    contenders[RAW] = crypto_raw_contender();
    contenders[EVP] = crypto_engine_contender("evp");
    packets = crypto_memory(sizeof(*packets));
    for (enum cv_suite suite = 0; suite < CV_SUITE_COUNT; suite++) {
        for (int i = 0; i < CONTENDERS; i++)
            contenders[i].set_suite(contenders[i].context, suite);
        for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
            suites_table(suite, bytes[i], rounds);
        for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
            masks_table(suite, batches[i], rounds);
    }
    crypto_spread(rounds / SPREAD_PART + 1);
}

static void use_core(unsigned core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        bench_fail("core %u: there is none, or it is not ours", core);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"core", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    unsigned rounds = 301, core = 1;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'r')
            rounds = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'c')
            core = (unsigned)strtoul(optarg, NULL, 10);
        else
            break;
    }
    if (option != -1 || optind != argc || rounds < 1 || rounds > CRYPTO_ROUNDS_MAX || core >= CPU_SETSIZE) {
        fputs(usage, option == 'h' ? stdout : stderr);
        return option == 'h' ? 0 : 1;
    }
    use_core(core);
    all_tables(rounds);
    return 0;
}
