/* SPDX-License-Identifier: BSD-3-Clause */
#include "sessions.h"

#include "handshake_thread.h"
#include "keys.h"
#include "leg_initials.h"
#include "rx_packet.h"
#include "slots.h"
#include "table.h"
#include "tls.h"
#include "trace.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_thread.h>
#include <string.h>

RTE_LOG_REGISTER(cv_sessions_log, culvert.sessions, NOTICE);
#define RTE_LOGTYPE_SESSIONS ((uint32_t)cv_sessions_log)

#define HANDSHAKE_MBUFS 4095
#define BUFFER_BYTES    (RTE_PKTMBUF_HEADROOM + 1536)

/* The reserve of one worker: pages that its sessions may take when they have more in flight than at rest. */
static uint32_t worker_pages(const struct cv_config *config)
{
    return config->sessions_max / config->worker_count / 4 + 2 * CV_ARENA_PAGES_MAX;
}

static uint32_t handshake_pages(const struct cv_config *config)
{
    return 2 * RTE_MIN(config->session.handshakes_max, config->sessions_max) + CV_HANDSHAKE_PAGES_MAX;
}

/* All of one session at rest: its slot, the base of its memory, its places in the ring of free slots and in
 * the handshake thread's index, and those in each shard. */
static size_t session_bytes(const struct cv_config *config)
{
    return sizeof(struct cv_session) + CV_ARENA_BASE_BYTES + 6 * sizeof(void *) +
           (config->worker_count + 1) * cv_shard_session_bytes() +
           config->worker_count * cv_shard_worker_session_bytes();
}

static size_t reserve_bytes(const struct cv_config *config)
{
    return config->worker_count * cv_page_pool_bytes(worker_pages(config)) +
           cv_page_pool_bytes(handshake_pages(config));
}

size_t cv_sessions_memory(const struct cv_config *config)
{
    if (config->sessions_max == 0)
        return 0;
    return (config->session.trace_directory[0] != '\0' ? cv_traces_memory(config->worker_count) : 0) +
           (size_t)config->sessions_max * session_bytes(config) + reserve_bytes(config) +
           cv_session_rings_bytes(config->worker_count) + (config->worker_count + 1) * cv_shard_bytes() +
           cv_leg_initials_bytes() +
           (size_t)(HANDSHAKE_MBUFS + 1) * (BUFFER_BYTES + sizeof(struct rte_mbuf) + 64);
}

static int make_rings(struct cv_sessions *all)
{
    all->rings = rte_zmalloc("session-rings", (all->workers + 1u) * sizeof(*all->rings), 64);
    all->free_slots =
        rte_ring_create("session-free0", rte_align32pow2(all->max + 1), SOCKET_ID_ANY, RING_F_SC_DEQ);
    if (all->rings == NULL || all->free_slots == NULL)
        return -ENOMEM;
    return cv_session_rings_create(all->rings, all->workers);
}

static int make_shards(struct cv_sessions *all, char *error, size_t error_bytes)
{
    int result = 0;

    all->shards = rte_zmalloc("session-shards", all->workers * sizeof(void *), 64);
    if (all->shards == NULL)
        return -ENOMEM;
    for (uint16_t i = 0; result == 0 && i < all->workers; i++)
        result = cv_shard_create(&all->shards[i], all, CV_SHARD_WORKER, i, worker_pages(all->config), error,
                                 error_bytes);
    if (result == 0)
        result =
            cv_handshakes_create(&all->handshakes, all, handshake_pages(all->config), error, error_bytes);
    return result;
}

static int choose_first_generation(struct cv_sessions *all)
{
    uint32_t random;

    if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
        return -EIO;
    all->first_generation = 1 + random % CV_SESSION_GENERATION_MAX;
    return 0;
}

static int fill(struct cv_sessions *all, char *error, size_t error_bytes)
{
    int result;

    snprintf(error, error_bytes, "no memory for %u sessions: lower limits.sessions", all->max);
    all->tsc_scale = (UINT64_C(1000000000) << 32) / rte_get_tsc_hz();
    all->slots = rte_zmalloc("sessions", (size_t)all->max * sizeof(*all->slots), 64);
    all->bases = cv_arena_bases_create(all->max);
    /* Never freed: a NIC may hold some of its buffers until its port is closed, which is after us. */
    all->handshake_mbufs = rte_mempool_lookup("handshake");
    if (all->handshake_mbufs == NULL)
        all->handshake_mbufs =
            rte_pktmbuf_pool_create("handshake", HANDSHAKE_MBUFS, 0, 0, BUFFER_BYTES, SOCKET_ID_ANY);
    if (all->slots == NULL || all->bases == NULL || all->handshake_mbufs == NULL || make_rings(all) != 0)
        return -ENOMEM;
    cv_keys_init(all->slots, all->max);
    result = cv_rx_packet_init();
    if (result != 0) {
        snprintf(error, error_bytes, "packet buffers have no room for what sessions note in them");
        return result;
    }
    result = cv_cid_secret_make(&all->secret);
    if (result == 0)
        result = choose_first_generation(all);
    if (result != 0)
        return result;
    all->engine = cv_crypto_select(all->config->crypto, all->passed_over, sizeof(all->passed_over));
    if (all->engine == NULL) {
        snprintf(error, error_bytes, "dataplane.crypto: %s", all->passed_over);
        return -ENOTSUP;
    }
    all->tls = cv_tls_context(all->config, error, error_bytes);
    if (all->tls == NULL)
        return -EINVAL;
    result = cv_tls_reset_key(all->tls, all->secret.reset_key, sizeof(all->secret.reset_key));
    if (result == 0)
        result = make_shards(all, error, error_bytes);
    if (result == 0 && all->config->session.trace_directory[0] != '\0')
        result = cv_traces_create(&all->traces, all, error, error_bytes);
    return result;
}

