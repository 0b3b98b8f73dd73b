/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

#include "interface.h"
#include "refuse.h"
#include "xdp.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

RTE_LOG_REGISTER(cv_device_log, culvert.device, NOTICE);
#define RTE_LOGTYPE_DEVICE ((uint32_t)cv_device_log)

#define ARGUMENTS 8192 /* a pcap file's path once for each worker */

/* DPDK's names; a virtual device is called by its driver's name and the port's index. */
static const char *const drivers[] = {
    [CV_DRIVER_AF_XDP] = "net_af_xdp", [CV_DRIVER_AF_PACKET] = "net_af_packet", [CV_DRIVER_TAP] = "net_tap",
    [CV_DRIVER_MEMIF] = "net_memif",   [CV_DRIVER_PCAP] = "net_pcap",           [CV_DRIVER_NULL] = "net_null",
};

/* ---- Device arguments ---- */

struct builder {
    char *text;
    size_t bytes;
    size_t used; /* as if there were room for all */
    const char *user;
};

/* Whether the user's arguments name this key. */
static bool has_key(const char *arguments, const char *key)
{
    size_t length = strlen(key);

    while (arguments != NULL && *arguments != '\0') {
        if (strncmp(arguments, key, length) == 0 && arguments[length] == '=')
            return true;
        arguments = strchr(arguments, ',');
        if (arguments != NULL)
            arguments++;
    }
    return false;
}

static void put(struct builder *builder, const char *text)
{
    size_t at = RTE_MIN(builder->used, builder->bytes - 1);

    builder->used += (size_t)snprintf(builder->text + at, builder->bytes - at, "%s%s",
                                      builder->used == 0 ? "" : ",", text);
}

static void put_pair(struct builder *builder, const char *key, const char *value)
{
    char text[256];

    if (has_key(builder->user, key))
        return;
    snprintf(text, sizeof(text), "%s=%s", key, value);
    put(builder, text);
}

static void put_number(struct builder *builder, const char *key, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof(text), "%" PRIu32, value);
    put_pair(builder, key, text);
}

/* A queue of packets for each worker, each the whole file; what is sent is dropped unless devargs says
 * otherwise. */
static void put_pcap(struct builder *builder, const char *file, uint32_t workers)
{
    char text[256];

    if (has_key(builder->user, "rx_pcap"))
        return;
    snprintf(text, sizeof(text), "rx_pcap=%s", file);
    for (uint32_t i = 0; i < workers; i++)
        put(builder, text);
}

int cv_device_arguments(const struct cv_config_port *config, enum cv_driver kind, uint32_t workers,
                        char *text, size_t bytes)
{
    struct builder builder = {.text = text, .bytes = bytes, .user = config->devargs};

    text[0] = '\0';
    if (strchr(config->device, ',') != NULL)
        return -EINVAL;
    switch (kind) {
    case CV_DRIVER_AF_XDP:
        put_pair(&builder, "iface", config->device);
        put_number(&builder, "queue_count", workers);
        /*
         * Busy polling makes a system call for each empty poll. Without it the driver sleeps in poll(), for
         * up to a second, when a zero-copy NIC has run out of buffers: rare, and told by the worker's
         * heartbeat.
         */
        put_number(&builder, "busy_budget", 0);
        break;
    case CV_DRIVER_AF_PACKET:
        /* One socket for each worker; the kernel's fanout keeps a flow on one of them. Rings of 4 MB each. */
        put_pair(&builder, "iface", config->device);
        put_number(&builder, "qpairs", workers);
        put_number(&builder, "framesz", 2048);
        put_number(&builder, "framecnt", 2048);
        break;
    case CV_DRIVER_TAP:
        put_pair(&builder, "iface", config->device);
        break;
    case CV_DRIVER_MEMIF:
        put_pair(&builder, "socket", config->device);
        put_pair(&builder, "socket-abstract", "no");
        break;
    case CV_DRIVER_PCAP:
        put_pcap(&builder, config->device, workers);
        break;
    case CV_DRIVER_NULL:
        put_number(&builder, "no-rx", 1);
        break;
    default:
        break;
    }
    if (config->devargs[0] != '\0')
        put(&builder, config->devargs);
    return builder.used < bytes ? 0 : -ENOSPC;
}

