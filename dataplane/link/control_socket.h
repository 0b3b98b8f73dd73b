/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The Unix socket that control attaches through (lib/shared/shared.h): system calls only, no state. None
 * blocks.
 */
#include "shared/shared.h"

#include <stdbool.h>

/*
 * A listening SOCK_SEQPACKET socket at `path`, mode 0600, in a folder that is made when only it is missing. A
 * socket file that nobody listens on is replaced. The descriptor, or -EADDRINUSE: somebody listens there;
 * -ENOTSOCK: something else has that name; -ENAMETOOLONG; -errno.
 */
int control_socket_listen(const char *path);

/*
 * The next caller that may attach: same user as this process, or root. Others are hung up on. -errno: none
 * waits.
 */
int control_socket_accept(int listener);

/*
 * Takes the caller's request: 0, -EAGAIN: not there yet, -EPROTO: another version, -ECONNRESET: gone or
 * garbage.
 */
int control_socket_request(int caller);

/* Answers it; with error 0, `descriptors` go along. 0 or -errno. */
int control_socket_reply(int caller, int error, const int descriptors[CV_ATTACH_DESCRIPTORS]);
