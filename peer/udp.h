/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * UDP sockets for sessions and pairs: non-blocking, IPv4 or IPv6, never fragmenting, with the ECN bits of
 * what comes and goes. Errors: negative errno.
 */
#include "address.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A file descriptor. `local` NULL: any address of the family of `remote`; `remote` NULL: not connected. */
int udp_open(const struct cv_address *local, const struct cv_address *remote);

/* Speaks to `remote` from now on, from the same port. 0 or negative errno. */
int udp_connect(int fd, const struct cv_address *remote);
int udp_local(int fd, struct cv_address *local);

/* Bytes, or -EAGAIN and the like; `from` and `ecn` may be NULL. */
ssize_t udp_receive(int fd, void *data, size_t room, struct cv_address *from, uint8_t *ecn);

/* `to` NULL: where the socket is connected to, and without ECN. */
ssize_t udp_send(int fd, const void *data, size_t bytes, const struct cv_address *to, uint8_t ecn);