int cv_sessions_create(struct cv_sessions **out, const struct cv_config *config, const struct cv_ports *ports,
                       uint64_t start_tsc, char *error, size_t error_bytes)
{
    struct cv_sessions *all;
    int result;

    *out = NULL;
    if (config->sessions_max == 0)
        return 0;
    all = rte_zmalloc("all-sessions", sizeof(*all), 64);
    if (all == NULL)
        return -ENOMEM;
    all->config = config;
    all->locals = &ports->locals;
    all->mbufs = ports->list[0].pool;
    all->max = config->sessions_max;
    all->workers = (uint16_t)config->worker_count;
    all->listen_port_be = rte_cpu_to_be_16(config->listen_port);
    all->start_tsc = start_tsc;
    all->memory_bytes = cv_sessions_memory(config);
    all->session_bytes = session_bytes(config);
    all->reserve_bytes = reserve_bytes(config);
    result = fill(all, error, error_bytes);
    if (result != 0) {
        cv_sessions_destroy(all);
        return result;
    }
    RTE_LOG_LINE(NOTICE, SESSIONS,
                 "port %u: room for %u sessions of %" PRIu64 " bytes at rest, %" PRIu64
                 " MB more for those that need it, %" PRIu64 " MB in all; crypto by %s",
                 config->listen_port, all->max, all->session_bytes, all->reserve_bytes >> 20,
                 all->memory_bytes >> 20, cv_crypto_engine_name(all->engine));
    *out = all;
    return 0;
}

/* ---- The thread ---- */

int cv_sessions_start(struct cv_sessions *all)
{
    int result =
        rte_thread_create_control(&all->thread, "cv-handshake", cv_handshake_thread_run, all->handshakes);

    all->started = all->started_once = result == 0;
    return result;
}

void cv_sessions_stop(struct cv_sessions *all)
{
    if (!all->started)
        return;
    cv_handshake_thread_halt(all->handshakes);
    rte_thread_join(all->thread, NULL);
    all->started = false;
}

/* ---- The end ---- */

static void free_rings(struct cv_sessions *all)
{
    if (all->rings != NULL)
        cv_session_rings_destroy(all->rings, all->workers);
    rte_free(all->rings);
    rte_ring_free(all->free_slots);
}

/* What still waits is no loss to be counted: the counters are gone. */
static void free_tunnels(struct cv_session *session)
{
    while (session->tunnels != NULL)
        rte_pktmbuf_free(cv_tunnel_queue_take(&session->shard->tunnels, session, session->tunnels));
}

/* All threads have ended, so each session can be ended here, whosever it was. */
static void end_sessions(struct cv_sessions *all)
{
    for (uint32_t i = 0; all->slots != NULL && i < all->max; i++) {
        struct cv_session *session = &all->slots[i];
        uint8_t state = atomic_load(&session->slot_state);

        if (state == CV_SLOT_FREE || session->conn == NULL)
            continue;
        if (state == CV_SLOT_MOVING)
            memset(&session->keys, 0, sizeof(session->keys));
        ngtcp2_conn_del(session->conn);
        session->conn = NULL;
        if (session->handshake != NULL)
            cv_handshake_forget(session);
        free_tunnels(session);
        cv_arena_destroy(&session->arena, &session->shard->pages);
    }
}

/* With all sessions ended, each page must be back where it came from. */
static void check_pages(const struct cv_shard *shard)
{
    uint32_t missing = shard != NULL ? shard->pages.total - cv_page_pool_free_pages(&shard->pages) : 0;

    if (missing != 0)
        RTE_LOG_LINE(ERR, SESSIONS, "%u pages of sessions were not given back", missing);
}

void cv_sessions_destroy(struct cv_sessions *all)
{
    if (all == NULL)
        return;
    end_sessions(all);
    cv_traces_destroy(all->traces);
    for (uint32_t i = 0; all->started_once && i < all->workers; i++)
        check_pages(all->shards[i]);
    if (all->started_once)
        check_pages(all->handshakes->shard);
    for (uint32_t i = 0; all->shards != NULL && i < all->workers; i++)
        cv_shard_destroy(all->shards[i]);
    cv_handshakes_destroy(all->handshakes);
    free_rings(all);
    SSL_CTX_free(all->tls);
    OPENSSL_cleanse(&all->secret, sizeof(all->secret));
    rte_free(all->shards);
    cv_arena_bases_destroy(all->bases, all->max);
    cv_keys_init(NULL, 0);
    rte_free(all->slots);
    rte_free(all);
}
