/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include "handshake.h"

#include <string.h>

#define LARGE_BYTES      4096
#define FRAME_POOL_BYTES 2832 /* ngtcp2's first pool of frames: taken with TLS's first message, and stays */

/*
 * ngtcp2 does not say what a block is for, so this tells it from when it is asked for and how large it is. A session at
 * rest has its connection (the first block) and small blocks. What ngtcp2 zeroes while it makes a connection are the
 * packet number spaces of the handshake; what TLS sends stays until it is acknowledged; large blocks are buffers for
 * what comes out of order. A guess that is wrong costs room in the base, or a page.
 *
 * Without any one of the three a session at rest keeps a page of 16,384 bytes; with them it has none
 * (tests/unit/test_session_layout.c). A base in which all would fit has 2,560 bytes more.
 */
static bool for_handshake_only(const struct cv_session *session, size_t bytes, bool zeroed)
{
    if (session->arena.blocks == 0)
        return false;
    return bytes > LARGE_BYTES || (zeroed && session->conn == NULL) ||
           (session->handshake != NULL && session->handshake->sending && bytes != FRAME_POOL_BYTES);
}

static void *allocate(size_t bytes, void *user)
{
    struct cv_session *session = user;

    return for_handshake_only(session, bytes, false) ? cv_arena_alloc_in_page(&session->arena, bytes)
                                                     : cv_arena_alloc(&session->arena, bytes);
}

static void *allocate_zeroed(size_t count, size_t bytes, void *user)
{
    struct cv_session *session = user;
    void *block = NULL;

    if (bytes == 0 || count <= CV_ARENA_BLOCK_MAX / bytes)
        block = for_handshake_only(session, count * bytes, true)
                    ? cv_arena_alloc_in_page(&session->arena, count * bytes)
                    : cv_arena_alloc(&session->arena, count * bytes);
    return block != NULL ? memset(block, 0, count * bytes) : NULL;
}

static void *reallocate(void *block, size_t bytes, void *user)
{
    return cv_arena_realloc(&((struct cv_session *)user)->arena, block, bytes);
}

static void deallocate(void *block, void *user)
{
    cv_arena_free(&((struct cv_session *)user)->arena, block);
}

void cv_session_memory_init(struct cv_session *session)
{
    session->memory = (ngtcp2_mem){session, allocate, deallocate, allocate_zeroed, reallocate};
}
