/* SPDX-License-Identifier: BSD-3-Clause */
#include "sessions.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MOST_S 60
#define LEAVE_S     2 /* so that the other peer, too, has its pair elsewhere */

static struct one_session *one_of(const struct session_socket *socket)
{
    return (struct one_session *)(void *)((uintptr_t)socket - offsetof(struct one_session, socket));
}

static bool is_any_open(const struct sessions *sessions)
{
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++)
        if (sessions->list[i].socket.peer != NULL && !sessions->list[i].ended)
            return true;
    return false;
}

static void set_timer(struct event *timer, unsigned seconds)
{
    const struct timeval wait = {(time_t)seconds, 0};

    (void)evtimer_add(timer, &wait);
}

/* Before the next attempt: longer each time, until one succeeds. */
static void wait_longer(struct sessions *sessions)
{
    set_timer(sessions->retry, sessions->wait_s);
    sessions->wait_s = 2 * sessions->wait_s < WAIT_MOST_S ? 2 * sessions->wait_s : WAIT_MOST_S;
}

/* ---- Ends ---- */

/* Which ends trying again may change something about; docs/protocol.md, "Error codes". */
static bool is_lost(const struct cv_peer_end *end)
{
    if (end->by == CV_PEER_ENDED_BY_TIME)
        return true;
    if (end->by == CV_PEER_ENDED_BY_US)
        return false;
    if (!end->application)
        return true;
    switch (end->code) {
    case CV_SESSION_ERROR_INTERNAL:
    case CV_SESSION_ERROR_TOO_LATE:
    case CV_SESSION_ERROR_RELAY_FULL:
    case CV_SESSION_ERROR_GOING_AWAY:
    case CV_SESSION_ERROR_STREAM_CLOSED:
    case CV_SESSION_ERROR_NOT_READING:
    case CV_SESSION_ERROR_TOO_MANY_INSTANCES:
        return true;
    default:
        return false;
    }
}

/* Another that is not registered yet, and will be in the place of those that are there. */
static bool is_opening(const struct sessions *sessions)
{
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++) {
        const struct one_session *one = &sessions->list[i];

        if (one->socket.peer != NULL && !one->ended && !one->leaving && &one->socket != sessions->current)
            return true;
    }
    return false;
}

/* Waits before the next attempt; 0: there will be none, or another session is there or under way. */
static unsigned plan_retry(struct sessions *sessions, const struct one_session *ended,
                           const struct cv_peer_end *end)
{
    unsigned wait_s = sessions->wait_s;
    bool sent = sessions->is_sent && sessions->current != NULL;

    if (sessions->stopping || ended->leaving || !is_lost(end) || is_opening(sessions) ||
        (sessions->current != NULL && !sent) || !(sessions->comes_back || sent) ||
        evtimer_pending(sessions->retry, NULL))
        return 0;
    wait_longer(sessions);
    return wait_s;
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    struct one_session *one = user;
    struct sessions *sessions = one->all;

    one->ended = true;
    if (sessions->current == &one->socket)
        sessions->current = NULL;
    sessions->callbacks->ended(sessions->user, &one->socket, end, plan_retry(sessions, one, end));
    set_timer(one->timer, 0);
}

static void free_one(struct one_session *one)
{
    struct sessions *sessions = one->all;

    sessions->callbacks->gone(sessions->user, &one->socket);
    event_free(one->timer);
    session_socket_close(&one->socket);
    *one = (struct one_session){.all = sessions, .socket = {.fd = -1}};
}

/* Either it is to be freed, or it has been left for long enough. */
static void on_one_timer(evutil_socket_t fd, short what, void *argument)
{
    struct one_session *one = argument;
    struct sessions *sessions = one->all;

    (void)fd;
    (void)what;
    if (!one->ended) {
        cv_peer_close(one->socket.peer, CV_SESSION_ERROR_NONE, NULL);
        session_socket_flush(&one->socket);
        return;
    }
    free_one(one);
    if (!is_any_open(sessions) && !evtimer_pending(sessions->retry, NULL))
        sessions->callbacks->over(sessions->user);
}

void sessions_leave(struct sessions *sessions, const struct session_socket *session)
{
    struct one_session *one = one_of(session);

    (void)sessions;
    if (one->leaving && !one->ended && !evtimer_pending(one->timer, NULL))
        set_timer(one->timer, LEAVE_S);
}

/* ---- Beginnings ---- */

static const struct cv_peer_callbacks session_callbacks;

static struct one_session *free_slot(struct sessions *sessions)
{
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++)
        if (sessions->list[i].socket.peer == NULL)
            return &sessions->list[i];
    return NULL;
}

static int open_one(struct sessions *sessions, char *error, size_t error_bytes)
{
    struct one_session *one = free_slot(sessions);
    struct cv_peer_config config = sessions->config;
    int result;

    if (one == NULL) {
        snprintf(error, error_bytes, "no room for another session");
        return -EBUSY;
    }
    config.user = one;
    config.callbacks = &session_callbacks;
    config.resume = kept_token(sessions->kept, &sessions->relay);
    config.relay_id = sessions->knows_relay ? &sessions->relay_id : NULL;
    memcpy(config.instance, sessions->kept->instance, sizeof(config.instance));
    *one = (struct one_session){.all = sessions, .relay = sessions->relay, .relay_id = sessions->relay_id};
    result = session_socket_open(&one->socket, sessions->base, &sessions->relay, sessions->from, &config,
                                 error, error_bytes);
    if (result == 0) {
        one->timer = evtimer_new(sessions->base, on_one_timer, one);
        result = one->timer != NULL ? 0 : -ENOMEM;
    }
    if (result != 0) {
        session_socket_close(&one->socket);
        return result;
    }
    cv_peer_read_control(one->socket.peer, sessions->reads);
    session_socket_flush(&one->socket);
    return 0;
}

