/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits for a tunnel leg, how long, and who has to go when it is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "session/tunnel.h"

#define ROOM  3000 /* datagrams of the worker */
#define LIMIT 1000 /* bytes of a DATAGRAM frame */

static struct cv_config config;
static struct cv_sessions all;
static struct cv_session_rings rings[3];
static struct cv_shard shard;
static struct cv_relay relay;
static bool without_sessions; /* the worker has none */
static struct cv_worker_stats stats;
static struct cv_session *session;
static void *queues;

static int start(void **state)
{
    (void)state;
    packets_start("test_session_tunnel", NULL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&all, 0, sizeof(all));
    memset(&shard, 0, sizeof(shard));
    memset(&relay, 0, sizeof(relay));
    without_sessions = false;
    memset(&stats, 0, sizeof(stats));
    all.config = &config;
    all.max = 4;
    all.workers = 2;
    all.rings = rings;
    all.slots = aligned_alloc(64, all.max * sizeof(*all.slots));
    memset(all.slots, 0, all.max * sizeof(*all.slots));
    rings[1].datagrams = rte_ring_create("test-datagrams", 8, SOCKET_ID_ANY, RING_F_SC_DEQ);
    relay.context.stats = &stats;
    shard.all = &all;
    shard.relay = &relay;
    shard.rings = &rings[0];
    shard.now_ns = 1000000000;
    TAILQ_INIT(&shard.writing);
    TAILQ_INIT(&shard.acking_soon);
    TAILQ_INIT(&shard.acking_late);
    queues = malloc(cv_tunnels_bytes(all.max));
    cv_tunnels_init(&shard.tunnels, queues, all.max, ROOM);
    session = &all.slots[2];
    session->slot = 2;
    session->generation = 7;
    session->slot_state = CV_SLOT_WORKER;
    session->shard = &shard;
    session->conn =
        (ngtcp2_conn *)(void *)session; /* of which nothing here looks at more than whether it is */
    session->datagram_bytes = LIMIT;
    return 0;
}

static int teardown(void **state)
{
    void *mbuf;

    (void)state;
    cv_tunnel_queue_drop_all(&shard.tunnels, session, &relay.context);
    while (rte_ring_sc_dequeue(rings[1].datagrams, &mbuf) == 0)
        rte_pktmbuf_free(mbuf);
    rte_ring_free(rings[1].datagrams);
    free(queues);
    free(all.slots);
    return 0;
}

/* A datagram of so many bytes, of which the first two say which it is. */
static void send_to(uint64_t number, uint16_t channel, uint16_t bytes, uint16_t id)
{
    const struct cv_tunnel tunnel = {number, channel};
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(packets_pool());
    struct cv_tunnel_burst burst = {.count = 1};

    memcpy(rte_pktmbuf_append(mbuf, bytes), &id, sizeof(id));
    burst.list[0].mbuf = mbuf;
    burst.list[0].tunnel = tunnel;
    cv_tunnel_send_burst(without_sessions ? NULL : &shard, &relay.context, &burst);
}

static void send_one(uint16_t channel, uint16_t id)
{
    send_to(cv_session_number(session), channel, 100, id);
}

/* The queue whose turn comes after `turns` others. */
static const struct cv_tunnel_queue *queue(unsigned turns)
{
    const struct cv_tunnel_queue *queue = session->tunnels->next;

    while (turns-- > 0)
        queue = queue->next;
    return queue;
}

static uint16_t id_of(const struct rte_mbuf *mbuf)
{
    uint16_t id;

    memcpy(&id, rte_pktmbuf_mtod(mbuf, const void *), sizeof(id));
    return id;
}

