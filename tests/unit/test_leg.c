/* SPDX-License-Identifier: BSD-3-Clause */
/* A leg that the keeper changes while a worker forwards by it. */
#include "relay/change.h"
#include "relay/spares.h"
#include "rig.h"

#include <errno.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <stdatomic.h>

#define RELAY "192.0.2.1:40000"
#define NEXT  "192.0.2.1:40001" /* another relay port */
#define A     "203.0.113.1:1000"
#define B     "203.0.113.2:2000"

static struct rig *rig;
static uint32_t leg; /* bound to A, its other leg to B */

static int start(void **state)
{
    (void)state;
    packets_start("test_leg", NULL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rig = rig_start(10);
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

/* What is being changed is not used; a keeper that was put to sleep half-way holds no worker up. */
static void half_changed_leg(void **state)
{
    struct rte_mbuf *mbuf;
    uint32_t one = 1;

    (void)state;
    cv_leg_at(&rig->table, leg)->sequence++;
    rig_burst(rig, rig_datagram(A, RELAY, &one, 4));
    assert_int_equal(rig->stats[0].drops[CV_DROP_UNBOUND_LEG], 1);
    cv_leg_at(&rig->table, leg)->sequence++;
    rig_burst(rig, rig_datagram(A, RELAY, &one, 4));
    mbuf = rig_take(rig, RIG_PORT);
    assert_non_null(mbuf);
    rte_pktmbuf_free(mbuf);
}

static atomic_bool done;

static void *move_other_leg(void *argument)
{
    (void)argument;
    for (uint32_t turn = 0; !atomic_load(&done); turn++) {
        struct cv_address address = packets_address(turn % 2 ? "203.0.113.2:2222" : "[2001:db8:6::6]:6666");

        cv_leg_bind(&rig->table, leg + 1, &address, turn % 2 ? RIG_LOCAL_V4 : RIG_LOCAL_V6, rig->now_ms);
        cv_pair_table_reclaim(&rig->table);
    }
    return NULL;
}

/* Each packet goes to one address or the other, from our address of its family: never to half of each. */
static void no_mixture(void **state)
{
    struct cv_address four = packets_address("203.0.113.2:2222"),
                      six = packets_address("[2001:db8:6::6]:6666");
    uint64_t to_four = 0, to_six = 0, mixed = 0, end_tsc = rte_rdtsc() + rte_get_tsc_hz();
    pthread_t thread;

    (void)state;
    rig_bind(rig, leg + 1, "203.0.113.2:2222"); /* both next hops are known before */
    rig_bind(rig, leg + 1, "[2001:db8:6::6]:6666");
    atomic_store(&done, false);
    assert_int_equal(pthread_create(&thread, NULL, move_other_leg, NULL), 0);
    while (rte_rdtsc() < end_tsc || (to_four == 0 && rte_rdtsc() < end_tsc + 10 * rte_get_tsc_hz())) {
        struct rte_mbuf *mbufs[CV_BURST], *mbuf;
        struct packet_view view;

        for (unsigned i = 0; i < CV_BURST; i++)
            mbufs[i] = rig_datagram(A, RELAY, &i, sizeof(i));
        rig_burst_on(rig, 0, mbufs, CV_BURST);
        while ((mbuf = rig_take(rig, RIG_PORT)) != NULL) {
            if (packets_wrong(mbuf, &view) != NULL)
                mixed++;
            else if (cv_address_equal(&view.destination, &four) &&
                     cv_ip_equal(&view.source.ip, &rig->locals.list[RIG_LOCAL_V4].ip))
                to_four++;
            else if (cv_address_equal(&view.destination, &six) &&
                     cv_ip_equal(&view.source.ip, &rig->locals.list[RIG_LOCAL_V6].ip))
                to_six++;
            else
                mixed++;
            rte_pktmbuf_free(mbuf);
        }
    }
    atomic_store(&done, true);
    pthread_join(thread, NULL);
    assert_int_equal(mixed, 0);
    assert_true(to_four > 0);
    assert_true(to_six > 0);
}

static atomic_uint published, used; /* how many changes there were, and of how many the worker knows */

/*
 * The leg is on one port and the other by turns; the next change begins when the worker has left the
 * former.
 */
static void *change_again_and_again(void *argument)
{
    struct cv_address address = packets_address(A);

    (void)argument;
    for (uint8_t turn = 0; !atomic_load(&done); turn++) {
        struct cv_leg_change order = {.pair = 1, .to = rig_token((uint8_t)(10 + turn % 200))};
        struct cv_leg_event event;
        uint32_t coming;
        bool changed;

        order.to.relay_port = turn % 2 ? RIG_RELAY_PORT : RIG_RELAY_PORT + 1;
        while (cv_leg_change(&rig->table, &order, rig->now_ms, &changed, &event) == -ENOSPC)
            ; /* till the worker has let spares go */
        coming = cv_spare_leg(&rig->table, leg);
        cv_leg_bind(&rig->table, coming, &address, RIG_LOCAL_V4, rig->now_ms);
        cv_leg_arrive(&rig->table, coming, rig->now_ms, &event);
        atomic_fetch_add(&published, 1);
        while (!atomic_load(&done) && atomic_load(&used) != atomic_load(&published))
            cv_pair_table_reclaim(&rig->table);
    }
    return NULL;
}

/* A burst from the leg, to where it is by now. How many reached the other leg. */
static uint64_t burst_to(const char *port)
{
    struct cv_address peer = packets_address(B);
    struct rte_mbuf *mbufs[CV_BURST], *mbuf;
    uint64_t reached = 0;

    for (unsigned i = 0; i < CV_BURST; i++)
        mbufs[i] = rig_datagram(A, port, &i, sizeof(i));
    rig_burst_on(rig, 0, mbufs, CV_BURST);
    while ((mbuf = rig_take(rig, RIG_PORT)) != NULL) {
        struct packet_view view = packets_read(mbuf);

        reached += cv_address_equal(&view.destination, &peer);
        rte_pktmbuf_free(mbuf);
    }
    return reached;
}

/*
 * No packet finds a leg that changes nowhere, or goes anywhere else. (One that comes while the keeper has
 * been put to sleep half-way is dropped as unbound_leg, as above.)
 */
static void changed_again_and_again(void **state)
{
    uint64_t sent = 0, reached = 0, end_tsc = rte_rdtsc() + rte_get_tsc_hz();
    pthread_t thread;

    (void)state;
    atomic_store(&done, false);
    rte_rcu_qsbr_thread_register(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_online(rig->table.qsbr, 0);
    assert_int_equal(pthread_create(&thread, NULL, change_again_and_again, NULL), 0);
    while (rte_rdtsc() < end_tsc ||
           (atomic_load(&published) < 10 && rte_rdtsc() < end_tsc + 10 * rte_get_tsc_hz())) {
        unsigned changes = atomic_load(&published);

        reached += burst_to(changes % 2 ? NEXT : RELAY);
        sent += CV_BURST;
        rte_rcu_qsbr_quiescent(rig->table.qsbr, 0);
        atomic_store(&used, changes);
    }
    atomic_store(&done, true);
    rte_rcu_qsbr_thread_offline(rig->table.qsbr, 0);
    rte_rcu_qsbr_thread_unregister(rig->table.qsbr, 0);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&published) >= 10);
    assert_int_equal(rig_drops(rig, CV_DROP_UNKNOWN_SOURCE), 0);
    assert_int_equal(reached + rig_drops(rig, CV_DROP_UNBOUND_LEG), sent);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(half_changed_leg),
        EACH(no_mixture),
        EACH(changed_again_and_again),
    };

    return cmocka_run_group_tests_name("leg", tests, start, NULL);
}
