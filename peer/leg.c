/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg.h"

#include "udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAYLOAD_ROOM      65536
#define READS             64 /* in one go */
#define TOKEN_FIRST_S     1
#define TOKEN_MOST_S      20 /* also keeps a NAT's mapping open */
#define CHALLENGES_MAX    8  /* in a second: the other peer could send what looks like one */
#define CHALLENGE_TURN_NS UINT64_C(1000000000)

struct leg {
    const struct leg_callbacks *callbacks;
    void *user;
    struct session_socket *session; /* NULL: lost */
    uint64_t kind;
    uint64_t channel;        /* of a tunnel leg, else 0 */
    struct cv_address relay; /* of a UDP leg */
    uint8_t token[CV_TOKEN_BYTES];
    uint8_t newest[CV_TOKEN_BYTES];
    bool has_newest;
    bool bound;        /* and the user was told */
    bool token_works;  /* something came since it was first sent: no hurry */
    bool spoke, heard; /* since the last token */
    unsigned wait_s;   /* to the next token */
    uint64_t challenge_turn_ns;
    unsigned challenges; /* in this turn */
    int fd;              /* -1: none */
    struct event *readable, *timer;
};

static bool is_udp(const struct leg *leg)
{
    return leg->kind != CV_LEG_KIND_TUNNEL;
}

/* ---- Tokens ---- */

/* Never answered: sent after 0, 1, 3, 7 s and so on, and when the leg works, now and then. */
static void send_token(struct leg *leg)
{
    const struct timeval wait = {(time_t)leg->wait_s, 0};

    (void)udp_send(leg->fd, leg->token, sizeof(leg->token), NULL, 0);
    (void)evtimer_add(leg->timer, &wait);
    leg->wait_s = 2 * leg->wait_s < TOKEN_MOST_S ? 2 * leg->wait_s : TOKEN_MOST_S;
    leg->spoke = leg->heard = false;
}

static void start_tokens(struct leg *leg)
{
    leg->wait_s = TOKEN_FIRST_S;
    leg->token_works = false;
    send_token(leg);
}

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    struct leg *leg = argument;

    (void)fd;
    (void)what;
    if (leg->token_works && leg->spoke && !leg->heard)
        leg_rebind(leg); /* answers stay away: a NAT may have forgotten us */
    else
        send_token(leg);
}

static void note_works(struct leg *leg)
{
    static const struct timeval wait = {TOKEN_MOST_S, 0};

    if (!leg->token_works) {
        leg->token_works = true;
        leg->wait_s = TOKEN_MOST_S;
        (void)evtimer_add(leg->timer, &wait);
    }
    if (leg->bound)
        return;
    leg->bound = true;
    leg->callbacks->bound(leg->user, leg);
}

void leg_token(struct leg *leg, const uint8_t token[CV_TOKEN_BYTES])
{
    if (!is_udp(leg))
        return;
    memcpy(leg->newest, token, sizeof(leg->newest));
    leg->has_newest = true;
    note_works(leg);
}

void leg_rebind(struct leg *leg)
{
    if (!is_udp(leg))
        return;
    if (leg->has_newest)
        memcpy(leg->token, leg->newest, sizeof(leg->token));
    leg->has_newest = false;
    start_tokens(leg);
}

/* ---- Payloads ---- */

static void take_challenge(struct leg *leg, const uint8_t *challenge)
{
    uint64_t now_ns = monotonic_ns();

    if (now_ns - leg->challenge_turn_ns >= CHALLENGE_TURN_NS) {
        leg->challenge_turn_ns = now_ns;
        leg->challenges = 0;
    }
    if (leg->challenges++ < CHALLENGES_MAX)
        leg->callbacks->challenge(leg->user, challenge);
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    static uint8_t payload[PAYLOAD_ROOM];
    struct leg *leg = argument;

    (void)what;
    for (int i = 0; i < READS; i++) {
        ssize_t bytes = udp_receive(fd, payload, sizeof(payload), NULL, NULL);

        if (bytes < 0)
            break;
        leg->heard = true;
        if (bytes == CV_CHALLENGE_BYTES && payload[0] == CV_DATAGRAM_CHALLENGE) {
            take_challenge(leg, payload);
            continue;
        }
        note_works(leg);
        leg->callbacks->payload(leg->user, leg, payload, (size_t)bytes);
    }
}

bool leg_datagram(struct leg *leg, const struct session_socket *session, uint64_t channel,
                  const uint8_t *payload, size_t bytes)
{
    if (leg->session != session || leg->channel != channel || is_udp(leg))
        return false;
    leg->callbacks->payload(leg->user, leg, payload, bytes);
    return true;
}

