/* SPDX-License-Identifier: BSD-3-Clause */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int outbox_reserve(struct outbox *outbox, size_t bytes, size_t most)
{
    size_t needed = outbox->bytes + bytes;
    size_t room = outbox->room == 0 ? 512 : outbox->room;
    uint8_t *data;

    if (needed > most)
        return -ENOBUFS;
    while (room < needed)
        room *= 2;
    if (room == outbox->room)
        return 0;
    data = realloc(outbox->data, room);
    if (data == NULL)
        return -ENOMEM;
    outbox->data = data;
    outbox->room = (uint32_t)room;
    return 0;
}

void outbox_drop(struct outbox *outbox, uint32_t bytes)
{
    if (bytes > 0)
        memmove(outbox->data, outbox->data + bytes, outbox->bytes - bytes);
    outbox->bytes -= bytes;
    if (outbox->bytes == 0)
        outbox_free(outbox);
}

void outbox_free(struct outbox *outbox)
{
    free(outbox->data);
    *outbox = (struct outbox){0};
}