static void legs_have_queues_of_their_own(void **state)
{
    (void)state;
    send_one(5, 1);
    send_one(6, 2);
    send_one(5, 3);
    assert_int_equal(session->due, CV_DUE_WRITE);
    assert_int_equal(shard.tunnels.waiting, 3);
    assert_int_equal(queue(0)->channel, 5);
    assert_int_equal(queue(0)->count, 2);
    assert_int_equal(id_of(queue(0)->first), 1);
    assert_int_equal(id_of(queue(0)->last), 3);
    assert_int_equal(queue(1)->channel, 6);
    assert_ptr_equal(queue(2), queue(0));
    cv_tunnel_queue_drop_all(&shard.tunnels, session, &relay.context);
    assert_null(session->tunnels);
    assert_int_equal(shard.tunnels.waiting, 0);
    assert_int_equal(stats.drops[CV_DROP_TUNNEL_QUEUE], 3);
}

static void what_waited_50_ms_goes(void **state)
{
    uint64_t begin_ns = shard.now_ns;

    (void)state;
    send_one(5, 1);
    send_one(6, 2);
    shard.now_ns += 20000000;
    send_one(5, 3);
    assert_int_equal(cv_tunnel_queue_due_ns(session), begin_ns + CV_TUNNEL_WAIT_NS);
    shard.now_ns = begin_ns + CV_TUNNEL_WAIT_NS - 1;
    cv_tunnel_queue_expire(&shard.tunnels, session, shard.now_ns, &relay.context);
    assert_int_equal(shard.tunnels.waiting, 3);
    shard.now_ns++;
    cv_tunnel_queue_expire(&shard.tunnels, session, shard.now_ns, &relay.context);
    assert_int_equal(shard.tunnels.waiting, 1);
    assert_int_equal(queue(0)->channel, 5);
    assert_int_equal(id_of(queue(0)->first), 3);
    assert_ptr_equal(queue(1), queue(0));
    assert_int_equal(cv_tunnel_queue_due_ns(session), begin_ns + 20000000 + CV_TUNNEL_WAIT_NS);
    shard.now_ns += CV_TUNNEL_WAIT_NS;
    cv_tunnel_queue_expire(&shard.tunnels, session, shard.now_ns, &relay.context);
    assert_null(session->tunnels);
    assert_int_equal(cv_tunnel_queue_due_ns(session), CV_TIMER_NEVER);
    assert_int_equal(stats.drops[CV_DROP_TUNNEL_QUEUE], 3);
    cv_tunnel_queue_expire(&shard.tunnels, session, shard.now_ns, &relay.context);
}

static void the_oldest_makes_room_for_the_newest(void **state)
{
    (void)state;
    send_one(6, 9999);
    for (uint16_t i = 0; i < CV_TUNNEL_WAITING + 3; i++)
        send_one(5, i);
    assert_int_equal(stats.drops[CV_DROP_TUNNEL_QUEUE], 3);
    assert_int_equal(queue(1)->count, CV_TUNNEL_WAITING);
    assert_int_equal(id_of(queue(1)->first), 3);
    assert_int_equal(id_of(queue(1)->last), CV_TUNNEL_WAITING + 2);
    assert_int_equal(queue(0)->count, 1);
}

/* 5 of 10 and then half of what is left, so that something always is. */
static void a_busy_leg_leaves_room_to_the_others(void **state)
{
    (void)state;
    shard.tunnels.room = 10;
    for (uint16_t i = 0; i < 9; i++)
        send_one(5, i);
    assert_int_equal(stats.drops[CV_DROP_TUNNEL_QUEUE], 4);
    assert_int_equal(queue(0)->count, 5);
    assert_int_equal(id_of(queue(0)->first), 4);
    send_one(6, 0);
    send_one(6, 1);
    assert_int_equal(stats.drops[CV_DROP_TUNNEL_QUEUE], 4);
    send_one(6, 2);
    assert_int_equal(stats.drops[CV_DROP_TUNNEL_QUEUE], 5);
    assert_int_equal(queue(1)->count, 2);
    assert_int_equal(id_of(queue(1)->first), 1);
}

