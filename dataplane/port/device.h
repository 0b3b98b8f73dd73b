/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* From a port's configuration to a DPDK device, probed at run time, and back. Keeper only. */
#include "port.h"

#include <stddef.h>

/*
 * Opens `port->config` as `kind` (any but CV_DRIVER_INTERFACE): prepares the kernel interface where there is
 * one, makes the device arguments, probes, and sets kind, port_id, vdev and driver. `index` is the port's,
 * `workers` the queues wanted. 0, or a negative errno, a sentence without the port's name in `error`, and
 * nothing left open.
 */
int cv_device_open(struct cv_port *port, enum cv_driver kind, uint32_t index, uint32_t workers, char *error,
                   size_t error_bytes);

/* Closes the device, which must be stopped, and gives the interface its flags back. */
void cv_device_close(struct cv_port *port);

/* Whether packets go through a kernel interface that is there without us. */
static inline bool cv_device_is_interface(enum cv_driver kind)
{
    return kind == CV_DRIVER_AF_XDP || kind == CV_DRIVER_AF_PACKET;
}
