/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-peer: signals, and the loop. */
#include "commands.h"
#include "report.h"

#include <signal.h>
#include <stdio.h>

#define CLOSE_LIMIT_S 2 /* for the last packet, when told to stop */

static void on_stop_signal(evutil_socket_t signal_number, short what, void *argument)
{
    static const struct timeval limit = {CLOSE_LIMIT_S, 0};
    struct program *program = argument;

    (void)signal_number;
    (void)what;
    program_stop(program, EXIT_SUCCESS);
    (void)event_base_loopexit(program->base, &limit);
}

static void on_move_signal(evutil_socket_t signal_number, short what, void *argument)
{
    struct program *program = argument;
    struct session_socket *session = program->sessions.current;
    struct cv_address from;
    int result;

    (void)signal_number;
    (void)what;
    if (session == NULL)
        return;
    from = program->options.has_move_to ? program->options.move_to
                                        : (struct cv_address){.ip = session->local.ip};
    result = session_socket_move(session, &from);
    report_moved(result == 0 ? &session->local : &from, result);
}

/* The exit code. */
static int run(struct program *program)
{
    const struct {
        int number;
        event_callback_fn callback;
    } signals[] = {{SIGTERM, on_stop_signal}, {SIGINT, on_stop_signal}, {SIGUSR1, on_move_signal}};
    const char *path = program->options.commands;
    struct commands *commands = path != NULL ? commands_open(program, path) : NULL;
    struct event *events[3] = {0};
    bool ready = path == NULL || commands != NULL;

    for (unsigned i = 0; i < 3; i++) {
        events[i] = evsignal_new(program->base, signals[i].number, signals[i].callback, program);
        ready = ready && events[i] != NULL && evsignal_add(events[i], NULL) == 0;
    }
    program->exit_code = EXIT_FAILED;
    if (ready)
        (void)event_base_dispatch(program->base);
    for (unsigned i = 0; i < 3; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    commands_close(commands);
    return program->exit_code;
}

static int with_session(struct program *program, const struct cv_peer_tls *tls)
{
    char error[512];
    int result = EXIT_FAILED;

    program->base = event_base_new();
    if (program->base == NULL) {
        (void)fputs("culvert-peer: no event loop\n", stderr);
        return EXIT_FAILED;
    }
    report_json(program->options.json);
    if (program_open(program, tls, error, sizeof(error)) == 0)
        result = run(program);
    else
        (void)fprintf(stderr, "culvert-peer: %s\n", error);
    program_close(program);
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
