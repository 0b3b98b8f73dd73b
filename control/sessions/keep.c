/* SPDX-License-Identifier: BSD-3-Clause */
#include "keep.h"

#include "stream_out.h"

#include <stddef.h>

static void on_committed(struct commit_waiter *waiter, int error)
{
    struct sessions *all = (struct sessions *)(void *)((char *)waiter - offsetof(struct sessions, waiter));
    struct session *session;

    all->waiting = false;
    while ((session = TAILQ_FIRST(&all->writing)) != NULL) {
        TAILQ_REMOVE(&all->writing, session, writing_entry);
        session->writing = false;
        if (error != 0) {
            session_close(session, CV_SESSION_ERROR_INTERNAL, "the store does not keep it");
            continue;
        }
        session->releasable_in = session->kept_in;
        session->releasable_out = session->kept_out;
        stream_out_push(session);
    }
    sessions_keep(all);
}

static void keep(struct session *session)
{
    /* When this fails so does the commit, and says so. */
    (void)store_put_session(session->all->services->store, &session->record, session->outbox.data,
                            session->outbox.bytes);
    session->kept_in = session->record.consumed;
    session->kept_out = stream_out_end(session);
    if (session->writing)
        return;
    session->writing = true;
    TAILQ_INSERT_TAIL(&session->all->writing, session, writing_entry);
}

void sessions_keep(struct sessions *all)
{
    struct session *session;

    while ((session = TAILQ_FIRST(&all->changed)) != NULL) {
        TAILQ_REMOVE(&all->changed, session, changed_entry);
        session->changed = false;
        if (session->phase != SESSION_CLOSING)
            keep(session);
    }
    if (TAILQ_EMPTY(&all->writing) || all->waiting)
        return;
    all->waiting = true;
    all->waiter.done = on_committed;
    /* Others who wait write to sessions in turn, and what they write must not be sent with what is committed now. */
    commits_wait_first(all->services->commits, &all->waiter);
}
