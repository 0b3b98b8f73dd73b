/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the configuration file of both processes says (YAML; culvert.example.yaml is its commented
 * description). config_load.h reads it.
 */
#include "address.h"
#include "protocol/peer_id.h"

#include <stdint.h>

#define CV_CONFIG_WORKERS   127
#define CV_CONFIG_PORTS     16
#define CV_CONFIG_ADDRESSES 8    /* of one port */
#define CV_CONFIG_PEERS     1024 /* in a list of peer IDs */
#define CV_CONFIG_LOCALS    32   /* of all ports, with a link-local one for each port that speaks IPv6 */

enum cv_driver {
    CV_DRIVER_PCI,
    CV_DRIVER_INTERFACE,
    CV_DRIVER_AF_XDP,
    CV_DRIVER_AF_PACKET,
    CV_DRIVER_TAP,
    CV_DRIVER_MEMIF,
    CV_DRIVER_PCAP,
    CV_DRIVER_NULL,
};

enum cv_hugepages { CV_HUGEPAGES_AUTO, CV_HUGEPAGES_ON, CV_HUGEPAGES_OFF };
enum cv_idle { CV_IDLE_POLL, CV_IDLE_SLEEP };
enum cv_retry { CV_RETRY_LOADED, CV_RETRY_ALWAYS };

/* dataplane.session: peers' own QUIC connections. */
struct cv_config_session {
    char certificate[256]; /* PEM files; empty: no sessions */
    char key[256];
    uint32_t idle_s;
    uint32_t handshake_s;
    uint32_t admit_within_s;
    enum cv_retry retry;
    uint32_t retry_over; /* handshakes in progress, with CV_RETRY_LOADED */
    uint32_t handshakes_max;
    uint32_t handshakes_per_prefix;
    uint32_t key_update_pkts;  /* to the peer, and then new keys; 0: when QUIC demands it */
    char trace_directory[128]; /* for qlogs and key logs; empty: not allowed */
};

/* Whose sessions are admitted; who is on the deny list never is. */
enum cv_session_policy {
    CV_SESSION_POLICY_OPEN,  /* everybody's */
    CV_SESSION_POLICY_ALLOW, /* of peers on the allow list */
    CV_SESSION_POLICY_DENY,  /* nobody's */
};

/* The most open that a peer may be about who asks for it. */
enum cv_session_reachable {
    CV_SESSION_REACHABLE_ANYONE,
    CV_SESSION_REACHABLE_LISTED, /* by those only whom it lists */
};

struct cv_config_peers {
    struct cv_peer_id ids[CV_CONFIG_PEERS];
    uint32_t count;
};

struct cv_config_port {
    char name[32];
    enum cv_driver driver;
    char device[128];
    struct cv_prefix addresses[CV_CONFIG_ADDRESSES]; /* ours, with the length of their network */
    uint32_t address_count;
    struct cv_ip gateways[CV_CONFIG_ADDRESSES]; /* each within the network of one of the addresses */
    uint32_t gateway_count;
    uint16_t mtu;
    uint16_t vlan;
    char devargs[256];
};

struct cv_config {
    /* relay: */
    uint16_t relay_port_first; /* at most 4,096 ports */
    uint16_t relay_port_last;  /* included */
    char dataplane_socket[108];
    /* dataplane: */
    uint16_t workers[CV_CONFIG_WORKERS]; /* cores */
    uint32_t worker_count;
    uint16_t main_core;
    enum cv_hugepages hugepages;
    enum cv_idle idle;
    struct cv_config_port ports[CV_CONFIG_PORTS];
    uint32_t port_count;
    uint32_t pairs_max;
    uint32_t next_hops_max;
    uint32_t mbufs;
    uint16_t listen_port;
    char crypto[16]; /* auto, ipsec-mb or evp */
    struct cv_config_session session;
    uint32_t sessions_max; /* 0: none, for want of a certificate */
    /* control: */
    char control_socket[108];
    char store[256];
    uint32_t pair_idle_s;
    uint64_t pair_rate_bytes_per_second;
    enum cv_session_policy session_policy;
    struct cv_config_peers session_allow;
    struct cv_config_peers session_deny;
    uint32_t session_pairs;      /* of one peer, at a time */
    uint32_t session_offers;     /* of one peer that wait for its answer */
    uint32_t session_register_s; /* for REGISTER, after the handshake */
    uint32_t session_answer_s;   /* for the answer to an offer */
    uint32_t session_instances;  /* of one peer, at a time */
    uint32_t session_resume_s;   /* that pairs wait for an instance whose session is lost; 0: they do not */
    uint32_t session_requests;   /* of one instance, messages apart, in a minute */
    uint32_t session_messages;   /* likewise; 0: none are passed on */
    enum cv_session_reachable session_reachable;
};
