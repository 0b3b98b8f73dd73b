/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Bytes of a control stream that the data plane is not known to have. Zeroed memory is an empty one. */
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_BYTES_MAX 65536 /* per session; as many may wait in the data plane */

struct outbox {
    uint8_t *data;
    uint32_t bytes;
    uint32_t room;
};

/* Room for so much more, behind data + bytes. -ENOBUFS: it would be too much. -ENOMEM. */
int outbox_reserve(struct outbox *outbox, size_t bytes);

/* The first bytes are no longer needed. */
void outbox_drop(struct outbox *outbox, uint32_t bytes);

/* Leaves an empty one. */
void outbox_free(struct outbox *outbox);
