/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "dataplane_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS   200
#define TICK_S     1
#define SILENCE_MS 5000
#define BURST      256

struct dataplane {
    struct event_base *base;
    const char *path;
    const struct dataplane_handlers *handlers;
    void *context;
    struct requests *requests;
    struct cv_dataplane_link *link; /* NULL: not even connected */
    struct event *socket;           /* while there is a link */
    struct event *doorbell;         /* while attached */
    struct event *retry;
    struct event *flush;
    struct event *tick;
    uint64_t heard_ms; /* when the data plane last said something, or had nothing to answer */
    uint64_t unasked;  /* answers that nobody asked for */
    int complained;    /* the error that was last logged: each is logged once */
};

static void detach(struct dataplane *dataplane)
{
    if (dataplane->socket != NULL)
        event_free(dataplane->socket);
    if (dataplane->doorbell != NULL)
        event_free(dataplane->doorbell);
    dataplane->socket = NULL;
    dataplane->doorbell = NULL;
    cv_dataplane_link_close(dataplane->link);
    dataplane->link = NULL;
}

static const char *reason_text(int error)
{
    switch (error) {
    case -ENOENT:
    case -ECONNREFUSED:
        return "culvert-dataplane is not running, or has another relay.dataplane_socket";
    case -EBUSY:
        return "another culvert-control is attached to it";
    case -EPROTO:
    case -EBADMSG:
        return "culvert-dataplane is of another version; restart both from the same build";
    case -ECONNRESET:
        return "it has gone";
    case -ETIMEDOUT:
        return "it does not answer";
    default:
        return strerror(-error);
    }
}

/* The link is over, or could not be made. */
static void give_up(struct dataplane *dataplane, int error)
{
    bool attached = dataplane_attached(dataplane);

    detach(dataplane);
    if (attached || error != dataplane->complained)
        log_warning("data plane at %s: %s; trying again every %d ms", dataplane->path, reason_text(error),
                    RETRY_MS);
    dataplane->complained = error;
    timer_start(dataplane->retry, RETRY_MS);
    if (attached) {
        requests_fail(dataplane->requests, -ECONNRESET);
        dataplane->handlers->lost(dataplane->context);
    }
}

static bool send_message(void *context, const struct cv_message *message)
{
    struct dataplane *dataplane = context;
    if (!cv_dataplane_link_send(dataplane->link, message))
        return false;
    if (!evtimer_pending(dataplane->flush, NULL))
        timer_start(dataplane->flush, 0);
    return true;
}

static void pump(struct dataplane *dataplane)
{
    if (dataplane_attached(dataplane))
        requests_pump(dataplane->requests, send_message, dataplane);
}

static void on_flush(evutil_socket_t fd, short what, void *context)
{
    struct dataplane *dataplane = context;

    (void)fd;
    (void)what;
    if (dataplane_attached(dataplane))
        cv_dataplane_link_flush(dataplane->link);
}

static void take(struct dataplane *dataplane, const struct cv_message *message)
{
    if (message->type >= CV_MESSAGE_LEG_BOUND)
        dataplane->handlers->event(dataplane->context, message);
    else if (!requests_answer(dataplane->requests, message))
        dataplane->unasked++;
}

static void on_doorbell(evutil_socket_t fd, short what, void *context)
{
    struct dataplane *dataplane = context;
    struct cv_message messages[BURST];
    uint32_t count = cv_dataplane_link_receive(dataplane->link, messages, BURST);

    (void)fd;
    (void)what;
    if (count > 0)
        dataplane->heard_ms = clock_monotonic_ms();
    for (uint32_t i = 0; i < count; i++)
        take(dataplane, &messages[i]);
    pump(dataplane);
}

static void now_attached(struct dataplane *dataplane)
{
    dataplane->doorbell = event_new(dataplane->base, cv_dataplane_link_doorbell(dataplane->link),
                                    EV_READ | EV_PERSIST, on_doorbell, dataplane);
    if (dataplane->doorbell == NULL || event_add(dataplane->doorbell, NULL) != 0) {
        detach(dataplane);
        give_up(dataplane, -ENOMEM);
        return;
    }
    dataplane->complained = 0;
    dataplane->heard_ms = clock_monotonic_ms();
    dataplane->unasked = 0;
    log_notice("attached to the data plane at %s", dataplane->path);
    dataplane->handlers->attached(dataplane->context, dataplane_boot_id(dataplane));
}

