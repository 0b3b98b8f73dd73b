/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/log.h"
#include "sessions/sessions.h"
#include "store/store_pairs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_attached(void *context, uint64_t boot_id)
{
    struct control *control = context;
    struct services *services = &control->services;
    uint64_t before = 0;

    if (store_boot_id(services->store, &before) != 0)
        log_error("store: %s", store_error(services->store));
    if (boot_id != before) {
        log_notice("this run of the data plane is new: pairs are put into it");
        (void)store_note_boot_id(services->store, boot_id);
        (void)store_remove_next_legs(services->store); /* that run knew of them */
    }
    events_attached(&services->events, boot_id != before);
    sessions_attached(control->sessions, boot_id != before);
    pairs_attached(control->pairs);
}

static void on_lost(void *context)
{
    struct control *control = context;

    pairs_lost(control->pairs);
    sessions_lost(control->sessions);
    events_dataplane_lost(&control->services.events);
}

static void on_event(void *context, const struct cv_message *message)
{
    struct control *control = context;

    pairs_event(control->pairs, message);
    sessions_event(control->sessions, message);
}

/* A commit failed. */
static void on_commit_failed(void *context)
{
    struct control *control = context;

    pairs_bring_in_line(control->pairs);
}

static int open_store(struct services *services, char *error, size_t error_bytes)
{
    const char *path = services->config->store;
    int result = 0;

    if (strcmp(path, ":memory:") != 0)
        result = directory_make_parent(path, 0700);
    if (result == 0)
        return store_open(&services->store, path, error, error_bytes);
    (void)snprintf(error, error_bytes, "store %s: cannot make its directory: %s", path, strerror(-result));
    return result;
}

static int open_services(struct control *control, char *error, size_t error_bytes)
{
    static const struct dataplane_handlers handlers = {on_attached, on_lost, on_event};
    struct services *services = &control->services;
    int result = open_store(services, error, error_bytes);

    if (result != 0)
        return result;
    if (commits_open(&services->commits, services->loop, services->store, on_commit_failed, control) != 0 ||
        dataplane_open(&services->dataplane, services->loop, services->config->dataplane_socket, &handlers,
                       control) != 0) {
        (void)snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    return 0;
}

static int open_parts(struct control *control, char *error, size_t error_bytes)
{
    struct services *services = &control->services;

    control->pairs = pairs_new(services);
    if (control->pairs == NULL) {
        (void)snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    control->sessions = sessions_new(services);
    if (control->sessions != NULL)
        control->peers = peers_new(services, control->pairs, control->sessions);
    if (control->peers == NULL) {
        (void)snprintf(error, error_bytes, "store %s: cannot load sessions: %s", services->config->store,
                       store_error(services->store));
        return -EIO;
    }
    return 0;
}

static int open_api(struct control *control, char *error, size_t error_bytes)
{
    const char *path = control->services.config->control_socket;

    control->api = (struct api){
        .services = &control->services,
        .pairs = control->pairs,
        .sessions = control->sessions,
        .peers = control->peers,
        .start_ms = clock_monotonic_ms(),
    };
    if (path[0] == '\0')
        return 0;
    return clients_open(&control->clients, &control->api, path, error, error_bytes);
}

int control_open(struct control **control, struct event_base *loop, const struct cv_config *config,
                 char *error, size_t error_bytes)
{
    struct control *made = calloc(1, sizeof(*made));
    int result;

    *control = NULL;
    if (made == NULL) {
        (void)snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    made->services.config = config;
    made->services.loop = loop;
    result = open_services(made, error, error_bytes);
    if (result == 0)
        result = open_parts(made, error, error_bytes);
    if (result == 0)
        result = open_api(made, error, error_bytes);
    if (result != 0) {
        control_close(made);
        return result;
    }
    *control = made;
    return 0;
}

/* Requests end first, then what waits for commits, so that each client hears what became of its calls. */
void control_close(struct control *control)
{
    struct services *services;

    if (control == NULL)
        return;
    services = &control->services;
    clients_stop(control->clients);
    if (services->dataplane != NULL)
        dataplane_stop(services->dataplane);
    commits_close(services->commits);
    peers_free(control->peers);
    sessions_free(control->sessions);
    clients_close(control->clients);
    dataplane_close(services->dataplane);
    pairs_free(control->pairs);
    store_close(services->store);
    free(control);
}
