/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane_inside.h"

#include "attach.h"
#include "config/config_load.h"
#include "keeper.h"
#include "port/eal.h"
#include "relay_setup.h"

#include <dirent.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUIET_TURNS 16 /* of a worker that has nothing to do */
#define ERROR_BYTES 4096

/* How the kernel forms the clock of a thread's CPU time from its number. */
#define THREAD_CPU_CLOCK 6

/* ---- In place of a NIC ---- */

static void note_poll(struct bench_dataplane *dataplane)
{
    uint64_t now_tsc = rte_rdtsc(), cycles = now_tsc - dataplane->last_poll_tsc;

    dataplane->last_poll_tsc = now_tsc;
    if (unlikely(atomic_load_explicit(&dataplane->polls_begin, memory_order_acquire))) {
        dataplane->longest_cycles = dataplane->long_count = dataplane->polls = 0;
        atomic_store_explicit(&dataplane->polls_begin, false, memory_order_release);
        return;
    }
    dataplane->polls++;
    if (unlikely(cycles > dataplane->longest_cycles))
        dataplane->longest_cycles = cycles;
    if (unlikely(cycles > dataplane->long_cycles))
        dataplane->long_count++;
}

/* The device itself receives nothing. */
static uint16_t on_receive(uint16_t port_id, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count,
                           uint16_t max, void *context)
{
    struct bench_dataplane *dataplane = context;

    (void)port_id;
    (void)queue;
    note_poll(dataplane);
    return (uint16_t)(count + rte_ring_sc_dequeue_burst(dataplane->received, (void **)(mbufs + count),
                                                        max - count, NULL));
}

/* The device frees what it is given, so the load gets a reference of its own. */
static uint16_t on_transmit(uint16_t port_id, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count,
                            void *context)
{
    struct bench_dataplane *dataplane = context;
    unsigned kept = rte_ring_free_count(dataplane->sent);

    (void)port_id;
    (void)queue;
    if (kept > count)
        kept = count;
    for (unsigned i = 0; i < kept; i++)
        rte_mbuf_refcnt_update(mbufs[i], 1);
    rte_ring_sp_enqueue_bulk(dataplane->sent, (void **)mbufs, kept, NULL);
    dataplane->sent_lost += count - kept;
    return count;
}

