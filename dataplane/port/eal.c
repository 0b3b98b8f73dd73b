/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include "queues.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

RTE_LOG_REGISTER(cv_eal_log, culvert.eal, NOTICE);
#define RTE_LOGTYPE_START ((uint32_t)cv_eal_log)

#define MAX_ARGUMENTS 24
#define ARGUMENT      2048        /* longest: --lcores with all workers */
#define OWN_BYTES     (16u << 20) /* what DPDK itself and its drivers take, as seen, doubled */
#define MB            (1u << 20)
#define HUGEPAGES     "/sys/kernel/mm/hugepages"

struct arguments {
    char text[MAX_ARGUMENTS][ARGUMENT];
    char *list[MAX_ARGUMENTS + 1];
    int count;
};

__rte_format_printf(2, 3) static void add(struct arguments *arguments, const char *format, ...)
{
    char *text = arguments->text[arguments->count];
    va_list values;

    va_start(values, format);
    vsnprintf(text, ARGUMENT, format, values);
    va_end(values);
    arguments->list[arguments->count++] = text;
}

/* The first number after `key` in a file, or at its beginning if `key` is NULL; 0 when there is none. */
static uint64_t read_number(const char *path, const char *key)
{
    FILE *file = fopen(path, "re");
    uint64_t number = 0;
    char line[256];

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (key != NULL && strncmp(line, key, strlen(key)) != 0)
            continue;
        number = strtoull(line + (key != NULL ? strlen(key) : 0), NULL, 10);
        break;
    }
    fclose(file);
    return number;
}

/* Bytes in free hugepages of all sizes. */
static uint64_t free_hugepage_bytes(void)
{
    DIR *folder = opendir(HUGEPAGES);
    const struct dirent *entry;
    uint64_t bytes = 0;

    if (folder == NULL)
        return 0;
    while ((entry = readdir(folder)) != NULL) {
        char path[512];
        unsigned kilobytes;

        if (sscanf(entry->d_name, "hugepages-%ukB", &kilobytes) != 1)
            continue;
        snprintf(path, sizeof(path), HUGEPAGES "/%s/free_hugepages", entry->d_name);
        bytes += read_number(path, NULL) * kilobytes * 1024;
    }
    closedir(folder);
    return bytes;
}

/*
 * Whether this process may run on the core: it is there, on line, and in our cpuset. Asked by moving there
 * for a moment, because the affinity that a parent (taskset) gave us may be left.
 */
static bool core_usable(unsigned core)
{
    cpu_set_t before, wanted;
    bool usable;

    if (core >= CPU_SETSIZE || sched_getaffinity(0, sizeof(before), &before) != 0)
        return false;
    CPU_ZERO(&wanted);
    CPU_SET(core, &wanted);
    usable = sched_setaffinity(0, sizeof(wanted), &wanted) == 0;
    sched_setaffinity(0, sizeof(before), &before);
    return usable;
}

static int check_core(const char *field, unsigned core, char *error, size_t error_bytes)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    if (core_usable(core))
        return 0;
    snprintf(
        error, error_bytes,
        "%s: core %u can't be used: this machine has %ld core%s on line, counted from 0, and this process "
        "must be allowed to run there (see taskset -pc %d)",
        field, core, count, count == 1 ? "" : "s", (int)getpid());
    return -ENODEV;
}

static int check_cores(const struct cv_config *config, char *error, size_t error_bytes)
{
    int result = check_core("dataplane.main_core", config->main_core, error, error_bytes);

    for (uint32_t i = 0; i < config->worker_count && result == 0; i++)
        result = check_core("dataplane.workers", config->workers[i], error, error_bytes);
    return result;
}

