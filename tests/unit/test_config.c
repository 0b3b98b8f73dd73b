/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_load.h"
#include "config/config_override.h"
#include "quantity.h"
#include "shared/message.h"

static const char *const good[] = {
    /* 1 */ "relay:",
    /* 2 */ "  relay_ports: 40000-40063",
    /* 3 */ "dataplane:",
    /* 4 */ "  workers: [1, 3]",
    /* 5 */ "  main_core: 0",
    /* 6 */ "  ports:",
    /* 7 */ "    - name: wan",
    /* 8 */ "      driver: interface",
    /* 9 */ "      device: eth1",
    /* 10 */ "      addresses: [192.0.2.1/24, \"2001:db8::1/64\"]",
    /* 11 */ "      gateways: [192.0.2.254, \"2001:db8::fe\"]",
    /* 12 */ "      mtu: 1400",
    /* 13 */ "    - name: lan",
    /* 14 */ "      driver: pci",
    /* 15 */ "      device: \"0000:01:00.0\"",
    /* 16 */ "      addresses:",
    /* 17 */ "        - 198.51.100.1/31",
    /* 18 */ "      vlan: 7",
    /* 19 */ "  limits:",
    /* 20 */ "    pairs: 1000",
    /* 21 */ "control:",
    /* 22 */ "  pairs:",
    /* 23 */ "    idle: 2m",
    /* 24 */ "    rate: 10M",
};

#define LINES (sizeof(good) / sizeof(good[0]))

static char path[] = "/tmp/culvert-config-XXXXXX";
static char error[4096];

static int load_bytes(const void *text, size_t bytes, struct cv_config *config)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
    return cv_config_load(path, config, error, sizeof(error));
}

/* The good file with line `line` (from 1; 0: none) replaced by `text`, or removed when that is NULL. */
static int load(size_t line, const char *text, struct cv_config *config)
{
    char file[8192];
    size_t used = 0;

    for (size_t i = 1; i <= LINES; i++) {
        const char *content = i == line ? text : good[i - 1];

        if (content != NULL)
            used += (size_t)snprintf(file + used, sizeof(file) - used, "%s\n", content);
        assert_true(used < sizeof(file));
    }
    return load_bytes(file, used, config);
}

static void good_file(void **state)
{
    struct cv_config config;
    char text[CV_PREFIX_TEXT];

    (void)state;
    assert_int_equal(load(0, NULL, &config), 0);
    assert_string_equal(error, "");
    assert_int_equal(config.relay_port_first, 40000);
    assert_int_equal(config.relay_port_last, 40063);
    assert_int_equal(config.worker_count, 2);
    assert_int_equal(config.workers[1], 3);
    assert_int_equal(config.port_count, 2);
    assert_string_equal(config.ports[0].name, "wan");
    assert_int_equal(config.ports[0].driver, CV_DRIVER_INTERFACE);
    assert_string_equal(config.ports[0].device, "eth1");
    assert_int_equal(config.ports[0].address_count, 2);
    assert_string_equal(cv_prefix_print(&config.ports[0].addresses[0], text), "192.0.2.1/24");
    assert_string_equal(cv_prefix_print(&config.ports[0].addresses[1], text), "2001:db8::1/64");
    assert_int_equal(config.ports[0].gateway_count, 2);
    assert_string_equal(cv_ip_print(&config.ports[0].gateways[1], text), "2001:db8::fe");
    assert_int_equal(config.ports[0].mtu, 1400);
    assert_int_equal(config.ports[1].driver, CV_DRIVER_PCI);
    assert_int_equal(config.ports[1].gateway_count, 0);
    assert_int_equal(config.ports[1].mtu, 1500);
    assert_int_equal(config.ports[1].vlan, 7);
    assert_int_equal(config.pairs_max, 1000);
    assert_int_equal(config.pair_idle_s, 120);
    assert_int_equal(config.pair_rate_bytes_per_second, 1250000);
}

