/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole turns of workers. Port 0 is made of rings, one pair of queues for each worker: what a test puts into
 * `received` a worker takes as if a NIC had given it, what a worker sends waits in `sent`.
 */
#include "allocations.h"
#include "rig.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RELAY "192.0.2.1:40000"
#define A     "203.0.113.1:1000"
#define B     "203.0.113.2:2000"
#define SENT  128 /* slots of a `sent` ring: one less can be used */

static struct rig *rig;
static struct rte_ring *received[RIG_WORKERS], *sent[RIG_WORKERS];
static uint32_t leg; /* bound to A, its other leg to B */

static void start_port(void)
{
    struct rte_eth_conf conf = {0};
    int port_id;

    for (unsigned i = 0; i < RIG_WORKERS; i++) {
        char name[32];

        snprintf(name, sizeof(name), "received-%u", i);
        received[i] = rte_ring_create(name, 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
        snprintf(name, sizeof(name), "sent-%u", i);
        sent[i] = rte_ring_create(name, SENT, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
        assert_non_null(received[i]);
        assert_non_null(sent[i]);
    }
    port_id = rte_eth_from_rings("rings", received, RIG_WORKERS, sent, RIG_WORKERS, 0);
    assert_int_equal(port_id, RIG_PORT);
    assert_int_equal(rte_eth_dev_configure(RIG_PORT, RIG_WORKERS, RIG_WORKERS, &conf), 0);
    for (uint16_t i = 0; i < RIG_WORKERS; i++) {
        assert_int_equal(rte_eth_rx_queue_setup(RIG_PORT, i, 64, 0, NULL, packets_pool()), 0);
        assert_int_equal(rte_eth_tx_queue_setup(RIG_PORT, i, 64, 0, NULL), 0);
    }
    assert_int_equal(rte_eth_dev_start(RIG_PORT), 0);
}

static int start(void **state)
{
    (void)state;
    packets_start("test_worker", NULL);
    start_port();
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rig = rig_start(100);
    for (unsigned i = 0; i < RIG_WORKERS; i++) {
        rig->workers[i].rx[0] = (struct cv_rx){.port_id = RIG_PORT, .queue = (uint16_t)i};
        rig->workers[i].rx_count = 1;
    }
    leg = 2 * rig_pair(rig, 1, RIG_RELAY_PORT, rig_token(1), rig_token(2));
    rig_bind(rig, leg, A);
    rig_bind(rig, leg + 1, B);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(rig);
    assert_int_equal(packets_in_use(), 0);
    return 0;
}

static void receive(unsigned worker, struct rte_mbuf *mbuf)
{
    assert_int_equal(rte_ring_enqueue(received[worker], mbuf), 0);
}

static struct rte_mbuf *take_sent(unsigned worker)
{
    void *mbuf;

    return rte_ring_dequeue(sent[worker], &mbuf) == 0 ? mbuf : NULL;
}

/* That many numbered datagrams from a peer. */
static void receive_many(unsigned worker, const char *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        receive(worker, rig_datagram(from, RELAY, &i, sizeof(i)));
}

static void assert_sent(unsigned worker, const char *to, uint32_t number)
{
    struct rte_mbuf *mbuf = take_sent(worker);
    struct cv_address address = packets_address(to);
    struct packet_view view;

    assert_non_null(mbuf);
    view = packets_read(mbuf);
    assert_true(cv_address_equal(&view.destination, &address));
    assert_memory_equal(view.payload, &number, sizeof(number));
    rte_pktmbuf_free(mbuf);
}

/* ---- Turns ---- */

static void both_ways_by_two_workers(void **state)
{
    const struct cv_worker_stats *stats = rig->stats;
    uint32_t seen_ms = 0;

    (void)state;
    for (unsigned worker = 0; worker < RIG_WORKERS; worker++) {
        receive_many(worker, A, 20);
        receive_many(worker, B, 30);
        assert_int_equal(cv_worker_turn(&rig->workers[worker]), 50);
        seen_ms = rig->workers[worker].relay.context.now_ms;
        for (uint32_t i = 0; i < 20; i++)
            assert_sent(worker, B, i);
        for (uint32_t i = 0; i < 30; i++)
            assert_sent(worker, A, i);
        assert_null(take_sent(worker));
        assert_int_equal(stats[worker].rx_pkts, 50);
        assert_int_equal(stats[worker].rx_bytes, 50 * (14 + 20 + 8 + 4));
        assert_int_equal(stats[worker].tx_pkts, 50);
        assert_int_equal(stats[worker].forwarded_pkts, 50);
        assert_int_equal(stats[worker].forwarded_bytes, 200);
        assert_int_equal(stats[worker].loops, 1);
        assert_int_equal(stats[worker].heartbeat, 1);
        assert_int_equal(stats[worker].busy_loops, 1);
        assert_true(stats[worker].busy_cycles > 0);
        assert_int_equal(cv_worker_turn(&rig->workers[worker]), 0);
        assert_int_equal(stats[worker].heartbeat, 2);
        assert_int_equal(stats[worker].busy_loops, 1);
    }
    assert_int_equal(cv_leg_at(&rig->table, leg)->pkts, 40);
    assert_int_equal(cv_leg_at(&rig->table, leg)->bytes, 160);
    assert_int_equal(cv_leg_at(&rig->table, leg + 1)->pkts, 60);
    assert_int_equal(cv_leg_at(&rig->table, leg)->seen_ms, seen_ms);
}

/* A burst of everything: each packet is sent, answered or counted under one reason. */
static void every_packet_has_an_end(void **state)
{
    static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    struct cv_leg_config token = rig_token(1);
    struct rte_mbuf *mbuf;
    uint64_t drops = 0;
    uint32_t one = 1;

    (void)state;
    receive(0, rig_datagram(A, RELAY, &one, 4));
    receive(0, rig_datagram("203.0.113.9:9", RELAY, &one, 4));                          /* unknown */
    receive(0, rig_datagram("203.0.113.9:9", RELAY, request, sizeof(request)));         /* STUN */
    receive(0, rig_datagram("203.0.113.9:9", RELAY, token.token, sizeof(token.token))); /* token */
    receive(0, rig_datagram(A, "192.0.2.1:443", &one, 4));                              /* no such port */
    receive(0, rig_datagram(A, "192.0.2.77:40000", &one, 4));                           /* not for us */
    receive(0, packets_raw("x", 1));                                                    /* too short */
    receive(0, rig_datagram(B, RELAY, &one, 4));
    assert_int_equal(cv_worker_turn(&rig->workers[0]), 8);
    assert_int_equal(rig->stats[0].forwarded_pkts, 2);
    assert_int_equal(rig->stats[0].answered_pkts, 1);
    assert_int_equal(rig->stats[0].tx_pkts, 3);
    assert_int_equal(rig->stats[0].drops[CV_DROP_UNKNOWN_SOURCE], 1);
    assert_int_equal(rig->stats[0].drops[CV_DROP_CONSUMED], 1);
    assert_int_equal(rig->stats[0].drops[CV_DROP_NO_SUCH_PORT], 1);
    assert_int_equal(rig->stats[0].drops[CV_DROP_NOT_FOR_US], 1);
    assert_int_equal(rig->stats[0].drops[CV_DROP_TOO_SHORT], 1);
    for (unsigned i = 0; i < CV_DROP_COUNT; i++)
        drops += rig->stats[0].drops[i];
    assert_int_equal(drops, 5);
    while ((mbuf = take_sent(0)) != NULL) {
        packets_read(mbuf);
        rte_pktmbuf_free(mbuf);
    }
}

/*
 * What goes on in a tunnel is handed to the worker's sessions, of which this one has none: whether the leg was found
 * by its address or by what its packet claims.
 */
static void tunnels_without_sessions(void **state)
{
    const struct cv_leg_config tunnel = {.bind = CV_BIND_TUNNEL, .session = 7, .channel = 1};
    const struct cv_leg_config other = {.bind = CV_BIND_TUNNEL, .session = 7, .channel = 2};
    uint32_t fixed = 2 * rig_pair(rig, 2, 40001, rig_fixed("203.0.113.50:1"), tunnel);
    uint32_t prefix = 2 * rig_pair(rig, 3, 40002, rig_prefix("203.0.113.64/26"), other);
    uint32_t one = 1;

    (void)state;
    receive(0, rig_datagram("203.0.113.50:1", "192.0.2.1:40001", &one, 4));
    receive(0, rig_datagram("203.0.113.70:1", "192.0.2.1:40002", &one, 4));
    receive(0, rig_datagram(A, RELAY, &one, 4));
    assert_int_equal(cv_worker_turn(&rig->workers[0]), 3);
    assert_int_equal(rig->stats[0].drops[CV_DROP_UNBOUND_LEG], 2);
    assert_int_equal(rig->stats[0].tx_pkts, 1);
    assert_int_equal(cv_leg_at(&rig->table, fixed)->pkts, 1);
    assert_int_equal(cv_leg_at(&rig->table, fixed)->bytes, 4);
    assert_int_equal(cv_leg_at(&rig->table, prefix)->pkts, 1);
    rte_pktmbuf_free(take_sent(0));
}

static void refusals_on_the_way_out(void **state)
{
    static const uint8_t large[1472];
    uint32_t v6 = 2 * rig_pair(rig, 2, 40001, rig_fixed("203.0.113.50:1"), rig_fixed("[2001:db8:9::9]:1"));
    uint32_t waiting = 2 * rig_pair(rig, 3, 40002, rig_fixed("203.0.113.50:1"), rig_token(3));
    uint32_t unreachable = 2 * rig_pair(rig, 4, 40003, rig_fixed("203.0.113.50:1"), rig_token(4));
    struct cv_next_hop *hop = &rig->hops.list[cv_leg_at(&rig->table, leg)->next_hop];
    struct cv_address nowhere = packets_address("203.0.113.60:1");

    (void)state;
    receive(0, rig_datagram("203.0.113.50:1", "192.0.2.1:40001", large, 1452)); /* 20 bytes fit no more */
    receive(0, rig_datagram("203.0.113.50:1", "192.0.2.1:40001", large, 1453));
    receive(0, rig_datagram("203.0.113.50:1", "192.0.2.1:40002", large, 1));
    /* By our address on a network that has no gateway. */
    assert_int_equal(cv_leg_bind(&rig->table, unreachable + 1, &nowhere, RIG_LOCAL_VLAN, rig->now_ms), 0);
    receive(0, rig_datagram("203.0.113.50:1", "192.0.2.1:40003", large, 1));
    assert_int_equal(cv_worker_turn(&rig->workers[0]), 4);
    assert_int_equal(rig->stats[0].drops[CV_DROP_TOO_BIG], 1);
    assert_int_equal(rig->stats[0].drops[CV_DROP_UNBOUND_LEG], 1);
    assert_int_equal(rig->stats[0].drops[CV_DROP_NO_NEXT_HOP], 1);
    assert_int_equal(cv_leg_at(&rig->table, v6)->pkts, 1);
    assert_int_equal(cv_leg_at(&rig->table, waiting)->pkts, 0);
    rte_pktmbuf_free(take_sent(0));
    hop->usable = 0; /* a neighbour that answers no more */
    receive(0, rig_datagram(A, RELAY, large, 1));
    assert_int_equal(cv_worker_turn(&rig->workers[0]), 1);
    assert_int_equal(rig->stats[0].drops[CV_DROP_NO_NEXT_HOP], 2);
    hop->usable = 1;
}

/* What the port does not take waits, in order; what does not fit there is dropped, and nothing else is. */
static void tx_full(void **state)
{
    const uint32_t room = SENT - 1 + CV_TX_PENDING;
    uint32_t next = 0;

    (void)state;
    receive_many(0, A, room + 10);
    while (cv_worker_turn(&rig->workers[0]) > 0)
        ;
    assert_int_equal(rig->stats[0].rx_pkts, room + 10);
    assert_int_equal(rig->stats[0].drops[CV_DROP_TX_FULL], 10);
    assert_int_equal(rig->stats[0].tx_pkts, SENT - 1);
    while (next < room) {
        uint32_t there = rte_ring_count(sent[0]);

        assert_true(there > 0);
        for (uint32_t i = 0; i < there; i++)
            assert_sent(0, B, next++);
        cv_worker_turn(&rig->workers[0]);
    }
    assert_int_equal(rig->stats[0].tx_pkts, room);
    assert_int_equal(rig->workers[0].relay.context.tx[RIG_PORT].count, 0);
    assert_int_equal(rig->stats[0].drops[CV_DROP_TX_FULL], 10);
}

static void no_such_tx_port(void **state)
{
    uint32_t one = 1;

    (void)state;
    rig->workers[0].relay.context.tx[RIG_PORT].present = false;
    receive(0, rig_datagram(A, RELAY, &one, 4));
    cv_worker_turn(&rig->workers[0]);
    assert_int_equal(rig->stats[0].drops[CV_DROP_TX_FULL], 1);
}

static void outbox(void **state)
{
    struct rte_ring *box = rte_ring_create("outbox", 256, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

    (void)state;
    rig->workers[0].outbox = box;
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(rte_ring_enqueue(box, rig_datagram("192.0.2.1:5", "203.0.113.9:5", &i, 4)), 0);
    for (unsigned turn = 0; turn < 40 && !rte_ring_empty(box); turn++)
        cv_worker_turn(&rig->workers[0]);
    for (uint32_t i = 0; i < 40; i++)
        assert_sent(0, "203.0.113.9:5", i);
    assert_int_equal(rig->stats[0].tx_pkts, 40);
    rte_ring_free(box);
}

/* A keeper that does not keep up loses notices, which are counted, and nothing else. */
static void full_notices(void **state)
{
    struct cv_leg_config token = rig_token(1);
    uint32_t sent_tokens = 0;

    (void)state;
    while (rig->stats[0].notices_lost < 10 && sent_tokens < 5000) {
        for (unsigned i = 0; i < CV_BURST; i++, sent_tokens++)
            receive(0, rig_datagram("203.0.113.9:9", RELAY, token.token, sizeof(token.token)));
        cv_worker_turn(&rig->workers[0]);
    }
    assert_in_range(rig->stats[0].notices_lost, 10, CV_BURST + 10);
    assert_int_equal(rte_ring_count(rig->notices) + rig->stats[0].notices_lost, sent_tokens);
    assert_int_equal(rig->stats[0].drops[CV_DROP_CONSUMED], sent_tokens);
}

static void peer_changes_our_address(void **state)
{
    struct cv_notice notice;
    uint32_t one = 1;

    (void)state;
    cv_leg_at(&rig->table, leg)->local = RIG_LOCAL_VLAN; /* where it sent to before */
    receive(0, rig_datagram(A, RELAY, &one, 4));
    cv_worker_turn(&rig->workers[0]);
    assert_sent(0, B, 1);
    notice = rig_notice(rig);
    assert_int_equal(notice.type, CV_NOTICE_LOCAL);
    assert_int_equal(notice.leg, leg);
    assert_int_equal(notice.local, RIG_LOCAL_V4);
}

/* The time of the millisecond goes on, and with it the ration of claims. */
static void ticks(void **state)
{
    struct cv_worker *worker = &rig->workers[0];

    (void)state;
    worker->start_tsc = rte_rdtsc() - 5000 * worker->cycles_per_ms;
    worker->relay.claims_left = 0;
    cv_worker_turn(worker);
    assert_in_range(worker->relay.context.now_ms, 5001, 60000);
    assert_true(worker->relay.claims_left > 0);
    worker->relay.claims_left = 0;
    worker->next_ms_tsc = UINT64_MAX;
    cv_worker_turn(worker);
    assert_int_equal(worker->relay.claims_left, 0);
}

/* ---- What a turn costs ---- */

static void turn_with(uint32_t count)
{
    struct allocations before, after;

    receive_many(0, A, count);
    before = allocations_now();
    assert_int_equal(cv_worker_turn(&rig->workers[0]), count);
    after = allocations_now();
    assert_int_equal(after.calls - before.calls, 0);
    assert_int_equal(after.rte_bytes, before.rte_bytes);
    for (uint32_t i = 0; i < count; i++)
        assert_sent(0, B, i);
}

static void allocates_nothing(void **state)
{
    struct allocations before = allocations_now(), after;
    void *volatile something = malloc(100);

    (void)state;
    free(something);
    after = allocations_now();
    assert_true(after.calls > before.calls); /* or this would prove nothing */
    turn_with(0);
    turn_with(1);
    turn_with(64);
}

/* Every system call but exit ends the process with SIGSYS. */
static void forbid_system_calls(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {.len = RTE_DIM(rules), .filter = rules};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(100);
}

/* Exit status of a child that takes turns while it may not make system calls; -1: it made one. */
static int turns_without_system_calls(uint32_t count, bool one_call)
{
    pid_t child;
    int status;

    receive_many(0, A, count);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint32_t got;

        forbid_system_calls();
        got = cv_worker_turn(&rig->workers[0]);
        cv_worker_turn(&rig->workers[0]);
        if (one_call)
            (void)syscall(SYS_getppid);
        syscall(SYS_exit_group, got == count ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    /* The child worked on a copy, rings in shared memory excepted: bring those to the same state here. */
    cv_worker_turn(&rig->workers[0]);
    for (struct rte_mbuf *mbuf; (mbuf = take_sent(0)) != NULL;)
        rte_pktmbuf_free(mbuf);
    if (WIFSIGNALED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void makes_no_system_call(void **state)
{
    (void)state;
    assert_int_equal(turns_without_system_calls(0, true), -1); /* a call would be seen */
    assert_int_equal(turns_without_system_calls(0, false), 0);
    assert_int_equal(turns_without_system_calls(1, false), 0);
    assert_int_equal(turns_without_system_calls(64, false), 0);
}

/* ---- The thread ---- */

static void *run(void *worker)
{
    return (void *)(intptr_t)cv_worker_run(worker);
}

static bool wait_for(const uint32_t *state, uint32_t wanted)
{
    for (unsigned i = 0; i < 20000; i++) {
        if (__atomic_load_n(state, __ATOMIC_ACQUIRE) == wanted)
            return true;
        usleep(1000);
    }
    return false;
}

/* Starts, forwards, lets grace periods end, naps or not, stops; leaves no packet behind. */
static void runs_until_told(void **state)
{
    (void)state;
    for (unsigned nap = 0; nap < 2; nap++) {
        struct cv_worker *worker = &rig->workers[1];
        atomic_bool stop = false;
        pthread_t thread;
        uint64_t token;

        worker->stop = &stop;
        worker->nap = nap != 0;
        assert_int_equal(pthread_create(&thread, NULL, run, worker), 0);
        assert_true(wait_for(&rig->stats[1].state, CV_WORKER_RUN));
        receive_many(1, A, 10);
        for (unsigned i = 0; i < 20000 && rte_ring_count(sent[1]) < 10; i++)
            usleep(1000);
        for (uint32_t i = 0; i < 10; i++)
            assert_sent(1, B, i);
        token = rte_rcu_qsbr_start(rig->table.qsbr);
        for (unsigned i = 0; i < 20000 && !rte_rcu_qsbr_check(rig->table.qsbr, token, false); i++)
            usleep(1000);
        assert_int_equal(rte_rcu_qsbr_check(rig->table.qsbr, token, false), 1);
        receive_many(1, A, 300); /* more than the port takes: some are left waiting at the end */
        for (unsigned i = 0; i < 20000 && !rte_ring_empty(received[1]); i++)
            usleep(1000);
        atomic_store(&stop, true);
        pthread_join(thread, NULL);
        assert_int_equal(rig->stats[1].state, CV_WORKER_HALT);
        assert_int_equal(worker->relay.context.tx[RIG_PORT].count, 0);
        for (uint32_t i = 0; i < SENT - 1; i++)
            assert_sent(1, B, i);
        assert_int_equal(rig->stats[1].drops[CV_DROP_TX_FULL], 300 - (SENT - 1));
        rig->stats[1].drops[CV_DROP_TX_FULL] = 0;
    }
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(both_ways_by_two_workers),
        EACH(every_packet_has_an_end),
        EACH(tunnels_without_sessions),
        EACH(refusals_on_the_way_out),
        EACH(tx_full),
        EACH(no_such_tx_port),
        EACH(outbox),
        EACH(full_notices),
        EACH(peer_changes_our_address),
        EACH(ticks),
        EACH(allocates_nothing),
        EACH(makes_no_system_call),
        EACH(runs_until_told),
    };

    return cmocka_run_group_tests_name("worker", tests, start, NULL);
}
