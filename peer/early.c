/* SPDX-License-Identifier: BSD-3-Clause */
#include "early.h"

#include <stdlib.h>
#include <string.h>

#define PAYLOAD_ROOM 2048 /* longer ones fit no path that DATAGRAMs come by */

struct datagram {
    const struct session_socket *session; /* NULL: free */
    uint64_t channel;
    uint64_t came_ms;
    size_t bytes;
    uint8_t payload[PAYLOAD_ROOM];
};

struct early {
    uint64_t count; /* that were ever kept: the next one lies at this place, modulo the size */
    struct datagram list[EARLY_DATAGRAMS];
};

struct early *early_open(void)
{
    return calloc(1, sizeof(struct early));
}

void early_close(struct early *early)
{
    free(early);
}

void early_keep(struct early *early, const struct session_socket *session, uint64_t channel,
                const uint8_t *payload, size_t bytes, uint64_t now_ms)
{
    struct datagram *datagram = &early->list[early->count % EARLY_DATAGRAMS];

    if (bytes > sizeof(datagram->payload))
        return;
    early->count++;
    datagram->session = session;
    datagram->channel = channel;
    datagram->came_ms = now_ms;
    datagram->bytes = bytes;
    if (bytes > 0)
        memcpy(datagram->payload, payload, bytes);
}

void early_give(struct early *early, const struct session_socket *session, uint64_t channel, uint64_t now_ms,
                void (*give)(void *user, const uint8_t *payload, size_t bytes), void *user)
{
    for (uint64_t i = 0; i < EARLY_DATAGRAMS; i++) {
        struct datagram *datagram = &early->list[(early->count + i) % EARLY_DATAGRAMS];

        if (datagram->session != session || datagram->channel != channel)
            continue;
        datagram->session = NULL;
        if (now_ms - datagram->came_ms <= EARLY_MS)
            give(user, datagram->payload, datagram->bytes);
    }
}