/* ---- Kernel interfaces ---- */

/* AF_XDP pins its buffers and AF_PACKET its rings; root may have as much as it likes. */
static void raise_locked_memory(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    setrlimit(RLIMIT_MEMLOCK, &limit);
}

/*
 * AF_XDP has one socket for each queue of the interface, and a packet that arrives on a queue without a
 * socket is lost to the kernel: there must be as many queues as workers. The driver itself counts "combined"
 * channels only, so on interfaces that have separate ones, such as veth, it can do with one.
 */
static int check_af_xdp(const struct cv_port *port, const struct cv_interface *interface, uint32_t workers,
                        char *error, size_t error_bytes)
{
    const char *name = port->config->device;
    bool combined = strcmp(interface->queue_kind, "combined") == 0;

    if (workers > 1 && (!combined || interface->max_queues < workers))
        return cv_refuse(error, error_bytes, -ENOTSUP,
                         "AF_XDP serves %" PRIu32 " worker%s on %s, and %" PRIu32
                         " are configured: give dataplane.workers fewer cores, or use driver af_packet",
                         combined ? interface->max_queues : 1,
                         combined && interface->max_queues > 1 ? "s" : "", name, workers);
    if (interface->queues != workers)
        return cv_refuse(error, error_bytes, -ENOTSUP,
                         "AF_XDP needs as many queues as there are workers, and %s has %" PRIu32
                         ": ethtool -L %s %s %" PRIu32,
                         name, interface->queues, name, interface->queue_kind, workers);
    return cv_xdp_check(name, interface, workers, error, error_bytes);
}

/* With an address of ours the kernel would answer too, with "port unreachable" for each relayed datagram. */
static void warn_of_kernel_addresses(const struct cv_config_port *config)
{
    char text[CV_IP_TEXT];

    for (uint32_t i = 0; i < config->address_count; i++)
        if (cv_interface_has_address(config->device, &config->addresses[i].ip))
            RTE_LOG_LINE(
                WARNING, DEVICE,
                "port %s: the kernel has the address %s on %s too and will answer in our place: ip addr "
                "del %s dev %s",
                config->name, cv_ip_print(&config->addresses[i].ip, text), config->device, text,
                config->device);
}

/* All-multicast: solicitations for our IPv6 addresses come to multicast MACs that the kernel does not know
 * of. */
static int prepare_interface(struct cv_port *port, enum cv_driver kind, uint32_t workers, char *error,
                             size_t error_bytes)
{
    const char *name = port->config->device;
    struct cv_interface interface;
    char names[256];
    int result = cv_interface_read(name, &interface);

    if (result == -ENODEV)
        return cv_refuse(error, error_bytes, result, "there is no interface %s (there are: %s)", name,
                         cv_interface_names(names, sizeof(names)));
    raise_locked_memory();
    if (result == 0 && kind == CV_DRIVER_AF_XDP) {
        /* Without: programs pinned under /sys/fs/bpf, which outlive a killed run. The interface is all ours.
         */
        setenv("LIBXDP_SKIP_DISPATCHER", "1", 0);
        result = check_af_xdp(port, &interface, workers, error, error_bytes);
        if (result != 0)
            return result;
    }
    warn_of_kernel_addresses(port->config);
    if (result == 0)
        result = cv_interface_change_flags(name, IFF_UP | IFF_ALLMULTI, 0);
    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s can't be set up: %s", name, strerror(-result));
    port->set_allmulticast = (interface.flags & IFF_ALLMULTI) == 0;
    return 0;
}

static void give_flags_back(struct cv_port *port)
{
    if (port->set_allmulticast)
        cv_interface_change_flags(port->config->device, 0, IFF_ALLMULTI);
    port->set_allmulticast = false;
}

/* ---- Probing ---- */

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
        result = prepare_interface(port, kind, workers, error, error_bytes);
    if (result == 0)
        result = open_virtual(port, index, workers, error, error_bytes);
    if (result != 0)
        give_flags_back(port);
    return result;
}

void cv_device_close(struct cv_port *port)
{
    rte_eth_dev_close(port->port_id);
    if (port->vdev[0] != '\0')
        rte_eal_hotplug_remove("vdev", port->vdev);
    give_flags_back(port);
}