/* culvert.example.yaml says that what is commented out shows the default. */
static void example_shows_the_defaults(void **state)
{
    struct cv_config config;

    (void)state;
    assert_int_equal(cv_config_load(CULVERT_EXAMPLE, &config, error, sizeof(error)), 0);
    assert_string_equal(config.dataplane_socket, "/run/culvert/dataplane.sock");
    assert_int_equal(config.main_core, 0);
    assert_int_equal(config.hugepages, CV_HUGEPAGES_AUTO);
    assert_int_equal(config.idle, CV_IDLE_POLL);
    assert_int_equal(config.ports[0].mtu, 1500);
    assert_int_equal(config.ports[0].vlan, 0);
    assert_string_equal(config.ports[0].devargs, "");
    assert_int_equal(config.next_hops_max, 1024);
    assert_int_equal(config.mbufs, 16384);
    assert_string_equal(config.control_socket, "/run/culvert/control.sock");
    assert_string_equal(config.store, "/var/lib/culvert/control.db");
    assert_int_equal(config.pair_idle_s, 120);
    assert_int_equal(config.pair_rate_bytes_per_second, 0);
    assert_int_equal(config.session_policy, CV_SESSION_POLICY_ALLOW);
    assert_int_equal(config.session_allow.count, 0);
    assert_int_equal(config.session_deny.count, 0);
    assert_int_equal(config.session_pairs, 64);
    assert_int_equal(config.session_offers, 16);
    assert_int_equal(config.session_register_s, 10);
    assert_int_equal(config.session_answer_s, 30);
    assert_int_equal(config.session_instances, 8);
    assert_int_equal(config.session_resume_s, 300);
    assert_int_equal(config.session_requests, 600);
    assert_int_equal(config.session_messages, 120);
    assert_int_equal(config.session_reachable, CV_SESSION_REACHABLE_ANYONE);
}

static void optional_parts_may_be_left_out(void **state)
{
    static const char least[] =
        "relay: {relay_ports: 5000}\n"
        "dataplane: {workers: [0], ports: [{name: x, driver: \"null\", addresses: [10.0.0.1/8]}]}\n";
    struct cv_config config;

    (void)state;
    assert_int_equal(load_bytes(least, sizeof(least) - 1, &config), 0);
    assert_int_equal(config.relay_port_first, 5000);
    assert_int_equal(config.relay_port_last, 5000);
    assert_int_equal(config.pairs_max, 100000);
    assert_string_equal(config.ports[0].device, "");
    assert_int_equal(load(24, "    #", &config), 0);
    assert_int_equal(load(20, "    #", &config), 0); /* "limits:" with nothing in it */
}

