/* SPDX-License-Identifier: BSD-3-Clause */
#include "commits.h"

#include "base/log.h"
#include "base/timer.h"

#include <errno.h>
#include <stdlib.h>

#define GROUP_MS 50

TAILQ_HEAD(commit_waiters, commit_waiter);

struct commits {
    struct store *store;
    struct event *timer;
    struct commit_waiters waiters;
    void (*failed)(void *context);
    void *context;
};

static void commit(struct commits *commits)
{
    struct commit_waiters waiters = TAILQ_HEAD_INITIALIZER(waiters);
    struct commit_waiter *waiter;
    int error = store_commit(commits->store);

    if (error != 0)
        log_error("store: %s; what was changed just now is undone", store_error(commits->store));
    TAILQ_CONCAT(&waiters, &commits->waiters, entry);
    while ((waiter = TAILQ_FIRST(&waiters)) != NULL) {
        TAILQ_REMOVE(&waiters, waiter, entry);
        waiter->done(waiter, error);
    }
    if (error != 0)
        commits->failed(commits->context);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    commit(context);
}

static void on_write(void *context)
{
    struct commits *commits = context;

    if (!evtimer_pending(commits->timer, NULL))
        timer_start(commits->timer, GROUP_MS);
}

int commits_open(struct commits **commits, struct event_base *base, struct store *store,
                 void (*failed)(void *context), void *context)
{
    struct commits *made = calloc(1, sizeof(*made));

    *commits = NULL;
    if (made == NULL)
        return -ENOMEM;
    made->timer = evtimer_new(base, on_timer, made);
    if (made->timer == NULL) {
        free(made);
        return -ENOMEM;
    }
    TAILQ_INIT(&made->waiters);
    made->store = store;
    made->failed = failed;
    made->context = context;
    store_on_write(store, on_write, made);
    *commits = made;
    return 0;
}

void commits_close(struct commits *commits)
{
    if (commits == NULL)
        return;
    do { /* who was waiting may go on to another commit */
        commit(commits);
    } while (!TAILQ_EMPTY(&commits->waiters));
    store_on_write(commits->store, NULL, NULL);
    event_free(commits->timer);
    free(commits);
}

void commits_wait_first(struct commits *commits, struct commit_waiter *waiter)
{
    TAILQ_INSERT_HEAD(&commits->waiters, waiter, entry);
    timer_start(commits->timer, 0);
}

void commits_wait(struct commits *commits, struct commit_waiter *waiter)
{
    TAILQ_INSERT_TAIL(&commits->waiters, waiter, entry);
    timer_start(commits->timer, 0);
}
