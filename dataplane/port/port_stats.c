/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_stats.h"

#include "device.h"
#include "interface.h"

#include <net/if.h>
#include <rte_ethdev.h>
#include <string.h>

void cv_port_stats_init(const struct cv_port *port, struct cv_port_stats *stats)
{
    const struct cv_config_port *config = port->config;

    snprintf(stats->name, sizeof(stats->name), "%s", config->name);
    snprintf(stats->driver, sizeof(stats->driver), "%s", port->driver);
    snprintf(stats->device, sizeof(stats->device), "%.*s", (int)sizeof(stats->device) - 1, config->device);
    memcpy(stats->mac, port->mac.addr_bytes, sizeof(stats->mac));
    stats->mtu = port->mtu;
    stats->queues = port->rx_queues;
    stats->address_count = RTE_MIN(config->address_count, (uint32_t)CV_PORT_ADDRESSES);
    memcpy(stats->addresses, config->addresses, stats->address_count * sizeof(*stats->addresses));
    cv_port_stats_refresh(port, stats);
}

/* DPDK's drivers for kernel interfaces say "up, 10 Gbit/s" whatever is the case. */
static void refresh_link(const struct cv_port *port, struct cv_port_stats *stats)
{
    struct cv_interface interface;
    struct rte_eth_link link;
    uint32_t up = 0, mbps = 0;

    if (cv_device_is_interface(port->kind)) {
        up = cv_interface_read(port->config->device, &interface) == 0 && (interface.flags & IFF_RUNNING) != 0;
    } else if (rte_eth_link_get_nowait(port->port_id, &link) == 0) {
        up = link.link_status == RTE_ETH_LINK_UP;
        mbps =
            port->kind == CV_DRIVER_PCI && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? link.link_speed : 0;
    }
    __atomic_store_n(&stats->link_up, up, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->link_mbps, mbps, __ATOMIC_RELAXED);
}

void cv_port_stats_refresh(const struct cv_port *port, struct cv_port_stats *stats)
{
    struct rte_eth_stats now;

    refresh_link(port, stats);
    if (rte_eth_stats_get(port->port_id, &now) != 0)
        return;
    __atomic_store_n(&stats->rx_pkts, now.ipackets, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->rx_bytes, now.ibytes, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->tx_pkts, now.opackets, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->tx_bytes, now.obytes, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->rx_missed, now.imissed, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->rx_errors, now.ierrors, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->tx_errors, now.oerrors, __ATOMIC_RELAXED);
    __atomic_store_n(&stats->rx_no_buffer, now.rx_nombuf, __ATOMIC_RELAXED);
}
