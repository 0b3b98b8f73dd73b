/* SPDX-License-Identifier: BSD-3-Clause */
#include "queues.h"

#include "device.h"
#include "refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS      1024 /* of a hardware queue */
#define SOFT_DESCRIPTORS 128  /* of a driver that has rings of its own; TAP takes as many buffers */
#define XDP_DESCRIPTORS  2048 /* of AF_XDP, whose fill ring takes as many buffers again */
#define POOL_CACHE       512
#define IN_HAND          512 /* buffers that a worker has in its hands: a burst, and what waits to be sent */

/* Ethernet header, two VLAN tags and checksum */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN)
#define XDP_HEADROOM   256 /* that the kernel keeps free in an AF_XDP buffer, after our own headroom */
/*
 * An AF_XDP buffer with all its headers is one page at most: 4096 bytes less 64 (mempool), 128 (mbuf) and 128
 * (headroom), and 64 less again so that the pool adds no cache line to spread buffers over memory channels.
 */
#define XDP_MAX_BUFFER 3712

/* ---- Buffers ---- */

static uint16_t buffer_bytes(const struct cv_config *config)
{
    uint32_t mtu = RTE_ETHER_MTU, need, bytes;

    for (uint32_t i = 0; i < config->port_count; i++)
        mtu = RTE_MAX(mtu, config->ports[i].mtu);
    need = mtu + FRAME_OVERHEAD + XDP_HEADROOM;
    bytes = RTE_ALIGN_CEIL(need, 1024u); /* the step that NICs cut down to */
    if (need <= XDP_MAX_BUFFER && bytes > XDP_MAX_BUFFER)
        bytes = XDP_MAX_BUFFER;
    return (uint16_t)(RTE_PKTMBUF_HEADROOM + RTE_MIN(bytes, (uint32_t)UINT16_MAX - RTE_PKTMBUF_HEADROOM));
}

size_t cv_pools_memory(const struct cv_config *config, bool hugepages)
{
    struct rte_mempool_objsz size;
    uint32_t bytes = (uint32_t)sizeof(struct rte_mbuf) + buffer_bytes(config);
    size_t object = rte_mempool_calc_obj_size(bytes, 0, &size);
    size_t page = (size_t)getpagesize();
    size_t pointers = (size_t)rte_align32pow2(config->mbufs + 1) * sizeof(void *);

    if (!hugepages)
        object = object < page ? page / (page / object) : RTE_ALIGN_CEIL(object, page);
    return (config->mbufs + 1) * object + pointers + sizeof(struct rte_mempool) +
           RTE_MAX_LCORE * sizeof(struct rte_mempool_cache);
}

static int socket_of(const struct cv_port *port)
{
    int socket = rte_eth_dev_socket_id(port->port_id);

    return socket >= 0 && socket < RTE_MAX_NUMA_NODES ? socket : (int)rte_socket_id();
}

int cv_pools_create(struct cv_ports *ports, const struct cv_config *config, char *error, size_t error_bytes)
{
    bool wanted[RTE_MAX_NUMA_NODES] = {false};
    int pools = 0;

    for (uint32_t i = 0; i < ports->count; i++)
        wanted[socket_of(&ports->list[i])] = true;
    for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++)
        pools += wanted[socket];
    for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
        uint32_t mbufs = config->mbufs / (uint32_t)RTE_MAX(pools, 1);
        uint32_t cache = RTE_MIN((uint32_t)POOL_CACHE, mbufs / (4 * (config->worker_count + 1)));
        char name[RTE_MEMPOOL_NAMESIZE];

        if (!wanted[socket])
            continue;
        snprintf(name, sizeof(name), "mbufs%d", socket);
        ports->pools[socket] = rte_pktmbuf_pool_create(name, mbufs, cache, 0, buffer_bytes(config), socket);
        if (ports->pools[socket] == NULL)
            return cv_refuse(error, error_bytes, -rte_errno,
                             "no memory on NUMA node %d for %" PRIu32
                             " packet buffers of %u bytes (%s): lower "
                             "limits.mbufs, or give it more hugepages",
                             socket, mbufs, buffer_bytes(config), rte_strerror(rte_errno));
    }
    return 0;
}

