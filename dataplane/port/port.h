/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The ports: whatever packets come in and go out by. Opened once at start-up from the configuration, closed
 * at the end, all by the keeper; workers only read what is here.
 *
 * Queues: every port has one transmit queue for each worker, so that no worker waits for another. It has as
 * many receive queues if the device can spread packets (RSS, AF_PACKET fanout, TAP queues): worker i polls
 * queue i. A port with fewer receive queues is polled by the first workers only; a port that can't give each
 * worker a transmit queue is refused.
 *
 * Memory: all ports take their packet buffers from one pool for each NUMA node that has a port, sized by
 * limits.mbufs together. Buffers have 128 bytes of headroom and room for the longest frame of any port.
 */
#include "config/config.h"
#include "local.h"
#include "shared/stats.h"

#include <rte_build_config.h>
#include <rte_mbuf.h>

struct cv_port {
    const struct cv_config_port *config;
    uint16_t port_id;   /* DPDK's, as in mbuf->port */
    uint16_t rx_queues; /* worker i polls queue i, if i < rx_queues */
    uint16_t tx_queues; /* one for each worker */
    uint16_t mtu;       /* IP packet bytes */
    uint16_t vlan;      /* 0: untagged */
    /*
     * What the NIC does. Without, the data plane checks the IPv4 header itself and updates the checksums
     * incrementally. Set for hardware only: software drivers that offer these compute them on the worker's
     * core.
     */
    bool rx_ipv4_checksum; /* RTE_MBUF_F_RX_IP_CKSUM_* can be believed */
    bool tx_udp_checksum;  /* RTE_MBUF_F_TX_UDP_CKSUM may be asked for */
    struct rte_ether_addr mac;
    struct rte_mempool *pool;
    char driver[32]; /* DPDK's name of the driver in use */
    /* The keeper's. */
    enum cv_driver kind;   /* what it was opened as: CV_DRIVER_INTERFACE never */
    char vdev[32];         /* name of the DPDK device that was made for it; empty for PCI */
    bool set_allmulticast; /* an interface flag to be taken back at close */
    bool started;
};

struct cv_ports {
    uint32_t count;
    struct cv_port list[CV_CONFIG_PORTS]; /* in the order of the configuration */
    struct cv_locals locals;              /* all addresses of all ports */
    struct rte_mempool *pools[RTE_MAX_NUMA_NODES];
    uint32_t ring_buffers; /* that the queues of all ports may hold */
};
