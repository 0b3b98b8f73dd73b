/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"
#include "config/config_load.h"
#include "config/config_override.h"
#include "keeper.h"
#include "port/eal.h"

#include <getopt.h>
#include <rte_log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONFIG "/etc/culvert/culvert.yaml"

static const char usage[] =
    "Usage: culvert-dataplane [-c FILE] [OPTION]...\n"
    "Forwards packets between the legs of pairs. Pairs come from culvert-control.\n"
    "\n"
    "  -c, --config FILE   configuration (default " DEFAULT_CONFIG ")\n"
    "  -p, --port PORT     a port in place of the configured ones, in YAML's flow style; may be repeated\n"
    "      --check         read the configuration, say what is wrong with it, and stop\n"
    "  -v, --verbose       log what DPDK and its drivers say, too; twice for more\n"
    "  -h, --help          show this\n"
    "      --version       show the version\n"
    "\n"
    "Examples:\n"
    "  culvert-dataplane -c culvert.yaml --check\n"
    "  culvert-dataplane -c culvert.yaml\n"
    "  culvert-dataplane -c culvert.yaml -p 'name: lan, driver: af_packet, device: eth1, addresses: "
    "[192.0.2.1/24]'\n"
    "\n"
    "Ends with SIGINT or SIGTERM. Exit codes: 0 done, 1 usage or configuration, 2 could not start.\n";

struct arguments {
    const char *config;
    const char *ports[CV_CONFIG_PORTS];
    uint32_t port_count;
    uint32_t log_level; /* of DPDK's own messages */
    bool check;
};

/* Exits for --help and --version; returns false on a usage error, which it has named. */
static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"port", required_argument, NULL, 'p'},
        {"check", no_argument, NULL, 'C'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "c:p:vh", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'p':
            if (arguments->port_count == CV_CONFIG_PORTS) {
                fprintf(stderr, "culvert-dataplane: more than %d ports\n", CV_CONFIG_PORTS);
                return false;
            }
            arguments->ports[arguments->port_count++] = optarg;
            break;
        case 'C':
            arguments->check = true;
            break;
        case 'v':
            arguments->log_level += arguments->log_level < RTE_LOG_DEBUG ? 2 : 0;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        case 'V':
            puts("culvert-dataplane " CULVERT_VERSION);
            exit(0);
        default:
            fputs("Try culvert-dataplane --help.\n", stderr);
            return false;
        }
    }
    if (optind < argc)
        fprintf(stderr, "culvert-dataplane: what is \"%s\"? Try --help.\n", argv[optind]);
    return optind == argc;
}

static int run(const struct cv_config *config, const struct arguments *arguments)
{
    struct cv_keeper *keeper;
    char error[1024];
    int result = cv_eal_start(config, "culvert-dataplane", cv_keeper_memory(config), arguments->log_level,
                              error, sizeof(error));

    if (result != 0) {
        fprintf(stderr, "culvert-dataplane: %s\n", error);
        return 2;
    }
    result = cv_keeper_start(&keeper, config, error, sizeof(error));
    if (result != 0) {
        fprintf(stderr, "culvert-dataplane: %s\n", error);
    } else {
        result = cv_keeper_run(keeper);
        if (result != 0)
            fprintf(stderr, "culvert-dataplane: cannot wait for events: %s\n", strerror(-result));
        cv_keeper_stop(keeper);
    }
    cv_eal_stop();
    return result == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.config = DEFAULT_CONFIG, .log_level = RTE_LOG_WARNING};
    static struct cv_config config;
    char error[4096];
    sigset_t signals;

    if (!parse_arguments(argc, argv, &arguments))
        return 1;
    if (cv_config_load(arguments.config, &config, error, sizeof(error)) != 0 ||
        cv_config_replace_ports(&config, arguments.ports, arguments.port_count, error, sizeof(error)) != 0) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    if (arguments.check) {
        printf("%s: ok\n", arguments.config);
        return 0;
    }
    /* Before any thread starts, so that all inherit it: the keeper takes the signals from a descriptor. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return run(&config, &arguments);
}
