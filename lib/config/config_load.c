/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_load.h"

#include "config_port.h"
#include "config_session.h"
#include "config_sessions.h"
#include "config_value.h"
#include "pair_limits.h"
#include "quantity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RELAY_PORTS_MAX 4096
#define CORE_MAX        1023
#define PAIRS_MAX       (1u << 24)
#define NEXT_HOPS_MAX   65534
#define MBUFS_MIN       512
#define MBUFS_MAX       (1u << 24)

static void relay_ports(struct config_source *source, const char *text, struct cv_config *config)
{
    const char *field = "relay.relay_ports";
    unsigned first, last;
    int used = 0;

    if (sscanf(text, "%5u%n", &first, &used) == 1 && text[used] == '\0')
        last = first;
    else if (sscanf(text, "%5u-%5u%n", &first, &last, &used) != 2 || text[used] != '\0')
        first = last = 0;
    if (strspn(text, "0123456789-") != strlen(text) || first == 0 || first > last || last > UINT16_MAX) {
        config_error_value(source, field, text,
                           "UDP ports from 1 to 65535, the lower one first, such as 40000-40063");
        return;
    }
    if (last - first >= RELAY_PORTS_MAX) {
        config_error(source, 0, field, "found %u ports, expected at most %u", last - first + 1,
                     RELAY_PORTS_MAX);
        return;
    }
    config->relay_port_first = (uint16_t)first;
    config->relay_port_last = (uint16_t)last;
}

static void relay(struct config_source *source, const struct config_raw_relay *raw, struct cv_config *config)
{
    relay_ports(source, raw->relay_ports, config);
    config_path(source, "relay.dataplane_socket", raw->dataplane_socket, "/run/culvert/dataplane.sock",
                config->dataplane_socket, sizeof(config->dataplane_socket));
}

static void workers(struct config_source *source, const struct config_raw_dataplane *raw,
                    struct cv_config *config)
{
    char field[CONFIG_FIELD_TEXT];
    uint32_t i, other;

    config->worker_count = raw->workers_count;
    for (i = 0; i < raw->workers_count; i++) {
        snprintf(field, sizeof(field), "dataplane.workers[%u]", i);
        config->workers[i] =
            (uint16_t)config_number(source, field, raw->workers[i], 0, CORE_MAX, CORE_MAX + 1 + i);
        for (other = 0; other < i && config->workers[other] != config->workers[i]; other++)
            ;
        if (other < i)
            config_error_value(source, field, raw->workers[i], "a core that no other worker has");
    }
}

static void dataplane(struct config_source *source, const struct config_raw_dataplane *raw,
                      struct cv_config *config)
{
    static const char *const hugepages[] = {
        [CV_HUGEPAGES_AUTO] = "auto", [CV_HUGEPAGES_ON] = "on", [CV_HUGEPAGES_OFF] = "off", NULL};
    static const char *const idle[] = {[CV_IDLE_POLL] = "poll", [CV_IDLE_SLEEP] = "sleep", NULL};
    static const struct config_raw_limits defaults;
    const struct config_raw_limits *limits = raw->limits != NULL ? raw->limits : &defaults;

    workers(source, raw, config);
    config->main_core =
        (uint16_t)config_number(source, "dataplane.main_core", raw->main_core, 0, CORE_MAX, 0);
    config->hugepages =
        config_choice(source, "dataplane.hugepages", raw->hugepages, hugepages, CV_HUGEPAGES_AUTO);
    config->idle = config_choice(source, "dataplane.idle", raw->idle, idle, CV_IDLE_POLL);
    config_ports(source, raw, config);
    config->pairs_max = config_number(source, "dataplane.limits.pairs", limits->pairs, 1, PAIRS_MAX, 100000);
    config->next_hops_max =
        config_number(source, "dataplane.limits.next_hops", limits->next_hops, 1, NEXT_HOPS_MAX, 1024);
    config_session(source, raw, config);
    config->mbufs =
        config_number(source, "dataplane.limits.mbufs", limits->mbufs, MBUFS_MIN, MBUFS_MAX, 16384);
}

static void pair_settings(struct config_source *source, const struct config_raw_pairs *raw,
                          struct cv_config *config)
{
    const char *field;

    config->pair_idle_s = 120;
    config->pair_rate_bytes_per_second = 0;
    if (raw == NULL)
        return;
    field = "control.pairs.idle";
    if (raw->idle != NULL &&
        (cv_duration_parse(raw->idle, &config->pair_idle_s) != 0 || config->pair_idle_s > CV_PAIR_IDLE_MAX_S))
        config_error_value(source, field, raw->idle,
                           "a time of at most 7d, such as 120s, 2m or 1h, or 0 for never");
    field = "control.pairs.rate";
    if (raw->rate != NULL && cv_rate_parse(raw->rate, &config->pair_rate_bytes_per_second) != 0)
        config_error_value(source, field, raw->rate,
                           "bits per second from 8 to 1T, such as 10M or 1.5G, or 0 for no limit");
}

static void control(struct config_source *source, const struct config_raw_control *raw,
                    struct cv_config *config)
{
    static const struct config_raw_control defaults;

    if (raw == NULL)
        raw = &defaults;
    config_path(source, "control.socket", raw->socket, "/run/culvert/control.sock", config->control_socket,
                sizeof(config->control_socket));
    if (strcmp(config->control_socket, config->dataplane_socket) == 0)
        config_error_value(source, "control.socket", config->control_socket,
                           "another path than relay.dataplane_socket");
    config_path(source, "control.store", raw->store, "/var/lib/culvert/control.db", config->store,
                sizeof(config->store));
    pair_settings(source, raw->pairs, config);
    config_sessions(source, raw->sessions, config);
}

int cv_config_load(const char *path, struct cv_config *config, char *error, size_t error_bytes)
{
    struct config_source source;
    struct config_raw *raw = NULL;
    char unwanted[2];
    int result;

    *config = (struct cv_config){0};
    if (error_bytes == 0) {
        error = unwanted;
        error_bytes = sizeof(unwanted);
    }
    result = config_source_open(&source, path, error, error_bytes);
    if (result == 0)
        raw = config_raw_load(&source);
    if (raw != NULL) {
        relay(&source, raw->relay, config);
        dataplane(&source, raw->dataplane, config);
        control(&source, raw->control, config);
        config_raw_free(raw);
    }
    if (result == 0 && source.errors_count != 0)
        result = -EINVAL;
    config_source_close(&source);
    return result;
}
