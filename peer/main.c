/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-peer: a session, its pairs, and the loop. */
#include "bridge.h"
#include "options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRIDGES_MAX   64
#define CLOSE_LIMIT_S 2 /* for the last packet, when told to stop */

struct program {
    struct options options;
    struct event_base *base;
    struct session_socket session;
    struct bridge *bridges[BRIDGES_MAX];
    int exit_code;
    bool stopping; /* of our own will */
};

/* ---- Pairs ---- */

static struct bridge **find_bridge(struct program *program, uint64_t pair)
{
    for (unsigned i = 0; i < BRIDGES_MAX; i++)
        if (program->bridges[i] != NULL && bridge_pair(program->bridges[i]) == pair)
            return &program->bridges[i];
    return NULL;
}

static struct bridge **free_bridge(struct program *program)
{
    unsigned most = program->options.has_local ? 1 : BRIDGES_MAX; /* one address serves one pair */

    for (unsigned i = 0; i < most; i++)
        if (program->bridges[i] == NULL)
            return &program->bridges[i];
    return NULL;
}

static void drop_bridge(struct bridge **bridge)
{
    if (bridge == NULL || *bridge == NULL)
        return;
    report_pair(bridge_pair(*bridge), bridge_counters(*bridge));
    bridge_close(*bridge);
    *bridge = NULL;
}

/* Ends the session, and the program with it. */
static void stop(struct program *program, int exit_code)
{
    program->stopping = true;
    program->exit_code = exit_code;
    cv_peer_close(program->session.peer, CV_SESSION_ERROR_NONE, NULL);
}

static void on_offer(struct program *program, const struct cv_capsule *capsule)
{
    struct cv_peer *peer = program->session.peer;

    if (program->options.command != COMMAND_SERVE)
        (void)cv_peer_refuse(peer, capsule->number, CV_SESSION_ERROR_NOT_WANTED, NULL);
    else if (free_bridge(program) == NULL)
        (void)cv_peer_refuse(peer, capsule->number, CV_SESSION_ERROR_BUSY, NULL);
    else
        (void)cv_peer_accept(peer, capsule->number, (uint8_t)program->options.leg, NULL);
}

static void on_made(struct program *program, const struct cv_capsule *capsule)
{
    const struct options *options = &program->options;
    const struct bridge_settings settings = {
        .session = &program->session,
        .local = options->has_local ? &options->local : NULL,
        .forward = options->has_forward ? &options->forward : NULL,
        .echo = options->echo,
    };
    struct bridge **bridge = free_bridge(program);
    int result = bridge != NULL ? 0 : -EBUSY;

    if (capsule->made.leg.kind == 0) /* closed already */
        return;
    if (result == 0)
        result = bridge_open(bridge, &settings, capsule);

    if (result == 0)
        return;
    (void)fprintf(stderr, "culvert-peer: no bridge for pair %llu: %s\n",
                  (unsigned long long)capsule->made.pair, strerror(-result));
    (void)cv_peer_close_pair(program->session.peer, capsule->made.pair);
    if (options->command == COMMAND_CONNECT)
        stop(program, EXIT_FAILED);
}

static void on_closed(struct program *program, const struct cv_capsule *capsule)
{
    bool trouble =
        capsule->closed.code != CV_SESSION_ERROR_NONE && capsule->closed.code != CV_SESSION_ERROR_PEER_CLOSED;

    drop_bridge(find_bridge(program, capsule->closed.pair));
    if (program->options.command == COMMAND_CONNECT && !program->stopping)
        stop(program, trouble ? EXIT_PAIR : EXIT_SUCCESS);
}

/* ---- The session ---- */

static void on_registered(struct program *program)
{
    struct cv_peer *peer = program->session.peer;
    uint64_t request;

    if (program->options.command == COMMAND_CONNECT)
        (void)cv_peer_request(peer, &program->options.other, (uint8_t)program->options.leg, NULL, &request);
}

static void on_capsule(void *user, const struct cv_capsule *capsule)
{
    struct program *program = user;

    report_capsule(capsule);
    switch (capsule->type) {
    case CV_CAPSULE_REGISTERED:
        on_registered(program);
        break;
    case CV_CAPSULE_PAIR_OFFER:
        on_offer(program, capsule);
        break;
    case CV_CAPSULE_PAIR_MADE:
        on_made(program, capsule);
        break;
    case CV_CAPSULE_REFUSED:
        if (capsule->refused.origin == CV_ORIGIN_REQUEST)
            stop(program, EXIT_PAIR);
        break;
    case CV_CAPSULE_PAIR_CLOSED:
        on_closed(program, capsule);
        break;
    default:
        break;
    }
}

