/* SPDX-License-Identifier: BSD-3-Clause */
#include "device_interface.h"

#include "interface.h"
#include "refuse.h"
#include "xdp.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <rte_log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

RTE_LOG_REGISTER(cv_device_log, culvert.device, NOTICE);
#define RTE_LOGTYPE_DEVICE ((uint32_t)cv_device_log)

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

/*
 * AF_PACKET gives us copies: the kernel takes the packets too, and a kernel that is a router sends them on.
 */
static void warn_of_forwarding(const struct cv_config_port *config)
{
    static const char *const families[] = {"ipv4", "ipv6"};

    for (size_t i = 0; i < RTE_DIM(families); i++) {
        char path[192];
        FILE *file;

        snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/forwarding", families[i], config->device);
        file = fopen(path, "re");
        if (file == NULL)
            continue;
        if (fgetc(file) == '1')
            RTE_LOG_LINE(WARNING, DEVICE,
                         "port %s: the kernel forwards what comes in on %s as well: echo 0 > %s",
                         config->name, config->device, path);
        fclose(file);
    }
}

int cv_device_prepare_interface(struct cv_port *port, enum cv_driver kind, uint32_t workers, char *error,
                                size_t error_bytes)
{
    const char *name = port->config->device;
    struct cv_interface interface;
    char names[256];
    int result = cv_interface_read(name, &interface);

    if (result == -ENODEV)
        return cv_refuse(error, error_bytes, result, "there is no interface %s (there are: %s)", name,
                         cv_interface_names(names, sizeof(names)));
    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s can't be looked at: %s", name, strerror(-result));
    raise_locked_memory();
    if (kind == CV_DRIVER_AF_XDP) {
        /* Or programs are pinned under /sys/fs/bpf and outlive a killed run. The interface is all ours. */
        setenv("LIBXDP_SKIP_DISPATCHER", "1", 0);
        result = check_af_xdp(port, &interface, workers, error, error_bytes);
        if (result != 0)
            return result;
    } else {
        warn_of_forwarding(port->config);
    }
    warn_of_kernel_addresses(port->config);
    /* All-multicast: the kernel doesn't know the multicast MACs to which solicitations for us are sent. */
    result = cv_interface_change_flags(name, IFF_UP | IFF_ALLMULTI, 0);
    if (result != 0)
        return cv_refuse(error, error_bytes, result, "%s can't be set up: %s", name, strerror(-result));
    port->set_allmulticast = (interface.flags & IFF_ALLMULTI) == 0;
    return 0;
}

void cv_device_release_interface(struct cv_port *port)
{
    if (port->set_allmulticast)
        cv_interface_change_flags(port->config->device, 0, IFF_ALLMULTI);
    port->set_allmulticast = false;
}
