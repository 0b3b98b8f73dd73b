/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Groups the store's writes: what one turn of the event loop wrote for clients is committed together at the
 * next turn, what nobody waits for within 50 ms. An answer to a client goes out from its waiter's `done`,
 * thus never before its commit.
 */
#include "store.h"

#include <event2/event.h>
#include <sys/queue.h>

struct commits;

/* The caller's, from commits_wait until `done`. */
struct commit_waiter {
    TAILQ_ENTRY(commit_waiter) entry;
    /* 0: all that was written before commits_wait is kept. Negative: none of it is; see store_error. */
    void (*done)(struct commit_waiter *waiter, int error);
};

/*
 * `failed` is called after a failed commit, when its waiters know: store and data plane now differ. -ENOMEM.
 */
int commits_open(struct commits **commits, struct event_base *base, struct store *store,
                 void (*failed)(void *context), void *context);

/* Commits what is open and calls all waiters. NULL is allowed. */
void commits_close(struct commits *commits);

/* What a waiter writes, of whatever object, is of the next commit: whoever is called after it cannot tell that apart. */
void commits_wait(struct commits *commits, struct commit_waiter *waiter);

/*
 * For who goes on writing while it waits: `done` is called before all that wait otherwise, thus when nothing has been written
 * since the commit, and is about all that was written until then.
 */
void commits_wait_first(struct commits *commits, struct commit_waiter *waiter);