static void on_datagram(void *user, uint64_t channel, const uint8_t *payload, size_t bytes, uint8_t ecn)
{
    struct program *program = user;

    (void)ecn;
    bridge_datagram(program->bridges, BRIDGES_MAX, channel, payload, bytes);
}

static void on_ended(void *user, const struct cv_peer_end *end)
{
    struct program *program = user;

    report_end(end);
    if (!program->stopping)
        program->exit_code = EXIT_SESSION;
    (void)event_base_loopexit(program->base, NULL);
}

static const struct cv_peer_callbacks callbacks = {on_capsule, on_datagram, on_ended};

/* ---- Signals ---- */

static void on_stop_signal(evutil_socket_t signal_number, short what, void *argument)
{
    static const struct timeval limit = {CLOSE_LIMIT_S, 0};
    struct program *program = argument;

    (void)signal_number;
    (void)what;
    stop(program, EXIT_SUCCESS);
    session_socket_flush(&program->session);
    (void)event_base_loopexit(program->base, &limit);
}

static void on_move_signal(evutil_socket_t signal_number, short what, void *argument)
{
    struct program *program = argument;
    struct cv_address from = {.ip = program->session.local.ip};
    int result;

    (void)signal_number;
    (void)what;
    if (program->options.has_move_to)
        from = program->options.move_to;
    result = session_socket_move(&program->session, &from);
    report_moved(result == 0 ? &program->session.local : &from, result);
}

/* ---- The program ---- */

static int run(struct program *program)
{
    const struct {
        int number;
        event_callback_fn callback;
    } signals[] = {{SIGTERM, on_stop_signal}, {SIGINT, on_stop_signal}, {SIGUSR1, on_move_signal}};
    struct event *events[3] = {0};
    struct cv_peer_stats stats;
    bool ready = true;

    for (unsigned i = 0; i < 3; i++) {
        events[i] = evsignal_new(program->base, signals[i].number, signals[i].callback, program);
        ready = ready && events[i] != NULL && evsignal_add(events[i], NULL) == 0;
    }
    program->exit_code = EXIT_FAILED;
    if (ready) {
        session_socket_flush(&program->session);
        (void)event_base_dispatch(program->base);
        for (unsigned i = 0; i < BRIDGES_MAX; i++)
            drop_bridge(&program->bridges[i]);
        cv_peer_stats(program->session.peer, &stats);
        report_stats(&stats);
    }
    for (unsigned i = 0; i < 3; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    return program->exit_code;
}

static int with_session(struct program *program, const struct cv_peer_tls *tls)
{
    struct options *options = &program->options;
    struct cv_peer_config config = options->session;
    char error[256];
    int result = EXIT_FAILED;

    config.tls = tls;
    config.callbacks = &callbacks;
    config.user = program;
    program->base = event_base_new();
    if (program->base == NULL) {
        (void)fputs("culvert-peer: no event loop\n", stderr);
        return EXIT_FAILED;
    }
    report_json(options->json);
    if (session_socket_open(&program->session, program->base, &options->relay,
                            options->has_from ? &options->from : NULL, &config, error, sizeof(error)) == 0) {
        cv_peer_read_control(program->session.peer, !options->stop_reading);
        result = run(program);
    } else {
        (void)fprintf(stderr, "culvert-peer: %s\n", error);
    }
    session_socket_close(&program->session);
    event_base_free(program->base);
    return result;
}

int main(int argc, char **argv)
{
    static struct program program;
    char error[512], text[CV_PEER_ID_TEXT];
    struct cv_peer_tls *tls;
    int result = options_read(argc, argv, &program.options);

    if (result >= 0)
        return result;
    if (cv_peer_tls_create(&tls, &program.options.tls, error, sizeof(error)) != 0) {
        (void)fprintf(stderr, "culvert-peer: %s\n", error);
        return EXIT_FAILED;
    }
    result = EXIT_SUCCESS;
    if (program.options.command == COMMAND_ID)
        (void)puts(cv_peer_id_print(cv_peer_tls_id(tls), text));
    else
        result = with_session(&program, tls);
    cv_peer_tls_destroy(tls);
    return result;
}
