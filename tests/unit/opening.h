/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* For the tests of port/ports.h: a configuration made by hand, and whether its ports open. */
#include "config/config.h"
#include "port/ports.h"

/* cmocka.h wants these first, and clang-format would sort them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

extern struct cv_config config;
extern struct cv_ports ports;
extern char error[1024]; /* what the last refusal said */

/* An empty configuration: so many workers, all on core 0 with the main thread, and no hugepages. */
void start_config(uint32_t workers);

/* Adds a port called p0, p1, ... with MTU 1500. */
struct cv_config_port *add_port(enum cv_driver driver, const char *device, const char *devargs);

/* Starts EAL for two workers with 200 MB of memory. */
void assert_eal(void);

/* The configured ports open. To be followed by cv_ports_close. */
void assert_open(void);

/* They do not, with this code and with both of these in the sentence, and nothing is left behind. */
void assert_refused(int code, const char *first, const char *second);

/* A broadcast frame of a type for experiments (IEEE 802: 0x88b5) from the port's MAC. */
struct rte_mbuf *new_frame(const struct cv_port *port, uint16_t bytes);
