/* SPDX-License-Identifier: BSD-3-Clause */
#include "udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES (4 << 20)

union socket_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_storage room;
};

static socklen_t to_socket(const struct cv_address *from, union socket_address *to)
{
    memset(to, 0, sizeof(*to));
    if (cv_ip_is_v4(&from->ip)) {
        to->in.sin_family = AF_INET;
        to->in.sin_port = from->port_be;
        memcpy(&to->in.sin_addr, from->ip.bytes + 12, 4);
        return sizeof(to->in);
    }
    to->in6.sin6_family = AF_INET6;
    to->in6.sin6_port = from->port_be;
    memcpy(&to->in6.sin6_addr, from->ip.bytes, 16);
    return sizeof(to->in6);
}

static void from_socket(const union socket_address *from, struct cv_address *to)
{
    if (from->any.sa_family == AF_INET) {
        to->ip = cv_ip_from_v4((const uint8_t *)&from->in.sin_addr);
        to->port_be = from->in.sin_port;
    } else {
        memcpy(to->ip.bytes, &from->in6.sin6_addr, 16);
        to->port_be = from->in6.sin6_port;
    }
}

static void set_options(int fd, int family)
{
    const int on = 1, bytes = BUFFER_BYTES;
    const int probe4 = IP_PMTUDISC_PROBE, probe6 = IPV6_PMTUDISC_PROBE;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)); /* with the right to it */
    if (family == AF_INET) {
        (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe4, sizeof(probe4));
        (void)setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
    } else {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe6, sizeof(probe6));
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on));
    }
}

int udp_open(const struct cv_address *local, const struct cv_address *remote)
{
    int family = cv_ip_is_v4(local != NULL ? &local->ip : &remote->ip) ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    union socket_address address;
    int result = 0;

    if (fd < 0)
        return -errno;
    set_options(fd, family);
    if (local != NULL) {
        socklen_t bytes = to_socket(local, &address);

        result = bind(fd, &address.any, bytes);
    }
    result = result != 0 ? -errno : remote != NULL ? udp_connect(fd, remote) : 0;
    if (result != 0) {
        close(fd);
        return result;
    }
    return fd;
}

int udp_connect(int fd, const struct cv_address *remote)
{
    union socket_address address;
    socklen_t bytes = to_socket(remote, &address);

    return connect(fd, &address.any, bytes) != 0 ? -errno : 0;
}

int udp_local(int fd, struct cv_address *local)
{
    union socket_address address;
    socklen_t bytes = sizeof(address);

    if (getsockname(fd, &address.any, &bytes) != 0)
        return -errno;
    from_socket(&address, local);
    return 0;
}

ssize_t udp_receive(int fd, void *data, size_t room, struct cv_address *from, uint8_t *ecn)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec piece = {data, room};
    union socket_address address;
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = sizeof(address),
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t bytes = recvmsg(fd, &message, 0);

    if (bytes < 0)
        return -errno;
    if (from != NULL)
        from_socket(&address, from);
    if (ecn == NULL)
        return bytes;
    *ecn = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS))
            *ecn = *CMSG_DATA(c) & 3; /* one byte or an int, of which the first byte is it */
    return bytes;
}

ssize_t udp_send(int fd, const void *data, size_t bytes, const struct cv_address *to, uint8_t ecn)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec piece = {(void *)(uintptr_t)data, bytes};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    union socket_address address;
    ssize_t sent;

    if (to != NULL) {
        message.msg_namelen = to_socket(to, &address);
        message.msg_name = &address;
    }
    if (to != NULL && ecn != 0) {
        const int value = ecn;
        bool v4 = cv_ip_is_v4(&to->ip);

        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        control.header.cmsg_len = CMSG_LEN(sizeof(value));
        control.header.cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
        control.header.cmsg_type = v4 ? IP_TOS : IPV6_TCLASS;
        memcpy(CMSG_DATA(&control.header), &value, sizeof(value));
    }
    sent = sendmsg(fd, &message, 0);
    return sent < 0 ? -errno : sent;
}
