/* SPDX-License-Identifier: BSD-3-Clause */
#include "handshake_thread.h"

#include "await_admission.h"
#include "events.h"
#include "initial.h"
#include "orders.h"
#include "stats.h"
#include "timers.h"
#include "trace.h"
#include "writing.h"

#include <unistd.h>

#define PACKETS_PER_TURN 64
#define NAP_BUSY_US      100
#define NAP_IDLE_US      1000
#define BUSY_TURNS       1000 /* without anything to do, before naps get longer */

static uint32_t take_packets(struct cv_handshakes *handshakes)
{
    struct rte_ring *ring = handshakes->shard->rings->packets;
    uint32_t count;

    for (count = 0; count < PACKETS_PER_TURN && cv_initial_has_room(handshakes); count++) {
        struct cv_rx_packet rx;
        struct rte_mbuf *mbuf;

        if (rte_ring_sc_dequeue(ring, (void **)&mbuf) != 0)
            break;
        cv_rx_packet_read(mbuf, &rx);
        cv_initial_receive(handshakes, &rx);
    }
    return count;
}

uint32_t cv_handshake_thread_turn(struct cv_handshakes *handshakes)
{
    struct cv_shard *shard = handshakes->shard;
    uint32_t done;

    cv_shard_read_clock(shard);
    done = take_packets(handshakes);
    cv_initial_expire(handshakes);
    done += cv_orders_take(shard);
    cv_admission_expire(handshakes);
    done += cv_timers_serve(shard);
    done += cv_sessions_write(shard);
    done += cv_events_send(shard);
    if (shard->dump.active)
        cv_orders_dump(shard);
    if (shard->all->traces != NULL)
        done += cv_traces_turn(shard->all->traces, shard->now_ns);
    cv_handshake_stats_refresh(handshakes);
    return done;
}

uint32_t cv_handshake_thread_run(void *argument)
{
    struct cv_handshakes *handshakes = argument;
    uint32_t idle = 0;

    while (!atomic_load_explicit(&handshakes->stop, memory_order_relaxed)) {
        idle = cv_handshake_thread_turn(handshakes) > 0 ? 0 : idle + 1;
        if (idle > 0)
            usleep(idle < BUSY_TURNS ? NAP_BUSY_US : NAP_IDLE_US);
    }
    return 0;
}

void cv_handshake_thread_halt(struct cv_handshakes *handshakes)
{
    atomic_store(&handshakes->stop, true);
}
