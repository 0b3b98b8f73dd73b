/* SPDX-License-Identifier: BSD-3-Clause */
#include "keeper.h"

#include "keeper_legs.h"
#include "keeper_messages.h"
#include "keeper_sessions.h"
#include "keeper_state.h"
#include "port/eal.h"
#include "port/port_stats.h"
#include "port/ports.h"
#include "session/sessions.h"
#include "session/shard.h"
#include "session/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

RTE_LOG_REGISTER(cv_keeper_log, culvert.keeper, NOTICE);
#define RTE_LOGTYPE_KEEPER ((uint32_t)cv_keeper_log)

#define TICK_MS          2
#define STATS_MS         1000
#define NOTICE_SLOTS     16384 /* a power of two */
#define NOTICE_BURST     64
#define NOTICES_PER_TURN 8192
#define OUTBOX_SLOTS     256
#define PROBE_BURST      32

static struct cv_pair_table_limits table_limits(const struct cv_config *config)
{
    return (struct cv_pair_table_limits){
        .pairs = config->pairs_max,
        .workers = config->worker_count,
        .relay_port_first = config->relay_port_first,
        .relay_port_last = config->relay_port_last,
        .listen_port = config->sessions_max != 0 ? config->listen_port : 0,
    };
}

size_t cv_keeper_memory(const struct cv_config *config)
{
    struct cv_pair_table_limits limits = table_limits(config);

    return cv_ports_memory(config) + cv_sessions_memory(config) + cv_pair_table_bytes(&limits) +
           config->pairs_max / 8 + (size_t)config->next_hops_max * sizeof(struct cv_next_hop) +
           (size_t)config->worker_count * sizeof(struct cv_worker) +
           (size_t)NOTICE_SLOTS * sizeof(struct cv_notice) + OUTBOX_SLOTS * sizeof(void *);
}

/* ---- Start ---- */

