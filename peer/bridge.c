/* SPDX-License-Identifier: BSD-3-Clause */
#include "bridge.h"

#include "leg.h"
#include "udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAYLOAD_ROOM 65536
#define READS        64 /* in one go */
#define OLD_LEG_S    10 /* for so long the relay lets what is sent by an old leg pass */

struct bridge {
    struct bridge_settings settings;
    struct bridge_counters counters;
    struct session_socket *session; /* NULL: lost */
    uint64_t pair;
    uint8_t pair_id[CV_PAIR_ID_BYTES];
    struct cv_peer_id other;
    struct leg *leg;  /* that we send by */
    struct leg *next; /* that is not bound yet; NULL: none */
    struct leg *old;  /* that only brings what was under way; NULL: none */
    struct event *old_timer;
    bool program_known;
    struct cv_address program;
    int program_fd; /* -1: none */
    struct event *program_readable;
};

/* ---- Payloads ---- */

static void to_pair(struct bridge *bridge, const uint8_t *payload, size_t bytes)
{
    int result = leg_send(bridge->leg, payload, bytes);

    if (result == 0)
        bridge->counters.to_pair_pkts++;
    else if (result == -EMSGSIZE)
        bridge->counters.too_large++;
    else
        bridge->counters.queue_full++;
}

static void on_payload(void *user, struct leg *leg, const uint8_t *payload, size_t bytes)
{
    struct bridge *bridge = user;

    (void)leg; /* whichever it was */
    bridge->counters.from_pair_pkts++;
    if (bridge->settings.echo)
        to_pair(bridge, payload, bytes);
    else if (!bridge->program_known || udp_send(bridge->program_fd, payload, bytes, &bridge->program, 0) < 0)
        bridge->counters.undelivered++;
}

bool bridge_datagram(struct bridge *bridge, const struct session_socket *session, uint64_t channel,
                     const uint8_t *payload, size_t bytes)
{
    struct leg *const legs[] = {bridge->leg, bridge->next, bridge->old};

    for (unsigned i = 0; i < 3; i++)
        if (legs[i] != NULL && leg_datagram(legs[i], session, channel, payload, bytes))
            return true;
    return false;
}

static void flush(const struct bridge *bridge)
{
    if (bridge->session != NULL)
        session_socket_flush(bridge->session);
}

static void on_program(evutil_socket_t fd, short what, void *argument)
{
    static uint8_t payload[PAYLOAD_ROOM];
    struct bridge *bridge = argument;
    struct cv_address from;

    (void)what;
    for (int i = 0; i < READS; i++) {
        ssize_t bytes = udp_receive(fd, payload, sizeof(payload), &from, NULL);

        if (bytes < 0)
            break;
        if (bridge->settings.forward == NULL) {
            bridge->program = from;
            bridge->program_known = true;
        }
        to_pair(bridge, payload, (size_t)bytes);
    }
    flush(bridge);
}

static void on_challenge(void *user, const uint8_t *challenge)
{
    struct bridge *bridge = user;

    if (bridge->session == NULL || cv_peer_answer_challenge(bridge->session->peer, challenge) != 0)
        return;
    bridge->counters.challenges++;
    flush(bridge);
}

/* ---- Legs ---- */

static void close_leg(struct leg **leg)
{
    leg_close(*leg);
    *leg = NULL;
}

static void on_old_timer(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    close_leg(&((struct bridge *)argument)->old);
}

static void on_bound(void *user, struct leg *leg)
{
    static const struct timeval wait = {OLD_LEG_S, 0};
    struct bridge *bridge = user;

    if (leg != bridge->next)
        return;
    close_leg(&bridge->old);
    bridge->old = bridge->leg;
    bridge->leg = leg;
    bridge->next = NULL;
    (void)evtimer_add(bridge->old_timer, &wait);
}

static const struct leg_callbacks callbacks = {on_payload, on_bound, on_challenge};

static int change(struct bridge *bridge, struct session_socket *session, const struct cv_capsule_leg *told)
{
    struct leg *leg;
    int result = leg_open(&leg, session, told, &callbacks, bridge);

    if (result != 0)
        return result;
    close_leg(&bridge->next);
    bridge->next = leg;
    if (leg_is_bound(leg))
        on_bound(bridge, leg);
    return 0;
}

int bridge_change(struct bridge *bridge, const struct cv_capsule_leg *leg)
{
    return change(bridge, bridge->session, leg);
}

