/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A session and their table, for the files that handle them: sessions.h is the page for all others. */
#include "chain.h"
#include "peers/channels.h"
#include "store/commits.h"
#include "link/requests.h"
#include "sessions.h"
#include "store/store_sessions.h"

#include <event2/event.h>
#include <sys/queue.h>

enum session_phase {
    SESSION_ASKING,   /* its chain is arriving */
    SESSION_ADMITTED, /* SESSION_ADMIT is on its way */
    SESSION_OPEN,
    SESSION_CLOSING, /* refused or closed: waits for SESSION_CLOSED */
};

#define SESSION_BUCKETS 16384

struct peer_pair;
struct peer_offer;

/* One of the IDs by which a registered peer is found. */
struct session_key {
    LIST_ENTRY(session_key) entry;
    struct session *session;
};
LIST_HEAD(session_keys, session_key);
LIST_HEAD(session_list, session);
TAILQ_HEAD(session_queue, session);
LIST_HEAD(peer_pairs, peer_pair);
LIST_HEAD(peer_offers, peer_offer);
TAILQ_HEAD(peer_offer_queue, peer_offer);

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

    /* SESSION_ASKING. */
    uint8_t *chain;
    uint32_t chain_bytes;
    uint32_t chain_held;
    bool told; /* SESSION_ADMIT is sent */

    /* Registering. */
    TAILQ_ENTRY(session) unregistered; /* while register_by_ms is not 0 */
    uint64_t register_by_ms;           /* monotonic */
    uint64_t registered_at;            /* order in which peers registered; 0: not yet */
    struct session_key keys[CHAIN_CERTIFICATES];

    /* The control stream: session_io.c. Offsets count from its start. */
    struct cv_capsule_reader reader;
    uint8_t reader_buffer[CV_CAPSULE_BUFFER_BYTES];
    uint64_t received; /* shown to the reader; record.consumed and what it holds of a capsule */
    uint64_t credited; /* told to the data plane */
    uint8_t *outbox;   /* from record.sent on */
    uint32_t outbox_bytes;
    uint32_t outbox_room;
    uint64_t pushed;      /* given to the data plane */
    uint64_t capsule_end; /* of the capsule that `pushed` is within */
    bool confirming;      /* a SESSION_GET is on its way */

    /* Keeping: changed, written and not committed yet, stopped by a full ring. */
    bool changed, writing, blocked;
    TAILQ_ENTRY(session) changed_entry, writing_entry, blocked_entry;
    uint64_t kept_in; /* consumed, as written; then as committed */
    uint64_t kept_out;
    uint64_t releasable_in, releasable_out;

    /* Pairs. */
    struct peer_offers asked;   /* it waits for them */
    struct peer_offers offered; /* they wait for its answer, or for the data plane */
    struct peer_pairs pairs[2]; /* that it asked for, that it was offered */
    uint32_t making;            /* pairs that are being made with it */
    struct channels *channels;  /* of its tunnel legs, those that are being made included */
};

struct sessions {
    struct control *control;
    struct session_list by_number[SESSION_BUCKETS];
    struct session_keys by_id[SESSION_BUCKETS]; /* of registered peers; the newest come first */
    uint64_t registrations;
    struct session_queue unregistered; /* in the order of register_by_ms */
    struct session_queue changed, writing, blocked;
    bool waiting; /* `waiter` waits */
    struct commit_waiter waiter;
    struct event *timer; /* for the next time limit */
    struct event *retry; /* for a full ring */
    struct request dump;
    struct {
        struct event *timer;
        uint64_t until_ms; /* monotonic: sessions are closed then */
        bool on;
    } drain;                        /* drain.h */
    struct peer_offer_queue offers; /* in the order of their deadlines */
    struct peer_pairs pairs[SESSION_BUCKETS];
};

/* sessions.c */

/* NULL: out of memory. */
struct session *session_new(struct sessions *all, uint64_t number);

/* Ends what it has open, and frees it. */
void session_free(struct session *session);

/* Looks through sessions of any state. */
struct session *session_find(const struct sessions *all, uint64_t number);

/*
 * Ends a session for `code`, and tells the log why. What it had open ends at once, the session itself when
 * the data plane says so.
 */
void session_close(struct session *session, enum cv_session_error code, const char *why);

/* Asks the data plane for something that has no answer worth waiting for: SESSION_ADMIT, _REFUSE, _CLOSE. */
void session_order(struct session *session, enum cv_message_type type, uint64_t value);

/* The same for a session that is not known here. */
void sessions_order(struct sessions *all, const struct cv_session_order *order, enum cv_message_type type);

/* Sets the timer to the next time limit. */
void sessions_arm(struct sessions *all);

/* The label of its peer in pairs, and in logs. */
const char *session_label(const struct session *session, char text[CV_PEER_ID_TEXT]);
