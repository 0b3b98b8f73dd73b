/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats.h"

#include "handshakes.h"
#include "shard.h"
#include "shared/shared.h"
#include "trace.h"

#include <rte_cpuflags.h>
#include <stdio.h>
#include <string.h>

#define REFRESH_NS 10000000

_Static_assert(CV_STATS_SUITES == CV_SUITE_COUNT, "each suite has its place in lib/shared/stats.h");

static void describe_suites(struct cv_session_stats *stats)
{
    static const uint32_t codes[CV_SUITE_COUNT] = {
#define CODE(id, name, code, secret_bytes, sealed, failed) [CV_SUITE_##id] = (code),
        CV_SUITE_LIST(CODE)
#undef CODE
    };

    for (unsigned i = 0; i < CV_SUITE_COUNT; i++) {
        struct cv_aead_limits limits = cv_aead_limits(i);

        snprintf(stats->suites[i].name, sizeof(stats->suites[i].name), "%s", cv_suite_name(i));
        stats->suites[i].code = codes[i];
        stats->suites[i].sealed_max = limits.sealed_pkts;
        stats->suites[i].failed_max = limits.failed_pkts;
    }
}

static void describe_cpu(char *text, size_t bytes)
{
    static const enum rte_cpu_flag_t flags[] = {
        RTE_CPUFLAG_SSE4_2,  RTE_CPUFLAG_AES,  RTE_CPUFLAG_PCLMULQDQ,  RTE_CPUFLAG_AVX2,
        RTE_CPUFLAG_AVX512F, RTE_CPUFLAG_VAES, RTE_CPUFLAG_VPCLMULQDQ,
    };
    size_t used = 0;

    for (unsigned i = 0; i < RTE_DIM(flags) && used < bytes; i++)
        if (rte_cpu_get_flag_enabled(flags[i]) == 1)
            used += (size_t)snprintf(text + used, bytes - used, "%s%s", used > 0 ? " " : "",
                                     rte_cpu_get_flag_name(flags[i]));
}

void cv_session_stats_init(struct cv_sessions *sessions, const struct cv_shared *shared)
{
    const struct cv_config_session *config = &sessions->config->session;
    struct cv_session_stats *stats = shared->sessions;

    stats->max = sessions->max;
    stats->session_bytes = sessions->session_bytes;
    stats->memory_bytes = sessions->memory_bytes;
    stats->handshakes_max = config->handshakes_max;
    stats->handshakes_per_prefix = config->handshakes_per_prefix;
    stats->retry_over = config->retry_over;
    stats->retry_always = config->retry == CV_RETRY_ALWAYS;
    snprintf(stats->crypto_wanted, sizeof(stats->crypto_wanted), "%s", sessions->config->crypto);
    snprintf(stats->crypto_engine, sizeof(stats->crypto_engine), "%s",
             cv_crypto_engine_name(sessions->engine));
    cv_crypto_describe(sessions->engine, stats->crypto_about, sizeof(stats->crypto_about));
    snprintf(stats->crypto_passed_over, sizeof(stats->crypto_passed_over), "%s", sessions->passed_over);
    describe_cpu(stats->cpu_flags, sizeof(stats->cpu_flags));
    describe_suites(stats);
    for (uint32_t i = 0; i < sessions->workers; i++)
        sessions->shards[i]->stats = &shared->shards[i];
    sessions->handshakes->shard->stats = &shared->shards[sessions->workers];
    sessions->handshakes->stats = &stats->handshake;
    if (sessions->traces != NULL)
        cv_traces_attach(sessions->traces, stats, shared->keeper->start_unix_ms);
}

/* False: its time has not come. */
static bool refresh(struct cv_shard *shard)
{
    struct cv_shard_stats *stats = shard->stats;
    const struct cv_session_rings *rings = shard->rings;

    if (likely(shard->now_ns - shard->stats_ns < REFRESH_NS))
        return false;
    shard->stats_ns = shard->now_ns;
    for (unsigned i = 0; i < CV_SUITE_COUNT; i++)
        stats->suites[i] = shard->suites[i];
    stats->sessions = shard->sessions;
    stats->timers = shard->timers.count;
    stats->pages = shard->pages.total;
    stats->pages_used = shard->pages.total - cv_page_pool_free_pages(&shard->pages);
    stats->packets = rte_ring_count(rings->packets);
    stats->packets_max = rte_ring_get_capacity(rings->packets);
    if (rings->handed != NULL) { /* the counter has the name that users know; so has `told`, below */
        stats->returned = rte_ring_count(rings->handed);
        stats->returned_max = rte_ring_get_capacity(rings->handed);
    }
    stats->orders = rte_ring_count(rings->orders);
    stats->orders_max = rte_ring_get_capacity(rings->orders);
    stats->told = rte_ring_count(rings->events);
    stats->told_max = rte_ring_get_capacity(rings->events);
    stats->unopened_pkts = cv_crypto_unopened(shard->crypto);
    return true;
}

void cv_shard_stats_refresh(struct cv_shard *shard)
{
    (void)refresh(shard);
}

void cv_handshake_stats_refresh(struct cv_handshakes *handshakes)
{
    if (!refresh(handshakes->shard))
        return;
    handshakes->stats->handshakes = handshakes->count;
    handshakes->stats->retry_now = cv_handshakes_want_retry(handshakes);
    if (handshakes->shard->all->traces != NULL)
        cv_traces_stats_refresh(handshakes->shard->all->traces, handshakes->shard->now_ns);
}
