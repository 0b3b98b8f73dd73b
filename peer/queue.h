/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Datagrams that wait to be sent: first in, first out, within a fixed number of bytes. Each lies in one
 * piece, with its channel before its payload, as the DATAGRAM frame will have it. Zeroed memory but for
 * `room` is an empty queue; it allocates when the first one comes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queued_datagram {
    uint64_t since_ns;
    uint32_t bytes;
    uint8_t data[];
};

struct datagram_queue {
    uint8_t *memory;
    uint32_t room;  /* bytes of memory */
    uint32_t first; /* where the oldest begins */
    uint32_t next;  /* where the next one will */
    uint32_t end;   /* of those before the jump back to 0, when `next` is before `first` */
    uint32_t count;
};

/* False: no room. */
bool queue_push(struct datagram_queue *queue, const uint8_t *channel, size_t channel_bytes,
                const uint8_t *payload, size_t bytes, uint64_t now_ns);

/* The oldest; NULL when there is none. */
const struct queued_datagram *queue_first(const struct datagram_queue *queue);
void queue_pop(struct datagram_queue *queue); /* there is one */
void queue_free(struct datagram_queue *queue);
