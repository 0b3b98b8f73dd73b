/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * culvert-dataplane in the same process as its load: EAL, keeper, handshake thread and one worker, as its
 * main function would start them, from the same configuration file. Its port is DPDK's null device, with
 * callbacks on its queues that take the place of a NIC:
 *
 *      load -> `received` -> rx callback -> worker -> tx callback -> `sent` -> load
 *
 * Packet buffers pass through as they are, so nothing is copied on the worker's core, and what it spends on
 * its port is 20 ns a packet or so. The load runs on the main core, in a thread of its own, attached to the
 * data plane as control is.
 */
#include "config/config.h"
#include "link/dataplane_link.h"

#include <rte_mbuf.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct bench_dataplane {
    struct cv_config config;
    struct cv_dataplane_link *link;
    const struct cv_shared *shared;
    struct rte_mempool *pool; /* the port's */
    uint16_t port_id;
    struct rte_ring *received; /* what the port is about to receive */
    struct rte_ring *sent;
    uint64_t sent_lost; /* packets that `sent` had no room for; worker */
    /* The worker's polls of its queue: see bench_polls_begin. */
    uint64_t last_poll_tsc, longest_cycles, long_cycles, long_count, polls;
    atomic_bool polls_begin;
    int (*load)(struct bench_dataplane *dataplane, void *context);
    void *context;
    int result;
};

/*
 * Starts all that, calls `load` in its thread, and stops all when it returns. What it returned, or ends the
 * program when something can't be had. `slots` is the room in each ring, a power of two. Once per process.
 */
int bench_dataplane_run(const char *config, unsigned slots,
                        int (*load)(struct bench_dataplane *dataplane, void *context), void *context);

/* ---- For the load's thread ---- */

/* Packet buffers for frames, each with mbuf->port set; ends the program when there are none left. */
void bench_buffers(struct bench_dataplane *dataplane, struct rte_mbuf **mbufs, unsigned count);

/* The port receives these, all at once; ends the program when there is no room. */
void bench_receive(struct bench_dataplane *dataplane, struct rte_mbuf **mbufs, unsigned count);

/* Takes what the port has sent, up to `max`; how many. */
unsigned bench_sent(struct bench_dataplane *dataplane, struct rte_mbuf **mbufs, unsigned max);

/*
 * Waits until the worker has taken all that was received, and found nothing to do in some turns after that.
 */
void bench_await_rest(const struct bench_dataplane *dataplane);

/* Of the worker: a counter of the shared memory. */
static inline uint64_t bench_counter(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* All packets that the worker has dropped, and the port's. */
uint64_t bench_dropped(const struct bench_dataplane *dataplane);

/*
 * The time between two polls of the worker's receive queue is that for which nothing is forwarded. Begins to
 * watch it; bench_polls_end gives the longest since then, and how many were over `long_us`.
 */
struct bench_polls {
    double longest_us;
    uint64_t long_count;
    uint64_t count;
};

void bench_polls_begin(struct bench_dataplane *dataplane, double long_us);
struct bench_polls bench_polls_end(const struct bench_dataplane *dataplane);

/* The clock of the CPU time of a thread of this process, by its name; ends the program when there is none. */
clockid_t bench_thread_clock(const char *name);

/* Nanoseconds of a clock, and of CLOCK_MONOTONIC. */
uint64_t bench_clock_ns(clockid_t clock);
uint64_t bench_now_ns(void);
