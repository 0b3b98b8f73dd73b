/* SPDX-License-Identifier: BSD-3-Clause */
#include "sessions.h"

#include "accept.h"
#include "owner.h"
#include "tls.h"
#include "trace.h"
#include "tunnel.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_thread.h>
#include <string.h>

RTE_LOG_REGISTER(cv_sessions_log, culvert.sessions, NOTICE);
#define RTE_LOGTYPE_SESSIONS ((uint32_t)cv_sessions_log)

#define HANDSHAKE_PACKETS 2048
#define WORKER_PACKETS    1024
#define WORKER_DATAGRAMS  1024
#define RETURNED          4096
#define ORDERS            512
#define TOLD              4096
#define HANDSHAKE_MBUFS   4095
#define BUFFER_BYTES      (RTE_PKTMBUF_HEADROOM + 1536)

/* The reserve of one worker: pages that its sessions may take when they have more in flight than at rest. */
static uint32_t worker_pages(const struct cv_config *config)
{
    return config->sessions_max / config->worker_count / 4 + 2 * CV_ARENA_PAGES_MAX;
}

/* All of one session at rest: its slot, the base of its memory, its places in the ring of free slots and in
 * the handshake thread's index, and those among the timers, free slots and tunnel queues of each owner. */
static size_t session_bytes(const struct cv_config *config)
{
    return sizeof(struct cv_session) + CV_ARENA_BASE_BYTES + 6 * sizeof(void *) +
           (config->worker_count + 1) * 2 * sizeof(void *) + config->worker_count * cv_tunnels_bytes(1);
}

static size_t reserve_bytes(const struct cv_config *config)
{
    return config->worker_count * cv_page_pool_bytes(worker_pages(config)) +
           cv_page_pool_bytes(cv_handshake_pages(config));
}

static size_t ring_bytes(const struct cv_config *config)
{
    size_t messages = (size_t)(ORDERS + TOLD) * sizeof(struct cv_message);
    size_t worker = (size_t)(WORKER_PACKETS + WORKER_DATAGRAMS + RETURNED) * sizeof(void *) + messages;

    return config->worker_count * worker + HANDSHAKE_PACKETS * sizeof(void *) + messages;
}

size_t cv_sessions_memory(const struct cv_config *config)
{
    size_t per_owner = (size_t)CV_SESSION_SCHEDULES * 1280 + cv_tunnels_bytes(CV_TUNNEL_QUEUES) + 262144;

    if (config->sessions_max == 0)
        return 0;
    return (config->session.trace_directory[0] != '\0' ? cv_traces_memory(config->worker_count) : 0) +
           (size_t)config->sessions_max * session_bytes(config) + reserve_bytes(config) + ring_bytes(config) +
           (config->worker_count + 1) * per_owner +
           (size_t)(HANDSHAKE_MBUFS + 1) * (BUFFER_BYTES + sizeof(struct rte_mbuf) + 64);
}

static struct rte_ring *pointers(const char *kind, uint32_t id, uint32_t slots, unsigned flags)
{
    char name[RTE_RING_NAMESIZE];

    snprintf(name, sizeof(name), "session-%s%u", kind, id);
    return rte_ring_create(name, slots, SOCKET_ID_ANY, flags);
}

static struct rte_ring *messages(const char *kind, uint32_t id, uint32_t slots)
{
    char name[RTE_RING_NAMESIZE];