static void open_port(struct bench_dataplane *dataplane, unsigned slots)
{
    dataplane->pool = rte_mempool_lookup("mbufs0");
    dataplane->received = rte_ring_create("received", slots, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    dataplane->sent = rte_ring_create("sent", slots, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (dataplane->pool == NULL || dataplane->received == NULL || dataplane->sent == NULL ||
        rte_eth_dev_count_avail() != 1)
        bench_fail("no memory for the port's rings, or not just one port");
    if (rte_eth_add_rx_callback(dataplane->port_id, 0, on_receive, dataplane) == NULL ||
        rte_eth_add_tx_callback(dataplane->port_id, 0, on_transmit, dataplane) == NULL)
        bench_fail("this DPDK has no callbacks on queues: %s", rte_strerror(rte_errno));
}

/* ---- Start and stop ---- */

static void *load_thread(void *argument)
{
    struct bench_dataplane *dataplane = argument;
    int result;

    if (rte_thread_register() != 0) /* for a cache of packet buffers */
        bench_fail("the load is one thread too many for DPDK");
    result = bench_attach(&dataplane->link, dataplane->config.dataplane_socket);
    if (result != 0)
        bench_fail("%s: cannot attach: %s", dataplane->config.dataplane_socket, strerror(-result));
    dataplane->shared = cv_dataplane_link_shared(dataplane->link);
    dataplane->result = dataplane->load(dataplane, dataplane->context);
    cv_dataplane_link_close(dataplane->link);
    rte_thread_unregister();
    kill(getpid(), SIGTERM); /* the keeper takes it */
    return NULL;
}

static void free_left(struct rte_ring *ring)
{
    struct rte_mbuf *mbuf;

    while (rte_ring_sc_dequeue(ring, (void **)&mbuf) == 0)
        rte_pktmbuf_free(mbuf);
}

int bench_dataplane_run(const char *config, unsigned slots,
                        int (*load)(struct bench_dataplane *dataplane, void *context), void *context)
{
    static struct bench_dataplane dataplane;
    struct cv_keeper *keeper;
    char error[ERROR_BYTES];
    sigset_t signals;
    pthread_t thread;

    dataplane.load = load;
    dataplane.context = context;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (cv_config_load(config, &dataplane.config, error, sizeof(error)) != 0 ||
        cv_eal_start(&dataplane.config, "bench", cv_keeper_memory(&dataplane.config), RTE_LOG_WARNING, error,
                     sizeof(error)) != 0)
        bench_fail("%s", error);
    rte_log_set_level_pattern("culvert.*", RTE_LOG_WARNING);
    if (cv_keeper_start(&keeper, &dataplane.config, error, sizeof(error)) != 0)
        bench_fail("%s", error);
    open_port(&dataplane, slots);
    if (pthread_create(&thread, NULL, load_thread, &dataplane) != 0)
        bench_fail("no thread for the load");
    cv_keeper_run(keeper);
    pthread_join(thread, NULL);
    free_left(dataplane.received);
    free_left(dataplane.sent);
    cv_keeper_stop(keeper);
    cv_eal_stop();
    return dataplane.result;
}

/* ---- For the load ---- */

void bench_buffers(struct bench_dataplane *dataplane, struct rte_mbuf **mbufs, unsigned count)
{
    if (rte_pktmbuf_alloc_bulk(dataplane->pool, mbufs, count) != 0)
        bench_fail("too few packet buffers: raise limits.mbufs");
    for (unsigned i = 0; i < count; i++)
        mbufs[i]->port = dataplane->port_id;
}

void bench_receive(struct bench_dataplane *dataplane, struct rte_mbuf **mbufs, unsigned count)
{
    if (rte_ring_sp_enqueue_bulk(dataplane->received, (void **)mbufs, count, NULL) != count)
        bench_fail("no room for %u packets to receive", count);
}

unsigned bench_sent(struct bench_dataplane *dataplane, struct rte_mbuf **mbufs, unsigned max)
{
    return rte_ring_sc_dequeue_burst(dataplane->sent, (void **)mbufs, max, NULL);
}

void bench_await_rest(const struct bench_dataplane *dataplane)
{
    const struct cv_worker_stats *stats = &dataplane->shared->workers[0];
    uint64_t busy_loops, loops;

    while (!rte_ring_empty(dataplane->received))
        rte_pause();
    do {
        busy_loops = bench_counter(&stats->busy_loops);
        loops = bench_counter(&stats->loops);
        while (bench_counter(&stats->loops) < loops + QUIET_TURNS)
            rte_pause();
    } while (bench_counter(&stats->busy_loops) != busy_loops);
}

uint64_t bench_dropped(const struct bench_dataplane *dataplane)
{
    const struct cv_worker_stats *stats = &dataplane->shared->workers[0];
    uint64_t dropped = bench_counter(&dataplane->sent_lost);

    for (unsigned reason = 0; reason < CV_DROP_COUNT; reason++)
        if (reason != CV_DROP_CONSUMED)
            dropped += bench_counter(&stats->drops[reason]);
    return dropped;
}

void bench_polls_begin(struct bench_dataplane *dataplane, double long_us)
{
    dataplane->long_cycles = (uint64_t)(long_us * (double)rte_get_tsc_hz() / 1e6);
    atomic_store_explicit(&dataplane->polls_begin, true, memory_order_release);
    while (atomic_load_explicit(&dataplane->polls_begin, memory_order_acquire))
        rte_pause();
}

struct bench_polls bench_polls_end(const struct bench_dataplane *dataplane)
{
    return (struct bench_polls){
        .longest_us = (double)bench_counter(&dataplane->longest_cycles) * 1e6 / (double)rte_get_tsc_hz(),
        .long_count = bench_counter(&dataplane->long_count),
        .count = bench_counter(&dataplane->polls),
    };
}

static bool is_called(const char *task, const char *name)
{
    char path[300], text[32] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (fgets(text, sizeof(text), file) == NULL)
        text[0] = '\0';
    fclose(file);
    text[strcspn(text, "\n")] = '\0';
    return strcmp(text, name) == 0;
}

clockid_t bench_thread_clock(const char *name)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *task;
    pid_t id = 0;

    while (tasks != NULL && id == 0 && (task = readdir(tasks)) != NULL)
        if (task->d_name[0] != '.' && is_called(task->d_name, name))
            id = (pid_t)strtol(task->d_name, NULL, 10);
    if (tasks != NULL)
        closedir(tasks);
    if (id == 0)
        bench_fail("there is no thread %s", name);
    return (clockid_t)((~(unsigned)id << 3) | THREAD_CPU_CLOCK);
}

uint64_t bench_clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t bench_now_ns(void)
{
    return bench_clock_ns(CLOCK_MONOTONIC);
}
