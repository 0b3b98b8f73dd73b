/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel_queue.h"

size_t cv_tunnels_bytes(uint32_t queues)
{
    return queues * sizeof(struct cv_tunnel_queue);
}

void cv_tunnels_init(struct cv_tunnels *tunnels, void *memory, uint32_t queues, uint32_t mbufs)
{
    struct cv_tunnel_queue *list = memory;

    *tunnels = (struct cv_tunnels){.free_count = queues, .room = mbufs};
    for (uint32_t i = 0; i < queues; i++) {
        list[i].next = tunnels->free;
        tunnels->free = &list[i];
    }
}

/*
 * The queue of a leg, made if it has none. NULL: as many as the session has are not left, so that a session
 * with thousands of busy legs leaves some to the others.
 */
static struct cv_tunnel_queue *queue_of(struct cv_tunnels *tunnels, struct cv_session *session,
                                        uint16_t channel)
{
    struct cv_tunnel_queue *last = session->tunnels, *queue = last;
    uint32_t count = 0;

    if (last != NULL) {
        do {
            if (queue->channel == channel)
                return queue;
            queue = queue->next;
            count++;
        } while (queue != last);
    }
    if (count >= tunnels->free_count)
        return NULL;
    queue = tunnels->free;
    tunnels->free = queue->next;
    tunnels->free_count--;
    *queue = (struct cv_tunnel_queue){.channel = channel};
    queue->next = last != NULL ? last->next : queue;
    if (last != NULL)
        last->next = queue;
    session->tunnels = queue;
    return queue;
}

struct rte_mbuf *cv_tunnel_queue_take(struct cv_tunnels *tunnels, struct cv_session *session,
                                      struct cv_tunnel_queue *before)
{
    struct cv_tunnel_queue *queue = before->next;
    struct rte_mbuf *mbuf = queue->first;

    queue->first = cv_tunnel_wait_of(mbuf)->next;
    queue->count--;
    tunnels->waiting--;
    if (queue->first != NULL)
        return mbuf;
    before->next = queue->next;
    if (session->tunnels == queue)
        session->tunnels = before != queue ? before : NULL;
    queue->next = tunnels->free;
    tunnels->free = queue;
    tunnels->free_count++;
    return mbuf;
}

/*
 * A leg may have as many waiting as there is room left. So whoever fills the room, with as many legs as it
 * likes, leaves some of it to the next.
 */
static bool has_too_many(const struct cv_tunnels *tunnels, const struct cv_tunnel_queue *queue)
{
    return queue->count > CV_TUNNEL_WAITING || queue->count + tunnels->waiting > tunnels->room;
}

void cv_tunnel_queue_put(struct cv_tunnels *tunnels, struct cv_session *session, struct rte_mbuf *mbuf,
                         uint64_t now_ns, struct cv_context *context)
{
    struct cv_tunnel_wait *wait = cv_tunnel_wait_of(mbuf);
    struct cv_tunnel_queue *queue = queue_of(tunnels, session, wait->to.channel), *before = queue;

    if (queue == NULL) {
        cv_drop(context, mbuf, CV_DROP_TUNNEL_QUEUE);
        return;
    }
    wait->next = NULL;
    wait->since_ns = now_ns;
    if (queue->first == NULL)
        queue->first = mbuf;
    else
        cv_tunnel_wait_of(queue->last)->next = mbuf;
    queue->last = mbuf;
    queue->count++;
    tunnels->waiting++;
    if (likely(!has_too_many(tunnels, queue)))
        return;
    while (before->next != queue)
        before = before->next;
    cv_drop(context, cv_tunnel_queue_take(tunnels, session, before), CV_DROP_TUNNEL_QUEUE);
}

/* True: nothing is left in the queue after `before`, and it is gone. */
static bool drop_late(struct cv_tunnels *tunnels, struct cv_session *session, struct cv_tunnel_queue *before,
                      uint64_t now_ns, struct cv_context *context)
{
    const struct cv_tunnel_queue *queue = before->next;
    uint32_t left = queue->count;

    for (; left > 0 && now_ns - cv_tunnel_wait_of(queue->first)->since_ns >= CV_TUNNEL_WAIT_NS; left--)
        cv_drop(context, cv_tunnel_queue_take(tunnels, session, before), CV_DROP_TUNNEL_QUEUE);
    return left == 0;
}

void cv_tunnel_queue_expire(struct cv_tunnels *tunnels, struct cv_session *session, uint64_t now_ns,
                            struct cv_context *context)
{
    struct cv_tunnel_queue *before = session->tunnels, *queue = before;
    uint32_t queues = 0;

    for (; queue != NULL && (queue != before || queues == 0); queue = queue->next)
        queues++;
    for (; queues > 0; queues--)
        if (!drop_late(tunnels, session, before, now_ns, context))
            before = before->next;
}

uint64_t cv_tunnel_queue_due_ns(const struct cv_session *session)
{
    const struct cv_tunnel_queue *queue = session->tunnels;
    uint64_t oldest_ns = CV_TIMER_NEVER - CV_TUNNEL_WAIT_NS;

    if (queue == NULL)
        return CV_TIMER_NEVER;
    do {
        oldest_ns = RTE_MIN(oldest_ns, cv_tunnel_wait_of(queue->first)->since_ns);
        queue = queue->next;
    } while (queue != session->tunnels);
    return oldest_ns + CV_TUNNEL_WAIT_NS;
}

void cv_tunnel_queue_drop_all(struct cv_tunnels *tunnels, struct cv_session *session,
                              struct cv_context *context)
{
    while (session->tunnels != NULL)
        cv_drop(context, cv_tunnel_queue_take(tunnels, session, session->tunnels), CV_DROP_TUNNEL_QUEUE);
}
