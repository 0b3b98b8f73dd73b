/* SPDX-License-Identifier: BSD-3-Clause */
#include "registration.h"

#include "base/clock.h"
#include "base/timer.h"
#include "keep.h"

/* Sets the timer to the next time limit. */
static void arm(struct sessions *all)
{
    const struct session *session = TAILQ_FIRST(&all->unregistered);
    uint64_t now = clock_monotonic_ms();

    if (session == NULL)
        return;
    timer_start(all->timer, session->register_by_ms > now ? session->register_by_ms - now : 1);
}

void registration_await(struct session *session)
{
    struct sessions *all = session->all;

    if (session->register_by_ms != 0)
        return;
    session->register_by_ms =
        clock_monotonic_ms() + all->services->config->session_register_s * UINT64_C(1000);
    TAILQ_INSERT_TAIL(&all->unregistered, session, unregistered);
    arm(all);
}

void registration_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct sessions *all = context;
    uint64_t now = clock_monotonic_ms();
    struct session *session;

    (void)fd;
    (void)what;
    while ((session = TAILQ_FIRST(&all->unregistered)) != NULL && session->register_by_ms <= now)
        session_close(session, CV_SESSION_ERROR_TOO_LATE, "no REGISTER in time");
    arm(all);
    sessions_keep(all);
}
