/* SPDX-License-Identifier: BSD-3-Clause */
#include "shared.h"

#include <errno.h>
#include <string.h>

/* Areas start on pages of their own, so that a stray write into one is not a write into its neighbour. */
#define PAGE UINT64_C(4096)

static uint64_t reserve(uint64_t *end, uint64_t bytes)
{
    uint64_t start = *end;

    *end = (start + bytes + PAGE - 1) & ~(PAGE - 1);
    return start;
}

int cv_shared_layout(struct cv_shared_header *header, uint32_t workers, uint32_t ports)
{
    uint64_t end = 0;

    if (workers > CV_SHARED_WORKERS || ports > CV_SHARED_PORTS)
        return -EINVAL;
    *header = (struct cv_shared_header){
        .magic = CV_SHARED_MAGIC,
        .version = CV_SHARED_VERSION,
        .message_bytes = sizeof(struct cv_message),
        .ring_slots = CV_RING_SLOTS,
        .worker_count = workers,
        .port_count = ports,
        .drop_count = CV_DROP_COUNT,
    };
    reserve(&end, sizeof(*header));
    header->to_control_offset = reserve(&end, cv_ring_footprint(CV_RING_SLOTS));
    header->to_dataplane_offset = reserve(&end, cv_ring_footprint(CV_RING_SLOTS));
    header->keeper_offset = reserve(&end, sizeof(struct cv_keeper_stats));
    header->workers_offset = reserve(&end, workers * sizeof(struct cv_worker_stats));
    header->ports_offset = reserve(&end, ports * sizeof(struct cv_port_stats));
    header->sessions_offset = reserve(&end, sizeof(struct cv_session_stats));
    header->shards_offset = reserve(&end, (workers + 1) * sizeof(struct cv_shard_stats));
    header->total_bytes = end;
    return 0;
}

static void point(struct cv_shared *shared, void *memory, const struct cv_shared_header *header)
{
    uint8_t *base = memory;

    *shared = (struct cv_shared){
        .memory = memory,
        .header = *header,
        .to_control = base + header->to_control_offset,
        .to_dataplane = base + header->to_dataplane_offset,
        .keeper = (void *)(base + header->keeper_offset),
        .workers = (void *)(base + header->workers_offset),
        .ports = (void *)(base + header->ports_offset),
        .sessions = (void *)(base + header->sessions_offset),
        .shards = (void *)(base + header->shards_offset),
    };
}

void cv_shared_format(struct cv_shared *shared, void *memory, const struct cv_shared_header *header)
{
    point(shared, memory, header);
    memcpy(memory, &shared->header, sizeof(shared->header));
    cv_ring_format(shared->to_control);
    cv_ring_format(shared->to_dataplane);
}

int cv_shared_open(struct cv_shared *shared, void *memory, size_t bytes)
{
    struct cv_shared_header found, expected;

    if (bytes < sizeof(found))
        return -EBADMSG;
    memcpy(&found, memory, sizeof(found));
    if (found.magic != CV_SHARED_MAGIC || found.version != CV_SHARED_VERSION ||
        found.message_bytes != sizeof(struct cv_message) || found.drop_count != CV_DROP_COUNT)
        return -EPROTO;
    if (cv_shared_layout(&expected, found.worker_count, found.port_count) != 0)
        return -EBADMSG;
    expected.boot_id = found.boot_id;
    if (memcmp(&found, &expected, sizeof(found)) != 0 || found.total_bytes > bytes)
        return -EBADMSG;
    point(shared, memory, &expected);
    return 0;
}
