/* SPDX-License-Identifier: BSD-3-Clause */
#include "clients.h"

#include "base/log.h"
#include "base/timer.h"
#include "dispatch.h"
#include "listen.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client {
    struct rpc_connection rpc; /* first: the rest of control knows a client by this */
    LIST_ENTRY(client) entry;
    struct clients *clients;
    struct bufferevent *buffer;
    uint64_t unread_events; /* sent since its output was last empty */
    bool ending;            /* nothing more comes from it */
    bool doomed;            /* disconnected; freed at the next turn */
    bool waiting;           /* had more to say than it may at once */
};

struct clients {
    struct api *api;
    struct evconnlistener *listener;
    struct event *turn; /* frees the doomed, lets the waiting go on */
    const char *path;
    LIST_HEAD(, client) list;
};

static void next_turn(struct clients *clients)
{
    timer_start(clients->turn, 0);
}

static void doom(struct client *client)
{
    if (client->doomed)
        return;
    client->doomed = true;
    rpc_disconnect(&client->rpc);
    (void)bufferevent_disable(client->buffer, EV_READ | EV_WRITE);
    next_turn(client->clients);
}

static void send_line(struct rpc_connection *connection, const char *line, size_t bytes, bool event)
{
    struct client *client = (struct client *)(void *)connection;
    struct evbuffer *output = bufferevent_get_output(client->buffer);
    bool lost;

    if (client->doomed)
        return;
    client->unread_events += event;
    lost = evbuffer_get_length(output) + bytes > CLIENT_OUTPUT_MAX;
    if (!lost)
        lost = evbuffer_add(output, line, bytes) != 0 || evbuffer_add(output, "\n", 1) != 0;
    if (!lost)
        return;
    log_warning("a client does not read what it is sent: dropped, with %llu events",
                (unsigned long long)client->unread_events);
    connection->api->services->events.lost += client->unread_events;
    doom(client);
}

static void on_ended(struct rpc_connection *connection)
{
    struct client *client = (struct client *)(void *)connection;

    if (client->waiting || client->ending)
        next_turn(client->clients);
}

/* Whether it may have another call now. */
static bool may_go_on(const struct client *client)
{
    return client->rpc.call_count < CLIENT_CALLS &&
           evbuffer_get_length(bufferevent_get_output(client->buffer)) < CLIENT_OUTPUT_PAUSE;
}

static void refuse_line(struct client *client)
{
    char text[80];

    (void)snprintf(text, sizeof(text), "a line is longer than %d bytes", CLIENT_LINE_BYTES);
    rpc_error(&client->rpc, NULL, RPC_NOT_A_REQUEST, NULL, text);
    client->ending = true;
    (void)bufferevent_disable(client->buffer, EV_READ);
    (void)evbuffer_drain(bufferevent_get_input(client->buffer), SIZE_MAX);
}

/* Takes one line from the input; false when there is no whole one (at the end, the rest is one). */
static bool take_line(struct client *client)
{
    struct evbuffer *input = bufferevent_get_input(client->buffer);
    size_t bytes = evbuffer_get_length(input);
    struct evbuffer_ptr end = evbuffer_search_eol(input, NULL, NULL, EVBUFFER_EOL_LF);
    const char *line;

    if (end.pos < 0 && bytes <= CLIENT_LINE_BYTES && !(client->ending && bytes > 0))
        return false;
    if (end.pos >= 0)
        bytes = (size_t)end.pos;
    if (bytes > CLIENT_LINE_BYTES) {
        refuse_line(client);
        return false;
    }
    line = (const char *)evbuffer_pullup(input, (ev_ssize_t)bytes);
    if (bytes > 0 && !(bytes == 1 && line[0] == '\r'))
        dispatch_line(&client->rpc, line, bytes);
    (void)evbuffer_drain(input, bytes + (end.pos >= 0));
    return true;
}