void cv_pools_free(struct cv_ports *ports)
{
    for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
        rte_mempool_free(ports->pools[socket]);
        ports->pools[socket] = NULL;
    }
}

/* ---- One port ---- */

/* What is going to be asked of the device. */
struct plan {
    struct rte_eth_dev_info info;
    struct rte_eth_conf conf;
    uint16_t rx_descriptors, tx_descriptors;
};

/*
 * Only a hardware's offloads: software drivers offer some that they compute on the worker's core, and TAP
 * copies the packet for them. Ours are cheaper, as they only update what a rewrite changes.
 */
static void plan_offloads(struct plan *plan, struct cv_port *port)
{
    uint64_t rx = plan->info.rx_offload_capa;
    uint64_t tx = plan->info.tx_offload_capa;

    if (port->kind != CV_DRIVER_PCI)
        return;
    plan->conf.rxmode.offloads = rx & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
    plan->conf.txmode.offloads = tx & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    port->rx_ipv4_checksum = (rx & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0;
    port->tx_udp_checksum = (tx & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0;
}

static void plan_rss(struct plan *plan, const struct cv_port *port)
{
    uint64_t wanted =
        RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

    if (port->kind != CV_DRIVER_PCI || port->rx_queues < 2)
        return;
    plan->conf.rx_adv_conf.rss_conf.rss_hf = wanted & plan->info.flow_type_rss_offloads;
    if (plan->conf.rx_adv_conf.rss_conf.rss_hf != 0)
        plan->conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
}

static int plan_queues(struct plan *plan, struct cv_port *port, uint32_t workers, char *error,
                       size_t error_bytes)
{
    const struct rte_eth_dev_info *info = &plan->info;

    if (info->max_tx_queues < workers)
        return cv_refuse(
            error, error_bytes, -ENOTSUP,
            "%s has %u transmit queue%s here and there are %" PRIu32
            " workers, each of which needs its own: give dataplane.workers no more than %u core%s",
            port->driver, info->max_tx_queues, info->max_tx_queues == 1 ? "" : "s", workers,
            info->max_tx_queues, info->max_tx_queues == 1 ? "" : "s");
    port->tx_queues = (uint16_t)workers;
    port->rx_queues = (uint16_t)RTE_MIN(info->max_rx_queues, workers);
    plan->rx_descriptors = port->kind == CV_DRIVER_PCI ? DESCRIPTORS : SOFT_DESCRIPTORS;
    if (port->kind == CV_DRIVER_AF_XDP)
        plan->rx_descriptors = XDP_DESCRIPTORS;
    plan->tx_descriptors = plan->rx_descriptors;
    return 0;
}

static int plan_mtu(struct plan *plan, const struct cv_port *port, char *error, size_t error_bytes)
{
    uint32_t max = plan->info.max_mtu;

    if (plan->info.max_rx_pktlen < UINT16_MAX) /* drivers without a limit say -1 */
        max = RTE_MIN(max, plan->info.max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN);
    if (port->kind == CV_DRIVER_AF_XDP)
        max = RTE_MIN(max, (uint32_t)(XDP_MAX_BUFFER - XDP_HEADROOM - FRAME_OVERHEAD));
    plan->conf.rxmode.mtu = port->config->mtu;
    if (port->config->mtu <= max)
        return 0;
    return cv_refuse(error, error_bytes, -ERANGE, "mtu %u is over what %s can do, %" PRIu32,
                     port->config->mtu, port->driver, max);
}

/* Whether limits.mbufs fills the rings of the ports so far and of this one, and leaves some to work with. */
static int check_buffers(const struct plan *plan, struct cv_ports *ports, const struct cv_port *port,
                         const struct cv_config *config, char *error, size_t error_bytes)
{
    uint32_t cache = port->pool->cache_size;
    uint32_t need;

    if (port->kind != CV_DRIVER_PCAP && port->kind != CV_DRIVER_NULL) /* which keep no packets */
        ports->ring_buffers += (uint32_t)plan->rx_descriptors * port->rx_queues +
                               (uint32_t)plan->tx_descriptors * port->tx_queues;
    need = ports->ring_buffers + config->worker_count * (cache + cache / 2 + IN_HAND);
    if (ports->ring_buffers == 0 || need <= config->mbufs)
        return 0;
    return cv_refuse(error, error_bytes, -ENOBUFS,
                     "%" PRIu32
                     " packet buffers are not enough to fill its %u + %u queues and leave some for the "
                     "workers: say dataplane.limits.mbufs: %" PRIu32 " or more",
                     config->mbufs, port->rx_queues, port->tx_queues, need);
}

static int set_up_queues(const struct plan *plan, const struct cv_port *port, char *error, size_t error_bytes)
{
    unsigned socket = (unsigned)socket_of(port);
    struct rte_eth_rxconf rx = plan->info.default_rxconf;
    struct rte_eth_txconf tx = plan->info.default_txconf;
    int result = 0;

    rx.offloads = plan->conf.rxmode.offloads;
    tx.offloads = plan->conf.txmode.offloads;
    for (uint16_t queue = 0; queue < port->rx_queues && result == 0; queue++)
        result = rte_eth_rx_queue_setup(port->port_id, queue, plan->rx_descriptors, socket, &rx, port->pool);
    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s gives no receive queue (%s); its message is above",
                         port->driver, strerror(-result));
    for (uint16_t queue = 0; queue < port->tx_queues && result == 0; queue++)
        result = rte_eth_tx_queue_setup(port->port_id, queue, plan->tx_descriptors, socket, &tx);
    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s gives no transmit queue (%s); its message is above",
                         port->driver, strerror(-result));
    return 0;
}

