/* SPDX-License-Identifier: BSD-3-Clause */
#include "interface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One ioctl on an interface; `request` keeps what it gives back. */
static int interface_ioctl(const char *name, unsigned long code, struct ifreq *request)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result;

    if (fd < 0)
        return -errno;
    if (strlen(name) >= sizeof(request->ifr_name)) {
        close(fd);
        return -ENODEV;
    }
    strcpy(request->ifr_name, name);
    result = ioctl(fd, code, request) == 0 ? 0 : -errno;
    close(fd);
    return result;
}

/* Drivers without channels have one queue. */
static void read_queues(const char *name, struct cv_interface *interface)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    struct ifreq request = {.ifr_data = (char *)&channels};

    interface->queues = 1;
    interface->max_queues = 1;
    interface->queue_kind = "combined";
    if (interface_ioctl(name, SIOCETHTOOL, &request) != 0)
        return;
    if (channels.max_combined != 0) {
        interface->queues = channels.combined_count;
        interface->max_queues = channels.max_combined;
    } else if (channels.max_rx != 0) {
        interface->queues = channels.rx_count;
        interface->max_queues = channels.max_rx;
        interface->queue_kind = "rx";
    }
}

int cv_interface_read(const char *name, struct cv_interface *interface)
{
    struct ifreq request = {0};
    int result = interface_ioctl(name, SIOCGIFINDEX, &request);

    if (result != 0)
        return result;
    interface->index = request.ifr_ifindex;
    memset(&request, 0, sizeof(request));
    result = interface_ioctl(name, SIOCGIFFLAGS, &request);
    if (result != 0)
        return result;
    interface->flags = (uint16_t)request.ifr_flags;
    read_queues(name, interface);
    return 0;
}

int cv_interface_change_flags(const char *name, uint32_t set, uint32_t clear)
{
    struct ifreq request = {0};
    int result = interface_ioctl(name, SIOCGIFFLAGS, &request);

    if (result != 0)
        return result;
    request.ifr_flags = (short)(((uint32_t)(uint16_t)request.ifr_flags | set) & ~clear);
    return interface_ioctl(name, SIOCSIFFLAGS, &request);
}

const char *cv_interface_names(char *text, size_t bytes)
{
    struct if_nameindex *list = if_nameindex();
    size_t used = 0;

    snprintf(text, bytes, "none");
    for (const struct if_nameindex *entry = list; entry != NULL && entry->if_index != 0; entry++) {
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", used == 0 ? "" : ", ", entry->if_name);
        if (used >= bytes)
            break;
    }
    if (list != NULL)
        if_freenameindex(list);
    return text;
}

static bool same_address(const struct sockaddr *address, const struct cv_ip *ip)
{
    if (address->sa_family == AF_INET)
        return cv_ip_is_v4(ip) &&
               memcmp(&((const struct sockaddr_in *)address)->sin_addr, ip->bytes + 12, 4) == 0;
    return address->sa_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6 *)address)->sin6_addr, ip->bytes, 16) == 0;
}

bool cv_interface_has_address(const char *name, const struct cv_ip *ip)
{
    struct ifaddrs *list;
    bool found = false;

    if (getifaddrs(&list) != 0)
        return false;
    for (const struct ifaddrs *entry = list; entry != NULL && !found; entry = entry->ifa_next)
        found = entry->ifa_addr != NULL && strcmp(entry->ifa_name, name) == 0 &&
                same_address(entry->ifa_addr, ip);
    freeifaddrs(list);
    return found;
}
