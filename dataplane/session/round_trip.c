/* SPDX-License-Identifier: BSD-3-Clause */
#include "round_trip.h"

#include <rte_common.h>

void cv_round_trip_notice(struct cv_session *session, uint64_t now_ns)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info(session->conn, &info);
    if (info.latest_rtt == session->round_trip_ns)
        return;
    session->round_trip_ns = info.latest_rtt;
    session->round_trip_seen_ns = now_ns;
}

void cv_round_trip_describe(const struct cv_session *session, uint64_t now_ns, struct cv_session_state *state)
{
    uint64_t ago_ms = (now_ns - session->round_trip_seen_ns) / 1000000;

    state->round_trip_us = (uint32_t)RTE_MIN(session->round_trip_ns / 1000, (uint64_t)UINT32_MAX);
    state->round_trip_ms_ago =
        session->round_trip_ns == 0 ? UINT32_MAX : (uint32_t)RTE_MIN(ago_ms, (uint64_t)UINT32_MAX);
}

void cv_round_trip_ping(struct cv_session *session)
{
    ngtcp2_conn_set_keep_alive_timeout(session->conn, 1);
}

void cv_round_trip_pinged(struct cv_session *session)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_set_keep_alive_timeout(session->conn, UINT64_MAX);
    ngtcp2_conn_get_conn_info(session->conn, &info);
    session->ping = info.bytes_in_flight == 0;
}