/* Which line to replace by what, and what must be said: ":line: field: found ..., expected ...". */
static const struct {
    size_t line;
    const char *text;
    const char *message;
} bad[] = {
    /* Shape. */
    {2, NULL, ":1: relay: found one value, expected a section of keys"},
    {2, "  dataplane_socket: /x", ":1: relay: found no \"relay_ports\", expected it: it has no default"},
    {4, NULL, ":3: dataplane: found no \"workers\", expected it"},
    {4, "  workers: 1", ":4: dataplane.workers: found one value, expected a list"},
    {4, "  workers: {a: 1}", ":4: dataplane.workers: found a section of keys, expected a list"},
    {4, "  workers: []", ":4: dataplane.workers: found an empty list, expected at least one entry"},
    {5, "  main_kore: 0",
     ":5: dataplane: found unknown key \"main_kore\", expected one of workers, main_core, "},
    {21, "kontrol:", ":21: found unknown key \"kontrol\", expected one of relay, dataplane, control"},
    {12, "      mtus: 9",
     ":12: dataplane.ports[0]: found unknown key \"mtus\", expected one of name, driver, "},
    {12, "      name: b", ":12: dataplane.ports[0].name: found a second time, expected once"},
    {13, "    - nam: lan", ":13: dataplane.ports[1]: found unknown key \"nam\""},
    {14, NULL, ":13: dataplane.ports[1]: found no \"driver\", expected it"},
    {14, "      driver: [pci]", ":14: dataplane.ports[1].driver: found a list, expected one value"},
    {12, "      mtu: &m 1400\n      vlan: *m", ":13: dataplane.ports[0].vlan: found a YAML alias"},
    {11, "      gateways: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, 1.1.1.6, 1.1.1.7, 1.1.1.8, 1.1.1.9]",
     ":11: dataplane.ports[0].gateways: found more entries, expected at most 8"},
    {18, "      ? [a]\n      : b", ":13: dataplane.ports[1]: found a list or a section in place of a key"},
    {4, "  workers: [1",
     ":5: not YAML: did not find expected ',' or ']', while parsing a flow sequence that starts in line 4"},
    {20, "\tpairs: 1", ":20: not YAML: "},
    {24, "---\na: b", ":24: found a second YAML document"},
    /* relay */
    {2, "  relay_ports: 40063-40000",
     ":2: relay.relay_ports: found \"40063-40000\", expected UDP ports from 1 to 65535"},
    {2, "  relay_ports: 0-9", ":2: relay.relay_ports: found \"0-9\""},
    {2, "  relay_ports: 40000-65536", ":2: relay.relay_ports: found \"40000-65536\""},
    {2, "  relay_ports: 40000 - 40063", ":2: relay.relay_ports: found "},
    {2, "  relay_ports: 40000-", ":2: relay.relay_ports: found "},
    {2, "  relay_ports: -1", ":2: relay.relay_ports: found "},
    {2, "  relay_ports: 1-2-3", ":2: relay.relay_ports: found "},
    {2, "  relay_ports: 40000-44096", ":2: relay.relay_ports: found 4097 ports, expected at most 4096"},
    {2, "  relay_ports: 1\n  dataplane_socket: \"\"",
     ":3: relay.dataplane_socket: found \"\", expected a path"},
    {2, "  relay_ports: 1\n  dataplane_socket: /run/culvert/control.sock",
     ": control.socket: found \"/run/culvert/control.sock\", expected another path than "
     "relay.dataplane_socket"},
    {2,
     "  relay_ports: 1\n  dataplane_socket: "
     "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaa",
     "...\", expected at most 107 bytes, no control characters"},
    /* dataplane */
    {4, "  workers: [1, 1]",
     ":4: dataplane.workers[1]: found \"1\", expected a core that no other worker has"},
    {4, "  workers: [1, x]", ":4: dataplane.workers[1]: found \"x\", expected a number from 0 to 1023"},
    {4, "  workers:\n    - 1\n    - 1024",
     ":6: dataplane.workers[1]: found \"1024\", expected a number from 0 to 1023"},
    {5, "  main_core: -1", ":5: dataplane.main_core: found \"-1\", expected a number"},
    {5, "  hugepages: yes", ":5: dataplane.hugepages: found \"yes\", expected auto, on, off"},
    {5, "  idle: nap", ":5: dataplane.idle: found \"nap\", expected poll, sleep"},
    {20, "    pairs: 0", ":20: dataplane.limits.pairs: found \"0\", expected a number from 1 to 16777216"},
    {20, "    pairs: 16777217", ":20: dataplane.limits.pairs: found \"16777217\""},
    {20, "    pairs: 99999999999999999999999", ":20: dataplane.limits.pairs: found "},
    {20, "    pairs: 1e6", ":20: dataplane.limits.pairs: found \"1e6\""},
    {20, "    next_hops: 65535",
     ":20: dataplane.limits.next_hops: found \"65535\", expected a number from 1 to 65534"},
    {20, "    mbufs: 511", ":20: dataplane.limits.mbufs: found \"511\", expected a number from 512"},
    /* ports */
    {7, "    - name: \"\"", ":7: dataplane.ports[0].name: found \"\", expected 1 to 31 letters"},
    {7, "    - name: a b", ":7: dataplane.ports[0].name: found \"a b\""},
    {7, "    - name: \"a\\nb\"", ":7: dataplane.ports[0].name: found \"a?b\""},
    {7, "    - name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ":7: dataplane.ports[0].name: found "},
    {13, "    - name: wan",
     ":13: dataplane.ports[1].name: found \"wan\", expected a name that no other port has"},
    {8, "      driver: dpdk",
     ":8: dataplane.ports[0].driver: found \"dpdk\", expected pci, interface, af_xdp, af_packet, "},
    {9, NULL, ":7: dataplane.ports[0].device: found nothing, expected the name of a network interface"},
    {9, "      device: \"\"",
     ":9: dataplane.ports[0].device: found \"\", expected the name of a network interface"},
    {9, "      device: an_interface_name", ":9: dataplane.ports[0].device: found \"an_interface_name\""},
    {9, "      device: eth1,x=y", ":9: dataplane.ports[0].device: found "},
    {15, "      device: \"01:00.0\"",
     ":15: dataplane.ports[1].device: found \"01:00.0\", expected a PCI address"},
    {15, "      device: \"0000:01:00.g\"", ":15: dataplane.ports[1].device: found "},
    {14, "      driver: memif", ""}, /* a memif socket may have any path */
    {12, "      mtu: 1279",
     ":12: dataplane.ports[0].mtu: found \"1279\", expected a number from 1280 to 9600"},
    {18, "      mtu: 575", ":18: dataplane.ports[1].mtu: found \"575\", expected a number from 576 to 9600"},
    {18, "      vlan: 4095",
     ":18: dataplane.ports[1].vlan: found \"4095\", expected a number from 0 to 4094"},
    {17, "        - 198.51.100.1",
     ":17: dataplane.ports[1].addresses[0]: found \"198.51.100.1\", expected an address with the length"},
    {17, "        - 198.51.100.1/33", ":17: dataplane.ports[1].addresses[0]: found "},
    {17, "        - 198.51.100.0/24",
     ":17: dataplane.ports[1].addresses[0]: found \"198.51.100.0/24\", expected a host's address"},
    {17, "        - 198.51.100.255/24", ":17: dataplane.ports[1].addresses[0]: found "},
    {17, "        - 127.0.0.1/8", ":17: dataplane.ports[1].addresses[0]: found "},
    {17, "        - 224.0.0.1/24", ":17: dataplane.ports[1].addresses[0]: found "},
    {17, "        - \"::1/64\"", ":17: dataplane.ports[1].addresses[0]: found "},
    {17, "        - 0.0.0.0/0", ":17: dataplane.ports[1].addresses[0]: found "},
    {17, "        - \"ff02::1/64\"", ":17: dataplane.ports[1].addresses[0]: found "},
    {17, "        - 192.0.2.1/25",
     ":17: dataplane.ports[1].addresses[0]: found \"192.0.2.1/25\", expected an address that stands nowhere "
     "else"},
    {17, "        - 198.51.100.1/24\n        - 198.51.100.1/25",
     ":18: dataplane.ports[1].addresses[1]: found "},
    {11, "      gateways: [198.51.100.1]",
     ":11: dataplane.ports[0].gateways[0]: found \"198.51.100.1\", expected an address inside one of the "
     "port's networks"},
    {11, "      gateways: [192.0.2.254, 192.0.2.253]",
     ":11: dataplane.ports[0].gateways[1]: found \"192.0.2.253\", expected one gateway for each network"},
    {11, "      gateways: [192.0.2.1]",
     ":11: dataplane.ports[0].gateways[0]: found \"192.0.2.1\", expected another address than the relay's "
     "own"},
    {11, "      gateways: [192.0.2.255]",
     ":11: dataplane.ports[0].gateways[0]: found \"192.0.2.255\", expected a host's address"},
    {11, "      gateways: [gw]", ":11: dataplane.ports[0].gateways[0]: found \"gw\", expected an IP address"},
    /* control */
    {23, "    idle: 120", ":23: control.pairs.idle: found \"120\", expected a time of at most 7d"},
    {23, "    idle: 8d", ":23: control.pairs.idle: found \"8d\""},
    {24, "    rate: fast", ":24: control.pairs.rate: found \"fast\", expected bits per second"},
    {24, "    rate: 1001G", ":24: control.pairs.rate: found "},
};

static void every_error_names_line_field_and_expectation(void **state)
{
    struct cv_config config;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int result = load(bad[i].line, bad[i].text, &config);

        if (bad[i].message[0] == '\0') {
            assert_int_equal(result, 0);
            continue;
        }
        if (result != -EINVAL || strstr(error, bad[i].message) == NULL ||
            strncmp(error, path, strlen(path)) != 0)
            fail_msg("line %zu \"%s\": %d, \"%s\" instead of \"%s\"", bad[i].line,
                     bad[i].text != NULL ? bad[i].text : "", result, error, bad[i].message);
    }
}

