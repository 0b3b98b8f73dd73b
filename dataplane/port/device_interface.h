/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Making a kernel interface ready for AF_XDP or AF_PACKET, and giving it back. Keeper only. */
#include "port.h"

#include <stddef.h>

/*
 * Checks that the interface is there and will do for `kind` and so many workers, sets it up (it stays so) and
 * makes it take all multicast. 0, or a negative errno and the reason, with nothing changed.
 */
int cv_device_prepare_interface(struct cv_port *port, enum cv_driver kind, uint32_t workers, char *error,
                                size_t error_bytes);

void cv_device_release_interface(struct cv_port *port);
