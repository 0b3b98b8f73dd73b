/* SPDX-License-Identifier: BSD-3-Clause */
#include "shard.h"

#include <errno.h>
#include <rte_malloc.h>
#include <stdio.h>

#define SCHEDULES    256  /* keys that it has at hand: those of two bursts, each of another session */
#define KEY_BYTES    1280 /* of one, expanded */
#define OTHER_BYTES  262144
#define MBUFS_SHARED 4 /* one in so many of all packet buffers may wait in tunnels */

size_t cv_shard_bytes(void)
{
    return (size_t)SCHEDULES * KEY_BYTES + cv_tunnels_bytes(CV_TUNNEL_QUEUES) + OTHER_BYTES;
}

/* Among the timers and the free slots. */
size_t cv_shard_session_bytes(void)
{
    return 2 * sizeof(void *);
}

size_t cv_shard_worker_session_bytes(void)
{
    return cv_tunnels_bytes(1);
}

static bool take_memory(struct cv_shard *shard, uint32_t pages)
{
    const struct cv_sessions *all = shard->all;
    char name[RTE_RING_NAMESIZE];

    snprintf(name, sizeof(name), "pages%u", shard->id);
    shard->codec = cv_cid_codec_create(&all->secret);
    shard->timer_memory = rte_malloc("session-timers", (all->max + 1) * sizeof(void *), 64);
    shard->free_slots = rte_malloc("session-slots", all->max * sizeof(void *), 64);
    shard->crypto_memory = rte_malloc("session-crypto", cv_crypto_bytes(all->engine, SCHEDULES), 64);
    if (shard->kind == CV_SHARD_WORKER) {
        shard->tunnel_memory =
            rte_malloc("session-tunnels", cv_tunnels_bytes(all->max + CV_TUNNEL_QUEUES), 64);
        if (shard->tunnel_memory == NULL)
            return false;
    }
    return shard->codec != NULL && shard->timer_memory != NULL && shard->free_slots != NULL &&
           shard->crypto_memory != NULL && cv_page_pool_create(&shard->pages, name, pages) == 0;
}

int cv_shard_create(struct cv_shard **out, struct cv_sessions *all, enum cv_shard_kind kind, uint16_t id,
                    uint32_t pages, char *error, size_t error_bytes)
{
    struct cv_shard *shard = rte_zmalloc("session-shard", sizeof(*shard), 64);

    *out = shard;
    if (shard == NULL)
        return -ENOMEM;
    shard->all = all;
    shard->kind = kind;
    shard->id = id;
    shard->rings = kind == CV_SHARD_WORKER ? &all->rings[id] : cv_handshake_rings(all);
    shard->mbufs = kind == CV_SHARD_WORKER ? all->mbufs : all->handshake_mbufs;
    TAILQ_INIT(&shard->writing);
    TAILQ_INIT(&shard->acking_soon);
    TAILQ_INIT(&shard->acking_late);
    TAILQ_INIT(&shard->events);
    if (!take_memory(shard, pages)) {
        snprintf(error, error_bytes, "no memory for %u sessions: lower limits.sessions", all->max);
        return -ENOMEM;
    }
    shard->crypto = cv_crypto_create(all->engine, shard->crypto_memory, SCHEDULES, error, error_bytes);
    if (shard->crypto == NULL)
        return -ENOMEM;
    if (kind == CV_SHARD_WORKER)
        cv_tunnels_init(&shard->tunnels, shard->tunnel_memory, all->max + CV_TUNNEL_QUEUES,
                        all->config->mbufs / MBUFS_SHARED);
    cv_timer_heap_init(&shard->timers, shard->timer_memory, all->max);
    return 0;
}

void cv_shard_destroy(struct cv_shard *shard)
{
    if (shard == NULL)
        return;
    rte_pktmbuf_free(shard->spare);
    if (shard->crypto != NULL)
        cv_crypto_destroy(shard->crypto);
    cv_page_pool_destroy(&shard->pages);
    cv_cid_codec_destroy(shard->codec);
    rte_free(shard->crypto_memory);
    rte_free(shard->free_slots);
    rte_free(shard->timer_memory);
    rte_free(shard->tunnel_memory);
    rte_free(shard);
}
