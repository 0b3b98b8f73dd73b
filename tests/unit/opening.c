/* SPDX-License-Identifier: BSD-3-Clause */
#include "opening.h"

#include "port/eal.h"

#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

struct cv_config config;
struct cv_ports ports;
char error[1024];

void start_config(uint32_t workers)
{
    memset(&config, 0, sizeof(config));
    config.worker_count = workers; /* all on core 0, with the main thread */
    config.hugepages = CV_HUGEPAGES_OFF;
    config.mbufs = 16384;
}

struct cv_config_port *add_port(enum cv_driver driver, const char *device, const char *devargs)
{
    struct cv_config_port *port = &config.ports[config.port_count];

    snprintf(port->name, sizeof(port->name), "p%u", config.port_count++);
    snprintf(port->device, sizeof(port->device), "%s", device);
    snprintf(port->devargs, sizeof(port->devargs), "%s", devargs);
    port->driver = driver;
    port->mtu = 1500;
    return port;
}

void assert_open(void)
{
    error[0] = '\0';
    if (cv_ports_open(&ports, &config, error, sizeof(error)) != 0)
        fail_msg("ports do not open: %s", error);
}

void assert_refused(int code, const char *first, const char *second)
{
    int result = cv_ports_open(&ports, &config, error, sizeof(error));

    if (result != code)
        fail_msg("%d instead of %d: %s", result, code, error);
    if (strstr(error, first) == NULL || strstr(error, second) == NULL)
        fail_msg("\"%s\" says neither \"%s\" nor \"%s\"", error, first, second);
    assert_int_equal(rte_eth_dev_count_avail(), 0);
    assert_int_equal(ports.count, 0);
}

void assert_eal(void)
{
    start_config(2);
    if (cv_eal_start(&config, "test", 200 << 20, 4, error, sizeof(error)) != 0)
        fail_msg("EAL does not start: %s", error);
}

struct rte_mbuf *new_frame(const struct cv_port *port, uint16_t bytes)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(port->pool);
    char *frame;

    assert_non_null(mbuf);
    frame = rte_pktmbuf_append(mbuf, bytes);
    assert_non_null(frame);
    memset(frame, 0x5a, bytes);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, &port->mac, 6);
    memcpy(frame + 12, "\x88\xb5", 2); /* for local experiments, IEEE 802 */
    return mbuf;
}
