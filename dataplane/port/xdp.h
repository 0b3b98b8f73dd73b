/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Whether AF_XDP can be had on an interface, found out before DPDK's driver tries. The driver must not run
 * into an error (as of 24.11): when a socket can't be bound it writes to freed memory as it closes, and
 * closing takes whatever XDP program is on the interface away, somebody else's too.
 */
#include "interface.h"

#include <stddef.h>

/*
 * Checks that the kernel has AF_XDP and lets us load XDP programs, that no other program's XDP is on the
 * interface, and that its first `queues` queues are free. What a killed run left behind is removed; its
 * sockets may take the kernel a moment to free, so this can last up to two seconds. 0, or a negative errno
 * and the reason.
 */
int cv_xdp_check(const char *name, const struct cv_interface *interface, uint32_t queues, char *error,
                 size_t error_bytes);
