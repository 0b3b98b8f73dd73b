/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_session.h"

#include "config_value.h"

#include <string.h>

#define SESSIONS_MAX     (1u << 22)
#define SESSIONS_DEFAULT 1000
#define HANDSHAKES_MAX   65535
#define IDLE_MAX_S       3600
#define HANDSHAKE_MAX_S  60

static void times(struct config_source *source, const struct config_raw_session *raw,
                  struct cv_config_session *session)
{
    session->idle_s = config_seconds(source, "dataplane.session.idle", raw->idle, 1, IDLE_MAX_S, 60);
    session->handshake_s =
        config_seconds(source, "dataplane.session.handshake", raw->handshake, 1, HANDSHAKE_MAX_S, 10);
    session->admit_within_s =
        config_seconds(source, "dataplane.session.admit_within", raw->admit_within, 1, HANDSHAKE_MAX_S, 10);
}

static void handshakes(struct config_source *source, const struct config_raw_session *raw,
                       struct cv_config_session *session)
{
    static const char *const retry[] = {[CV_RETRY_LOADED] = "loaded", [CV_RETRY_ALWAYS] = "always", NULL};

    session->retry = config_choice(source, "dataplane.session.retry", raw->retry, retry, CV_RETRY_LOADED);
    session->retry_over =
        config_number(source, "dataplane.session.retry_over", raw->retry_over, 0, HANDSHAKES_MAX, 100);
    session->handshakes_max =
        config_number(source, "dataplane.session.handshakes", raw->handshakes, 1, HANDSHAKES_MAX, 1000);
    session->handshakes_per_prefix = config_number(source, "dataplane.session.handshakes_per_prefix",
                                                   raw->handshakes_per_prefix, 1, HANDSHAKES_MAX, 100);
    session->key_update_pkts = config_number(source, "dataplane.session.key_update_packets",
                                             raw->key_update_packets, 0, UINT32_MAX, 0);
}

static void traces(struct config_source *source, const struct config_raw_session *raw,
                   struct cv_config_session *session)
{
    static const char *const choices[] = {"off", "allow", NULL};
    unsigned allowed = config_choice(source, "dataplane.session.trace", raw->trace, choices, 0);

    config_path(source, "dataplane.session.trace_directory", raw->trace_directory, "/var/lib/culvert/traces",
                session->trace_directory, sizeof(session->trace_directory));
    if (!allowed)
        session->trace_directory[0] = '\0';
}

void config_session(struct config_source *source, const struct config_raw_dataplane *raw,
                    struct cv_config *config)
{
    static const char *const engines[] = {"auto", "ipsec-mb", "evp", NULL};
    uint32_t sessions =
        config_number(source, "dataplane.limits.sessions", raw->limits != NULL ? raw->limits->sessions : NULL,
                      1, SESSIONS_MAX, SESSIONS_DEFAULT);

    strcpy(config->crypto, engines[config_choice(source, "dataplane.crypto", raw->crypto, engines, 0)]);
    config->listen_port =
        (uint16_t)config_number(source, "dataplane.listen_port", raw->listen_port, 1, UINT16_MAX, 443);
    if (raw->session == NULL)
        return;
    if (config->listen_port >= config->relay_port_first && config->listen_port <= config->relay_port_last)
        config_error(source, 0, "dataplane.listen_port",
                     "found %u, expected a port outside relay.relay_ports", config->listen_port);
    config_path(source, "dataplane.session.certificate", raw->session->certificate, "",
                config->session.certificate, sizeof(config->session.certificate));
    config_path(source, "dataplane.session.key", raw->session->key, "", config->session.key,
                sizeof(config->session.key));
    times(source, raw->session, &config->session);
    handshakes(source, raw->session, &config->session);
    traces(source, raw->session, &config->session);
    config->sessions_max = sessions;
}
