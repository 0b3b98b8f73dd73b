/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL and ports as the configuration says, with drivers that need nothing of the machine. */
#include "opening.h"
#include "port/device.h"
#include "port/device_arguments.h"
#include "port/eal.h"
#include "port/port_stats.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>

static void add_address(struct cv_config_port *port, const char *text)
{
    assert_int_equal(cv_prefix_parse(text, &port->addresses[port->address_count++]), 0);
}

static void add_gateway(struct cv_config_port *port, const char *text)
{
    assert_int_equal(cv_ip_parse(text, &port->gateways[port->gateway_count++]), 0);
}

/* ---- EAL ---- */

static void eal_refuses(void **state)
{
    (void)state;
    start_config(1);
    config.workers[0] = 65000;
    assert_int_equal(cv_eal_start(&config, "test_port", 0, 4, error, sizeof(error)), -ENODEV);
    assert_non_null(strstr(error, "dataplane.workers: core 65000"));
    start_config(1);
    config.main_core = 64000;
    assert_int_equal(cv_eal_start(&config, "test_port", 0, 4, error, sizeof(error)), -ENODEV);
    assert_non_null(strstr(error, "dataplane.main_core: core 64000"));

    start_config(1);
    config.hugepages = CV_HUGEPAGES_ON;
    assert_int_equal(cv_eal_start(&config, "test_port", (size_t)1 << 50, 4, error, sizeof(error)), -ENOMEM);
    assert_non_null(strstr(error, "nr_hugepages"));
    config.hugepages = CV_HUGEPAGES_AUTO;
    assert_int_equal(cv_eal_start(&config, "test_port", (size_t)1 << 50, 4, error, sizeof(error)), -ENOMEM);
    assert_non_null(strstr(error, "lower dataplane.limits"));
}

static void eal_starts(void **state)
{
    (void)state;
    assert_eal();
    assert_false(cv_eal_hugepages());
    assert_int_equal(rte_get_main_lcore(), 0);
    assert_int_equal(rte_lcore_count(), 3);
    assert_true(rte_lcore_is_enabled(cv_worker_lcore(0)));
    assert_true(rte_lcore_is_enabled(cv_worker_lcore(1)));
    assert_int_equal(rte_eth_dev_count_avail(), 0);
}

/* ---- Device arguments ---- */

static void check_arguments(enum cv_driver kind, const char *device, const char *devargs,
                            const char *expected)
{
    struct cv_config_port port = {0};
    char text[512];

    snprintf(port.device, sizeof(port.device), "%s", device);
    snprintf(port.devargs, sizeof(port.devargs), "%s", devargs);
    assert_int_equal(cv_device_arguments(&port, kind, 2, text, sizeof(text)), 0);
    assert_string_equal(text, expected);
}

static void device_arguments(void **state)
{
    struct cv_config_port port = {.device = "a,b"};
    char text[16];

    (void)state;
    check_arguments(CV_DRIVER_AF_XDP, "eth1", "", "iface=eth1,queue_count=2,busy_budget=0");
    check_arguments(CV_DRIVER_AF_XDP, "eth1", "force_copy=1,busy_budget=64",
                    "iface=eth1,queue_count=2,force_copy=1,busy_budget=64");
    check_arguments(CV_DRIVER_AF_PACKET, "eth1", "qpairs=1",
                    "iface=eth1,framesz=2048,framecnt=2048,qpairs=1");
    check_arguments(CV_DRIVER_TAP, "cv0", "", "iface=cv0");
    check_arguments(CV_DRIVER_MEMIF, "/run/m.sock", "role=server,xsocket=1",
                    "socket=/run/m.sock,socket-abstract=no,role=server,xsocket=1");
    check_arguments(CV_DRIVER_PCAP, "in.pcap", "infinite_rx=1",
                    "rx_pcap=in.pcap,rx_pcap=in.pcap,infinite_rx=1");
    check_arguments(CV_DRIVER_NULL, "", "", "no-rx=1");
    check_arguments(CV_DRIVER_NULL, "", "no-rx=0,size=64", "no-rx=0,size=64");
    assert_int_equal(cv_device_arguments(&port, CV_DRIVER_TAP, 1, text, sizeof(text)), -EINVAL);
    snprintf(port.device, sizeof(port.device), "a-long-name");
    assert_int_equal(cv_device_arguments(&port, CV_DRIVER_TAP, 1, text, sizeof(text)), -ENOSPC);
}

/* ---- Ports that go nowhere ---- */

