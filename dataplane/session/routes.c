/* SPDX-License-Identifier: BSD-3-Clause */
#include "routes.h"

#include "packet/wrap.h"
#include "quic_path.h"

#include <rte_ether.h>
#include <string.h>

/* ---- One route ---- */

void cv_session_route_learn(struct cv_session_route *route, const struct cv_rx_packet *rx)
{
    const struct rte_mbuf *mbuf = rx->mbuf;
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

    route->address = rx->address;
    route->local = rx->local;
    route->port_id = mbuf->port;
    route->frame_header_bytes = (uint8_t)mbuf->l2_len;
    memcpy(route->frame_header, frame + RTE_ETHER_ADDR_LEN, RTE_ETHER_ADDR_LEN);
    memcpy(route->frame_header + RTE_ETHER_ADDR_LEN, frame, RTE_ETHER_ADDR_LEN);
    memcpy(route->frame_header + 12, frame + 12, mbuf->l2_len - 12u);
}

/* Whether a route of the same path says just that. */
static bool says_the_same(const struct cv_session_route *route, const struct cv_rx_packet *rx)
{
    const struct rte_mbuf *mbuf = rx->mbuf;
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

    return route->port_id == mbuf->port && route->frame_header_bytes == mbuf->l2_len &&
           memcmp(route->frame_header, frame + RTE_ETHER_ADDR_LEN, RTE_ETHER_ADDR_LEN) == 0 &&
           memcmp(route->frame_header + RTE_ETHER_ADDR_LEN, frame, RTE_ETHER_ADDR_LEN) == 0 &&
           memcmp(route->frame_header + 12, frame + 12, mbuf->l2_len - 12u) == 0;
}

void cv_session_route_wrap(const struct cv_session_route *route, const struct cv_locals *locals,
                           uint16_t listen_port_be, uint8_t ecn, struct rte_mbuf *mbuf)
{
    const struct cv_wrapping wrapping = {
        .from = &locals->list[route->local].ip,
        .to = &route->address.ip,
        .from_port_be = listen_port_be,
        .to_port_be = route->address.port_be,
        .ecn = ecn,
        .frame_header_bytes = route->frame_header_bytes,
        .frame_header = route->frame_header,
    };

    cv_wrap(&wrapping, mbuf);
    mbuf->port = route->port_id;
}

/* ---- Those of a session ---- */

static struct cv_session_route *find(struct cv_session *session, const struct cv_address *remote,
                                     uint8_t local)
{
    for (unsigned i = 0; i < CV_SESSION_ROUTES; i++)
        if (session->routes[i].local == local && cv_address_equal(&session->routes[i].address, remote))
            return &session->routes[i];
    return NULL;
}

/* Of the session's routes, that of the packet's path; NULL: none yet. */
static struct cv_session_route *route_of(struct cv_session *session, const struct cv_rx_packet *rx)
{
    return find(session, &rx->address, rx->local);
}

struct cv_session_route *cv_routes_find(const struct cv_locals *locals, struct cv_session *session,
                                        const ngtcp2_path *path)
{
    struct cv_address local, remote;

    if (!cv_path_local(path, &local) || !cv_path_remote(path, &remote))
        return NULL;
    for (unsigned i = 0; i < CV_SESSION_ROUTES; i++) {
        struct cv_session_route *route = &session->routes[i];

        if (cv_address_equal(&route->address, &remote) &&
            cv_ip_equal(&locals->list[route->local].ip, &local.ip))
            return route;
    }
    return NULL;
}

/* The entry for a new path: a free one, or the one learnt first that is not of the proven path. */
static struct cv_session_route *room_for_another(struct cv_session *session)
{
    struct cv_session_route *oldest = NULL;

    for (unsigned i = 0; i < CV_SESSION_ROUTES; i++) {
        struct cv_session_route *route = &session->routes[i];

        if (route->address.port_be == 0)
            return route;
        if (route->local == session->local && cv_address_equal(&route->address, &session->address))
            continue;
        if (oldest == NULL || route->used < oldest->used)
            oldest = route;
    }
    return oldest;
}

void cv_routes_learn(struct cv_session *session, const struct cv_rx_packet *rx)
{
    struct cv_session_route *route = route_of(session, rx);

    if (route == NULL)
        route = room_for_another(session);
    route->used = session->rx_pkts;
    cv_session_route_learn(route, rx);
}

static uint64_t accepted_pkts(struct cv_session *session)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info(session->conn, &info);
    return info.pkt_recv;
}

/*
 * ngtcp2 also counts long headers that it has only passed over, and what it keeps for later. So news is only
 * in short headers after the handshake; before, a session keeps to its first path.
 */
struct cv_routes_look cv_routes_look(struct cv_session *session, const struct cv_rx_packet *rx)
{
    const struct cv_session_route *route = route_of(session, rx);
    struct cv_routes_look look = {.news = false};

    if (likely(route != NULL && says_the_same(route, rx)))
        return look;
    look.news = (rx->payload[0] & 0x80) == 0 && ngtcp2_conn_get_handshake_completed(session->conn) != 0;
    if (look.news)
        look.accepted_pkts = accepted_pkts(session);
    return look;
}

void cv_routes_learn_accepted(struct cv_session *session, const struct cv_rx_packet *rx,
                              const struct cv_routes_look *look)
{
    if (unlikely(look->news) && accepted_pkts(session) > look->accepted_pkts)
        cv_routes_learn(session, rx);
}
