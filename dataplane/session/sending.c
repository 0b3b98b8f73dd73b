/* SPDX-License-Identifier: BSD-3-Clause */
#include "sending.h"

#include "packet/transmit.h"

struct rte_mbuf *cv_send_buffer(struct cv_shard *shard)
{
    struct rte_mbuf *mbuf = shard->spare != NULL ? shard->spare : rte_pktmbuf_alloc(shard->mbufs);

    shard->spare = NULL;
    return mbuf;
}

size_t cv_send_room(const struct cv_shard *shard, const struct cv_session *session,
                    const struct rte_mbuf *mbuf)
{
    size_t room = rte_pktmbuf_tailroom(mbuf);
    uint16_t path = cv_send_path_bytes(session);

    if (cv_path_probe_due(&session->probe, path, session->rx_pkts, shard->now_ns))
        return room;
    return RTE_MIN(room, (size_t)path);
}

void cv_send(struct cv_shard *shard, const struct cv_session_route *route, uint8_t ecn, struct rte_mbuf *mbuf)
{
    const struct cv_handed handed = {.mbuf = mbuf, .kind = CV_HANDED_SEND};

    cv_session_route_wrap(route, shard->all->locals, shard->all->listen_port_be, ecn, mbuf);
    if (shard->kind == CV_SHARD_WORKER) {
        shard->relay->context.stats->session_tx_pkts++;
        cv_transmit(&shard->relay->context, mbuf->port, mbuf);
    } else if (!cv_hand(shard->all->rings[0].handed, &handed)) {
        rte_pktmbuf_reset(mbuf); /* the worker stands still, and only workers free buffers */
        cv_send_keep(shard, mbuf);
    }
}

void cv_send_written(struct cv_shard *shard, struct cv_session *session, const ngtcp2_path *path, uint8_t ecn,
                     struct rte_mbuf *mbuf, uint16_t bytes)
{
    const struct cv_session_route *route = cv_routes_find(shard->all->locals, session, path);

    if (route == NULL) { /* a path that was forgotten for newer ones */
        cv_send_keep(shard, mbuf);
        return;
    }
    rte_pktmbuf_append(mbuf, bytes);
    session->tx_pkts++;
    cv_send(shard, route, ecn, mbuf);
}
