/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The bytes of the control stream, kept as long as somebody may ask for them again: towards control until it
 * gives credit, towards the peer until it acknowledges. Both are bounded. Owner only.
 */
#include "session.h"

/* From the peer. False: no memory, or more than its window allows. */
bool cv_stream_receive(struct cv_session *session, const uint8_t *data, size_t bytes);

/* Control has dealt with the bytes before `offset`: the peer may send as many more. False: it cannot have. */
bool cv_stream_credit(struct cv_session *session, uint64_t offset);

/* A piece of a capsule from control. 0, -EINVAL: out of its order, -ENOBUFS: too much is waiting for the peer
 * already, -ENOMEM. */
int cv_stream_send(struct cv_session *session, const struct cv_session_data *piece);

/* Forgets the beginning of a capsule whose rest has not come. */
void cv_stream_forget_part(struct cv_session *session);

/* What is to be sent next: fills up to `max` vectors. */
size_t cv_stream_unsent(const struct cv_session *session, ngtcp2_vec *vectors, size_t max);
void cv_stream_sent(struct cv_session *session, size_t bytes);

/* The peer has everything before `offset`. */
void cv_stream_acknowledged(struct cv_session *session, uint64_t offset);

/* Offset of the first byte that the peer is not known to have. */
static inline uint64_t cv_stream_first_kept(const struct cv_session *session)
{
    const struct cv_control_stream *stream = &session->stream;

    return stream->out_first != NULL ? stream->out_first->offset : stream->taken;
}

static inline uint64_t cv_stream_received(const struct cv_session *session)
{
    return session->stream.credited + session->stream.in_bytes;
}
