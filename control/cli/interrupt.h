/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Ctrl-C (SIGINT) and SIGTERM while a command runs. They are held back but during the waits of
 * cli_interrupt_poll, so that none falls between a check and the wait that follows it.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* Around one command. Not nested. */
void cli_interrupt_begin(void);
void cli_interrupt_end(void);

bool cli_interrupted(void);

/* Forgets the signal that arrived, so that one may wait again: to say goodbye. */
void cli_interrupt_forget(void);

/* After a command: whether a signal arrived during it. Once only. */
bool cli_interrupt_take(void);

/* Nanoseconds of the monotonic clock; deadlines are in them. */
uint64_t cli_now_ns(void);

#define CLI_NO_DEADLINE UINT64_MAX

/*
 * poll(2) on one descriptor (-1: just wait) until `deadline_ns`. The events that occurred; 0 at the
 * deadline; -EINTR after a signal, also one from before; else a negative errno.
 */
int cli_interrupt_poll(int fd, short events, uint64_t deadline_ns);
