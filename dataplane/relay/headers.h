/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * IP and UDP headers where they lie in a packet, at any address. To be read and written field by field: when
 * small fields are put together on the stack and copied in one go, the processor waits for its own stores.
 */
#include <rte_ip.h>
#include <rte_udp.h>

typedef struct rte_ipv4_hdr cv_ipv4_header __attribute__((aligned(1)));
typedef struct rte_ipv6_hdr cv_ipv6_header __attribute__((aligned(1)));
typedef struct rte_udp_hdr cv_udp_header __attribute__((aligned(1)));
