/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

#include <errno.h>
#include <string.h>

#define CONTROL_STREAM 0
#define FIRST_ROOM     512

/*
 * In a page, so that nothing that stays has to make room for it in the session's own memory; but when control is away all
 * sessions may want one, and what pages are left are for those that cannot do without.
 */
static void *buffer(struct cv_arena *arena, uint32_t bytes)
{
    bool scarce = cv_page_pool_free_pages(arena->pool) < arena->pool->total / 2;

    return scarce ? cv_arena_alloc(arena, bytes) : cv_arena_alloc_in_page(arena, bytes);
}

/* The buffer is small until more comes at once, and gone when all has credit: no session at rest has one. */
static bool make_room(struct cv_session *session, uint32_t bytes)
{
    struct cv_control_stream *stream = &session->stream;
    uint32_t room = RTE_MAX(stream->in_room, (uint32_t)FIRST_ROOM);
    uint8_t *in;

    if (bytes <= stream->in_room)
        return true;
    while (room < bytes)
        room *= 2;
    in = buffer(&session->arena, room);
    if (in == NULL)
        return false;
    if (stream->in_bytes > 0)
        memcpy(in, stream->in, stream->in_bytes);
    cv_arena_free(&session->arena, stream->in);
    stream->in = in;
    stream->in_room = room;
    return true;
}

bool cv_stream_receive(struct cv_session *session, const uint8_t *data, size_t bytes)
{
    struct cv_control_stream *stream = &session->stream;

    if (bytes > CV_SESSION_WINDOW_BYTES - stream->in_bytes)
        return false;
    if (!make_room(session, stream->in_bytes + (uint32_t)bytes))
        return false;
    memcpy(stream->in + stream->in_bytes, data, bytes);
    stream->in_bytes += (uint32_t)bytes;
    return true;
}

bool cv_stream_credit(struct cv_session *session, uint64_t offset)
{
    struct cv_control_stream *stream = &session->stream;
    uint32_t bytes;

    if (offset < stream->credited || offset > stream->passed)
        return false;
    bytes = (uint32_t)(offset - stream->credited);
    if (bytes == 0)
        return true;
    stream->in_bytes -= bytes;
    stream->credited = offset;
    if (stream->in_bytes > 0) {
        memmove(stream->in, stream->in + bytes, stream->in_bytes);
    } else {
        cv_arena_free(&session->arena, stream->in);
        stream->in = NULL;
        stream->in_room = 0;
    }
    ngtcp2_conn_extend_max_stream_offset(session->conn, CONTROL_STREAM, bytes);
    ngtcp2_conn_extend_max_offset(session->conn, bytes);
    return true;
}

int cv_stream_send(struct cv_session *session, const struct cv_session_data *piece)
{
    struct cv_control_stream *stream = &session->stream;
    struct cv_stream_chunk *chunk;

    if (stream->part_first == NULL)
        stream->part_end = stream->taken;
    if (piece->offset != stream->part_end)
        return -EINVAL;
    if (stream->out_bytes + piece->bytes > CV_SESSION_WAITING_BYTES)
        return -ENOBUFS;
    chunk = cv_arena_alloc(&session->arena, sizeof(*chunk) + piece->bytes);
    if (chunk == NULL)
        return -ENOMEM;
    *chunk = (struct cv_stream_chunk){.offset = piece->offset, .bytes = piece->bytes};
    memcpy(chunk->data, piece->data, piece->bytes);
    if (stream->part_first == NULL)
        stream->part_first = chunk;
    else
        stream->part_last->next = chunk;
    stream->part_last = chunk;
    stream->part_end += piece->bytes;
    stream->out_bytes += piece->bytes;
    if (piece->more)
        return 0;
    if (stream->out_first == NULL)
        stream->out_first = stream->part_first;
    else
        stream->out_last->next = stream->part_first;
    if (stream->out_unsent == NULL) {
        stream->out_unsent = stream->part_first;
        stream->out_unsent_from = 0;
    }
    stream->out_last = stream->part_last;
    stream->taken = stream->part_end;
    stream->part_first = stream->part_last = NULL;
    return 0;
}

void cv_stream_forget_part(struct cv_session *session)
{
    struct cv_control_stream *stream = &session->stream;

    while (stream->part_first != NULL) {
        struct cv_stream_chunk *next = stream->part_first->next;

        stream->out_bytes -= stream->part_first->bytes;
        cv_arena_free(&session->arena, stream->part_first);
        stream->part_first = next;
    }
    stream->part_last = NULL;
}

size_t cv_stream_unsent(const struct cv_session *session, ngtcp2_vec *vectors, size_t max)
{
    const struct cv_control_stream *stream = &session->stream;
    uint32_t from = stream->out_unsent_from;
    size_t count = 0;

    for (struct cv_stream_chunk *chunk = stream->out_unsent; chunk != NULL && count < max;
         chunk = chunk->next) {
        vectors[count++] = (ngtcp2_vec){chunk->data + from, chunk->bytes - from};
        from = 0;
    }
    return count;
}

void cv_stream_sent(struct cv_session *session, size_t bytes)
{
    struct cv_control_stream *stream = &session->stream;

    while (bytes > 0) {
        uint32_t left = stream->out_unsent->bytes - stream->out_unsent_from;

        if (bytes < left) {
            stream->out_unsent_from += (uint32_t)bytes;
            return;
        }
        bytes -= left;
        stream->out_unsent = stream->out_unsent->next;
        stream->out_unsent_from = 0;
    }
}

void cv_stream_acknowledged(struct cv_session *session, uint64_t offset)
{
    struct cv_control_stream *stream = &session->stream;

    while (stream->out_first != NULL && stream->out_first != stream->out_unsent &&
           stream->out_first->offset + stream->out_first->bytes <= offset) {
        struct cv_stream_chunk *next = stream->out_first->next;

        stream->out_bytes -= stream->out_first->bytes;
        cv_arena_free(&session->arena, stream->out_first);
        stream->out_first = next;
    }
    if (stream->out_first == NULL)
        stream->out_last = NULL;
}
