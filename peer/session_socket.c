/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_socket.h"

#include "udp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACKET_ROOM 65536
#define READS       64 /* in one go */

uint64_t monotonic_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void set_timer(struct session_socket *socket, uint64_t now_ns)
{
    uint64_t deadline_ns = cv_peer_deadline_ns(socket->peer);
    uint64_t left_us;
    struct timeval left;

    if (deadline_ns == UINT64_MAX) {
        (void)evtimer_del(socket->timer);
        return;
    }
    left_us = deadline_ns > now_ns ? (deadline_ns - now_ns + 999) / 1000 : 0;
    left = (struct timeval){(time_t)(left_us / 1000000), (suseconds_t)(left_us % 1000000)};
    (void)evtimer_add(socket->timer, &left);
}

/* What the socket does not take at the moment is lost, as on any network: QUIC will notice. */
void session_socket_flush(struct session_socket *socket)
{
    uint64_t now_ns = monotonic_ns();
    uint8_t packet[CV_PEER_PAYLOAD_MAX];
    struct cv_peer_way way;
    size_t bytes;

    while ((bytes = cv_peer_write(socket->peer, &way, packet, sizeof(packet), now_ns)) > 0)
        (void)udp_send(socket->fd, packet, bytes, &way.remote, way.ecn);
    set_timer(socket, now_ns);
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    static uint8_t packet[PACKET_ROOM];
    struct session_socket *socket = argument;
    uint64_t now_ns = monotonic_ns();
    struct cv_address from;
    uint8_t ecn;

    (void)what;
    for (int i = 0; i < READS; i++) {
        ssize_t bytes = udp_receive(fd, packet, sizeof(packet), &from, &ecn);

        if (bytes < 0)
            break;
        cv_peer_receive(socket->peer, &socket->local, &from, ecn, packet, (size_t)bytes, now_ns);
    }
    session_socket_flush(socket);
}

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    struct session_socket *socket = argument;

    (void)fd;
    (void)what;
    cv_peer_expire(socket->peer, monotonic_ns());
    session_socket_flush(socket);
}

/* A socket towards the relay, its address, and its event. */
static int open_socket(struct session_socket *socket, const struct cv_address *from, int *fd,
                       struct cv_address *local, struct event **readable)
{
    int result;

    *fd = udp_open(from, &socket->relay);
    if (*fd < 0)
        return *fd;
    result = udp_local(*fd, local);
    *readable = event_new(socket->base, *fd, EV_READ | EV_PERSIST, on_readable, socket);
    if (result == 0 && *readable != NULL && event_add(*readable, NULL) == 0)
        return 0;
    if (*readable != NULL)
        event_free(*readable);
    close(*fd);
    return result != 0 ? result : -ENOMEM;
}

int session_socket_open(struct session_socket *socket, struct event_base *base,
                        const struct cv_address *relay, const struct cv_address *from,
                        struct cv_peer_config *config, char *error, size_t error_bytes)
{
    char text[CV_ADDRESS_TEXT];
    int result;

    *socket = (struct session_socket){.base = base, .relay = *relay, .fd = -1};
    result = open_socket(socket, from, &socket->fd, &socket->local, &socket->readable);
    if (result != 0) {
        socket->fd = -1;
        socket->readable = NULL;
        snprintf(error, error_bytes, "no UDP socket towards %s: %s", cv_address_print(relay, text),
                 strerror(-result));
        return result;
    }
    config->local = socket->local;
    config->relay = *relay;
    socket->timer = evtimer_new(base, on_timer, socket);
    result = socket->timer != NULL ? cv_peer_create(&socket->peer, config, monotonic_ns()) : -ENOMEM;
    if (result != 0)
        snprintf(error, error_bytes, "no session with %s: %s", cv_address_print(relay, text),
                 strerror(-result));
    return result;
}

int session_socket_move(struct session_socket *socket, const struct cv_address *from)
{
    struct cv_address local;
    struct event *readable;
    int fd, result = open_socket(socket, from, &fd, &local, &readable);

    if (result != 0)
        return result;
    result = cv_peer_move(socket->peer, &local, monotonic_ns());
    if (result == 0) {
        struct event *old_readable = socket->readable;
        int old_fd = socket->fd;

        socket->readable = readable;
        socket->fd = fd;
        socket->local = local;
        readable = old_readable;
        fd = old_fd;
    }
    event_free(readable);
    close(fd);
    session_socket_flush(socket);
    return result;
}

void session_socket_close(struct session_socket *socket)
{
    cv_peer_destroy(socket->peer);
    if (socket->readable != NULL)
        event_free(socket->readable);
    if (socket->timer != NULL)
        event_free(socket->timer);
    if (socket->fd >= 0)
        close(socket->fd);
    *socket = (struct session_socket){.fd = -1};
}
