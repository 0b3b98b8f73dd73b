/* SPDX-License-Identifier: BSD-3-Clause */
#include "reading.h"

#include "ending.h"
#include "quic_path.h"
#include "routes.h"
#include "schedule.h"

/* The current path was validated, now or when the peer was there before: it may have another address. */
static void notice_address(struct cv_shard *shard, struct cv_session *session)
{
    const ngtcp2_path *path = ngtcp2_conn_get_path(session->conn);
    const struct cv_session_route *route = cv_routes_find(shard->all->locals, session, path);
    struct cv_address remote;

    session->path_validated = false;
    if (route != NULL)
        session->local = route->local;
    if (!cv_path_remote(path, &remote) || cv_address_equal(&remote, &session->address))
        return;
    if ((session->events & CV_EVENT_ADDRESS) == 0)
        session->previous = session->address;
    session->address = remote;
    if (session->announced)
        cv_schedule_event(shard, session, CV_EVENT_ADDRESS);
}

void cv_session_read(struct cv_shard *shard, struct cv_session *session, const struct cv_rx_packet *rx)
{
    struct cv_address local = cv_session_local(shard->all, rx->local);
    const ngtcp2_pkt_info info = {.ecn = rx->ecn};
    struct cv_routes_look look;
    ngtcp2_path_storage path;
    int result;

    if (session->conn == NULL)
        return;
    session->rx_pkts++;
    look = cv_routes_look(session, rx);
    session->seen_ns = shard->now_ns;
    shard->rx_ecn = rx->ecn;
    cv_path_fill(&path, &local, &rx->address);
    result = ngtcp2_conn_read_pkt(session->conn, &path.path, &info, rx->payload, rx->bytes, shard->now_ns);
    cv_routes_learn_accepted(session, rx, &look);
    if (cv_session_end_marked(shard, session))
        return;
    if (result != 0) {
        cv_session_fail(shard, session, result);
        return;
    }
    if (session->path_validated ||
        (!session->path_validating && !cv_address_equal(&rx->address, &session->address)))
        notice_address(shard, session);
    cv_schedule_after_read(shard, session, rx);
}
