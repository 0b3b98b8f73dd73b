/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

#include "device_arguments.h"
#include "device_interface.h"
#include "refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS 8192 /* a pcap file's path once for each worker */

/* DPDK's names; a virtual device is called by its driver's name and the port's index. */
static const char *const drivers[] = {
    [CV_DRIVER_AF_XDP] = "net_af_xdp", [CV_DRIVER_AF_PACKET] = "net_af_packet", [CV_DRIVER_TAP] = "net_tap",
    [CV_DRIVER_MEMIF] = "net_memif",   [CV_DRIVER_PCAP] = "net_pcap",           [CV_DRIVER_NULL] = "net_null",
};

/* Drivers say -1 for whatever they have logged, which strerror would make "not permitted". */
static const char *reason(int result)
{
    if (result == 0)
        return "no port came of it";
    return result == -1 ? "no reason given" : strerror(-result);
}

/* The port that a device of this name has brought; a device with several gives its first. */
static bool find_port(const char *device, struct cv_port *port)
{
    struct rte_eth_dev_info info;

    for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
        if (!rte_eth_dev_is_valid_port(id) || rte_eth_dev_info_get(id, &info) != 0 ||
            strcmp(rte_dev_name(info.device), device) != 0)
            continue;
        port->port_id = id;
        snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
        return true;
    }
    return false;
}

static int open_virtual(struct cv_port *port, uint32_t index, uint32_t workers, char *error,
                        size_t error_bytes)
{
    static char text[ARGUMENTS];
    const struct cv_config_port *config = port->config;
    int result = cv_device_arguments(config, port->kind, workers, text, sizeof(text));

    if (result == -EINVAL)
        return cv_refuse(error, error_bytes, result,
                         "\"%s\" has a comma in it, which DPDK's arguments can't pass", config->device);
    if (result != 0)
        return cv_refuse(error, error_bytes, result,
                         "device and devargs are too long for %" PRIu32 " workers", workers);
    snprintf(port->vdev, sizeof(port->vdev), "%s%" PRIu32, drivers[port->kind], index);
    result = rte_eal_hotplug_add("vdev", port->vdev, text);
    if (result != 0 || !find_port(port->vdev, port))
        return cv_refuse(error, error_bytes, result != 0 ? result : -ENODEV,
                         "the driver %s does not open \"%s\" (%s): its own message above says why",
                         drivers[port->kind], text, reason(result));
    return 0;
}

/* The kernel driver that has a PCI device, or "none". */
static const char *bound_driver(const char *device, char *text, size_t bytes)
{
    char path[192];
    ssize_t length;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", device);
    length = readlink(path, text, bytes - 1);
    if (length <= 0)
        return "none";
    text[length] = '\0';
    return strrchr(text, '/') != NULL ? strrchr(text, '/') + 1 : text;
}

static int open_pci(struct cv_port *port, char *error, size_t error_bytes)
{
    const struct cv_config_port *config = port->config;
    char device[sizeof(config->device) + 8], path[192], text[256];
    int result;

    /* 01:00.0 is 0000:01:00.0 */
    snprintf(device, sizeof(device), "%s%s", strlen(config->device) == 7 ? "0000:" : "", config->device);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", device);
    if (access(path, F_OK) != 0)
        return cv_refuse(error, error_bytes, -ENODEV,
                         "there is no PCI device %s: see dpdk-devbind.py --status", device);
    result = rte_eal_hotplug_add("pci", device, config->devargs);
    if (result != 0 || !find_port(device, port))
        return cv_refuse(
            error, error_bytes, result != 0 ? result : -ENODEV,
            "DPDK does not open the PCI device %s (%s), which the kernel driver %s has; most NICs "
            "want: dpdk-devbind.py --bind=vfio-pci %s",
            device, reason(result), bound_driver(device, text, sizeof(text)), device);
    return 0;
}

int cv_device_open(struct cv_port *port, enum cv_driver kind, uint32_t index, uint32_t workers, char *error,
                   size_t error_bytes)
{
    int result = 0;

    port->kind = kind;
    port->vdev[0] = '\0';
    if (kind == CV_DRIVER_PCI)
        return open_pci(port, error, error_bytes);
    if (cv_device_is_interface(kind))
        result = cv_device_prepare_interface(port, kind, workers, error, error_bytes);
    if (result == 0)
        result = open_virtual(port, index, workers, error, error_bytes);
    if (result != 0)
        cv_device_release_interface(port);
    return result;
}

void cv_device_close(struct cv_port *port)
{
    rte_eth_dev_close(port->port_id);
    if (port->vdev[0] != '\0')
        rte_eal_hotplug_remove("vdev", port->vdev);
    cv_device_release_interface(port);
}
