/* SPDX-License-Identifier: BSD-3-Clause */
#include "relay_setup.h"

#include "relay/pairs.h"

#include "legs.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_fail(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    fputs("error: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(2);
}

void bench_eal_start(const char *program, unsigned core, bool no_huge)
{
    char core_text[16];
    const char *hugepages[] = {
        program, "-l", core_text, "--no-pci", "--no-telemetry", "--log-level=error", "--in-memory"};
    const char *ordinary[] = {
        program,       "-l",        core_text, "--no-pci", "--no-telemetry", "--log-level=error",
        "--no-shconf", "--no-huge", "-m",      "1024"};
    const char **arguments = no_huge ? ordinary : hugepages;
    int count = no_huge ? (int)RTE_DIM(ordinary) : (int)RTE_DIM(hugepages);

    snprintf(core_text, sizeof(core_text), "%u", core);
    if (rte_eal_init(count, (char **)(uintptr_t)arguments) < 0)
        bench_fail("EAL does not start: %s", rte_strerror(rte_errno));
}

static struct cv_ip ip_from(uint32_t host_order)
{
    uint32_t be = htonl(host_order);

    return cv_ip_from_v4((const uint8_t *)&be);
}

static void put_pair(struct bench_relay *relay, uint32_t pair, bool listening)
{
    struct cv_pair_config config = {.pair = pair + 1};
    uint32_t slot;
    int error;

    for (uint32_t side = 0; side < 2; side++) {
        config.legs[side].bind = CV_BIND_FIXED;
        config.legs[side].proof = CV_PROOF_EXEMPT;
        config.legs[side].relay_port = bench_port(2 * pair, listening);
        config.legs[side].address = bench_leg_address(2 * pair + side);
    }
    error = cv_pair_put(&relay->table, &config, 1, &slot);
    if (error)
        bench_fail("pair %u: %s", pair, strerror(-error));
    if (slot != pair)
        bench_fail("pair %u is in slot %u", pair, slot);
}

void bench_relay_create(struct bench_relay *relay, uint32_t pairs, bool listening)
{
    struct cv_pair_table_limits limits = {
        .pairs = pairs,
        .workers = 1,
        .relay_port_first = BENCH_RELAY_PORT_FIRST,
        .relay_port_last = BENCH_RELAY_PORT_FIRST + BENCH_RELAY_PORTS - 1,
        .listen_port = BENCH_LISTEN_PORT,
    };
    void *memory = rte_zmalloc("pairs", cv_pair_table_bytes(&limits), 64);

    memset(relay, 0, sizeof(*relay));
    relay->locals.count = 1;
    relay->locals.list[0] = (struct cv_local){.ip = ip_from(BENCH_RELAY_IP),
                                              .gateway = ip_from(BENCH_GATEWAY_IP),
                                              .prefix_length = 120,
                                              .silent = true,
                                              .mtu = 1500};
    if (memory == NULL || cv_next_hops_create(&relay->hops, &relay->locals, 16) != 0 ||
        cv_pair_table_create(&relay->table, &limits, memory, &relay->hops, &relay->locals) != 0)
        bench_fail("no memory for %u pairs: %zu MB in hugepages are needed", pairs,
                   cv_pair_table_bytes(&limits) >> 20);
    for (uint32_t pair = 0; pair < pairs; pair++)
        put_pair(relay, pair, listening);
}

void bench_relay_destroy(struct bench_relay *relay)
{
    rte_free(relay->table.memory);
    cv_next_hops_destroy(&relay->hops);
}
