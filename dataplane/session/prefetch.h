/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Fetches from memory what reading or writing one packet of a session will look at, while another session is
 * dealt with: with thousands of sessions nearly all of it comes from beyond the caches. The lines are those
 * that a measurement found touched by nearly every packet, with ngtcp2 1.22 (docs/performance.md): of the
 * session, of the connection, which is the first block of its arena, and of the blocks that ngtcp2 allocates
 * next, in the same order for every session. With another version they cost a little and bring less.
 */
#include "session.h"

#include <rte_prefetch.h>

struct cv_lines {
    uint16_t first, last; /* cache lines */
};

static inline void cv_prefetch_lines(const void *start, const struct cv_lines *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned line = lines[i].first; line <= lines[i].last; line++)
            rte_prefetch0((const uint8_t *)start + (size_t)RTE_CACHE_LINE_SIZE * line);
}

static inline void cv_session_prefetch(const struct cv_session *session)
{
    static const struct cv_lines own[] = {{1, 4}, {8, 9}, {11, 12}, {16, 18}, {22, 29}};
    static const struct cv_lines memory[] = {
        {2, 4},     {7, 7},     {9, 11},    {13, 16},   {18, 20},   {30, 39},   {91, 96},
        {103, 104}, {106, 108}, {112, 117}, {119, 141}, {155, 155}, {351, 351}, {356, 358},
        {403, 403}, {407, 407}, {454, 454}, {463, 463}, {471, 471},
    };

    cv_prefetch_lines(session, own, RTE_DIM(own));
    if (session->arena.base != NULL)
        cv_prefetch_lines(session->arena.base, memory, RTE_DIM(memory));
}