static void process(struct client *client)
{
    client->waiting = false;
    while (!client->doomed) {
        if (!may_go_on(client)) {
            client->waiting = true;
            return;
        }
        if (!take_line(client))
            break;
    }
    if (client->ending && client->rpc.call_count == 0 &&
        evbuffer_get_length(bufferevent_get_output(client->buffer)) == 0)
        doom(client);
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct clients *clients = context;
    struct client *client;
    struct client *next;

    (void)fd;
    (void)what;
    for (client = LIST_FIRST(&clients->list); client != NULL; client = next) {
        next = LIST_NEXT(client, entry);
        if (!client->doomed && (client->waiting || client->ending))
            process(client);
        if (!client->doomed)
            continue;
        LIST_REMOVE(client, entry);
        bufferevent_free(client->buffer);
        clients->api->clients--;
        free(client);
    }
}

static void on_readable(struct bufferevent *buffer, void *context)
{
    (void)buffer;
    process(context);
}

static void on_written(struct bufferevent *buffer, void *context)
{
    struct client *client = context;

    (void)buffer;
    client->unread_events = 0;
    if (client->waiting || client->ending)
        process(client);
}

static void on_gone(struct bufferevent *buffer, short what, void *context)
{
    struct client *client = context;

    (void)buffer;
    if (what & BEV_EVENT_EOF) {
        client->ending = true;
        rpc_unsubscribe(&client->rpc);
        process(client);
    } else {
        doom(client);
    }
}

static void refuse_client(evutil_socket_t fd)
{
    static const char line[] =
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32000,\"message\":\"too many clients are "
        "connected: try again later\",\"data\":{\"name\":\"full\"}}}\n";

    if (write(fd, line, sizeof(line) - 1) < 0)
        log_debug("a client beyond the limit left before it could be told");
    (void)close(fd);
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int address_bytes, void *context)
{
    struct clients *clients = context;
    struct client *client = NULL;

    (void)listener;
    (void)address;
    (void)address_bytes;
    if (clients->api->clients < CLIENTS_MAX)
        client = calloc(1, sizeof(*client));
    if (client != NULL)
        client->buffer = bufferevent_socket_new(clients->api->services->loop, fd, BEV_OPT_CLOSE_ON_FREE);
    if (client == NULL || client->buffer == NULL) {
        free(client);
        refuse_client(fd);
        return;
    }
    client->rpc.api = clients->api;
    client->rpc.send = send_line;
    client->rpc.ended = on_ended;
    client->clients = clients;
    LIST_INSERT_HEAD(&clients->list, client, entry);
    clients->api->clients++;
    bufferevent_setcb(client->buffer, on_readable, on_written, on_gone, client);
    bufferevent_setwatermark(client->buffer, EV_READ, 0, CLIENT_LINE_BYTES + 1);
    (void)bufferevent_enable(client->buffer, EV_READ | EV_WRITE);
}

int clients_open(struct clients **clients, struct api *api, const char *path, char *error, size_t error_bytes)
{
    struct clients *made = calloc(1, sizeof(*made));
    int fd;

    *clients = NULL;
    if (made == NULL) {
        (void)snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    fd = listen_at(path, error, error_bytes);
    if (fd < 0) {
        free(made);
        return fd;
    }
    made->api = api;
    made->path = path;
    made->turn = evtimer_new(api->services->loop, on_turn, made);
    made->listener = evconnlistener_new(api->services->loop, on_client, made,
                                        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (made->turn == NULL || made->listener == NULL) {
        if (made->listener == NULL)
            (void)close(fd);
        clients_close(made);
        (void)snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    *clients = made;
    return 0;
}

void clients_stop(struct clients *clients)
{
    struct client *client;

    if (clients == NULL)
        return;
    (void)evconnlistener_disable(clients->listener);
    LIST_FOREACH(client, &clients->list, entry)
    {
        (void)bufferevent_disable(client->buffer, EV_READ);
    }
}

void clients_close(struct clients *clients)
{
    struct client *client;

    if (clients == NULL)
        return;
    while ((client = LIST_FIRST(&clients->list)) != NULL) {
        rpc_disconnect(&client->rpc);
        if (!client->doomed)
            (void)evbuffer_write(bufferevent_get_output(client->buffer), bufferevent_getfd(client->buffer));
        LIST_REMOVE(client, entry);
        bufferevent_free(client->buffer);
        free(client);
    }
    if (clients->listener != NULL) {
        evconnlistener_free(clients->listener);
        (void)unlink(clients->path);
    }
    if (clients->turn != NULL)
        event_free(clients->turn);
    free(clients);
}
