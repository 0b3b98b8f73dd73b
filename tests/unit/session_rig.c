/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_rig.h"

#include "certificates.h"
#include "session/handshake_thread.h"
#include "session/sessions.h"
#include "session/stats.h"
#include "session/worker_shard.h"
#include "shared/shared.h"

#include <openssl/pem.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* A file in memory, which a path leads to as long as the process lives. */
static FILE *memory_file(const char *name, char *path, size_t path_bytes)
{
    int fd = memfd_create(name, 0);

    assert_true(fd >= 0);
    snprintf(path, path_bytes, "/proc/self/fd/%d", fd);
    return fdopen(fd, "w");
}

static void make_certificate(struct cv_config_session *config)
{
    static struct test_chain chain;
    EVP_PKEY *key = test_key("P-256");
    const uint8_t *der = chain.bytes + 3;
    FILE *file = memory_file("key", config->key, sizeof(config->key));
    X509 *certificate;

    test_chain_add(&chain, key, key);
    certificate = d2i_X509(NULL, &der, (long)(chain.count - 3));
    assert_non_null(certificate);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fflush(file), 0);
    file = memory_file("certificate", config->certificate, sizeof(config->certificate));
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fflush(file), 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void session_rig_config(struct cv_config *config, uint32_t sessions)
{
    config->worker_count = 1;
    config->listen_port = SESSION_RIG_PORT;
    config->sessions_max = sessions;
    config->mbufs = 1024;
    snprintf(config->crypto, sizeof(config->crypto), "auto");
    config->session.idle_s = config->session.handshake_s = config->session.admit_within_s = 10;
    config->session.handshakes_max = 12;
    config->session.handshakes_per_prefix = config->session.retry_over = 100;
    make_certificate(&config->session);
}

void session_rig_start(struct session_rig *rig, const char *program)
{
    const struct cv_shared shared = {.sessions = &rig->stats, .shards = rig->shards};
    char error[256];

    packets_start(program, NULL);
    rig->rig = rig_start(SESSION_RIG_PAIRS);
    rig->ports.list[0].pool = packets_pool();
    rig->ports.locals = rig->rig->locals;
    if (cv_sessions_create(&rig->sessions, &rig->config, &rig->ports, rte_rdtsc(), error, sizeof(error)) != 0)
        fail_msg("%s", error);
    cv_session_stats_init(rig->sessions, &shared);
    for (uint32_t i = 0; i < rig->config.worker_count; i++) {
        rig->rig->workers[i].listen_port = SESSION_RIG_PORT;
        rig->rig->workers[i].shard = rig->sessions->shards[i];
        rig->sessions->shards[i]->relay = &rig->rig->workers[i].relay;
    }
}

void session_rig_stop(struct session_rig *rig)
{
    cv_sessions_destroy(rig->sessions);
    rig_stop(rig->rig);
}

void session_rig_turn(struct session_rig *rig)
{
    (void)cv_handshake_thread_turn(rig->sessions->handshakes);
    for (uint32_t i = 0; i < rig->config.worker_count; i++)
        (void)cv_worker_shard_turn(rig->rig->workers[i].shard);
}

void session_rig_admit(struct session_rig *rig)
{
    const struct cv_session_rings *rings = cv_handshake_rings(rig->sessions);
    struct cv_message message;

    while (rte_ring_sc_dequeue_elem(rings->events, &message, sizeof(message)) == 0) {
        struct cv_message order = {.type = CV_MESSAGE_SESSION_ADMIT, .sequence = 1};

        if (message.type != CV_MESSAGE_SESSION_ASK)
            continue;
        order.order.session = message.ask.session;
        assert_int_equal(rte_ring_sp_enqueue_elem(rings->orders, &order, sizeof(order)), 0);
    }
}

struct cv_message session_rig_told(struct session_rig *rig, unsigned worker, enum cv_message_type type)
{
    struct cv_message message;

    while (rte_ring_sc_dequeue_elem(rig->sessions->rings[worker].events, &message, sizeof(message)) == 0) {
        assert_int_equal(cv_message_check(&message, CV_SENDER_DATAPLANE), 0);
        if (message.type == type)
            return message;
    }
    return (struct cv_message){.type = CV_MESSAGE_NONE};
}

void session_rig_order(struct session_rig *rig, unsigned worker, const struct cv_message *order)
{
    assert_int_equal(cv_message_check(order, CV_SENDER_CONTROL), 0);
    assert_int_equal(rte_ring_sp_enqueue_elem(rig->sessions->rings[worker].orders, (void *)(uintptr_t)order,
                                              sizeof(*order)),
                     0);
}

void session_rig_pass(struct session_rig *rig, uint32_t ms)
{
    rig->sessions->start_tsc -= ms * (rte_get_tsc_hz() / 1000);
}
