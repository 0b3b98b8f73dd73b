/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a pcap file with packets of all legs in random order: each leg once, and where that makes fewer than
 * --packets, more from legs chosen at random. The first packet is the gateway's ARP reply. The same arguments
 * give the same file.
 */
#include "frame.h"
#include "legs.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_BUFFER_BYTES (1u << 20)

static const char usage[] =
    "Usage: make_pcap --pairs N --frame BYTES [--listen] [--packets MIN] [--seed N] FILE\n"
    "The packets are for the relay ports; with --listen all for the listening port.\n"
    "Writes FILE and prints how many packets it holds. FILE is complete only when the exit code is 0.\n"
    "Example: make_pcap --pairs 1000 --frame 64 /tmp/1000.pcap\n";

struct arguments {
    uint32_t pairs;
    uint32_t frame_bytes;
    uint32_t min_packets;
    uint64_t seed;
    const char *path;
    bool listening;
};

struct pcap_file_header {
    uint32_t magic;
    uint16_t version_major, version_minor;
    uint32_t zone, accuracy, snap_bytes, link_type;
};

struct pcap_packet_header {
    uint32_t seconds, microseconds, captured_bytes, wire_bytes;
};

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"pairs", required_argument, NULL, 'n'},
        {"frame", required_argument, NULL, 'f'},
        {"packets", required_argument, NULL, 'p'},
        {"seed", required_argument, NULL, 's'},
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
        case 'f':
            arguments->frame_bytes = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'p':
            arguments->min_packets = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 's':
            arguments->seed = strtoull(optarg, NULL, 10);
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
    arguments->path = optind + 1 == argc ? argv[optind] : NULL;
    return arguments->path && arguments->pairs > 0 && arguments->pairs <= BENCH_PAIRS_MAX &&
           arguments->frame_bytes >= BENCH_FRAME_MIN && arguments->frame_bytes <= BENCH_FRAME_MAX;
}

/* Which leg sends each packet; NULL when there is no memory. */
static uint32_t *order_of_legs(const struct arguments *arguments, uint32_t packets)
{
    uint32_t legs = 2 * arguments->pairs;
    uint32_t *order = malloc(packets * sizeof(*order));
    uint64_t random = arguments->seed;

    if (!order)
        return NULL;
    for (uint32_t i = 0; i < packets; i++)
        order[i] = i < legs ? i : bench_random_below(&random, legs);
    for (uint32_t i = packets - 1; i > 0; i--) {
        uint32_t other = bench_random_below(&random, i + 1);
        uint32_t leg = order[i];

        order[i] = order[other];
        order[other] = leg;
    }
    return order;
}

static bool put_packet(FILE *file, const uint8_t *frame, uint32_t bytes)
{
    struct pcap_packet_header header = {.captured_bytes = bytes, .wire_bytes = bytes};

    return fwrite(&header, sizeof(header), 1, file) == 1 && fwrite(frame, bytes, 1, file) == 1;
}

static bool put_all(FILE *file, const struct arguments *arguments, const uint32_t *order, uint32_t packets)
{
    struct pcap_file_header header = {.magic = 0xa1b2c3d4,
                                      .version_major = 2,
                                      .version_minor = 4,
                                      .snap_bytes = 65535,
                                      .link_type = 1 /* Ethernet */};
    uint8_t frame[BENCH_FRAME_MAX];
    bool good = fwrite(&header, sizeof(header), 1, file) == 1;

    for (uint32_t i = 0; i < packets && good; i++) {
        bench_frame(frame, order[i], bench_port(order[i], arguments->listening), arguments->frame_bytes);
        good = put_packet(file, frame, arguments->frame_bytes);
    }
    return good;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.min_packets = 65536, .seed = 1};
    uint32_t packets, *order;
    FILE *file;
    bool good;

    if (!parse_arguments(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 1;
    }
    packets = 2 * arguments.pairs > arguments.min_packets ? 2 * arguments.pairs : arguments.min_packets;
    order = order_of_legs(&arguments, packets);
    file = fopen(arguments.path, "wb");
    if (!order || !file) {
        fprintf(stderr, "make_pcap: cannot write %s: %s\n", arguments.path, strerror(errno));
        return 2;
    }
    setvbuf(file, NULL, _IOFBF, WRITE_BUFFER_BYTES);
    good = put_all(file, &arguments, order, packets);
    if (fclose(file) != 0 || !good) {
        fprintf(stderr, "make_pcap: cannot write %s: %s\n", arguments.path, strerror(errno));
        return 2;
    }
    free(order);
    printf("%" PRIu32 "\n", packets);
    return 0;
}