static void all_errors_of_a_file_are_told(void **state)
{
    struct cv_config config;

    (void)state;
    assert_int_equal(load(20, "    pairs: 0\n    next_hops: x\n    mbufs: 1", &config), -EINVAL);
    assert_non_null(strstr(error, ":20: dataplane.limits.pairs: "));
    assert_non_null(strstr(error, "\n/tmp"));
    assert_non_null(strstr(error, ":21: dataplane.limits.next_hops: "));
    assert_non_null(strstr(error, ":22: dataplane.limits.mbufs: "));
    assert_int_not_equal(error[strlen(error) - 1], '\n');
}

/*
 * Thirteen ports with two addresses and IPv6 each: each a good one, together more than the data plane can
 * have.
 */
static void addresses_of_all_ports_are_counted(void **state)
{
    char file[8192];
    size_t used = (size_t)snprintf(file, sizeof(file),
                                   "relay: {relay_ports: 5000}\ndataplane:\n  workers: [0]\n  ports:\n");
    struct cv_config config;

    (void)state;
    for (unsigned i = 0; i < 13; i++)
        used += (size_t)snprintf(
            file + used, sizeof(file) - used,
            "    - {name: p%u, driver: tap, device: t%u, addresses: [10.0.%u.1/24, \"2001:db8:%u::1/64\"]}\n",
            i, i, i, i);
    assert_int_equal(load_bytes(file, used, &config), -EINVAL);
    assert_non_null(strstr(error, ":4: dataplane.ports: found 39 addresses"));
}

