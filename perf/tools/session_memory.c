/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens sessions with a data plane that runs in another process, through one UDP socket, plays control's part
 * for it, and looks at what it has taken of its memory for them once they are idle.
 */
#include "attach.h"
#include "config/config_load.h"
#include "dataplane_inside.h"
#include "legs.h"
#include "peers.h"
#include "relay_setup.h"
#include "session/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE      64
#define OPEN_SECONDS 300
#define FIRST        100 /* sessions before the first look: what is taken once is taken then */
#define SETTLE_NS    UINT64_C(3000000000)
#define BUFFER_BYTES (4 << 20) /* of the socket */

static const char usage[] =
    "Usage: session_memory --config FILE --certificate FILE --key FILE --pid N --sessions N\n"
    "--pid: the data plane's. Prints a JSON object: sessions, bytes_per_session, and of that stated_bytes "
    "(what the\n"
    "data plane takes at its start for each: base_bytes for its heap, slot_bytes, and entries in lists), "
    "page_bytes\n"
    "(pages that sessions have besides) and malloc_bytes (growth of the data plane's anonymous memory).\n";

struct bench {
    struct bench_peers peers;
    struct cv_dataplane_link *link;
    const char *certificate, *key;
    uint32_t sessions;
    long pid;
    int socket;
    struct sockaddr_in relay;
    uint8_t packet[CV_PEER_PAYLOAD_MAX];
};

/* What the data plane has in use. */
struct look {
    uint64_t sessions, pages, anonymous_bytes;
};

/* ---- The socket ---- */

static void open_socket(struct bench *bench, uint16_t listen_port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(BENCH_GATEWAY_IP)};
    int bytes = BUFFER_BYTES;

    bench->relay = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(BENCH_RELAY_IP), .sin_port = htons(listen_port)};
    bench->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bench->socket < 0 || bind(bench->socket, (struct sockaddr *)&own, sizeof(own)) != 0)
        bench_fail("no socket on the address of the relay's gateway: %s", strerror(errno));
    setsockopt(bench->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
    setsockopt(bench->socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
}

static uint8_t *packet_room(void *context)
{
    return ((struct bench *)context)->packet;
}

/* What the kernel has no room for is lost, as on any network. */
static void send_packet(void *context, uint32_t peer, size_t bytes)
{
    const struct bench *bench = context;

    (void)peer;
    (void)!sendto(bench->socket, bench->packet, bytes, 0, (const struct sockaddr *)&bench->relay,
                  sizeof(bench->relay));
}

static void receive_packets(void *context)
{
    struct bench *bench = context;
    uint8_t packet[2048];
    ssize_t bytes;
    uint32_t tag;

    while ((bytes = recv(bench->socket, packet, sizeof(packet), 0)) > 0)
        if (cv_peer_packet_tag(packet, (size_t)bytes, &tag) && tag < bench->peers.count)
            bench_peer_receive(&bench->peers.list[tag], packet, (size_t)bytes);
}

/* ---- Looking ---- */

/* Memory of its own that the process has in RAM, hugepages apart. */
static uint64_t anonymous_bytes(long pid)
{
    char path[64], line[128];
    uint64_t kilobytes = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", pid);
    file = fopen(path, "re");
    if (file == NULL)
        bench_fail("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Anonymous: %" SCNu64, &kilobytes) == 1)
            break;
    fclose(file);
    return kilobytes * 1024;
}

static struct look look(const struct bench *bench)
{
    const struct cv_shared *shared = cv_dataplane_link_shared(bench->link);
    struct look seen = {.anonymous_bytes = anonymous_bytes(bench->pid)};

    for (uint32_t i = 0; i <= shared->header.worker_count; i++) {
        seen.sessions += bench_counter(&shared->shards[i].sessions);
        seen.pages += bench_counter(&shared->shards[i].pages_used);
    }
    return seen;
}

/* Opens up to `count` sessions, and lets them come to rest. */
static struct look open_up_to(struct bench *bench, uint32_t count)
{
    uint32_t all = bench->peers.count;
    uint64_t deadline_ns;
    struct look seen;

    bench->peers.count = count;
    bench_peers_open_all(&bench->peers, AT_ONCE, OPEN_SECONDS, receive_packets);
    deadline_ns = bench_now_ns() + SETTLE_NS;
    while (bench_now_ns() < deadline_ns) {
        bench_peers_turn(&bench->peers);
        receive_packets(bench);
    }
    bench->peers.count = all;
    seen = look(bench);
    if (seen.sessions != count)
        bench_fail("the data plane has %" PRIu64 " sessions in place of %" PRIu32, seen.sessions, count);
    return seen;
}

static void measure(struct bench *bench)
{
    const struct cv_shared *shared = cv_dataplane_link_shared(bench->link);
    struct look few = open_up_to(bench, FIRST);
    struct look many = open_up_to(bench, bench->sessions);
    double more = (double)(many.sessions - few.sessions);
    double stated_bytes = (double)bench_counter(&shared->sessions->session_bytes);
    double page_bytes = (double)(many.pages - few.pages) * CV_PAGE_BYTES / more;
    double malloc_bytes = ((double)many.anonymous_bytes - (double)few.anonymous_bytes) / more;

    printf("{\"sessions\": %" PRIu64
           ", \"bytes_per_session\": %.0f, \"stated_bytes\": %.0f, \"base_bytes\": %d, "
           "\"slot_bytes\": %zu, \"page_bytes\": %.0f, \"malloc_bytes\": %.0f}\n",
           many.sessions, stated_bytes + page_bytes + malloc_bytes, stated_bytes, CV_ARENA_BASE_BYTES,
           sizeof(struct cv_session), page_bytes, malloc_bytes);
}

static int run(struct bench *bench, const struct cv_config *config)
{
    struct bench_peers_config peers = {
        .certificate = bench->certificate,
        .key = bench->key,
        .count = bench->sessions,
        .listen_port = config->listen_port,
        .way = {.room = packet_room, .send = send_packet, .context = bench},
    };
    int result = bench_attach(&bench->link, config->dataplane_socket);

    if (result != 0)
        bench_fail("%s: cannot attach: %s", config->dataplane_socket, strerror(-result));
    open_socket(bench, config->listen_port);
    peers.link = bench->link;
    bench_peers_create(&bench->peers, &peers);
    measure(bench);
    bench_peers_destroy(&bench->peers);
    cv_dataplane_link_close(bench->link);
    close(bench->socket);
    return 0;
}

static bool parse_arguments(int argc, char **argv, struct bench *bench, const char **config)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},   {"certificate", required_argument, NULL, 'C'},
        {"key", required_argument, NULL, 'k'},      {"pid", required_argument, NULL, 'p'},
        {"sessions", required_argument, NULL, 'n'}, {0},
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
        case 'p':
            bench->pid = strtol(optarg, NULL, 10);
            break;
        case 'n':
            bench->sessions = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        default:
            return false;
        }
    }
    return optind == argc && *config != NULL && bench->certificate != NULL && bench->key != NULL &&
           bench->pid > 0 && bench->sessions > FIRST;
}

int main(int argc, char **argv)
{
    static struct cv_config config;
    static struct bench bench;
    const char *path = NULL;
    char error[4096];

    if (!parse_arguments(argc, argv, &bench, &path)) {
        fputs(usage, stderr);
        return 1;
    }
    if (cv_config_load(path, &config, error, sizeof(error)) != 0)
        bench_fail("%s", error);
    return run(&bench, &config);
}
