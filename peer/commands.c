/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "report.h"
#include "udp.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 8192 /* 120 peer IDs */

struct commands {
    struct program *program;
    struct event *readable;
    int fd;
    size_t held;
    char line[LINE_BYTES];
};

/* What a command works with. `rest` is what has not been read of its line. */
struct asking {
    struct program *program;
    struct session_socket *session; /* registered */
    char *rest;
    uint64_t request; /* that it led to; 0: none */
};

/* ---- Words of a line ---- */

/* NULL: there is none. */
static char *next_word(struct asking *asking)
{
    char *word = asking->rest + strspn(asking->rest, " ");
    char *end = word + strcspn(word, " ");

    if (word == end)
        return NULL;
    asking->rest = end + strspn(end, " ");
    *end = '\0';
    return word;
}

static bool next_number(struct asking *asking, uint64_t most, uint64_t *number)
{
    const char *word = next_word(asking);

    return word != NULL && read_number(word, 1, most, number);
}

static bool next_id(struct asking *asking, struct cv_peer_id *id)
{
    const char *word = next_word(asking);

    return word != NULL && cv_peer_id_parse(word, id) == 0;
}

static struct bridge *next_bridge(struct asking *asking)
{
    uint64_t pair;

    return next_number(asking, UINT64_MAX, &pair) ? pairs_find(&asking->program->pairs, asking->session, pair)
                                                  : NULL;
}

/* ---- Commands: 0 or negative errno ---- */

static int ask_request(struct asking *asking)
{
    const struct options *options = &asking->program->options;
    struct cv_peer_id id;

    if (!next_id(asking, &id))
        return -EINVAL;
    return cv_peer_request(asking->session->peer, &id, options->legs, &options->aim, &asking->request);
}

static int ask_close(struct asking *asking)
{
    const struct bridge *bridge = next_bridge(asking);

    return bridge == NULL ? -ENOENT : cv_peer_close_pair(asking->session->peer, bridge_pair(bridge));
}

static int ask_leg(struct asking *asking)
{
    const struct bridge *bridge = next_bridge(asking);
    const char *word = next_word(asking);
    uint8_t kinds;

    if (bridge == NULL)
        return -ENOENT;
    if (word == NULL || !read_kinds(word, &kinds))
        return -EINVAL;
    return cv_peer_change_leg(asking->session->peer, bridge_pair(bridge), kinds, &asking->request);
}

static int ask_move(struct asking *asking)
{
    struct bridge *bridge = next_bridge(asking);

    return bridge == NULL ? -ENOENT : bridge_move(bridge);
}

static int ask_message(struct asking *asking)
{
    struct cv_peer_aim aim = asking->program->options.aim;
    struct cv_peer_id id;

    aim.data = NULL;
    if (!next_id(asking, &id))
        return -EINVAL;
    return cv_peer_message(asking->session->peer, &id, asking->rest, strlen(asking->rest), &aim,
                           &asking->request);
}

/* The list stays where it is for the next session's REGISTER, too. */
static int ask_reachable(struct asking *asking)
{
    struct reachable_words *kept = &asking->program->options.reachable;
    struct reachable_words read;
    const char *word = next_word(asking);
    int result;

    if (word == NULL || !read_reachable(word, &read))
        return -EINVAL;
    result = cv_peer_set_reachable(asking->session->peer, &read.reachable, &asking->request);
    if (result != 0)
        return result;
    memcpy(kept->ids, read.ids, sizeof(kept->ids));
    kept->reachable = read.reachable;
    if (kept->reachable.peers.list != NULL)
        kept->reachable.peers.list = kept->ids;
    asking->program->sessions.config.reachable = kept->reachable;
    return 0;
}

/* Behind the number a pair, and where to, in any order. */
static int ask_probe(struct asking *asking)
{
    struct cv_address to = asking->session->relay;
    uint8_t datagram[CV_PROBE_BYTES];
    struct bridge *bridge = NULL;
    const char *word;
    uint64_t number, pair;
    int result;

    if (!next_number(asking, CV_PROBE_NUMBER_MAX, &number))
        return -EINVAL;
    while ((word = next_word(asking)) != NULL) {
        if (read_address_port(word, &to))
            continue;
        if (!read_number(word, 1, UINT64_MAX, &pair))
            return -EINVAL;
        bridge = pairs_find(&asking->program->pairs, asking->session, pair);
        if (bridge == NULL)
            return -ENOENT;
    }
    result = cv_peer_probe(asking->session->peer, (uint32_t)number, datagram);
    if (result != 0)
        return result;
    if (bridge != NULL)
        return bridge_send_to(bridge, datagram, sizeof(datagram), &to);
    result = (int)udp_send(asking->session->fd, datagram, sizeof(datagram), &to, 0);
    return result < 0 ? result : 0;
}

static const struct {
    const char *word;
    int (*ask)(struct asking *asking);
} list[] = {
    {"request", ask_request}, {"close", ask_close},         {"leg", ask_leg},     {"move", ask_move},
    {"message", ask_message}, {"reachable", ask_reachable}, {"probe", ask_probe},
};

static const char *reason(int result)
{
    switch (result) {
    case -ENOENT:
        return "there is no such pair";
    case -EINVAL:
        return "cannot be read; see --help";
    case -ENOTCONN:
        return "there is no session";
    default:
        return strerror(-result);
    }
}

static void follow(struct program *program, char *line)
{
    struct asking asking = {.program = program, .session = program->sessions.current, .rest = line};
    const char *word = next_word(&asking);
    int result = -EINVAL;

    if (word == NULL)
        return;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (strcmp(word, list[i].word) == 0)
            result = asking.session != NULL ? list[i].ask(&asking) : -ENOTCONN;
    if (result == 0)
        report_asked(word, asking.request);
    else
        report_not_asked(word, reason(result));
    if (program->sessions.current != NULL)
        session_socket_flush(program->sessions.current);
}

/* ---- Input ---- */

static void take_lines(struct commands *commands)
{
    char *end;

    while ((end = memchr(commands->line, '\n', commands->held)) != NULL) {
        size_t bytes = (size_t)(end - commands->line) + 1;

        *end = '\0';
        follow(commands->program, commands->line);
        commands->held -= bytes;
        memmove(commands->line, end + 1, commands->held);
    }
    if (commands->held == sizeof(commands->line)) /* longer than any command is */
        commands->held = 0;
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    struct commands *commands = argument;
    ssize_t bytes = read(fd, commands->line + commands->held, sizeof(commands->line) - commands->held);

    (void)what;
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR)) {
        (void)event_del(commands->readable);
        return;
    }
    if (bytes < 0)
        return;
    commands->held += (size_t)bytes;
    take_lines(commands);
}

struct commands *commands_open(struct program *program, const char *path)
{
    struct commands *commands = calloc(1, sizeof(*commands));

    if (commands == NULL)
        return NULL;
    commands->program = program;
    /* For writing, too: a FIFO that nobody writes to at the moment has not ended. */
    commands->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (commands->fd >= 0)
        commands->readable =
            event_new(program->base, commands->fd, EV_READ | EV_PERSIST, on_readable, commands);
    if (commands->readable != NULL && event_add(commands->readable, NULL) == 0)
        return commands;
    (void)fprintf(stderr, "culvert-peer: no commands from %s: %s; a FIFO or a terminal will do\n", path,
                  strerror(errno));
    commands_close(commands);
    return NULL;
}

void commands_close(struct commands *commands)
{
    if (commands == NULL)
        return;
    if (commands->readable != NULL)
        event_free(commands->readable);
    if (commands->fd >= 0)
        close(commands->fd);
    free(commands);
}
