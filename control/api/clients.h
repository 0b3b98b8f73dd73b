/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The control socket: clients of the API (rpc.h) on a Unix stream socket, mode 0660. What a client can take
 * of control is bounded:
 *
 *      CLIENTS_MAX at a time; a line of CLIENT_LINE_BYTES; CLIENT_CALLS calls under way, then its input
 *      waits; as long as CLIENT_OUTPUT_PAUSE bytes have not been read, too; at CLIENT_OUTPUT_MAX it is
 *      dropped.
 *
 * A client may half-close after its last request, and still gets the answers.
 */
#include "api.h"

#include <stddef.h>
#include <stdint.h>

#define CLIENTS_MAX         256
#define CLIENT_LINE_BYTES   65536
#define CLIENT_CALLS        16
#define CLIENT_OUTPUT_PAUSE (256 * 1024)
#define CLIENT_OUTPUT_MAX   (4 * 1024 * 1024)

struct clients;

/*
 * Listens at `path`; a stale socket file is replaced, and its directory made. -EADDRINUSE: another
 * culvert-control answers there. `error` says what to do.
 */
int clients_open(struct clients **clients, struct api *api, const char *path, char *error,
                 size_t error_bytes);

/* Accepts no more clients, and reads nothing more from those there are. NULL is allowed. */
void clients_stop(struct clients *clients);

/* Sends what can be sent at once, disconnects all, removes the socket file. NULL is allowed. */
void clients_close(struct clients *clients);
