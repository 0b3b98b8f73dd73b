/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Fetches from memory what reading or writing one packet of a session will look at, while another session is
 * dealt with: with thousands of sessions nearly all of it comes from beyond the caches. The lines of ngtcp2's
 * connection are those that a profile showed for version 1.22; in another version they cost a little and
 * bring nothing.
 */
#include "session.h"

#include <rte_prefetch.h>

struct cv_lines {
    uint16_t from, to; /* bytes from the start of the connection */
};

static const struct cv_lines cv_hot_lines[] = {
    {0, 192}, {576, 2880}, {5696, 6144}, {6528, 6656}, {7040, 7104}, {7424, 8512}, {9856, 9984},
};

static inline void cv_session_prefetch(const struct cv_session *session)
{
    const uint8_t *conn = (const uint8_t *)session->conn;

    for (unsigned i = 1; i < (sizeof(*session) + 63) / 64; i++)
        rte_prefetch0((const uint8_t *)session + 64 * i);
    if (conn == NULL)
        return;
    for (unsigned i = 0; i < RTE_DIM(cv_hot_lines); i++)
        for (unsigned at = cv_hot_lines[i].from; at < cv_hot_lines[i].to; at += 64)
            rte_prefetch0(conn + at);
}