static void null_port(void **state)
{
    struct cv_port_stats stats = {0};
    const struct cv_port *port;
    struct rte_mbuf *mbuf;

    (void)state;
    start_config(2);
    add_address(add_port(CV_DRIVER_NULL, "", ""), "192.0.2.1/24");
    for (unsigned again = 0; again < 2; again++) {
        assert_open();
        port = &ports.list[0];
        assert_int_equal(ports.count, 1);
        assert_int_equal(port->rx_queues, 2);
        assert_int_equal(port->tx_queues, 2);
        assert_int_equal(port->mtu, 1500);
        assert_string_equal(port->driver, "net_null");
        assert_false(port->rx_ipv4_checksum || port->tx_udp_checksum);
        assert_int_equal(rte_eth_rx_burst(port->port_id, 1, &mbuf, 1), 0);
        for (uint16_t queue = 0; queue < 2; queue++) {
            mbuf = new_frame(port, 100);
            assert_int_equal(rte_eth_tx_burst(port->port_id, queue, &mbuf, 1), 1);
        }
        cv_port_stats_init(port, &stats);
        assert_string_equal(stats.name, "p0");
        assert_string_equal(stats.driver, "net_null");
        assert_int_equal(stats.queues, 2);
        assert_int_equal(stats.address_count, 1);
        assert_int_equal(stats.link_up, 1);
        assert_int_equal(stats.tx_pkts, 2);
        assert_int_equal(stats.rx_pkts, 0);
        cv_ports_close(&ports);
        assert_int_equal(rte_eth_dev_count_avail(), 0);
    }
}

static uint64_t dpdk_bytes_in_use(void)
{
    struct rte_malloc_socket_stats stats;

    assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
    return stats.heap_allocsz_bytes;
}

static void memory_as_announced(void **state)
{
    uint64_t before = dpdk_bytes_in_use(), during;

    (void)state;
    start_config(2);
    for (unsigned i = 0; i < 4; i++)
        add_port(CV_DRIVER_NULL, "", "");
    assert_open();
    during = dpdk_bytes_in_use();
    assert_in_range(during - before, (uint64_t)config.mbufs * 4096, cv_ports_memory(&config));
    cv_ports_close(&ports);
    assert_in_range(dpdk_bytes_in_use(), 0, before + (1 << 20));
}

/* The entry for this address; fails when there is none. */
static const struct cv_local *local_of(unsigned port, const char *text)
{
    struct cv_ip ip;
    uint8_t index;

    assert_int_equal(cv_ip_parse(text, &ip), 0);
    index = cv_local_find(&ports.locals, ports.list[port].port_id, &ip);
    assert_int_not_equal(index, CV_NO_LOCAL);
    return &ports.locals.list[index];
}

static void assert_gateway(const struct cv_local *local, const char *text)
{
    struct cv_ip gateway = {0};

    if (text != NULL)
        assert_int_equal(cv_ip_parse(text, &gateway), 0);
    assert_memory_equal(&local->gateway, &gateway, sizeof(gateway));
}

static void own_addresses(void **state)
{
    struct cv_config_port *port;
    const struct cv_local *local;
    char link_local[64];
    const uint8_t *mac;

    (void)state;
    start_config(1);
    port = add_port(CV_DRIVER_NULL, "", "");
    port->vlan = 7;
    add_address(port, "192.0.2.1/24");
    add_address(port, "198.51.100.1/24");
    add_address(port, "203.0.113.1/32");
    add_address(port, "2001:db8::1/64");
    add_gateway(port, "198.51.100.254");
    add_gateway(port, "192.0.2.254");
    add_gateway(port, "fe80::fe");
    add_address(add_port(CV_DRIVER_NULL, "", ""), "10.0.0.1/8");
    assert_open();
    assert_int_equal(ports.locals.count, 6);
    assert_gateway(local_of(0, "192.0.2.1"), "192.0.2.254");
    assert_gateway(local_of(0, "198.51.100.1"), "198.51.100.254");
    assert_gateway(local_of(0, "203.0.113.1"), "198.51.100.254");
    assert_gateway(local_of(0, "2001:db8::1"), "fe80::fe");
    assert_gateway(local_of(1, "10.0.0.1"), NULL);

    local = local_of(0, "2001:db8::1");
    assert_int_equal(local->is_v6, 1);
    assert_int_equal(local->prefix_length, 64);
    assert_int_equal(local->vlan, 7);
    assert_int_equal(local->mtu, 1500);
    assert_true(local->silent);
    assert_false(local->link_local);
    assert_int_equal(local_of(0, "192.0.2.1")->prefix_length, 120);
    assert_memory_equal(&local->mac, &ports.list[0].mac, 6);

    mac = ports.list[0].mac.addr_bytes;
    snprintf(link_local, sizeof(link_local), "fe80::%x:%xff:fe%02x:%x", (mac[0] ^ 2) << 8 | mac[1], mac[2],
             mac[3], mac[4] << 8 | mac[5]);
    local = local_of(0, link_local);
    assert_true(local->link_local);
    assert_gateway(local, NULL);
    cv_ports_close(&ports);
}

