/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The shape of the configuration file, as libcyaml checks it: which keys there are, which must be there,
 * which are lists. Every value is kept as text; what it may say is checked where it is converted (config.c,
 * config_port.c). Missing optional values are NULL.
 */
#include "config_source.h"

#include <stdint.h>

struct config_raw_relay {
    char *relay_ports;
    char *dataplane_socket;
};

struct config_raw_port {
    char *name;
    char *driver;
    char *device;
    char **addresses;
    uint32_t addresses_count;
    char **gateways;
    uint32_t gateways_count;
    char *mtu;
    char *vlan;
    char *devargs;
};

struct config_raw_session {
    char *certificate;
    char *key;
    char *idle;
    char *handshake;
    char *admit_within;
    char *retry;
    char *retry_over;
    char *handshakes;
    char *handshakes_per_prefix;
    char *key_update_packets;
    char *trace;
    char *trace_directory;
};

struct config_raw_limits {
    char *pairs;
    char *sessions;
    char *next_hops;
    char *mbufs;
};

struct config_raw_dataplane {
    char **workers;
    uint32_t workers_count;
    char *main_core;
    char *hugepages;
    char *idle;
    struct config_raw_port *ports;
    uint32_t ports_count;
    char *listen_port;
    char *crypto;
    struct config_raw_session *session; /* may be NULL */
    struct config_raw_limits *limits;   /* may be NULL */
};

struct config_raw_pairs {
    char *idle;
    char *rate;
};

struct config_raw_sessions {
    char *policy;
    char **allow;
    uint32_t allow_count;
    char **deny;
    uint32_t deny_count;
    char *pairs;
    char *offers;
    char *register_within;
    char *answer_within;
    char *instances;
    char *resume_within;
    char *requests;
    char *messages;
    char *reachable;
};

struct config_raw_control {
    char *socket;
    char *store;
    struct config_raw_pairs *pairs;       /* may be NULL */
    struct config_raw_sessions *sessions; /* may be NULL */
};

struct config_raw {
    struct config_raw_relay *relay;
    struct config_raw_dataplane *dataplane;
    struct config_raw_control *control; /* may be NULL */
};

/* NULL, with the reason among the source's errors, when the file has another shape. */
struct config_raw *config_raw_load(struct config_source *source);
void config_raw_free(struct config_raw *raw);