static int make_tables(struct cv_keeper *keeper, char *error, size_t error_bytes)
{
    struct cv_pair_table_limits limits = table_limits(keeper->config);
    size_t bytes = cv_pair_table_bytes(&limits);

    keeper->table_memory = rte_zmalloc("pairs", bytes, 64);
    keeper->notices =
        rte_ring_create_elem("notices", sizeof(struct cv_notice), NOTICE_SLOTS, SOCKET_ID_ANY, RING_F_SC_DEQ);
    keeper->outbox = rte_ring_create("outbox", OUTBOX_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    keeper->moves = cv_moves_create();
    keeper->workers = rte_zmalloc("workers", keeper->config->worker_count * sizeof(struct cv_worker), 64);
    if (!keeper->table_memory || !keeper->notices || !keeper->outbox || !keeper->moves || !keeper->workers ||
        cv_expiry_create(&keeper->expiry, limits.pairs) != 0 ||
        cv_next_hops_create(&keeper->hops, &keeper->ports.locals, (uint16_t)keeper->config->next_hops_max) !=
            0 ||
        cv_pair_table_create(&keeper->table, &limits, keeper->table_memory, &keeper->hops,
                             &keeper->ports.locals) != 0) {
        snprintf(error, error_bytes,
                 "no memory for %" PRIu32
                 " pairs (%zu MB): lower limits.pairs, or give the machine more hugepages",
                 limits.pairs, bytes >> 20);
        return -ENOMEM;
    }
    return 0;
}

static void fill_worker(struct cv_keeper *keeper, uint32_t id)
{
    struct cv_worker *worker = &keeper->workers[id];
    struct cv_relay *relay = &worker->relay;

    relay->table = &keeper->table;
    relay->hops = &keeper->hops;
    relay->locals = &keeper->ports.locals;
    relay->context.notices = keeper->notices;
    relay->context.stats = &keeper->shared->workers[id];
    relay->context.stats->core = keeper->config->workers[id];
    worker->shard = keeper->sessions != NULL ? keeper->sessions->shards[id] : NULL;
    worker->listen_port = keeper->sessions != NULL ? keeper->config->listen_port : 0;
    if (worker->shard != NULL)
        worker->shard->relay = relay;
    worker->outbox = id == 0 ? keeper->outbox : NULL;
    worker->id = id;
    worker->nap = keeper->config->idle == CV_IDLE_SLEEP;
    worker->start_tsc = keeper->start_tsc;
    worker->cycles_per_ms = keeper->cycles_per_ms;
    worker->stop = &keeper->stop_workers;
    for (uint32_t i = 0; i < keeper->ports.count; i++) {
        const struct cv_port *port = &keeper->ports.list[i];

        relay->context.tx[port->port_id] = (struct cv_tx){
            .queue = (uint16_t)id, .present = true, .udp_checksum_offload = port->tx_udp_checksum};
        if (id < port->rx_queues)
            worker->rx[worker->rx_count++] = (struct cv_rx){
                .port_id = port->port_id, .queue = (uint16_t)id, .ip_checksum_known = port->rx_ipv4_checksum};
    }
}

static int start_workers(struct cv_keeper *keeper, char *error, size_t error_bytes)
{
    for (uint32_t id = 0; id < keeper->config->worker_count; id++) {
        int result;

        fill_worker(keeper, id);
        result = rte_eal_remote_launch(cv_worker_run, &keeper->workers[id], cv_worker_lcore(id));
        if (result != 0) {
            snprintf(error, error_bytes, "worker %" PRIu32 " on core %u does not start: %s", id,
                     keeper->config->workers[id], strerror(-result));
            return result;
        }
        keeper->workers_started++;
    }
    return 0;
}

static void publish_start(struct cv_keeper *keeper)
{
    struct cv_keeper_stats *stats = keeper->shared->keeper;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    stats->start_unix_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    stats->tsc_hz = rte_get_tsc_hz();
    stats->pairs_max = keeper->config->pairs_max;
    stats->memory_bytes = cv_keeper_memory(keeper->config);
    stats->pair_bytes = cv_pair_bytes();
    for (uint32_t i = 0; i < keeper->ports.count; i++)
        cv_port_stats_init(&keeper->ports.list[i], &keeper->shared->ports[i]);
    RTE_LOG_LINE(NOTICE, KEEPER,
                 "room for %" PRIu64 " pairs of %" PRIu64 " bytes; %" PRIu64
                 " MB in all, buffers included, %s hugepages",
                 stats->pairs_max, stats->pair_bytes, stats->memory_bytes >> 20,
                 cv_eal_hugepages() ? "in" : "without");
}

int cv_keeper_start(struct cv_keeper **out, const struct cv_config *config, char *error, size_t error_bytes)
{
    struct cv_keeper *keeper = rte_zmalloc("keeper", sizeof(*keeper), 64);
    int result = -ENOMEM;

    if (keeper == NULL) {
        snprintf(error, error_bytes, "no memory for the keeper");
        return result;
    }
    keeper->config = config;
    keeper->start_tsc = rte_rdtsc();
    keeper->cycles_per_ms = rte_get_tsc_hz() / 1000;
    result = cv_ports_open(&keeper->ports, config, error, error_bytes);
    if (result == 0)
        result = make_tables(keeper, error, error_bytes);
    if (result == 0)
        result = cv_sessions_create(&keeper->sessions, config, &keeper->ports, keeper->start_tsc, error,
                                    error_bytes);
    if (result == 0) {
        result = cv_control_link_open(&keeper->link, config->dataplane_socket, config->worker_count,
                                      keeper->ports.count);
        if (result != 0)
            snprintf(error, error_bytes, "%s: cannot listen for control: %s", config->dataplane_socket,
                     result == -EADDRINUSE ? "another data plane answers there" : strerror(-result));
    }
    if (result == 0) {
        keeper->shared = cv_control_link_shared(keeper->link);
        publish_start(keeper);
        if (keeper->sessions != NULL)
            cv_session_stats_init(keeper->sessions, keeper->shared);
        result = start_workers(keeper, error, error_bytes);
        if (result == 0 && keeper->sessions != NULL && (result = cv_sessions_start(keeper->sessions)) != 0)
            snprintf(error, error_bytes, "the handshake thread does not start: %s", strerror(-result));
    }
    if (result != 0) {
        cv_keeper_stop(keeper);
        return result;
    }
    *out = keeper;
    return 0;
}

/* ---- One turn ---- */

static void act_on(struct cv_keeper *keeper, const struct cv_notice *notice)
{
    if (notice->type == CV_NOTICE_NEIGHBOUR)
        cv_next_hop_learn(&keeper->hops, notice->port_id, &notice->address.ip, &notice->mac);
    else
        cv_keeper_leg_notice(keeper, notice);
}

static void take_notices(struct cv_keeper *keeper)
{
    struct cv_notice notices[NOTICE_BURST];
    unsigned taken = 0, count;

    do {
        count =
            rte_ring_sc_dequeue_burst_elem(keeper->notices, notices, sizeof(notices[0]), NOTICE_BURST, NULL);
        for (unsigned i = 0; i < count; i++)
            act_on(keeper, &notices[i]);
        taken += count;
    } while (count > 0 && taken < NOTICES_PER_TURN);
}

static void on_expiry(void *context, enum cv_expiry_event event, uint64_t pair)
{
    struct cv_keeper *keeper = context;
    struct cv_message message = {
        .type = event == CV_EXPIRY_EXPIRED ? CV_MESSAGE_PAIR_EXPIRED : CV_MESSAGE_PAIR_IDLE,
        .pair = pair,
    };

    keeper->shared->keeper->pairs_expired_total += event == CV_EXPIRY_EXPIRED;
    cv_control_link_send(keeper->link, &message);
}

static void probe_next_hops(struct cv_keeper *keeper)
{
    struct rte_mbuf *requests[PROBE_BURST];
    uint16_t count =
        cv_next_hops_probe(&keeper->hops, keeper->now_ms, keeper->ports.list[0].pool, requests, PROBE_BURST);
    unsigned sent = rte_ring_sp_enqueue_burst(keeper->outbox, (void **)requests, count, NULL);

    rte_pktmbuf_free_bulk(requests + sent, count - sent);
}

static void publish(struct cv_keeper *keeper)
{
    struct cv_keeper_stats *stats = keeper->shared->keeper;

    stats->pairs = keeper->table.count;
    stats->legs_bound = keeper->table.bound_legs;
    stats->legs_unproven = keeper->table.unproven_legs;
    stats->leg_changes_given_up_total = keeper->table.changes_given_up;
    stats->former_legs_lost_total = keeper->table.formers_lost;
    if (cv_ms_since(keeper->now_ms, keeper->stats_ms) < STATS_MS && keeper->stats_ms != 0)
        return;
    keeper->stats_ms = keeper->now_ms;
    for (uint32_t i = 0; i < keeper->ports.count; i++)
        cv_port_stats_refresh(&keeper->ports.list[i], &keeper->shared->ports[i]);
}

static void turn(struct cv_keeper *keeper)
{
    keeper->now_ms = cv_now_ms(keeper->start_tsc, keeper->cycles_per_ms);
    if (cv_control_link_serve(keeper->link)) {
        keeper->dump.active = false;
        cv_keeper_forget_sessions(keeper);
        RTE_LOG_LINE(NOTICE, KEEPER, "control has %s",
                     cv_control_link_attached(keeper->link) ? "attached" : "left; pairs go on without it");
    }
    cv_keeper_take_messages(keeper);
    take_notices(keeper);
    cv_keeper_take_sessions(keeper);
    cv_expiry_sweep(&keeper->expiry, &keeper->table, keeper->now_ms, on_expiry, keeper);
    cv_keeper_age_legs(keeper);
    probe_next_hops(keeper);
    cv_pair_table_reclaim(&keeper->table);
    publish(keeper);
    cv_control_link_flush(keeper->link);
}

static int watch(int epoll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

/* An epoll descriptor for control's link and the signals that end the program. */
static int open_events(const struct cv_keeper *keeper, int *signal_fd)
{
    sigset_t signals;
    int epoll_fd;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    *signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (*signal_fd < 0 || epoll_fd < 0 || watch(epoll_fd, *signal_fd) != 0 ||
        watch(epoll_fd, cv_control_link_fd(keeper->link)) != 0) {
        int error = errno;

        close(*signal_fd);
        close(epoll_fd);
        return -error;
    }
    return epoll_fd;
}

int cv_keeper_run(struct cv_keeper *keeper)
{
    int signal_fd;
    int epoll_fd = open_events(keeper, &signal_fd);
    bool stop = false;

    if (epoll_fd < 0)
        return epoll_fd;
    while (!stop) {
        struct epoll_event events[2];
        int count = epoll_wait(epoll_fd, events, 2, keeper->busy ? 0 : TICK_MS);

        for (int i = 0; i < count; i++)
            stop |= events[i].data.fd == signal_fd;
        turn(keeper);
    }
    close(epoll_fd);
    close(signal_fd);
    return 0;
}

void cv_keeper_stop(struct cv_keeper *keeper)
{
    if (keeper->sessions != NULL)
        cv_sessions_stop(keeper->sessions);
    atomic_store(&keeper->stop_workers, true);
    for (uint32_t id = 0; id < keeper->workers_started; id++)
        rte_eal_wait_lcore(cv_worker_lcore(id));
    if (keeper->link != NULL)
        cv_control_link_close(keeper->link);
    if (keeper->outbox != NULL) {
        struct rte_mbuf *mbuf;

        while (rte_ring_sc_dequeue(keeper->outbox, (void **)&mbuf) == 0)
            rte_pktmbuf_free(mbuf);
    }
    cv_sessions_destroy(keeper->sessions);
    cv_ports_close(&keeper->ports);
    cv_next_hops_destroy(&keeper->hops);
    cv_expiry_destroy(&keeper->expiry);
    cv_moves_destroy(keeper->moves);
    rte_ring_free(keeper->notices);
    rte_ring_free(keeper->outbox);
    rte_free(keeper->workers);
    rte_free(keeper->table_memory);
    rte_free(keeper);
}