static void too_many_addresses(void **state)
{
    (void)state;
    start_config(1);
    for (unsigned i = 0; i < 4; i++) {
        struct cv_config_port *port = add_port(CV_DRIVER_NULL, "", "");

        for (unsigned j = 0; j < CV_CONFIG_ADDRESSES; j++) {
            char text[64];

            snprintf(text, sizeof(text), "2001:db8:%u:%u::1/64", i, j);
            add_address(port, text);
        }
    }
    assert_refused(-ENOSPC, "port p3:", "more than 32 addresses");
}

/* ---- Files ---- */

struct pcap_file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, longest, link_type;
};

struct pcap_packet_header {
    uint32_t seconds, microseconds, saved, bytes;
};

static char folder[] = "/tmp/test_port.XXXXXX";

static const char *path(const char *name)
{
    static char text[2][64];
    static unsigned turn;

    turn ^= 1;
    snprintf(text[turn], sizeof(text[turn]), "%s/%s", folder, name);
    return text[turn];
}

static void write_pcap(const char *name, unsigned packets)
{
    struct pcap_file_header header = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    fwrite(&header, sizeof(header), 1, file);
    for (unsigned i = 0; i < packets; i++) {
        struct pcap_packet_header packet = {0, 0, 60 + i, 60 + i};
        uint8_t bytes[1514] = {0};

        memset(bytes, (int)i, packet.saved);
        fwrite(&packet, sizeof(packet), 1, file);
        fwrite(bytes, packet.saved, 1, file);
    }
    fclose(file);
}

static void pcap_port(void **state)
{
    char devargs[64];
    struct cv_port_stats stats = {0};
    struct rte_mbuf *mbufs[8];
    const struct cv_port *port;
    uint8_t sent[24 + 16 + 100];
    FILE *file;

    (void)state;
    write_pcap(path("in"), 3);
    snprintf(devargs, sizeof(devargs), "tx_pcap=%s", path("out"));
    start_config(1);
    add_port(CV_DRIVER_PCAP, path("in"), devargs);
    assert_open();
    port = &ports.list[0];
    assert_int_equal(rte_eth_rx_burst(port->port_id, 0, mbufs, 8), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(mbufs[i]->data_len, 60 + i);
        assert_int_equal(mbufs[i]->port, port->port_id);
        assert_int_equal(*rte_pktmbuf_mtod(mbufs[i], uint8_t *), i);
        rte_pktmbuf_free(mbufs[i]);
    }
    mbufs[0] = new_frame(port, 100);
    assert_int_equal(rte_eth_tx_burst(port->port_id, 0, mbufs, 1), 1);
    cv_port_stats_refresh(port, &stats);
    assert_int_equal(stats.rx_pkts, 3);
    assert_int_equal(stats.rx_bytes, 60 + 61 + 62);
    assert_int_equal(stats.tx_pkts, 1);
    cv_ports_close(&ports);

    file = fopen(path("out"), "r");
    assert_non_null(file);
    assert_int_equal(fread(sent, 1, sizeof(sent), file), sizeof(sent));
    fclose(file);
    assert_memory_equal(sent + 40 + 12, "\x88\xb5", 2);
}

static void pcap_refused(void **state)
{
    char devargs[64];

    (void)state;
    start_config(1);
    add_port(CV_DRIVER_PCAP, path("missing"), "");
    assert_refused(-1, "port p0:", "net_pcap does not open");
    start_config(1);
    add_port(CV_DRIVER_PCAP, "with,comma", "");
    assert_refused(-EINVAL, "port p0:", "comma");
    /* One queue by hand, and two workers. */
    snprintf(devargs, sizeof(devargs), "rx_pcap=%s", path("in"));
    start_config(2);
    add_port(CV_DRIVER_PCAP, path("in"), devargs);
    assert_refused(-ENOTSUP, "net_pcap has 1 transmit queue here and there are 2 workers",
                   "no more than 1 core");
}

static void pci_refused(void **state)
{
    (void)state;
    start_config(1);
    add_port(CV_DRIVER_PCI, "ff:1f.7", "");
    assert_refused(-ENODEV, "there is no PCI device 0000:ff:1f.7", "dpdk-devbind.py --status");
}

static int start(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int stop(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eal_refuses), /* before EAL has started */
        cmocka_unit_test(eal_starts),    cmocka_unit_test(device_arguments),
        cmocka_unit_test(null_port),     cmocka_unit_test(memory_as_announced),
        cmocka_unit_test(own_addresses), cmocka_unit_test(too_many_addresses),
        cmocka_unit_test(pcap_port),     cmocka_unit_test(pcap_refused),
        cmocka_unit_test(pci_refused),
    };

    return cmocka_run_group_tests_name("port", tests, start, stop);
}
