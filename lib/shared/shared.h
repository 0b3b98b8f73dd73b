/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The memory that the data plane makes (memfd) and hands to control when it attaches:
 *
 *      [ cv_shared_header | ring to control | ring to data plane | keeper | workers ... | ports ... |
 *        sessions | shards ... ]
 *
 * The data plane computes every offset itself and never reads the header back. Control checks the header
 * once, copies it, and trusts only the copy.
 *
 * Attaching, over a SOCK_SEQPACKET Unix socket: control connects, sends one struct cv_attach_request, and
 * gets one struct cv_attach_reply with, when error is 0, CV_ATTACH_DESCRIPTORS descriptors (SCM_RIGHTS). The
 * attachment lasts as long as the socket; there is one at a time. The rings are emptied when it begins.
 */
#include "ring.h"
#include "stats.h"

#define CV_SHARED_MAGIC   UINT64_C(0x31747265766c7563) /* "culvert1", little endian */
#define CV_SHARED_VERSION 7
#define CV_RING_SLOTS     8192
#define CV_SHARED_WORKERS 128
#define CV_SHARED_PORTS   16

struct cv_shared_header {
    uint64_t magic;
    uint32_t version;
    uint32_t message_bytes;
    uint64_t total_bytes;
    uint64_t boot_id; /* random, new with each start of the data plane */
    uint32_t ring_slots;
    uint32_t worker_count;
    uint32_t port_count;
    uint32_t drop_count; /* CV_DROP_COUNT: both sides were built from the same list */
    uint64_t to_control_offset;
    uint64_t to_dataplane_offset;
    uint64_t keeper_offset;
    uint64_t workers_offset;
    uint64_t ports_offset;
    uint64_t sessions_offset;
    uint64_t shards_offset;
};

/* Pointers into a mapping of that memory. */
struct cv_shared {
    void *memory;
    struct cv_shared_header header; /* a private copy */
    void *to_control;
    void *to_dataplane;
    struct cv_keeper_stats *keeper;
    struct cv_worker_stats *workers;
    struct cv_port_stats *ports;
    struct cv_session_stats *sessions;
    struct cv_shard_stats *shards; /* one for each worker, and one for the handshake thread */
};

struct cv_attach_request {
    uint64_t magic;
    uint32_t version;
    uint32_t reserved;
};

struct cv_attach_reply {
    uint64_t magic;
    uint32_t version;
    int32_t error; /* 0, -EBUSY: another control is attached, -EPROTO: other version */
};

/*
 * In this order: the memfd; the reading end of a pipe that gets a byte when there are messages for control;
 * an eventfd that control writes when there are messages for the data plane. A pipe, because each end has
 * flags of its own: control cannot make the data plane's writes block. The data plane never reads the
 * eventfd, for the same reason.
 */
enum cv_attach_descriptor {
    CV_ATTACH_MEMORY,
    CV_ATTACH_WAKES_CONTROL,
    CV_ATTACH_WAKES_DATAPLANE,
    CV_ATTACH_DESCRIPTORS,
};

/* The layout for so many workers and ports: fills `header`, boot_id excepted. -EINVAL: too many. */
int cv_shared_layout(struct cv_shared_header *header, uint32_t workers, uint32_t ports);

/* Writes header and empty rings into `memory` (total_bytes, zeroed) and points `shared` into it. */
void cv_shared_format(struct cv_shared *shared, void *memory, const struct cv_shared_header *header);

/*
 * For control: checks the header at `memory` (of `bytes`) against the layout this program computes, and
 * points `shared` into it. -EPROTO: not ours or another version; -EBADMSG: offsets that cannot be.
 */
int cv_shared_open(struct cv_shared *shared, void *memory, size_t bytes);