static void on_socket(evutil_socket_t fd, short what, void *context)
{
    struct dataplane *dataplane = context;
    int result = cv_dataplane_link_serve(dataplane->link);

    (void)fd;
    (void)what;
    if (result < 0)
        give_up(dataplane, result);
    else if (result == 1)
        now_attached(dataplane);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    struct dataplane *dataplane = context;
    int error = cv_dataplane_link_open(&dataplane->link, dataplane->path);

    (void)fd;
    (void)what;
    if (error != 0) {
        dataplane->link = NULL;
        give_up(dataplane, error);
        return;
    }
    dataplane->heard_ms = clock_monotonic_ms();
    dataplane->socket = event_new(dataplane->base, cv_dataplane_link_socket(dataplane->link),
                                  EV_READ | EV_PERSIST, on_socket, dataplane);
    if (dataplane->socket == NULL || event_add(dataplane->socket, NULL) != 0)
        give_up(dataplane, -ENOMEM);
}

/* Whether an answer is due: to the wish to be attached, or to a request. */
static bool answer_due(const struct dataplane *dataplane)
{
    return dataplane->link != NULL &&
           (!dataplane_attached(dataplane) || requests_in_flight(dataplane->requests) > 0);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    struct dataplane *dataplane = context;
    uint64_t now = clock_monotonic_ms();

    (void)fd;
    (void)what;
    if (!answer_due(dataplane))
        dataplane->heard_ms = now;
    else if (now - dataplane->heard_ms > SILENCE_MS)
        give_up(dataplane, -ETIMEDOUT);
    pump(dataplane);
}

int dataplane_open(struct dataplane **dataplane, struct event_base *base, const char *path,
                   const struct dataplane_handlers *handlers, void *context)
{
    struct dataplane *made = calloc(1, sizeof(*made));
    const struct timeval now = {0};
    const struct timeval tick = {.tv_sec = TICK_S};

    *dataplane = NULL;
    if (made == NULL)
        return -ENOMEM;
    made->base = base;
    made->path = path;
    made->handlers = handlers;
    made->context = context;
    made->requests = requests_new();
    made->retry = evtimer_new(base, on_retry, made);
    made->flush = evtimer_new(base, on_flush, made);
    made->tick = event_new(base, -1, EV_PERSIST, on_tick, made);
    if (made->requests == NULL || made->retry == NULL || made->flush == NULL || made->tick == NULL ||
        evtimer_add(made->retry, &now) != 0 || event_add(made->tick, &tick) != 0) {
        dataplane_close(made);
        return -ENOMEM;
    }
    *dataplane = made;
    return 0;
}

void dataplane_stop(struct dataplane *dataplane)
{
    detach(dataplane);
    if (dataplane->retry != NULL)
        (void)evtimer_del(dataplane->retry);
    if (dataplane->requests != NULL)
        requests_fail(dataplane->requests, -ECONNRESET);
}

void dataplane_close(struct dataplane *dataplane)
{
    if (dataplane == NULL)
        return;
    dataplane_stop(dataplane);
    requests_free(dataplane->requests);
    if (dataplane->retry != NULL)
        event_free(dataplane->retry);
    if (dataplane->flush != NULL)
        event_free(dataplane->flush);
    if (dataplane->tick != NULL)
        event_free(dataplane->tick);
    free(dataplane);
}

bool dataplane_attached(const struct dataplane *dataplane)
{
    return dataplane->doorbell != NULL;
}

const struct cv_shared *dataplane_shared(const struct dataplane *dataplane)
{
    return dataplane_attached(dataplane) ? cv_dataplane_link_shared(dataplane->link) : NULL;
}

uint64_t dataplane_boot_id(const struct dataplane *dataplane)
{
    const struct cv_shared *shared = dataplane_shared(dataplane);

    return shared == NULL ? 0 : shared->header.boot_id;
}

int dataplane_request(struct dataplane *dataplane, struct request *request)
{
    if (!dataplane_attached(dataplane))
        return -ENOTCONN;
    requests_add(dataplane->requests, request);
    pump(dataplane);
    return 0;
}

bool dataplane_tell(struct dataplane *dataplane, const struct cv_message *message)
{
    return dataplane_attached(dataplane) && send_message(dataplane, message);
}

uint32_t dataplane_in_flight(const struct dataplane *dataplane)
{
    return requests_in_flight(dataplane->requests);
}

uint64_t dataplane_bad_messages(const struct dataplane *dataplane)
{
    return dataplane_attached(dataplane) ? cv_dataplane_link_bad(dataplane->link) + dataplane->unasked : 0;
}
