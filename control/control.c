/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"
#include "pairs/leg_events.h"
#include "api/listen.h"
#include "base/clock.h"
#include "base/directory.h"
#include "base/log.h"
#include "api/shared_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_attached(void *context, uint64_t boot_id)
{
    struct control *control = context;
    uint64_t before = 0;

    if (store_boot_id(control->store, &before) != 0)
        log_error("store: %s", store_error(control->store));
    if (boot_id != before) {
        log_notice("this run of the data plane is new: pairs are put into it");
        (void)store_note_boot_id(control->store, boot_id);
    }
    control->pairs_max = SHARED_LOAD(dataplane_shared(control->dataplane)->keeper->pairs_max);
    events_attached(&control->events, boot_id != before);
    sessions_attached(control->sessions, boot_id != before);
    sync_start(control->sync);
}

static void on_lost(void *context)
{
    struct control *control = context;

    sync_stop(control->sync);
    waiting_stop(control->waiting);
    sessions_lost(control->sessions);
    events_dataplane_lost(&control->events);
}

static void on_event(void *context, const struct cv_message *message)
{
    struct control *control = context;

    leg_events_take(control, message);
    sessions_event(control->sessions, message);
}

/* A commit failed: store and data plane may differ. */
static void on_commit_failed(void *context)
{
    struct control *control = context;

    sync_start(control->sync);
}

static int open_parts(struct control *control, char *error, size_t error_bytes)
{
    static const struct dataplane_handlers handlers = {on_attached, on_lost, on_event};
    const struct cv_config *config = control->config;
    int result = 0;

    if (strcmp(config->store, ":memory:") != 0)
        result = directory_make_parent(config->store, 0700);
    if (result != 0) {
        (void)snprintf(error, error_bytes, "store %s: cannot make its directory: %s", config->store,
                       strerror(-result));
        return result;
    }
    result = store_open(&control->store, config->store, error, error_bytes);
    if (result != 0)
        return result;
    control->sync = sync_new(control);
    control->waiting = waiting_new(control);
    if (control->sync == NULL || control->waiting == NULL ||
        commits_open(&control->commits, control->base, control->store, on_commit_failed, control) != 0 ||
        dataplane_open(&control->dataplane, control->base, config->dataplane_socket, &handlers, control) !=
            0) {
        (void)snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    control->sessions = sessions_new(control);
    if (control->sessions == NULL) {
        (void)snprintf(error, error_bytes, "store %s: cannot load sessions: %s", config->store,
                       store_error(control->store));
        return -EIO;
    }
    if (config->control_socket[0] == '\0')
        return 0;
    return clients_open(&control->clients, control, config->control_socket, error, error_bytes);
}

int control_open(struct control **control, struct event_base *base, const struct cv_config *config,
                 char *error, size_t error_bytes)
{
    struct control *made = calloc(1, sizeof(*made));
    int result;

    *control = NULL;
    if (made == NULL) {
        (void)snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    made->config = config;
    made->base = base;
    made->start_ms = clock_monotonic_ms();
    LIST_INIT(&made->events.subscribers);
    result = open_parts(made, error, error_bytes);
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
    if (control == NULL)
        return;
    clients_stop(control->clients);
    if (control->dataplane != NULL)
        dataplane_stop(control->dataplane);
    commits_close(control->commits);
    sessions_free(control->sessions);
    clients_close(control->clients);
    dataplane_close(control->dataplane);
    sync_free(control->sync);
    waiting_free(control->waiting);
    store_close(control->store);
    free(control);
}