void bridge_token(struct bridge *bridge, const uint8_t token[CV_TOKEN_BYTES])
{
    leg_token(bridge->next != NULL ? bridge->next : bridge->leg, token);
}

void bridge_rebind(struct bridge *bridge)
{
    leg_rebind(bridge->next != NULL ? bridge->next : bridge->leg);
}

int bridge_move(struct bridge *bridge)
{
    return leg_move(bridge->next != NULL ? bridge->next : bridge->leg);
}

int bridge_send_to(struct bridge *bridge, const uint8_t *datagram, size_t bytes, const struct cv_address *to)
{
    return leg_send_to(bridge->leg, datagram, bytes, to);
}

void bridge_lose(struct bridge *bridge, const struct session_socket *session)
{
    struct leg *const legs[] = {bridge->leg, bridge->next, bridge->old};

    if (bridge->session == session)
        bridge->session = NULL;
    for (unsigned i = 0; i < 3; i++)
        if (legs[i] != NULL)
            leg_lose(legs[i], session);
}

int bridge_go_on(struct bridge *bridge, struct session_socket *session, const struct cv_capsule *made)
{
    bool resumed = memcmp(bridge->pair_id, made->made.id, CV_PAIR_ID_BYTES) == 0;
    int result = resumed ? leg_resume(bridge->leg, session, &made->made.leg) : -EXDEV;

    if (result == -EXDEV)
        result = change(bridge, session, &made->made.leg);
    if (result != 0)
        return result;
    bridge->session = session;
    bridge->pair = made->made.pair;
    memcpy(bridge->pair_id, made->made.id, CV_PAIR_ID_BYTES);
    return 0;
}

/* ---- Set-up ---- */

static int open_program(struct bridge *bridge)
{
    const struct bridge_settings *settings = &bridge->settings;

    if (settings->echo)
        return 0;
    if (settings->forward != NULL) {
        bridge->program = *settings->forward;
        bridge->program_known = true;
    }
    if (settings->local == NULL && settings->forward == NULL)
        return -EDESTADDRREQ;
    bridge->program_fd = udp_open(settings->local, settings->forward); /* connected: nobody else gets in */
    if (bridge->program_fd < 0)
        return bridge->program_fd;
    bridge->program_readable =
        event_new(settings->base, bridge->program_fd, EV_READ | EV_PERSIST, on_program, bridge);
    return bridge->program_readable != NULL && event_add(bridge->program_readable, NULL) == 0 ? 0 : -ENOMEM;
}

int bridge_open(struct bridge **out, const struct bridge_settings *settings, struct session_socket *session,
                const struct cv_capsule *made)
{
    struct bridge *bridge = calloc(1, sizeof(*bridge));
    int result;

    *out = NULL;
    if (bridge == NULL)
        return -ENOMEM;
    *bridge = (struct bridge){.settings = *settings,
                              .session = session,
                              .pair = made->made.pair,
                              .other = made->made.other.ids.list[0],
                              .program_fd = -1};
    memcpy(bridge->pair_id, made->made.id, CV_PAIR_ID_BYTES);
    bridge->old_timer = evtimer_new(settings->base, on_old_timer, bridge);
    result = bridge->old_timer != NULL ? open_program(bridge) : -ENOMEM;
    if (result == 0)
        result = leg_open(&bridge->leg, session, &made->made.leg, &callbacks, bridge);
    if (result != 0)
        bridge_close(bridge);
    else
        *out = bridge;
    return result;
}

void bridge_close(struct bridge *bridge)
{
    if (bridge == NULL)
        return;
    leg_close(bridge->leg);
    leg_close(bridge->next);
    leg_close(bridge->old);
    if (bridge->old_timer != NULL)
        event_free(bridge->old_timer);
    if (bridge->program_readable != NULL)
        event_free(bridge->program_readable);
    if (bridge->program_fd >= 0)
        close(bridge->program_fd);
    free(bridge);
}

uint64_t bridge_pair(const struct bridge *bridge)
{
    return bridge->pair;
}

const struct session_socket *bridge_session(const struct bridge *bridge)
{
    return bridge->session;
}

const uint8_t *bridge_pair_id(const struct bridge *bridge)
{
    return bridge->pair_id;
}

const struct cv_peer_id *bridge_other(const struct bridge *bridge)
{
    return &bridge->other;
}

const struct bridge_counters *bridge_counters(const struct bridge *bridge)
{
    return &bridge->counters;
}
