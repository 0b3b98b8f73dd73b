/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_socket.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_TYPE (SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define BACKLOG     4

static int fill_address(struct sockaddr_un *address, const char *path)
{
    size_t bytes = strlen(path);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (bytes >= sizeof(address->sun_path))
        return -ENAMETOOLONG;
    memcpy(address->sun_path, path, bytes);
    return 0;
}

/* Control makes the same folder for its own socket: either process may be the first. */
static int make_folder(const struct sockaddr_un *address)
{
    char path[sizeof(address->sun_path)];

    memcpy(path, address->sun_path, sizeof(path));
    return mkdir(dirname(path), 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

/* Removes a socket file that a dead data plane left behind. */
static int clear_path(const struct sockaddr_un *address)
{
    struct stat found;
    int probe, error;

    if (lstat(address->sun_path, &found) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(found.st_mode))
        return -ENOTSOCK;
    probe = socket(AF_UNIX, SOCKET_TYPE, 0);
    if (probe < 0)
        return -errno;
    error = connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
    close(probe);
    if (error == ENOENT)
        return 0;
    if (error != ECONNREFUSED)
        return error == EACCES ? -EACCES : -EADDRINUSE;
    return unlink(address->sun_path) == 0 || errno == ENOENT ? 0 : -errno;
}

int control_socket_listen(const char *path)
{
    struct sockaddr_un address;
    int error = fill_address(&address, path);
    int listener;

    if (error == 0)
        error = make_folder(&address);
    if (error == 0)
        error = clear_path(&address);
    if (error != 0)
        return error;
    listener = socket(AF_UNIX, SOCKET_TYPE, 0);
    if (listener < 0)
        return -errno;
    /* The mode of the socket becomes that of its file: at no moment can anybody else connect. */
    if (fchmod(listener, 0600) != 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, BACKLOG) != 0) {
        error = -errno;
        close(listener);
        return error;
    }
    return listener;
}

static bool may_attach(int caller)
{
    struct ucred peer;
    socklen_t bytes = sizeof(peer);

    if (getsockopt(caller, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
        return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

int control_socket_accept(int listener)
{
    for (unsigned tries = 0; tries < 2 * BACKLOG; tries++) {
        int caller = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (caller < 0)
            return -errno;
        if (may_attach(caller))
            return caller;
        close(caller);
    }
    return -EAGAIN;
}

int control_socket_request(int caller)
{
    struct cv_attach_request request;
    ssize_t bytes = recv(caller, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

    if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return -EAGAIN;
    if (bytes != (ssize_t)sizeof(request) || request.magic != CV_SHARED_MAGIC)
        return -ECONNRESET;
    return request.version == CV_SHARED_VERSION ? 0 : -EPROTO;
}

int control_socket_reply(int caller, int error, const int descriptors[CV_ATTACH_DESCRIPTORS])
{
    struct cv_attach_reply reply = {.magic = CV_SHARED_MAGIC, .version = CV_SHARED_VERSION, .error = error};
    size_t bytes = CV_ATTACH_DESCRIPTORS * sizeof(int);
    union {
        char space[CMSG_SPACE(CV_ATTACH_DESCRIPTORS * sizeof(int))];
        struct cmsghdr align;
    } ancillary = {0};
    struct iovec part = {&reply, sizeof(reply)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (error == 0) {
        struct cmsghdr *rights;

        message.msg_control = ancillary.space;
        message.msg_controllen = sizeof(ancillary.space);
        rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(rights), descriptors, bytes);
    }
    return sendmsg(caller, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}
