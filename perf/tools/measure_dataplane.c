/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does to the data plane what control would: attaches, puts pairs with fixed addresses, and waits until they
 * are all there. Then reads the workers' counters over a window, and prints what it saw as one
 * JSON object.
 */
#include "attach.h"
#include "legs.h"
#include "median.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PUT_SECONDS     120
#define FORWARD_SECONDS 30   /* until the first packets are forwarded */
#define IN_FLIGHT_MAX   4096 /* requests: their answers must have room in the other ring */
#define RECEIVE_MAX     256
#define PARTS           10 /* of the window; the rate is their median */
#define NS_PER_SECOND   UINT64_C(1000000000)
/* Packets that may be dropped of a million. */
#define DROPPED_PPM_MAX 100

static const char usage[] =
    "Usage: measure_dataplane --socket PATH --pairs N [--listen] [--warm-up SECONDS] [--seconds SECONDS]\n"
    "Prints a JSON object: pairs, puts_per_second, memory_bytes, pair_bytes, seconds, forwarded_pkts, "
    "mpps.\n";

struct arguments {
    const char *socket;
    uint32_t pairs;
    double warm_up_s;
    double window_s;
    bool listening; /* all legs on the listening port */
};

/* The workers' counters, added up. */
struct sample {
    uint64_t time_ns;
    uint64_t received;
    uint64_t forwarded;
    uint64_t transmitted;
    uint64_t drops[CV_DROP_COUNT];
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / NS_PER_SECOND), .tv_nsec = (long)(ns % NS_PER_SECOND)};

    nanosleep(&time, NULL);
}

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},
        {"pairs", required_argument, NULL, 'n'},
        {"warm-up", required_argument, NULL, 'w'},
        {"seconds", required_argument, NULL, 't'},
        {"listen", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 's':
            arguments->socket = optarg;
            break;
        case 'n':
            arguments->pairs = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'w':
            arguments->warm_up_s = strtod(optarg, NULL);
            break;
        case 't':
            arguments->window_s = strtod(optarg, NULL);
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
    return optind == argc && arguments->socket && arguments->pairs > 0 &&
           arguments->pairs <= BENCH_PAIRS_MAX && arguments->window_s > 0 && arguments->warm_up_s >= 0;
}

/* ---- Putting ---- */

static struct cv_message put_message(uint32_t pair, bool listening)
{
    struct cv_message message = {.type = CV_MESSAGE_PAIR_PUT, .sequence = pair + 1};

    message.put.pair = pair + 1;
    for (uint32_t side = 0; side < 2; side++) {
        message.put.legs[side].bind = CV_BIND_FIXED;
        message.put.legs[side].proof = CV_PROOF_EXEMPT;
        message.put.legs[side].relay_port = bench_port(2 * pair, listening);
        message.put.legs[side].address = bench_leg_address(2 * pair + side);
    }
    return message;
}

/* Counts the results that are there; negative when one is an error, which it has named. */
static int take_results(struct cv_dataplane_link *link)
{
    struct cv_message messages[RECEIVE_MAX];
    uint32_t count = cv_dataplane_link_receive(link, messages, RECEIVE_MAX);
    int results = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (messages[i].type != CV_MESSAGE_RESULT)
            continue;
        results++;
        if (messages[i].result.error != 0) {
            fprintf(stderr, "measure_dataplane: pair %" PRIu64 ": %s\n", messages[i].result.pair,
                    cv_result_text(messages[i].result.error));
            return messages[i].result.error;
        }
    }
    return results;
}

static int put_pairs(struct cv_dataplane_link *link, uint32_t pairs, bool listening)
{
    uint64_t deadline_ns = now_ns() + PUT_SECONDS * NS_PER_SECOND;
    uint32_t sent = 0, answered = 0;

    while (answered < pairs) {
        struct pollfd ready = {.fd = cv_dataplane_link_doorbell(link), .events = POLLIN};
        int results;

        while (sent < pairs && sent - answered < IN_FLIGHT_MAX && cv_dataplane_link_room(link) > 0) {
            struct cv_message message = put_message(sent, listening);

            cv_dataplane_link_send(link, &message);
            sent++;
        }
        cv_dataplane_link_flush(link);
        poll(&ready, 1, 10);
        results = take_results(link);
        if (results < 0)
            return results;
        answered += (uint32_t)results;
        if (now_ns() > deadline_ns || cv_dataplane_link_serve(link) < 0)
            return -ETIMEDOUT;
    }
    return 0;
}

/* ---- Sampling ---- */

