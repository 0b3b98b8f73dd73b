/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration file: it loads, or the reason is told; what it loads to is within the bounds of config.h.
 */
#include "config/config.h"
#include "config/config_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_port(const struct cv_config_port *port)
{
    require(port->name[0] != '\0' && memchr(port->name, '\0', sizeof(port->name)) != NULL);
    require(memchr(port->device, '\0', sizeof(port->device)) != NULL);
    require(port->driver <= CV_DRIVER_NULL && port->mtu >= 576 && port->vlan <= 4094);
    require(port->address_count >= 1 && port->address_count <= CV_CONFIG_ADDRESSES);
    require(port->gateway_count <= CV_CONFIG_ADDRESSES);
    for (uint32_t i = 0; i < port->gateway_count; i++) {
        uint32_t inside = 0;

        for (uint32_t network = 0; network < port->address_count; network++)
            inside += cv_prefix_contains(&port->addresses[network], &port->gateways[i]);
        require(inside > 0);
    }
}

static void check(const struct cv_config *config)
{
    require(config->relay_port_first > 0 && config->relay_port_first <= config->relay_port_last);
    require(config->relay_port_last - config->relay_port_first < 4096);
    require(config->worker_count >= 1 && config->worker_count <= CV_CONFIG_WORKERS);
    require(config->port_count >= 1 && config->port_count <= CV_CONFIG_PORTS);
    require(config->pairs_max > 0 && config->next_hops_max > 0 && config->next_hops_max < UINT16_MAX);
    require(config->dataplane_socket[0] != '\0' && config->control_socket[0] != '\0' &&
            config->store[0] != '\0');
    for (uint32_t i = 0; i < config->port_count; i++)
        check_port(&config->ports[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct cv_config config;
    char path[32], error[512] = "";
    int file = memfd_create("config", MFD_CLOEXEC);
    int result;

    require(file >= 0 && write(file, data, bytes) == (ssize_t)bytes);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    result = cv_config_load(path, &config, error, sizeof(error));
    if (result == 0)
        check(&config);
    require((result == 0) == (error[0] == '\0'));
    require(memchr(error, '\0', sizeof(error)) != NULL);
    close(file);
    return 0;
}
