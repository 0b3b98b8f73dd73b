/* SPDX-License-Identifier: BSD-3-Clause */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

static size_t record_bytes(size_t bytes)
{
    return (sizeof(struct queued_datagram) + bytes + 7) & ~(size_t)7;
}

/* Where a record of `bytes` goes; NULL when it goes nowhere. */
static struct queued_datagram *place(struct datagram_queue *queue, size_t bytes)
{
    if (queue->count == 0)
        queue->first = queue->next = queue->end = 0;
    if (queue->count > 0 && queue->next <= queue->first) {
        if (queue->first - queue->next < bytes)
            return NULL;
    } else if (queue->room - queue->next < bytes) {
        if (queue->first < bytes)
            return NULL;
        queue->end = queue->next;
        queue->next = 0;
    }
    return (struct queued_datagram *)(void *)(queue->memory + queue->next);
}

bool queue_push(struct datagram_queue *queue, const uint8_t *channel, size_t channel_bytes,
                const uint8_t *payload, size_t bytes, uint64_t now_ns)
{
    size_t needed = record_bytes(channel_bytes + bytes);
    struct queued_datagram *datagram;

    if (queue->memory == NULL)
        queue->memory = malloc(queue->room);
    if (queue->memory == NULL)
        return false;
    datagram = place(queue, needed);
    if (datagram == NULL)
        return false;
    datagram->since_ns = now_ns;
    datagram->bytes = (uint32_t)(channel_bytes + bytes);
    memcpy(datagram->data, channel, channel_bytes);
    if (bytes > 0)
        memcpy(datagram->data + channel_bytes, payload, bytes);
    queue->next += (uint32_t)needed;
    queue->count++;
    return true;
}

const struct queued_datagram *queue_first(const struct datagram_queue *queue)
{
    return queue->count > 0 ? (const struct queued_datagram *)(void *)(queue->memory + queue->first) : NULL;
}

void queue_pop(struct datagram_queue *queue)
{
    queue->first += (uint32_t)record_bytes(queue_first(queue)->bytes);
    queue->count--;
    if (queue->next <= queue->first && queue->first == queue->end)
        queue->first = 0;
}

void queue_free(struct datagram_queue *queue)
{
    free(queue->memory);
    *queue = (struct datagram_queue){.room = queue->room};
}
