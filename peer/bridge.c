/* SPDX-License-Identifier: BSD-3-Clause */
#include "bridge.h"

#include "udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAYLOAD_ROOM  65536
#define READS         64 /* in one go */
#define TOKEN_FIRST_S 1
#define TOKEN_MOST_S  20 /* also keeps a NAT's mapping open */

struct bridge {
    struct bridge_settings settings;
    struct bridge_counters counters;
    uint64_t pair;
    uint64_t channel; /* of a tunnel leg, else 0 */
    uint8_t token[CV_TOKEN_BYTES];
    unsigned token_wait_s;
    bool program_known;
    struct cv_address program;
    int program_fd, leg_fd; /* -1: none */
    struct event *program_readable, *leg_readable, *token_timer;
};

/* ---- Payloads ---- */

static void to_pair(struct bridge *bridge, const uint8_t *payload, size_t bytes)
{
    ssize_t result;

    if (bridge->channel != 0)
        result =
            cv_peer_send(bridge->settings.session->peer, bridge->channel, payload, bytes, monotonic_ns());
    else
        result = udp_send(bridge->leg_fd, payload, bytes, NULL, 0);
    if (result >= 0)
        bridge->counters.to_pair_pkts++;
    else if (result == -EMSGSIZE)
        bridge->counters.too_large++;
    else
        bridge->counters.queue_full++;
}

static void from_pair(struct bridge *bridge, const uint8_t *payload, size_t bytes)
{
    bridge->counters.from_pair_pkts++;
    if (bridge->settings.echo)
        to_pair(bridge, payload, bytes);
    else if (!bridge->program_known || udp_send(bridge->program_fd, payload, bytes, &bridge->program, 0) < 0)
        bridge->counters.undelivered++;
}

void bridge_datagram(struct bridge *const *bridges, size_t count, uint64_t channel, const uint8_t *payload,
                     size_t bytes)
{
    for (size_t i = 0; i < count; i++)
        if (bridges[i] != NULL && bridges[i]->channel == channel && channel != 0)
            from_pair(bridges[i], payload, bytes);
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
    session_socket_flush(bridge->settings.session);
}

static void on_leg(evutil_socket_t fd, short what, void *argument)
{
    static uint8_t payload[PAYLOAD_ROOM];
    struct bridge *bridge = argument;

    (void)what;
    for (int i = 0; i < READS; i++) {
        ssize_t bytes = udp_receive(fd, payload, sizeof(payload), NULL, NULL);

        if (bytes < 0)
            break;
        bridge->token_wait_s = TOKEN_MOST_S;
        from_pair(bridge, payload, (size_t)bytes);
    }
}

/* Never answered: sent after 0, 1, 3, 7 s and so on, and when the leg works, now and then. */
static void on_token_timer(evutil_socket_t fd, short what, void *argument)
{
    struct bridge *bridge = argument;
    const struct timeval wait = {(time_t)bridge->token_wait_s, 0};

    (void)fd;
    (void)what;
    (void)udp_send(bridge->leg_fd, bridge->token, sizeof(bridge->token), NULL, 0);
    (void)evtimer_add(bridge->token_timer, &wait);
    bridge->token_wait_s = 2 * bridge->token_wait_s < TOKEN_MOST_S ? 2 * bridge->token_wait_s : TOKEN_MOST_S;
}

/* ---- Set-up ---- */

static int listen_on(struct event_base *base, int fd, event_callback_fn callback, struct bridge *bridge,
                     struct event **event)
{
    *event = event_new(base, fd, EV_READ | EV_PERSIST, callback, bridge);
    return *event != NULL && event_add(*event, NULL) == 0 ? 0 : -ENOMEM;
}

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
    return listen_on(settings->session->base, bridge->program_fd, on_program, bridge,
                     &bridge->program_readable);
}

static const struct cv_ip *same_family(const struct cv_relay_addresses *relay, const struct cv_ip *as)
{
    for (unsigned i = 0; i < relay->count; i++)
        if (cv_ip_is_v4(&relay->ips[i]) == cv_ip_is_v4(as))
            return &relay->ips[i];
    return &relay->ips[0];
}

static int open_udp_leg(struct bridge *bridge, const struct cv_capsule *capsule)
{
    const struct session_socket *session = bridge->settings.session;
    const struct cv_relay_addresses *relay = &capsule->made.leg.udp.relay;
    const struct cv_address to = {*same_family(relay, &session->relay.ip), relay->port_be};
    int result;

    memcpy(bridge->token, capsule->made.leg.udp.token, sizeof(bridge->token));
    bridge->leg_fd = udp_open(NULL, &to);
    if (bridge->leg_fd < 0)
        return bridge->leg_fd;
    result = listen_on(session->base, bridge->leg_fd, on_leg, bridge, &bridge->leg_readable);
    bridge->token_timer = evtimer_new(session->base, on_token_timer, bridge);
    if (result != 0 || bridge->token_timer == NULL)
        return -ENOMEM;
    bridge->token_wait_s = TOKEN_FIRST_S;
    on_token_timer(-1, 0, bridge);
    return 0;
}

int bridge_open(struct bridge **out, const struct bridge_settings *settings, const struct cv_capsule *capsule)
{
    struct bridge *bridge = calloc(1, sizeof(*bridge));
    int result;

    *out = NULL;
    if (bridge == NULL)
        return -ENOMEM;
    bridge->settings = *settings;
    bridge->pair = capsule->made.pair;
    bridge->program_fd = bridge->leg_fd = -1;
    result = open_program(bridge);
    if (result == 0 && capsule->made.leg.kind != CV_LEG_KIND_TUNNEL)
        result = open_udp_leg(bridge, capsule);
    else if (result == 0)
        bridge->channel = capsule->made.leg.channel;
    if (result != 0) {
        bridge_close(bridge);
        return result;
    }
    *out = bridge;
    return 0;
}

uint64_t bridge_pair(const struct bridge *bridge)
{
    return bridge->pair;
}

const struct bridge_counters *bridge_counters(const struct bridge *bridge)
{
    return &bridge->counters;
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void bridge_close(struct bridge *bridge)
{
    if (bridge == NULL)
        return;
    free_event(bridge->program_readable);
    free_event(bridge->leg_readable);
    free_event(bridge->token_timer);
    if (bridge->program_fd >= 0)
        close(bridge->program_fd);
    if (bridge->leg_fd >= 0)
        close(bridge->leg_fd);
    free(bridge);
}