/* What is wrong here may be better later: the network comes and goes. */
static void on_retry(evutil_socket_t fd, short what, void *argument)
{
    struct sessions *sessions = argument;
    char error[256];

    (void)fd;
    (void)what;
    if (open_one(sessions, error, sizeof(error)) == 0)
        return;
    (void)fprintf(stderr, "culvert-peer: %s\n", error);
    if (!sessions->comes_back && sessions->current == NULL) {
        sessions->callbacks->over(sessions->user);
        return;
    }
    wait_longer(sessions);
}

int sessions_start(struct sessions *sessions, const struct cv_address *relay, char *error, size_t error_bytes)
{
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++)
        sessions->list[i] = (struct one_session){.all = sessions, .socket = {.fd = -1}};
    sessions->relay = *relay;
    sessions->wait_s = 1;
    sessions->knows_relay = sessions->config.relay_id != NULL;
    if (sessions->knows_relay)
        sessions->relay_id = *sessions->config.relay_id;
    sessions->retry = evtimer_new(sessions->base, on_retry, sessions);
    if (sessions->retry == NULL) {
        snprintf(error, error_bytes, "no memory for a timer");
        return -ENOMEM;
    }
    return open_one(sessions, error, error_bytes);
}

void sessions_free(struct sessions *sessions)
{
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++)
        if (sessions->list[i].socket.peer != NULL)
            free_one(&sessions->list[i]);
    if (sessions->retry != NULL)
        event_free(sessions->retry);
}

void sessions_stop(struct sessions *sessions)
{
    sessions->stopping = true;
    (void)evtimer_del(sessions->retry);
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++)
        if (sessions->list[i].socket.peer != NULL)
            set_timer(sessions->list[i].timer, 0); /* not from within a session */
    if (!is_any_open(sessions))
        sessions->callbacks->over(sessions->user);
}

/* ---- What the relay says of the session itself ---- */

static void on_registered(struct one_session *one, const struct cv_capsule *capsule)
{
    struct sessions *sessions = one->all;
    struct kept *kept = sessions->kept;
    const struct cv_span *token = &capsule->parameters.spans[CV_PARAMETER_RESUMPTION_TOKEN];

    if (sessions->current != NULL)
        one_of(sessions->current)->leaving = true;
    sessions->current = &one->socket;
    sessions->wait_s = 1;
    sessions->is_sent = false;
    kept->has_token = cv_parameter_is_set(&capsule->parameters, CV_PARAMETER_RESUMPTION_TOKEN);
    kept->relay = one->relay;
    if (kept->has_token)
        memcpy(kept->token, token->at, sizeof(kept->token));
}

/* One of the family that we have; without any there is nowhere to go until this session has ended. */
static bool choose_relay(const struct cv_relay_addresses *relay, const struct cv_ip *as,
                         struct cv_address *chosen)
{
    for (unsigned i = 0; i < relay->count; i++) {
        if (cv_ip_is_v4(&relay->ips[i]) != cv_ip_is_v4(as))
            continue;
        *chosen = (struct cv_address){relay->ips[i], relay->port_be};
        return true;
    }
    return false;
}

/* Those that are under way elsewhere. */
static void drop_opening(struct sessions *sessions)
{
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++) {
        struct one_session *one = &sessions->list[i];

        if (one->socket.peer == NULL || one->ended || one->leaving || &one->socket == sessions->current)
            continue;
        one->leaving = true;
        set_timer(one->timer, 0);
    }
}

/* In place of REGISTERED, too: then this session is left as well. */
static void on_go_away(struct one_session *one, const struct cv_capsule *capsule)
{
    struct sessions *sessions = one->all;
    const struct cv_span *id = &capsule->parameters.spans[CV_PARAMETER_RELAY_ID];

    if (one->leaving || sessions->stopping ||
        !choose_relay(&capsule->go_away.relay, &one->relay.ip, &sessions->relay))
        return;
    if (cv_parameter_is_set(&capsule->parameters, CV_PARAMETER_RELAY_ID)) {
        memcpy(sessions->relay_id.bytes, id->at, sizeof(sessions->relay_id.bytes));
        sessions->knows_relay = true;
    }
    sessions->is_sent = true;
    if (&one->socket == sessions->current)
        set_timer(sessions->retry, 0); /* not from within the session */
    else
        wait_longer(sessions); /* two relays may send us to and fro */
    drop_opening(sessions);
}

static void on_stay(struct one_session *one)
{
    struct sessions *sessions = one->all;

    if (one->leaving)
        return;
    sessions->is_sent = false;
    sessions->relay = one->relay;
    sessions->relay_id = one->relay_id;
    (void)evtimer_del(sessions->retry);
    drop_opening(sessions);
}

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    struct one_session *one = user;
    struct sessions *sessions = one->all;

    if (capsule->type == CV_CAPSULE_REGISTERED)
        on_registered(one, capsule);
    else if (capsule->type == CV_CAPSULE_GO_AWAY)
        on_go_away(one, capsule);
    else if (capsule->type == CV_CAPSULE_STAY)
        on_stay(one);
    sessions->callbacks->capsule(sessions->user, &one->socket, capsule);
}

static void on_datagram(void *user, uint64_t channel, const uint8_t *payload, size_t bytes, uint8_t ecn)
{
    struct one_session *one = user;

    (void)ecn;
    one->all->callbacks->datagram(one->all->user, &one->socket, channel, payload, bytes);
}

static const struct cv_peer_callbacks session_callbacks = {on_capsule, on_datagram, on_ended};