/* Decides between hugepages and ordinary memory. */
static int choose_memory(const struct cv_config *config, uint64_t *bytes, bool *hugepages, char *error,
                         size_t error_bytes)
{
    uint64_t need = *bytes;
    uint64_t free_bytes = free_hugepage_bytes();
    uint64_t available = read_number("/proc/meminfo", "MemAvailable:") * 1024;

    *hugepages = config->hugepages != CV_HUGEPAGES_OFF && free_bytes >= need;
    if (*hugepages)
        return 0;
    if (config->hugepages == CV_HUGEPAGES_ON) {
        uint64_t missing = (need - free_bytes + 2 * MB - 1) / (2 * MB);
        uint64_t have = read_number(HUGEPAGES "/hugepages-2048kB/nr_hugepages", NULL);

        snprintf(error, error_bytes,
                 "dataplane.hugepages is on: %" PRIu64 " MB are needed and %" PRIu64
                 " MB are free; try: echo %" PRIu64 " > " HUGEPAGES
                 "/hugepages-2048kB/nr_hugepages, or set it to auto",
                 need / MB, free_bytes / MB, have + missing);
        return -ENOMEM;
    }
    need += cv_pools_memory(config, false) - cv_pools_memory(config, true);
    if (available != 0 && available < need) {
        snprintf(error, error_bytes,
                 "%" PRIu64 " MB of memory are needed and %" PRIu64
                 " MB are available: lower dataplane.limits (pairs, mbufs)",
                 need / MB, available / MB);
        return -ENOMEM;
    }
    if (config->hugepages == CV_HUGEPAGES_AUTO)
        RTE_LOG_LINE(NOTICE, START,
                     "ordinary memory: %" PRIu64 " MB are needed and %" PRIu64 " MB are free in hugepages",
                     need / MB, free_bytes / MB);
    *bytes = need;
    return 0;
}

/* lcore@core, several of which may share a core. */
static void add_lcores(struct arguments *arguments, const struct cv_config *config)
{
    char list[ARGUMENT];
    int bytes = snprintf(list, sizeof(list), "0@%u", config->main_core);

    for (uint32_t i = 0; i < config->worker_count; i++)
        bytes += snprintf(list + bytes, sizeof(list) - (size_t)bytes, ",%u@%u", cv_worker_lcore(i),
                          config->workers[i]);
    add(arguments, "--lcores=%s", list);
    add(arguments, "--main-lcore=0");
}

static bool has_pci(const struct cv_config *config)
{
    for (uint32_t i = 0; i < config->port_count; i++)
        if (config->ports[i].driver == CV_DRIVER_PCI)
            return true;
    return false;
}

/*
 * Without a list of allowed devices EAL takes every NIC that is bound to a user-space driver. The one listed
 * here is a host bridge where it exists at all; ports are probed by name later, where a failure can be told
 * per port.
 */
static void add_devices(struct arguments *arguments, const struct cv_config *config)
{
    if (has_pci(config)) {
        add(arguments, "--allow=0000:00:00.0");
    } else {
        add(arguments, "--no-pci");
        add(arguments, "--iova-mode=va");
    }
}

/* Those of DPDK's log types that are not ours; all go to standard error, not also to syslog as by default. */
static void add_logs(struct arguments *arguments, uint32_t log_level)
{
    static const char *const types[] = {"lib", "pmd", "bus"};

    rte_openlog_stream(stderr);
    for (size_t i = 0; i < RTE_DIM(types); i++)
        add(arguments, "--log-level=%s.*:%" PRIu32, types[i], log_level);
}

int cv_eal_start(const struct cv_config *config, const char *program, size_t memory_bytes, uint32_t log_level,
                 char *error, size_t error_bytes)
{
    uint64_t need = RTE_ALIGN_CEIL(memory_bytes + OWN_BYTES, 2 * MB);
    static struct arguments arguments;
    bool hugepages;
    int result;

    result = check_cores(config, error, error_bytes);
    if (result == 0)
        result = choose_memory(config, &need, &hugepages, error, error_bytes);
    if (result != 0)
        return result;
    add(&arguments, "%s", program);
    add_lcores(&arguments, config);
    add_devices(&arguments, config);
    add_logs(&arguments, log_level);
    add(&arguments, "--no-telemetry");
    /* EAL does not take --in-memory together with --no-huge, which means much the same. */
    add(&arguments, hugepages ? "--in-memory" : "--no-huge");
    add(&arguments, "--no-shconf");
    add(&arguments, "-m");
    add(&arguments, "%" PRIu64, (need + MB - 1) / MB);
    if (rte_eal_init(arguments.count, arguments.list) >= 0)
        return 0;
    snprintf(error, error_bytes,
             "DPDK does not start: %s. Its messages above say what it tried; it wants root (or CAP_IPC_LOCK, "
             "CAP_NET_RAW, CAP_NET_ADMIN and CAP_SYS_RAWIO), and PCI ports without hugepages want an IOMMU",
             rte_strerror(rte_errno));
    return rte_errno != 0 ? -rte_errno : -EIO;
}

bool cv_eal_hugepages(void)
{
    return rte_eal_has_hugepages() != 0;
}

void cv_eal_stop(void)
{
    rte_eal_cleanup();
}