static int configure(struct plan *plan, struct cv_port *port, char *error, size_t error_bytes)
{
    int result = rte_eth_dev_configure(port->port_id, port->rx_queues, port->tx_queues, &plan->conf);

    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s takes no %u + %u queues (%s); its message is above",
                         port->driver, port->rx_queues, port->tx_queues, strerror(-result));
    rte_eth_dev_adjust_nb_rx_tx_desc(port->port_id, &plan->rx_descriptors, &plan->tx_descriptors);
    result = rte_eth_dev_set_mtu(port->port_id, port->config->mtu);
    if (result != 0 && result != -ENOTSUP)
        return cv_refuse(error, error_bytes, result, "mtu %u can't be set: %s", port->config->mtu,
                         strerror(-result));
    port->mtu = port->config->mtu;
    return 0;
}

/* Neighbour discovery comes by multicast; a NIC that can't take it all has to take everything. */
static void accept_multicast(struct cv_port *port)
{
    if (port->kind == CV_DRIVER_PCI && rte_eth_allmulticast_enable(port->port_id) != 0)
        rte_eth_promiscuous_enable(port->port_id);
}

int cv_queues_start(struct cv_ports *ports, struct cv_port *port, const struct cv_config *config, char *error,
                    size_t error_bytes)
{
    struct plan plan = {0};
    int result = rte_eth_dev_info_get(port->port_id, &plan.info);

    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s says nothing of itself: %s", port->driver,
                         strerror(-result));
    port->vlan = port->config->vlan;
    port->pool = ports->pools[socket_of(port)];
    if ((result = plan_queues(&plan, port, config->worker_count, error, error_bytes)) != 0 ||
        (result = plan_mtu(&plan, port, error, error_bytes)) != 0)
        return result;
    plan_offloads(&plan, port);
    plan_rss(&plan, port);
    if ((result = configure(&plan, port, error, error_bytes)) != 0 ||
        (result = check_buffers(&plan, ports, port, config, error, error_bytes)) != 0 ||
        (result = set_up_queues(&plan, port, error, error_bytes)) != 0)
        return result;
    accept_multicast(port);
    rte_eth_macaddr_get(port->port_id, &port->mac);
    result = rte_eth_dev_start(port->port_id);
    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s does not start: %s", port->driver,
                         strerror(-result));
    port->started = true;
    return 0;
}
