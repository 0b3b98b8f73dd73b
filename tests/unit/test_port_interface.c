/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports on interfaces (TAP, AF_PACKET, AF_XDP), with traffic to and from the kernel's side. As root, or
 * skips.
 */
#include "opening.h"
#include "port/port_stats.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <rte_ethdev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 3000

/* A raw socket on the kernel's side of a port; skips the test where there can't be one. */
static int open_raw(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    if (fd < 0)
        skip();
    address.sll_ifindex = (int)if_nametoindex(interface);
    assert_int_not_equal(address.sll_ifindex, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static bool is_ours(const uint8_t *frame, uint16_t bytes)
{
    return bytes >= 100 && memcmp(frame + 12, "\x88\xb5", 2) == 0;
}

/* Sends a frame out by the queue and waits for it on the socket. */
static void check_transmit(const struct cv_port *port, uint16_t queue, int fd)
{
    struct rte_mbuf *mbuf = new_frame(port, 200);
    uint8_t frame[2048];

    assert_int_equal(rte_eth_tx_burst(port->port_id, queue, &mbuf, 1), 1);
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        ssize_t bytes;

        if (poll(&waiting, 1, WAIT_MS) != 1)
            fail_msg("a frame sent by queue %u does not arrive", queue);
        bytes = recv(fd, frame, sizeof(frame), 0);
        if (is_ours(frame, (uint16_t)bytes)) {
            assert_int_equal(bytes, 200);
            assert_memory_equal(frame + 6, &port->mac, 6);
            return;
        }
    }
}

/* Sends a frame into the socket and waits for it on any queue. */
static void check_receive(const struct cv_port *port, int fd)
{
    uint8_t frame[200] = {0};
    struct rte_mbuf *mbuf;

    memcpy(frame, &port->mac, 6);
    frame[6] = 2;
    memcpy(frame + 12, "\x88\xb5", 2);
    assert_int_equal(send(fd, frame, sizeof(frame), 0), sizeof(frame));
    for (unsigned i = 0; i < WAIT_MS * 10; i++) {
        for (uint16_t queue = 0; queue < port->rx_queues; queue++) {
            if (rte_eth_rx_burst(port->port_id, queue, &mbuf, 1) == 0)
                continue;
            bool ours = is_ours(rte_pktmbuf_mtod(mbuf, uint8_t *), mbuf->data_len);

            if (ours) {
                assert_int_equal(mbuf->data_len, sizeof(frame));
                assert_memory_equal(rte_pktmbuf_mtod(mbuf, uint8_t *), frame, sizeof(frame));
                assert_int_equal(mbuf->port, port->port_id);
            }
            rte_pktmbuf_free(mbuf);
            if (ours)
                return;
        }
        usleep(100);
    }
    fail_msg("a frame sent to the port does not arrive");
}

static void check_traffic(const char *kernel_side)
{
    const struct cv_port *port = &ports.list[0];
    struct cv_port_stats stats = {0};
    int fd = open_raw(kernel_side);

    for (uint16_t queue = 0; queue < port->tx_queues; queue++)
        check_transmit(port, queue, fd);
    for (unsigned i = 0; i < 4; i++)
        check_receive(port, fd);
    close(fd);
    cv_port_stats_init(port, &stats);
    assert_int_equal(stats.link_up, 1);
    assert_in_range(stats.rx_pkts, 4, 1000);
    assert_in_range(stats.tx_pkts, port->tx_queues, 1000);
}

static void tap_port(void **state)
{
    (void)state;
    if (access("/dev/net/tun", R_OK | W_OK) != 0 || geteuid() != 0)
        skip();
    start_config(2);
    add_port(CV_DRIVER_TAP, "cvtap0", "");
    assert_open();
    assert_int_equal(ports.list[0].rx_queues, 2);
    assert_int_equal(ports.list[0].tx_queues, 2);
    check_traffic("cvtap0");
    cv_ports_close(&ports);
    assert_int_equal(if_nametoindex("cvtap0"), 0);

    start_config(64);
    add_port(CV_DRIVER_TAP, "cvtap0", "");
    assert_refused(-ENOBUFS, "port p0: 16384 packet buffers are not enough to fill its 64 + 64 queues",
                   "dataplane.limits.mbufs: ");
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* cvport0 is the port's, cvport1 the network's. */
static int make_veth(void **state)
{
    (void)state;
    if (geteuid() == 0 && system("ip link add cvport0 type veth peer name cvport1 2>/dev/null") == 0)
        run("ip link set cvport1 up");
    return 0;
}

static int remove_veth(void **state)
{
    (void)state;
    if (if_nametoindex("cvport0") != 0)
        run("ip link del cvport0");
    return 0;
}

static bool link_shows(const char *word)
{
    char command[64];

    snprintf(command, sizeof(command), "ip link show cvport0 | grep -qw %s", word);
    return system(command) == 0;
}

static void check_interface(enum cv_driver driver, uint32_t workers, const char *expected_driver)
{
    if (if_nametoindex("cvport0") == 0)
        skip();
    start_config(workers);
    add_port(driver, "cvport0", "");
    assert_open();
    assert_string_equal(ports.list[0].driver, expected_driver);
    assert_int_equal(ports.list[0].rx_queues, workers);
    assert_true(link_shows("ALLMULTI"));
    check_traffic("cvport1");
    cv_ports_close(&ports);
    assert_false(link_shows("ALLMULTI"));
    assert_false(link_shows("xdp"));
}

static void af_packet_port(void **state)
{
    (void)state;
    check_interface(CV_DRIVER_AF_PACKET, 1, "net_af_packet");
    check_interface(CV_DRIVER_AF_PACKET, 2, "net_af_packet");
}

static void af_xdp_port(void **state)
{
    int fd = socket(AF_XDP, SOCK_RAW, 0);

    (void)state;
    if (fd < 0)
        skip();
    close(fd);
    check_interface(CV_DRIVER_AF_XDP, 1, "net_af_xdp");
    check_interface(CV_DRIVER_INTERFACE, 1, "net_af_xdp");
    /* A veth pair has one queue for AF_XDP, and a second worker needs another. */
    check_interface(CV_DRIVER_INTERFACE, 2, "net_af_packet");
    start_config(2);
    add_port(CV_DRIVER_AF_XDP, "cvport0", "");
    assert_refused(-ENOTSUP, "AF_XDP serves 1 worker on cvport0", "2 are configured");
}

static void interface_refused(void **state)
{
    (void)state;
    start_config(1);
    add_port(CV_DRIVER_INTERFACE, "nowhere0", "");
    assert_refused(-ENODEV, "port p0: there is no interface nowhere0", "there are: ");
    if (if_nametoindex("cvport0") == 0)
        skip();
    start_config(1);
    add_port(CV_DRIVER_AF_PACKET, "cvport0", "")->mtu = 9000;
    assert_refused(-ERANGE, "mtu 9000", "1500");
    start_config(1);
    add_port(CV_DRIVER_AF_PACKET, "cvport0", "");
    config.mbufs = 600;
    assert_refused(-ENOBUFS, "600 packet buffers", "dataplane.limits.mbufs: ");
    start_config(1);
    add_port(CV_DRIVER_AF_PACKET, "cvport0", "nonsense=1");
    assert_refused(-1, "net_af_packet does not open", "nonsense=1");
    assert_false(link_shows("ALLMULTI"));
    /* The second port's failure closes the first. */
    start_config(1);
    add_port(CV_DRIVER_NULL, "", "");
    add_port(CV_DRIVER_AF_PACKET, "nowhere0", "");
    assert_refused(-ENODEV, "port p1:", "nowhere0");
}

static int start(void **state)
{
    (void)state;
    assert_eal();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tap_port),
        cmocka_unit_test_setup_teardown(af_packet_port, make_veth, remove_veth),
        cmocka_unit_test_setup_teardown(af_xdp_port, make_veth, remove_veth),
        cmocka_unit_test_setup_teardown(interface_refused, make_veth, remove_veth),
    };

    return cmocka_run_group_tests_name("port_interface", tests, start, NULL);
}
