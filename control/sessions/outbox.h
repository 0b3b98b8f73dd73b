/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Bytes of a control stream that the data plane is not known to have. Zeroed memory is an empty one. */
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_BYTES_MAX 32768 /* per session, and for each pair: */
#define OUTBOX_PAIR_BYTES \
    640 /* PAIR_MADE without data, and what else a peer is told of all its pairs at once */

struct outbox {
    uint8_t *data;
    uint32_t bytes;
    uint32_t room;
};

/* Room for so much more, behind data + bytes. -ENOBUFS: it would be more than `most` in all. -ENOMEM. */
int outbox_reserve(struct outbox *outbox, size_t bytes, size_t most);

/* The first bytes are no longer needed. */
void outbox_drop(struct outbox *outbox, uint32_t bytes);

/* Leaves an empty one. */
void outbox_free(struct outbox *outbox);
