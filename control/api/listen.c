/* SPDX-License-Identifier: BSD-3-Clause */
#include "listen.h"

#include "base/directory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

/* Whether somebody accepts connections there. */
static int answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes;

    if (fd < 0)
        return 0;
    yes = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN;
    (void)close(fd);
    return yes;
}

static int bind_private(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(0117);
    int error = 0;

    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
        error = -errno;
    (void)umask(before);
    return error;
}

/* Removes a socket that nobody listens on; whatever else is at `path` stays, and bind says so. */
static void remove_stale(const char *path)
{
    struct stat found;

    if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode))
        (void)unlink(path);
}

int listen_at(const char *path, char *error, size_t error_bytes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int result;
    int fd;

    if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
        sizeof(address.sun_path)) {
        (void)snprintf(error, error_bytes, "control.socket %s: the path is too long", path);
        return -ENAMETOOLONG;
    }
    if (answers(&address)) {
        (void)snprintf(error, error_bytes,
                       "control.socket %s: another culvert-control answers there; stop it first", path);
        return -EADDRINUSE;
    }
    result = directory_make_parent(path, 0755);
    fd = result != 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (result == 0 && fd < 0)
        result = -errno;
    if (result == 0) {
        remove_stale(path);
        result = bind_private(fd, &address);
    }
    if (result == 0 && listen(fd, BACKLOG) != 0)
        result = -errno;
    if (result == 0)
        return fd;
    (void)snprintf(error, error_bytes, "control.socket %s: %s; it must be in a directory that may be written",
                   path, strerror(-result));
    if (fd >= 0)
        (void)close(fd);
    return result;
}
