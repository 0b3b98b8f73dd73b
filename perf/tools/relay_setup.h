/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * A relay's tables, filled with pairs, for benchmarks of single stages: no port, no keeper, one thread. Ends
 * the program with a message when something can't be had.
 */
#include "relay/pair_table.h"

/* Starts EAL on one core, in hugepages (or 1 GB of ordinary memory), without any device. */
void bench_eal_start(const char *program, unsigned core, bool no_huge);

struct bench_relay {
    struct cv_locals locals;
    struct cv_next_hops hops;
    struct cv_pair_table table;
};

/*
 * A table for just `pairs` pairs, full: with the addresses of legs.h, all behind one gateway on port 0. With
 * `listening` all legs are on the listening port.
 */
void bench_relay_create(struct bench_relay *relay, uint32_t pairs, bool listening);
void bench_relay_destroy(struct bench_relay *relay);

/* Says why on stderr, and ends the program. */
__attribute__((format(printf, 1, 2), noreturn)) void bench_fail(const char *format, ...);