static void short_error_buffers_are_terminated(void **state)
{
    struct cv_config config;

    (void)state;
    assert_int_equal(load(20, "    pairs: 0\n    next_hops: x\n    mbufs: 1", &config), -EINVAL);
    for (size_t bytes = 1; bytes < 300; bytes += 7) {
        char *room = malloc(bytes);

        assert_non_null(room);
        assert_int_equal(cv_config_load(path, &config, room, bytes), -EINVAL);
        assert_true(strlen(room) < bytes);
        assert_memory_equal(room, error, strlen(room));
        free(room);
    }
    assert_int_equal(cv_config_load(path, &config, NULL, 0), -EINVAL);
}

static void files_that_are_none(void **state)
{
    static char big[1024 * 1024 + 1];
    uint8_t bytes[256];
    struct cv_config config;

    (void)state;
    assert_int_equal(cv_config_load("/nonexistent/x.yaml", &config, error, sizeof(error)), -ENOENT);
    assert_string_equal(error, "/nonexistent/x.yaml: cannot be opened: No such file or directory");
    assert_int_equal(cv_config_load("/", &config, error, sizeof(error)), -EISDIR);
    assert_int_equal(load_bytes("", 0, &config), -EINVAL);
    assert_non_null(strstr(error, "found nothing in the file"));
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(load_bytes(bytes, sizeof(bytes), &config), -EINVAL);
    memset(big, '#', sizeof(big));
    assert_int_equal(load_bytes(big, sizeof(big), &config), -EFBIG);
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds;
    } cases[] = {{"0", 0},
                 {"0s", 0},
                 {"1s", 1},
                 {"120s", 120},
                 {"2m", 120},
                 {"1h", 3600},
                 {"7d", 604800},
                 {"4294967295s", UINT32_MAX},
                 {"71582788m", 4294967280}};
    static const char *const wrong[] = {"",     "s",   "1",           "120",       "1.5s",
                                        "-1s",  "+1s", " 1s",         "1 s",       "1S",
                                        "1sec", "1s ", "4294967296s", "71582789m", "99999999999999999999d",
                                        "0x1s"};
    uint32_t seconds = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(cv_duration_parse(wrong[i], &seconds), -EINVAL);
    assert_int_equal(seconds, 77);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cv_duration_parse(cases[i].text, &seconds), 0);
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void rates(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes_per_second;
    } cases[] = {{"0", 0},
                 {"0M", 0},
                 {"8", 1},
                 {"9", 1},
                 {"64k", 8000},
                 {"64K", 8000},
                 {"10M", 1250000},
                 {"1.5G", 187500000},
                 {"0.25M", 31250},
                 {"1T", CV_PAIR_RATE_MAX_BYTES_PER_SECOND},
                 {"1000G", CV_PAIR_RATE_MAX_BYTES_PER_SECOND},
                 {"0.100000G", 12500000},
                 {"0.01k", 1}};
    static const char *const wrong[] = {
        "",      "M",         "7",          "1.5",       "10 M",   "10m",
        "-1M",   "1,5M",      ".5M",        "1.M",       "1.5.5M", "10Mbit",
        "1001G", "1.000001T", "0.0000001T", "0.000001M", "2T",     "99999999999999999999",
        "0.007k"};
    uint64_t rate = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(cv_rate_parse(wrong[i], &rate), -EINVAL);
    assert_int_equal(rate, 77);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cv_rate_parse(cases[i].text, &rate), 0);
        assert_int_equal(rate, cases[i].bytes_per_second);
    }
}

