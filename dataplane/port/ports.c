/* SPDX-License-Identifier: BSD-3-Clause */
#include "ports.h"

#include "device.h"
#include "locals.h"
#include "queues.h"
#include "refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <string.h>

RTE_LOG_REGISTER(cv_port_log, culvert.port, NOTICE);
#define RTE_LOGTYPE_PORTS ((uint32_t)cv_port_log)

#define PORT_BYTES (2u << 20) /* of DPDK memory for what drivers keep for a port, buffers aside */
#define REASON     768

size_t cv_ports_memory(const struct cv_config *config)
{
    return cv_pools_memory(config, rte_eal_has_hugepages() != 0) + (size_t)config->port_count * PORT_BYTES;
}

static int tell(const struct cv_port *port, int result, const char *reason, char *error, size_t error_bytes)
{
    return cv_refuse(error, error_bytes, result, "port %s: %s", port->config->name, reason);
}

/* `interface` is AF_XDP first. Whatever the reason not to have it, AF_PACKET may do. */
static int open_device(struct cv_port *port, uint32_t index, uint32_t workers, char *reason,
                       size_t reason_bytes)
{
    enum cv_driver kind = port->config->driver;
    int result;

    if (kind != CV_DRIVER_INTERFACE)
        return cv_device_open(port, kind, index, workers, reason, reason_bytes);
    result = cv_device_open(port, CV_DRIVER_AF_XDP, index, workers, reason, reason_bytes);
    if (result == 0 || result == -ENODEV)
        return result;
    RTE_LOG_LINE(NOTICE, PORTS, "port %s: AF_PACKET on %s, because %s", port->config->name,
                 port->config->device, reason);
    return cv_device_open(port, CV_DRIVER_AF_PACKET, index, workers, reason, reason_bytes);
}

static int probe_all(struct cv_ports *ports, const struct cv_config *config, char *error, size_t error_bytes)
{
    char reason[REASON];

    for (uint32_t i = 0; i < config->port_count; i++) {
        struct cv_port *port = &ports->list[i];
        int result;

        port->config = &config->ports[i];
        result = open_device(port, i, config->worker_count, reason, sizeof(reason));
        if (result != 0)
            return tell(port, result, reason, error, error_bytes);
        ports->count++;
    }
    return 0;
}

static void log_port(const struct cv_port *port)
{
    char mac[RTE_ETHER_ADDR_FMT_SIZE];

    rte_ether_format_addr(mac, sizeof(mac), &port->mac);
    RTE_LOG_LINE(NOTICE, PORTS,
                 "port %s: %s on \"%s\", %s, MTU %u, %u receive and %u transmit queues, checksums %s",
                 port->config->name, port->driver, port->config->device, mac, port->mtu, port->rx_queues,
                 port->tx_queues, port->tx_udp_checksum ? "by the NIC" : "in software");
}

static int start_all(struct cv_ports *ports, const struct cv_config *config, char *error, size_t error_bytes)
{
    char reason[REASON];

    for (uint32_t i = 0; i < ports->count; i++) {
        struct cv_port *port = &ports->list[i];
        int result = cv_queues_start(ports, port, config, reason, sizeof(reason));

        if (result == 0 && (result = cv_locals_add(&ports->locals, port)) != 0)
            snprintf(reason, sizeof(reason), "more than %d addresses on all ports together", CV_MAX_LOCALS);
        if (result != 0)
            return tell(port, result, reason, error, error_bytes);
        log_port(port);
    }
    return 0;
}

int cv_ports_open(struct cv_ports *ports, const struct cv_config *config, char *error, size_t error_bytes)
{
    int result;

    memset(ports, 0, sizeof(*ports));
    result = probe_all(ports, config, error, error_bytes);
    if (result == 0)
        result = cv_pools_create(ports, config, error, error_bytes);
    if (result == 0)
        result = start_all(ports, config, error, error_bytes);
    if (result != 0)
        cv_ports_close(ports);
    return result;
}

void cv_ports_close(struct cv_ports *ports)
{
    for (uint32_t i = 0; i < ports->count; i++) {
        struct cv_port *port = &ports->list[i];

        if (port->started)
            rte_eth_dev_stop(port->port_id);
        cv_device_close(port);
    }
    cv_pools_free(ports);
    memset(ports, 0, sizeof(*ports));
}