static uint64_t load(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static struct sample take_sample(const struct cv_shared *shared)
{
    struct sample sample = {.time_ns = now_ns()};

    for (uint32_t id = 0; id < shared->header.worker_count; id++) {
        const struct cv_worker_stats *worker = &shared->workers[id];

        sample.received += load(&worker->rx_pkts);
        sample.forwarded += load(&worker->forwarded_pkts);
        sample.transmitted += load(&worker->tx_pkts);
        for (uint32_t reason = 0; reason < CV_DROP_COUNT; reason++)
            sample.drops[reason] += load(&worker->drops[reason]);
    }
    return sample;
}

static bool wait_for_packets(const struct cv_shared *shared)
{
    uint64_t deadline_ns = now_ns() + FORWARD_SECONDS * NS_PER_SECOND;

    while (take_sample(shared).transmitted == 0) {
        if (now_ns() > deadline_ns)
            return false;
        sleep_ns(NS_PER_SECOND / 100);
    }
    return true;
}

/* Names every reason, so that a benchmark that fails says what went wrong. */
static bool few_drops(const struct sample *before, const struct sample *after)
{
    uint64_t received = after->received - before->received;
    uint64_t limit = received * DROPPED_PPM_MAX / 1000000;
    bool few = received > 0;

    if (!few)
        fputs("measure_dataplane: no packet was received in the window\n", stderr);
    for (uint32_t reason = 0; reason < CV_DROP_COUNT; reason++) {
        uint64_t dropped = after->drops[reason] - before->drops[reason];

        if (dropped <= limit)
            continue;
        fprintf(stderr, "measure_dataplane: %" PRIu64 " of %" PRIu64 " packets were dropped as %s\n", dropped,
                received, cv_drop_name(reason));
        few = false;
    }
    return few;
}

static double median_mpps(const struct sample samples[PARTS + 1])
{
    double rates[PARTS];

    for (uint32_t i = 0; i < PARTS; i++)
        rates[i] = (double)(samples[i + 1].forwarded - samples[i].forwarded) * 1e3 /
                   (double)(samples[i + 1].time_ns - samples[i].time_ns);
    return bench_median(rates, PARTS);
}

static void print_result(const struct arguments *arguments, const struct cv_shared *shared,
                         double puts_per_second, const struct sample samples[PARTS + 1])
{
    printf("{\"pairs\": %" PRIu32 ", \"puts_per_second\": %.0f, \"memory_bytes\": %" PRIu64
           ", \"pair_bytes\": %" PRIu64 ", \"forwarded_pkts\": %" PRIu64 ", \"mpps\": %.4f}\n",
           arguments->pairs, puts_per_second, load(&shared->keeper->memory_bytes),
           load(&shared->keeper->pair_bytes), samples[PARTS].forwarded - samples[0].forwarded,
           median_mpps(samples));
}

static int measure(struct cv_dataplane_link *link, const struct arguments *arguments)
{
    const struct cv_shared *shared = cv_dataplane_link_shared(link);
    uint64_t start_ns = now_ns();
    int error = put_pairs(link, arguments->pairs, arguments->listening);
    double puts_per_second = arguments->pairs / ((double)(now_ns() - start_ns) / (double)NS_PER_SECOND);
    struct sample samples[PARTS + 1];

    if (error) {
        fprintf(stderr, "measure_dataplane: putting %" PRIu32 " pairs: %s\n", arguments->pairs,
                strerror(-error));
        return 2;
    }
    if (!wait_for_packets(shared)) {
        fputs("measure_dataplane: the data plane sends no packets\n", stderr);
        return 2;
    }
    sleep_ns((uint64_t)(arguments->warm_up_s * (double)NS_PER_SECOND));
    samples[0] = take_sample(shared);
    for (uint32_t i = 1; i <= PARTS; i++) {
        sleep_ns((uint64_t)(arguments->window_s * (double)NS_PER_SECOND / PARTS));
        samples[i] = take_sample(shared);
    }
    if (load(&shared->keeper->pairs) != arguments->pairs) {
        fprintf(stderr, "measure_dataplane: the data plane has %" PRIu64 " pairs\n",
                load(&shared->keeper->pairs));
        return 2;
    }
    if (!few_drops(&samples[0], &samples[PARTS]))
        return 2;
    print_result(arguments, shared, puts_per_second, samples);
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.warm_up_s = 1, .window_s = 3};
    struct cv_dataplane_link *link = NULL;
    int result;

    if (!parse_arguments(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 1;
    }
    result = bench_attach(&link, arguments.socket);
    if (result != 0)
        fprintf(stderr, "measure_dataplane: cannot attach to %s: %s\n", arguments.socket, strerror(-result));
    else
        result = measure(link, &arguments);
    cv_dataplane_link_close(link);
    return result == 0 ? 0 : 2;
}