    snprintf(name, sizeof(name), "session-%s%u", kind, id);
    return rte_ring_create_elem(name, sizeof(struct cv_message), slots, SOCKET_ID_ANY,
                                RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int make_rings(struct cv_sessions *all)
{
    all->rings = rte_zmalloc("session-rings", (all->workers + 1u) * sizeof(*all->rings), 64);
    if (all->rings == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i <= all->workers; i++) {
        struct cv_session_rings *rings = &all->rings[i];
        bool handshake = i == all->workers;

        rings->packets = pointers("in", i, handshake ? HANDSHAKE_PACKETS : WORKER_PACKETS, RING_F_SC_DEQ);
        rings->datagrams = handshake ? NULL : pointers("tunnel", i, WORKER_DATAGRAMS, RING_F_SC_DEQ);
        rings->returned = handshake ? NULL : pointers("back", i, RETURNED, RING_F_SP_ENQ | RING_F_SC_DEQ);
        rings->orders = messages("orders", i, ORDERS);
        rings->told = messages("told", i, TOLD);
        if (rings->packets == NULL || (!handshake && (rings->returned == NULL || rings->datagrams == NULL)) ||
            rings->orders == NULL || rings->told == NULL)
            return -ENOMEM;
    }
    all->free_slots = pointers("free", 0, rte_align32pow2(all->max + 1), RING_F_SC_DEQ);
    return all->free_slots != NULL ? 0 : -ENOMEM;
}

static int make_owners(struct cv_sessions *all, char *error, size_t error_bytes)
{
    int result = 0;

    all->shards = rte_zmalloc("session-shards", all->workers * sizeof(void *), 64);
    if (all->shards == NULL)
        return -ENOMEM;
    for (uint16_t i = 0; result == 0 && i < all->workers; i++)
        result = cv_owner_create(&all->shards[i], all, i, worker_pages(all->config), error, error_bytes);
    if (result == 0)
        result = cv_handshakes_create(&all->handshakes, all, error, error_bytes);
    return result;
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
    result = cv_cid_secret_make(&all->secret);
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
    result = make_owners(all, error, error_bytes);
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
    int result = rte_thread_create_control(&all->thread, "cv-handshake", cv_handshakes_run, all->handshakes);

    all->started = all->started_once = result == 0;
    return result;
}

void cv_sessions_stop(struct cv_sessions *all)
{
    if (!all->started)
        return;
    cv_handshakes_halt(all->handshakes);
    rte_thread_join(all->thread, NULL);
    all->started = false;
}

/* ---- The end ---- */

static void free_entry(void *entry)
{
    if (((uintptr_t)entry & 3) != CV_RETURNED_SESSION)
        rte_pktmbuf_free((struct rte_mbuf *)((uint8_t *)entry - ((uintptr_t)entry & 3)));
}

static void free_rings(struct cv_sessions *all)
{
    void *entry;

    for (uint32_t i = 0; all->rings != NULL && i <= all->workers; i++) {
        struct cv_session_rings *rings = &all->rings[i];

        while (rings->packets != NULL && rte_ring_sc_dequeue(rings->packets, &entry) == 0)
            rte_pktmbuf_free(entry);
        while (rings->datagrams != NULL && rte_ring_sc_dequeue(rings->datagrams, &entry) == 0)
            rte_pktmbuf_free(entry);
        while (rings->returned != NULL && rte_ring_sc_dequeue(rings->returned, &entry) == 0)
            free_entry(entry);
        rte_ring_free(rings->packets);
        rte_ring_free(rings->datagrams);
        rte_ring_free(rings->returned);
        rte_ring_free(rings->orders);
        rte_ring_free(rings->told);
    }
    rte_free(all->rings);
    rte_ring_free(all->free_slots);
}

/* All threads have ended, so each session can be ended here, whosever it was. */
static void end_sessions(struct cv_sessions *all)
{
    for (uint32_t i = 0; all->slots != NULL && i < all->max; i++) {
        struct cv_session *session = &all->slots[i];
        uint8_t place = atomic_load(&session->place);

        if (place == CV_PLACE_FREE || session->conn == NULL)
            continue;
        if (place == CV_PLACE_MOVING)
            memset(&session->keys, 0, sizeof(session->keys));
        ngtcp2_conn_del(session->conn);
        session->conn = NULL;
        if (session->handshake != NULL)
            cv_handshake_forget(session);
        session->owner->relay = NULL; /* and its counters */
        cv_tunnel_forget(session->owner, session);
        cv_arena_destroy(&session->arena, &session->owner->pages);
    }
}

/* With all sessions ended, each page must be back where it came from. */
static void check_pages(const struct cv_session_owner *owner)
{
    uint32_t missing = owner != NULL ? owner->pages.total - cv_page_pool_free_pages(&owner->pages) : 0;

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
        check_pages(all->handshakes->owner);
    for (uint32_t i = 0; all->shards != NULL && i < all->workers; i++)
        cv_owner_destroy(all->shards[i]);
    cv_handshakes_destroy(all->handshakes);
    free_rings(all);
    SSL_CTX_free(all->tls);
    OPENSSL_cleanse(&all->secret, sizeof(all->secret));
    rte_free(all->shards);
    cv_arena_bases_destroy(all->bases, all->max);
    rte_free(all->slots);
    rte_free(all);
}