static void a_session_with_many_legs_leaves_queues_to_the_others(void **state)
{
    struct cv_session *other = &all.slots[1];

    (void)state;
    for (unsigned round = 1; round <= 2; round++) { /* all are given back */
        for (uint16_t channel = 1; channel <= all.max; channel++)
            send_one(channel, channel);
        assert_int_equal(shard.tunnels.waiting, all.max / 2);
        assert_int_equal(stats.drops[CV_DROP_TUNNEL_QUEUE], round * all.max - all.max / 2);
        shard.now_ns += CV_TUNNEL_WAIT_NS;
        cv_tunnel_queue_expire(&shard.tunnels, session, shard.now_ns, &relay.context);
        assert_null(session->tunnels);
    }
    for (uint16_t channel = 1; channel <= all.max; channel++)
        send_one(channel, channel);
    *other = *session;
    other->slot = 1;
    other->tunnels = NULL;
    other->due = CV_DUE_NOTHING;
    send_to(cv_session_number(other), 1, 100, 1);
    assert_non_null(other->tunnels);
    assert_int_equal(shard.tunnels.waiting, all.max / 2 + 1);
    cv_tunnel_queue_drop_all(&shard.tunnels, other, &relay.context);
}

static void what_does_not_fit_is_counted_by_name(void **state)
{
    (void)state;
    send_to(cv_session_number(session), 5, LIMIT - 1, 1); /* and one byte of channel */
    send_to(cv_session_number(session), 5, LIMIT, 2);
    send_to(cv_session_number(session), 64, LIMIT - 1, 3); /* two bytes of channel */
    assert_int_equal(shard.tunnels.waiting, 1);
    assert_int_equal(stats.drops[CV_DROP_TUNNEL_TOO_BIG], 2);
}

static void sessions_that_are_gone(void **state)
{
    uint64_t number = cv_session_number(session);

    (void)state;
    send_to(number + 1, 5, 10, 1); /* a free slot */
    session->generation++;
    send_to(number, 5, 10, 1); /* somebody else's by now */
    session->generation--;
    send_to(number | 2u << CV_SESSION_SLOT_BITS, 5, 10, 1); /* no such shard */
    session->conn = NULL;
    send_to(number, 5, 10, 1); /* has just ended */
    assert_int_equal(stats.drops[CV_DROP_UNBOUND_LEG], 4);
    without_sessions = true;
    send_to(number, 5, 10, 1);
    assert_int_equal(stats.drops[CV_DROP_UNBOUND_LEG], 5);
}

static void another_worker_s_session(void **state)
{
    uint64_t number = cv_session_number(session) | 1u << CV_SESSION_SLOT_BITS;
    struct cv_shard other = shard;

    (void)state;
    for (uint16_t i = 0; i < 9; i++)
        send_to(number, 5, 100, i);
    assert_int_equal(stats.drops[CV_DROP_SESSION_QUEUE], 2); /* the ring has room for 7 */
    assert_null(session->tunnels);
    other.id = 1;
    other.rings = &rings[1];
    TAILQ_INIT(&other.writing);
    session->shard = &other;
    session->shard_id = 1;
    assert_int_equal(cv_tunnel_take_sent(&other), 7);
    assert_int_equal(other.tunnels.waiting, 7);
    assert_int_equal(id_of(session->tunnels->first), 0);
    cv_tunnel_queue_drop_all(&other.tunnels, session, &relay.context);
    shard.tunnels = other.tunnels;
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(legs_have_queues_of_their_own),
        EACH(what_waited_50_ms_goes),
        EACH(the_oldest_makes_room_for_the_newest),
        EACH(a_busy_leg_leaves_room_to_the_others),
        EACH(a_session_with_many_legs_leaves_queues_to_the_others),
        EACH(what_does_not_fit_is_counted_by_name),
        EACH(sessions_that_are_gone),
        EACH(another_worker_s_session),
    };

    return cmocka_run_group_tests_name("session_tunnel", tests, start, NULL);
}
