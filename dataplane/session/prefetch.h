/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Fetches from memory what reading or writing one packet of a session will look at, while another session is dealt
 * with: with thousands of sessions nearly all of it comes from beyond the caches. With 4,000 sessions and one datagram
 * of each in a round a datagram takes 9.0 us in place of 11.2; with 200 sessions there is no clear difference
 * (docs/performance.md).
 *
 * The lines are those that nearly every packet touches: of the session; of its connection, which is the first block of
 * its heap; and of the blocks that ngtcp2 allocates next, in the same order for every session. The latter were measured
 * with ngtcp2 1.22; tests/unit/test_session_layout.c fails when another version lays them out otherwise. Then they
 * cost a little and bring nothing.
 */
#include "session.h"

#include <rte_prefetch.h>

struct cv_lines {
    uint16_t first, last; /* cache lines */
};

#define CV_SESSION_LINE_OF(field)  (offsetof(struct cv_session, field) / RTE_CACHE_LINE_SIZE)
#define CV_SESSION_LINES(from, to) {CV_SESSION_LINE_OF(from), CV_SESSION_LINE_OF(to)}

/* Of the session; the first line is fetched with the slot. */
static const struct cv_lines cv_session_lines[] = {
    CV_SESSION_LINES(quic_version, routes),                   /* lists, what waits, the control stream */
    CV_SESSION_LINES(rx_pkts, arena.bins[0]),                 /* counters, the heap */
    CV_SESSION_LINES(arena.bins[0].first[12], arena.bins[1]), /* large free blocks */
    CV_SESSION_LINES(keys.aead[0], keys.aead[2]),             /* to receive and to send */
    CV_SESSION_LINES(keys.header[0], keys.header[1].schedule[239]), /* all of both */
};

/* Of its heap's base. */
static const struct cv_lines cv_arena_lines[] = {
    {2, 4},     {7, 7},     {9, 11},    {13, 16},   {18, 20},   {30, 39},   {91, 96},
    {103, 104}, {106, 108}, {112, 117}, {119, 141}, {155, 155}, {351, 351}, {356, 358},
    {403, 403}, {407, 407}, {454, 454}, {463, 463}, {471, 471},
};

static inline void cv_prefetch_lines(const void *start, const struct cv_lines *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned line = lines[i].first; line <= lines[i].last; line++)
            rte_prefetch0((const uint8_t *)start + (size_t)RTE_CACHE_LINE_SIZE * line);
}

static inline void cv_session_prefetch(const struct cv_session *session)
{
    cv_prefetch_lines(session, cv_session_lines, RTE_DIM(cv_session_lines));
    if (session->arena.base != NULL)
        cv_prefetch_lines(session->arena.base, cv_arena_lines, RTE_DIM(cv_arena_lines));
}