static int make_file(void **state)
{
    int descriptor = mkstemp(path);

    (void)state;
    return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void ports_from_the_command_line(void **state)
{
    static const char *const texts[] = {"name: a, driver: tap, device: cv0, addresses: [10.0.0.1/24]",
                                        "name: b, driver: \"null\", addresses: [10.0.1.1/24]"};
    static const char *const wrong[] = {"name: a, driver: tap, device: cv0, addresses: [10.0.0.1/24]",
                                        "name: b, driver: zz, addresses: [10.0.1.1/24]"};
    struct cv_config config = {.port_count = 7};

    (void)state;
    assert_int_equal(cv_config_replace_ports(&config, texts, 0, error, sizeof(error)), 0);
    assert_int_equal(config.port_count, 7);
    assert_int_equal(cv_config_replace_ports(&config, texts, 2, error, sizeof(error)), 0);
    assert_int_equal(config.port_count, 2);
    assert_string_equal(config.ports[0].device, "cv0");
    assert_int_equal(config.ports[1].driver, CV_DRIVER_NULL);
    assert_int_equal(cv_config_replace_ports(&config, wrong, 2, error, sizeof(error)), -EINVAL);
    assert_non_null(strstr(error, "--port:2: dataplane.ports[1].driver: found \"zz\""));
    assert_int_equal(config.port_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_file),
        cmocka_unit_test(example_shows_the_defaults),
        cmocka_unit_test(optional_parts_may_be_left_out),
        cmocka_unit_test(every_error_names_line_field_and_expectation),
        cmocka_unit_test(all_errors_of_a_file_are_told),
        cmocka_unit_test(addresses_of_all_ports_are_counted),
        cmocka_unit_test(short_error_buffers_are_terminated),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(ports_from_the_command_line),
        cmocka_unit_test(durations),
        cmocka_unit_test(rates),
    };

    return cmocka_run_group_tests_name("config", tests, make_file, remove_file);
}
