/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A session, the table of all, and how one ends. sessions.h is the page about them as a whole. */
#include "outbox.h"
#include "protocol/capsule_reader.h"
#include "protocol/capsule_value.h"
#include "protocol/session_error.h"
#include "services/services.h"
#include "store/store_sessions.h"

#include <stdbool.h>
#include <sys/queue.h>

enum session_phase {
    SESSION_ASKING,   /* its chain is arriving */
    SESSION_ADMITTED, /* SESSION_ADMIT is on its way */
    SESSION_OPEN,
    SESSION_CLOSING, /* refused or closed: waits for SESSION_CLOSED */
};

#define SESSION_BUCKETS 16384

LIST_HEAD(session_list, session);
TAILQ_HEAD(session_queue, session);

struct session {
    struct sessions *all;
    LIST_ENTRY(session) by_number;
    struct session_record record;
    enum session_phase phase;
    bool confirmed;                   /* by the data plane, since the attachment */
    enum cv_session_error close_code; /* SESSION_CLOSING */
    struct cv_address address;
    struct cv_address local;
    uint32_t quic_version;
    uint16_t payload_bytes; /* of a DATAGRAM frame to the peer at most; 0: it takes none */
    void *peer; /* what the layer above has made of it: its instance; NULL: not registered, or ended */

    /* SESSION_ASKING. */
    uint8_t *chain;
    uint32_t chain_bytes;
    uint32_t chain_held;
    bool told; /* SESSION_ADMIT is sent */

    /* Registering. */
    TAILQ_ENTRY(session) unregistered; /* while register_by_ms is not 0 */
    uint64_t register_by_ms;           /* monotonic */

    /* The control stream: stream_in.c, stream_out.c. Offsets count from its start. */
    struct cv_capsule_reader reader;
    uint8_t *reader_buffer; /* while it holds a part of a capsule; NULL: it does not */
    uint64_t received;      /* shown to the reader; record.consumed and what it holds of a capsule */
    uint64_t credited;      /* told to the data plane */
    struct outbox outbox;   /* from record.sent on */
    uint64_t pushed;        /* given to the data plane */
    uint64_t capsule_end;   /* of the capsule that `pushed` is within */
    uint64_t acknowledged;  /* by the peer, as far as the data plane has said */
    uint64_t pairs_most;    /* that it has had at a time */
    bool confirming;        /* a SESSION_GET is on its way */

    /* Not read on: see stream_in.h. */
    uint8_t *unread; /* what came behind `received`; NULL: it is read on */
    uint32_t unread_bytes;
    uint64_t moved_ms; /* monotonic: when that began, or the peer was last seen to acknowledge something */

    /* Closed here, and not out of what it has open yet: see session_close. */
    bool leaving;
    TAILQ_ENTRY(session) leaving_entry;

    /*
     * Keeping: changed, written and not committed yet, stopped by a full ring, stopped by a peer that acknowledges slowly (or
     * not read on), to be read on.
     */
    bool changed, writing, blocked, full, readable;
    TAILQ_ENTRY(session) changed_entry, writing_entry, blocked_entry, full_entry, readable_entry;
    uint64_t kept_in; /* consumed, as written; then as committed */
    uint64_t kept_out;
    uint64_t releasable_in, releasable_out;
};

enum session_leave {
    SESSION_LOST,   /* without a close of either side: the peer may come back for what it has open */
    SESSION_CLOSED, /* by one of the two */
};

/* Who is above: what capsules mean, and what sessions have open with each other (peers/). */
struct session_handlers {
    /* A capsule of the peer that has passed the rules of order. */
    void (*capsule)(void *context, struct session *session, const struct cv_capsule *capsule);
    /* One of which only type and number are good, or that has a parameter which is not understood. */
    void (*bad)(void *context, struct session *session, const struct cv_capsule *capsule,
                enum cv_capsule_parsed parsed);
    /* DATAGRAM frames to the peer hold payload_bytes from now on. */
    void (*limit)(void *context, struct session *session);
    /* The peer has another address, or a probe of its came in. */
    void (*address)(void *context, struct session *session);
    void (*probe)(void *context, struct session *session, const struct cv_session_probe *probe);
    /*
     * The session ends, and what it has open with others; it may have been said before. Said by the loop alone, never from
     * within something that writes to a session.
     */
    void (*leave)(void *context, struct session *session, enum session_leave how);
    /* The data plane has told of all sessions after an attachment. */
    void (*known)(void *context);
};

