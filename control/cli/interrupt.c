/* SPDX-License-Identifier: BSD-3-Clause */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static const int signals[] = {SIGINT, SIGTERM};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t arrived; /* since the command began */
static volatile sig_atomic_t pending; /* and not forgotten */
static sigset_t outside;              /* the mask around the command */
static struct sigaction previous[SIGNALS];

static void note(int number)
{
    (void)number;
    arrived = 1;
    pending = 1;
}

void cli_interrupt_begin(void)
{
    struct sigaction action = {.sa_handler = note};
    sigset_t held;

    arrived = 0;
    pending = 0;
    sigemptyset(&held);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&held, signals[i]);
    sigprocmask(SIG_BLOCK, &held, &outside);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &previous[i]);
}

void cli_interrupt_end(void)
{
    /* One that arrived too late to matter is taken here, before it could end the shell. */
    sigprocmask(SIG_SETMASK, &outside, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &previous[i], NULL);
}

bool cli_interrupted(void)
{
    return pending;
}

void cli_interrupt_forget(void)
{
    pending = 0;
}

bool cli_interrupt_take(void)
{
    const bool was = arrived;

    arrived = 0;
    return was;
}

uint64_t cli_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int cli_interrupt_poll(int fd, short events, uint64_t deadline_ns)
{
    struct pollfd wait = {.fd = fd, .events = events};
    struct timespec left, *timeout = NULL;
    sigset_t during = outside;

    if (pending)
        return -EINTR;
    if (deadline_ns != CLI_NO_DEADLINE) {
        const uint64_t now = cli_now_ns();
        const uint64_t ns = deadline_ns > now ? deadline_ns - now : 0;

        left = (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
        timeout = &left;
    }
    int ready = ppoll(&wait, 1, timeout, &during);
    if (ready < 0)
        return errno == EINTR && !pending ? 0 : -errno;
    return ready > 0 ? wait.revents : 0;
}
