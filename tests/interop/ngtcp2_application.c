/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Debian's ngtcp2-client (gtlsclient) says over its QUIC connection, in place of HTTP/3: preloaded, it
 * asks for ALPN culvert/1 instead of h3, opens no unidirectional streams, and on the stream of its
 * "request" sends a REGISTER capsule and prints what comes back, in hex. QUIC, TLS and the loop around them
 * stay the program's own and its libraries'.
 *
 * The functions have the names of those that they stand in for, and of their parameters only as much as is
 * used here: no header of GnuTLS or nghttp3 is needed.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/uio.h>

#define ALPN          "culvert/1"
#define NO_STREAM     (-1)
#define STREAMS_UNI   3 /* that HTTP/3 wants */
#define STREAM_ID_UNI 2 /* RFC 9000 section 2.1: the client's first one, and the next is 4 further on */

struct datum {
    const char *data;
    unsigned bytes;
};

/* Version 0, UDP and tunnel legs, an instance, reachable by anyone. */
static uint8_t register_capsule[] = {0x80, 0x29, 0xe1, 0xf0, 20, 0,  3,  1,  2,  3,  4, 5, 6,
                                     7,    8,    9,    10,   11, 12, 13, 14, 15, 16, 0, 0};
static size_t written;
static int64_t control_stream = NO_STREAM;

int gnutls_alpn_set_protocols(void *session, const struct datum *protocols, unsigned count, unsigned flags)
{
    int (*set)(void *, const struct datum *, unsigned, unsigned);
    const struct datum own = {ALPN, sizeof(ALPN) - 1};

    (void)protocols;
    (void)count;
    *(void **)&set = dlsym(RTLD_NEXT, "gnutls_alpn_set_protocols");
    return set(session, &own, 1, flags);
}

/* ---- Unidirectional streams: there are none, and nothing is ever written to them ---- */

uint64_t ngtcp2_conn_get_streams_uni_left(void *conn)
{
    (void)conn;
    return STREAMS_UNI;
}

int ngtcp2_conn_open_uni_stream(void *conn, int64_t *stream, void *user_data)
{
    static int64_t next = STREAM_ID_UNI;

    (void)conn;
    (void)user_data;
    *stream = next;
    next += 4;
    return 0;
}

/* ---- The control stream ---- */

int nghttp3_conn_submit_request(void *conn, int64_t stream)
{
    (void)conn;
    control_stream = stream;
    return 0;
}

ssize_t nghttp3_conn_writev_stream(void *conn, int64_t *stream, int *fin, struct iovec *pieces, size_t count)
{
    (void)conn;
    *stream = NO_STREAM;
    *fin = 0;
    if (control_stream == NO_STREAM || written == sizeof(register_capsule) || count == 0)
        return 0;
    *stream = control_stream;
    pieces[0].iov_base = register_capsule + written;
    pieces[0].iov_len = sizeof(register_capsule) - written;
    return 1;
}

int nghttp3_conn_add_write_offset(void *conn, int64_t stream, size_t bytes)
{
    (void)conn;
    if (stream == control_stream)
        written += bytes;
    return 0;
}

int nghttp3_conn_add_ack_offset(void)
{
    return 0;
}

ssize_t nghttp3_conn_read_stream(void *conn, int64_t stream, const uint8_t *data, size_t bytes)
{
    (void)conn;
    fprintf(stderr, "control stream %lld: ", (long long)stream);
    for (size_t i = 0; i < bytes; i++)
        fprintf(stderr, "%02x", data[i]);
    fputc('\n', stderr);
    return (ssize_t)bytes;
}

int nghttp3_conn_close_stream(void)
{
    return 0;
}

int nghttp3_conn_unblock_stream(void)
{
    return 0;
}
