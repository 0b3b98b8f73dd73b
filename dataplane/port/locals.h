/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Filling the list of our own addresses from the ports that are open. */
#include "port.h"

/*
 * Adds all addresses of a port, each with its gateway, and for a port with IPv6 its link-local address. Every
 * address gets the gateway of its own network, else the first gateway of its family on that port. -ENOSPC:
 * more than CV_MAX_LOCALS.
 */
int cv_locals_add(struct cv_locals *locals, const struct cv_port *port);