int leg_send(struct leg *leg, const uint8_t *payload, size_t bytes)
{
    if (is_udp(leg)) {
        leg->spoke = true;
        return leg_send_to(leg, payload, bytes, NULL);
    }
    return leg->session == NULL
               ? -ENOTCONN
               : cv_peer_send(leg->session->peer, leg->channel, payload, bytes, monotonic_ns());
}

int leg_send_to(struct leg *leg, const uint8_t *datagram, size_t bytes, const struct cv_address *to)
{
    ssize_t sent = is_udp(leg) ? udp_send(leg->fd, datagram, bytes, to, 0) : -EINVAL;

    return sent < 0 ? (int)sent : 0;
}

/* ---- Set-up ---- */

/* An address of the relay, of the family that its session has if there is one. */
static struct cv_address choose_address(const struct cv_relay_addresses *relay, const struct cv_ip *as)
{
    for (unsigned i = 0; i < relay->count; i++)
        if (cv_ip_is_v4(&relay->ips[i]) == cv_ip_is_v4(as))
            return (struct cv_address){relay->ips[i], relay->port_be};
    return (struct cv_address){relay->ips[0], relay->port_be};
}

static int open_socket(struct leg *leg, struct event_base *base)
{
    leg->fd = udp_open(NULL, &leg->relay); /* connected: nobody else gets in */
    if (leg->fd < 0)
        return leg->fd;
    leg->readable = event_new(base, leg->fd, EV_READ | EV_PERSIST, on_readable, leg);
    return leg->readable != NULL && event_add(leg->readable, NULL) == 0 ? 0 : -ENOMEM;
}

static void close_socket(struct leg *leg)
{
    if (leg->readable != NULL)
        event_free(leg->readable);
    leg->readable = NULL;
    if (leg->fd >= 0)
        close(leg->fd);
    leg->fd = -1;
}

static int open_udp(struct leg *leg, const struct cv_capsule_leg *told)
{
    int result;

    leg->relay = choose_address(&told->udp.relay, &leg->session->relay.ip);
    memcpy(leg->token, told->udp.token, sizeof(leg->token));
    leg->timer = evtimer_new(leg->session->base, on_timer, leg);
    result = leg->timer != NULL ? open_socket(leg, leg->session->base) : -ENOMEM;
    if (result == 0)
        start_tokens(leg);
    return result;
}

int leg_open(struct leg **out, struct session_socket *session, const struct cv_capsule_leg *told,
             const struct leg_callbacks *callbacks, void *user)
{
    struct leg *leg = calloc(1, sizeof(*leg));
    int result = 0;

    *out = NULL;
    if (leg == NULL)
        return -ENOMEM;
    *leg =
        (struct leg){.callbacks = callbacks, .user = user, .session = session, .kind = told->kind, .fd = -1};
    if (is_udp(leg))
        result = open_udp(leg, told);
    else
        leg->channel = told->channel;
    leg->bound = !is_udp(leg);
    if (result == 0)
        *out = leg;
    else
        leg_close(leg);
    return result;
}

void leg_close(struct leg *leg)
{
    if (leg == NULL)
        return;
    if (leg->timer != NULL)
        event_free(leg->timer);
    close_socket(leg);
    free(leg);
}

bool leg_is_bound(const struct leg *leg)
{
    return leg->bound;
}

int leg_move(struct leg *leg)
{
    int result;

    if (!is_udp(leg))
        return -EINVAL;
    close_socket(leg);
    result = open_socket(leg, event_get_base(leg->timer));
    if (result == 0)
        leg_rebind(leg);
    return result;
}

int leg_resume(struct leg *leg, struct session_socket *session, const struct cv_capsule_leg *told)
{
    struct cv_address relay;
    int result;

    if (leg->kind != told->kind)
        return -EXDEV;
    leg->session = session;
    if (!is_udp(leg)) {
        leg->channel = told->channel;
        return 0;
    }
    relay = choose_address(&told->udp.relay, &leg->relay.ip);
    if (cv_ip_is_v4(&relay.ip) != cv_ip_is_v4(&leg->relay.ip))
        return -EXDEV;
    result = udp_connect(leg->fd, &relay);
    if (result != 0)
        return result;
    leg->relay = relay;
    leg->has_newest = false;
    memcpy(leg->token, told->udp.token, sizeof(leg->token));
    start_tokens(leg);
    return 0;
}

void leg_lose(struct leg *leg, const struct session_socket *session)
{
    if (leg->session == session)
        leg->session = NULL;
}
