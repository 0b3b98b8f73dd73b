/* SPDX-License-Identifier: BSD-3-Clause */
#include "rings.h"

#include <errno.h>
#include <stdio.h>

#define HANDSHAKE_PACKETS 2048
#define WORKER_PACKETS    1024
#define WORKER_DATAGRAMS  1024
#define HANDED            4096
#define ORDERS            512
#define EVENTS            4096

size_t cv_session_rings_bytes(uint32_t workers)
{
    size_t messages = (size_t)(ORDERS + EVENTS) * sizeof(struct cv_message);
    size_t worker = (size_t)(WORKER_PACKETS + WORKER_DATAGRAMS) * sizeof(void *) +
                    HANDED * sizeof(struct cv_handed) + messages;

    return workers * worker + HANDSHAKE_PACKETS * sizeof(void *) + messages;
}

static struct rte_ring *make(const char *kind, uint32_t id, size_t element_bytes, uint32_t slots,
                             unsigned flags)
{
    char name[RTE_RING_NAMESIZE];

    snprintf(name, sizeof(name), "session-%s%u", kind, id);
    return rte_ring_create_elem(name, (unsigned)element_bytes, slots, SOCKET_ID_ANY, flags);
}

static bool make_common(struct cv_session_rings *rings, uint32_t id, uint32_t packets)
{
    const unsigned one_to_one = RING_F_SP_ENQ | RING_F_SC_DEQ;

    rings->packets = make("packets", id, sizeof(struct rte_mbuf *), packets, RING_F_SC_DEQ);
    rings->orders = make("orders", id, sizeof(struct cv_message), ORDERS, one_to_one);
    rings->events = make("events", id, sizeof(struct cv_message), EVENTS, one_to_one);
    return rings->packets != NULL && rings->orders != NULL && rings->events != NULL;
}

int cv_session_rings_create(struct cv_session_rings *rings, uint32_t workers)
{
    for (uint32_t i = 0; i < workers; i++) {
        rings[i].datagrams = make("datagrams", i, sizeof(struct rte_mbuf *), WORKER_DATAGRAMS, RING_F_SC_DEQ);
        rings[i].handed = make("handed", i, sizeof(struct cv_handed), HANDED, RING_F_SP_ENQ | RING_F_SC_DEQ);
        if (!make_common(&rings[i], i, WORKER_PACKETS) || rings[i].datagrams == NULL ||
            rings[i].handed == NULL)
            return -ENOMEM;
    }
    return make_common(&rings[workers], workers, HANDSHAKE_PACKETS) ? 0 : -ENOMEM;
}

static void free_mbufs(struct rte_ring *ring)
{
    struct rte_mbuf *mbuf;

    while (ring != NULL && rte_ring_sc_dequeue(ring, (void **)&mbuf) == 0)
        rte_pktmbuf_free(mbuf);
}

static void free_handed(struct rte_ring *ring)
{
    struct cv_handed handed;

    while (ring != NULL && cv_take_handed(ring, &handed, 1) > 0)
        if (handed.kind != CV_HANDED_SESSION)
            rte_pktmbuf_free(handed.mbuf);
}

void cv_session_rings_destroy(struct cv_session_rings *rings, uint32_t workers)
{
    for (uint32_t i = 0; i <= workers; i++) {
        free_mbufs(rings[i].packets);
        free_mbufs(rings[i].datagrams);
        free_handed(rings[i].handed);
        rte_ring_free(rings[i].packets);
        rte_ring_free(rings[i].datagrams);
        rte_ring_free(rings[i].handed);
        rte_ring_free(rings[i].orders);
        rte_ring_free(rings[i].events);
    }
}
