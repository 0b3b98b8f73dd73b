/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What there is to know and to set about a kernel network interface, for the drivers that work through one
 * (AF_XDP, AF_PACKET). Everything by ioctl, in the network namespace of the process. Keeper only.
 */
#include "address.h"

#include <stdbool.h>
#include <stdint.h>

struct cv_interface {
    int index;
    uint32_t flags;         /* IFF_* */
    uint32_t queues;        /* that packets can arrive on now */
    uint32_t max_queues;    /* that `ethtool -L` could set */
    const char *queue_kind; /* what ethtool calls them: "combined" or "rx" */
};

/* 0, or a negative errno: -ENODEV when there is no such interface. */
int cv_interface_read(const char *name, struct cv_interface *interface);

/* Sets and clears flags; what is in neither stays. 0, or a negative errno. */
int cv_interface_change_flags(const char *name, uint32_t set, uint32_t clear);

/* The names of all interfaces, for an error message: "lo, eth0, eth1". Returns `text`. */
const char *cv_interface_names(char *text, size_t bytes);

/* Whether the kernel itself has this address on the interface. */
bool cv_interface_has_address(const char *name, const struct cv_ip *ip);
