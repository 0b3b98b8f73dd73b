/* SPDX-License-Identifier: BSD-3-Clause */
#include "drain.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "keep.h"
#include "stream_out.h"

#include <errno.h>
#include <string.h>

static void send_away(struct session *session)
{
    const uint64_t now = clock_monotonic_ms();
    struct cv_capsule capsule = {.type = CV_CAPSULE_GO_AWAY};

    capsule.go_away.relay = session->all->drain.to;
    if (capsule.go_away.relay.count > 0)
        cv_parameter_span(&capsule.parameters, CV_PARAMETER_RELAY_ID, session->all->drain.relay.bytes,
                          sizeof(session->all->drain.relay.bytes));
    if (session->all->drain.until_ms > now)
        capsule.go_away.seconds = (session->all->drain.until_ms - now + 999) / 1000;
    session_write(session, &capsule);
}

void drain_send_away(struct session *session)
{
    session_registered(session);
    send_away(session);
}

/* The relay says nothing before REGISTER. */
static void tell(void *context, struct session *session)
{
    uint32_t *told = context;

    if (session->phase != SESSION_OPEN || !session->record.order.registered ||
        session->record.order.going_away)
        return;
    send_away(session);
    ++*told;
}

static void call_back(void *context, struct session *session)
{
    const struct cv_capsule capsule = {.type = CV_CAPSULE_STAY};
    uint32_t *told = context;

    if (session->phase != SESSION_OPEN || !session->record.order.going_away)
        return;
    if (!session->record.order.registered) { /* it never was a guest here */
        session_close(session, CV_SESSION_ERROR_GOING_AWAY, "it was sent away before it was registered");
        return;
    }
    session_write(session, &capsule);
    ++*told;
}

static void close_one(void *context, struct session *session)
{
    uint32_t *closed = context;

    if (session->phase == SESSION_CLOSING)
        return;
    session_close(session, CV_SESSION_ERROR_GOING_AWAY, "the time after GO_AWAY is over");
    ++*closed;
}

void drain_known(struct sessions *all)
{
    uint32_t told = 0;

    if (!all->drain.on) {
        sessions_each(all, call_back, &told);
        if (told > 0)
            log_notice("%u peers were told to go before the restart, and are told to stay", told);
    } else if (all->drain.until_ms > clock_monotonic_ms()) {
        sessions_each(all, tell, &told);
    } else {
        sessions_each(all, close_one, &told);
    }
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
    struct sessions *all = context;
    uint32_t closed = 0;

    (void)fd;
    (void)what;
    sessions_each(all, close_one, &closed);
    log_notice("drained: %u sessions closed, and none are taken before session resume", closed);
    sessions_keep(all);
}

struct event *drain_timer_new(struct sessions *all)
{
    return evtimer_new(all->services->loop, on_time, all);
}

int drain_begin(struct sessions *all, uint32_t seconds, const struct cv_relay_addresses *to,
                const struct cv_peer_id *relay, uint32_t *told)
{
    if (all->drain.on)
        return -EALREADY;
    all->drain.on = true;
    memset(&all->drain.to, 0, sizeof(all->drain.to));
    if (to != NULL) {
        all->drain.to = *to;
        all->drain.relay = *relay;
    }
    all->drain.until_ms = clock_monotonic_ms() + seconds * UINT64_C(1000);
    *told = 0;
    sessions_each(all, tell, told);
    timer_start(all->drain.timer, seconds * UINT64_C(1000));
    sessions_keep(all);
    log_notice("draining: %u peers told to go within %u s", *told, seconds);
    return 0;
}

int drain_end(struct sessions *all, uint32_t *told)
{
    if (!all->drain.on)
        return -EALREADY;
    all->drain.on = false;
    (void)evtimer_del(all->drain.timer);
    *told = 0;
    sessions_each(all, call_back, told);
    sessions_keep(all);
    log_notice("sessions are taken again, and %u peers told to stay", *told);
    return 0;
}