struct sessions {
    struct services *services;
    const struct session_handlers *handlers;
    void *context; /* of the handlers */
    struct session_list by_number[SESSION_BUCKETS];
    struct session_queue unregistered; /* in the order of register_by_ms */
    struct session_queue changed, writing, blocked, full, readable, leaving;
    bool waiting; /* `waiter` waits */
    struct commit_waiter waiter;
    struct event *timer; /* for the next REGISTER that is late */
    struct event *retry; /* for a full ring */
    struct event *ask;   /* how much the peers have acknowledged to which more is to go */
    struct event *read;  /* while some are to be read on */
    struct event *leave; /* while some are leaving */
    struct request dump;
    struct {
        struct event *timer;
        uint64_t until_ms;            /* monotonic: sessions are closed then */
        struct cv_relay_addresses to; /* where peers are sent; none: to come back here */
        struct cv_peer_id relay;      /* who is there, with `to` */
        bool on;
    } drain; /* drain.h */
};

/* NULL: out of memory. */
struct session *session_new(struct sessions *all, uint64_t number);

/* Looks through sessions of any state. */
struct session *session_find(const struct sessions *all, uint64_t number);
void sessions_each_known(struct sessions *all, void (*found)(void *context, struct session *session),
                         void *context);

/* NULL: there is none, or the data plane has not confirmed it since the attachment. */
struct session *sessions_find(struct sessions *sessions, uint64_t number);

/* Calls `found` for each session that sessions_find finds, in no order. It may end that session. */
void sessions_each(struct sessions *sessions, void (*found)(void *context, struct session *session),
                   void *context);

/*
 * Whether what others make control say to the peer still fits: it may take half of what may wait. Nor is what the peer says
 * read on beyond that (stream_in.h). The rest is for what is said of what it has open, so that nobody else can have its session
 * closed as not_reading.
 */
static inline bool session_has_room_for_others(const struct session *session)
{
    return session->outbox.bytes <= OUTBOX_BYTES_MAX / 2;
}

/* The label of its peer in pairs, and in logs. */
const char *session_label(const struct session *session, char text[CV_PEER_ID_TEXT]);

/* What the store has to know of it is no longer what it knows: keep.h writes it. */
void session_changed(struct session *session);

/* The peer has REGISTERed: it has no time limit for that any more. */
void session_registered(struct session *session);

/*
 * DATAGRAM frames to the peer hold so much from now on. May close the session. Nothing is told when nothing
 * changes.
 */
void session_limit(struct session *session, uint16_t payload_bytes);

/*
 * Asks the data plane for something that has no answer worth waiting for: SESSION_ADMIT, _REFUSE, _CLOSE.
 */
void session_order(struct session *session, enum cv_message_type type, uint64_t value);

/* The same for a session that is not known here. */
void sessions_order(struct sessions *all, const struct cv_session_order *order, enum cv_message_type type);

/*
 * Ends a session for `code`, and tells the log why. It takes and is told nothing more. What it had open ends when control is
 * back in its loop, for this may be called in the midst of just that: each word to a peer may be one too many. The
 * session itself ends when the data plane says so.
 */
void session_close(struct session *session, enum cv_session_error code, const char *why);

/* Ends what it has open, for good or until the peer comes back for it, and frees it: only to be called by the loop. */
void session_free(struct session *session, bool lost);

/* Frees it, and nothing else. */
void session_discard(struct session *session);

/* What one of the sessions had open that were closed ends. False: there is none left. Only to be called by the loop. */
bool session_leave_next(struct sessions *all);
