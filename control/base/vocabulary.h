/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The words of the API: what both ends, culvert-control and culvertctl, know by name. Enums, texts, help
 * and the man page are made from these lists.
 */

/*
 * X(enumerator, name, value). The values are rte_log's, so that a level can be sent to the data plane as it
 * is.
 */
#define LOG_LEVEL_LIST(X)    \
    X(ERROR, "error", 4)     \
    X(WARNING, "warning", 5) \
    X(NOTICE, "notice", 6)   \
    X(INFO, "info", 7)       \
    X(DEBUG, "debug", 8)

/* X(enumerator, name, further members and meaning): events, to whoever subscribed. */
#define EVENT_LIST(X)                                                                                      \
    X(PAIR_ADDED, "pair_added", "pair, relay_port, peers: a client added a pair")                          \
    X(PAIR_REMOVED, "pair_removed", "pair, relay_port, peers: a client deleted a pair")                    \
    X(PAIR_IDLE, "pair_idle", "pair, relay_port, peers: quiet for half its idle time")                     \
    X(PAIR_EXPIRED, "pair_expired", "pair, relay_port, peers: quiet for its idle time, and removed")       \
    X(LEG_BOUND, "leg_bound", "pair, leg, peer, address: an unbound leg has an address")                   \
    X(LEG_MOVED, "leg_moved",                                                                              \
      "pair, leg, peer, address, previous, cause (token, connection_id, return; unknown: control was not " \
      "there): a leg has another address")                                                                 \
    X(LEG_UNBOUND, "leg_unbound", "pair, leg, peer, previous: a leg lost its address to another leg")      \
    X(LEG_CHANGED, "leg_changed",                                                                          \
      "pair, leg, peer, kind, address: a leg of another kind, or on another port, has taken one's place")  \
    X(LEG_PROVEN, "leg_proven",                                                                            \
      "pair, leg, peer, address, proof: a leg's address is proven, after it was not or was silent")        \
    X(LEG_UNPROVEN, "leg_unproven",                                                                        \
      "pair, leg, peer, address, proof (unproven, silent): a leg is sent little until it is proven")       \
    X(SESSION_UP, "session_up", "session, peer, address: a peer's session is admitted, and up")            \
    X(SESSION_REFUSED, "session_refused",                                                                  \
      "session, peer, address, reason: a peer was not admitted; peer is its ID, or unknown")               \
    X(SESSION_CLOSED, "session_closed",                                                                    \
      "session, peer, address, reason, code: a session has ended; code is the protocol's error")           \
    X(DATAPLANE_ATTACHED, "dataplane_attached", "restarted: whether it is another run of the data plane")  \
    X(DATAPLANE_LOST, "dataplane_lost", "pairs are kept, and put back when it returns")                    \
    X(PAIRS_SYNCED, "pairs_synced",                                                                        \
      "known, put, refused, removed, expired: store and data plane have the same pairs now")               \
    X(EVENTS_LOST, "events_lost", "count: the data plane had no room for so many events")

/* X(enumerator, data.name, when) */
#define REFUSAL_LIST(X)                                                               \
    X(NO_PORTS, "no_ports", "no relay port is free for both peers")                   \
    X(NOT_FOUND, "not_found", "no such pair or session, or nothing to cancel")        \
    X(EXISTS, "exists", "another pair or subscription is in the way")                 \
    X(FULL, "full", "a limit is reached")                                             \
    X(NO_DATAPLANE, "no_dataplane", "not attached to a data plane")                   \
    X(INVALID, "invalid", "parameters that cannot be met")                            \
    X(UNREACHABLE, "unreachable", "no network of the data plane leads to an address") \
    X(NOT_ALLOWED, "not_allowed", "the configuration does not allow it")              \
    X(CANCELLED, "cancelled", "ended by cancel")                                      \
    X(STORE, "store", "the store could not be read or written")                       \
    X(DATAPLANE, "dataplane", "the data plane failed in some other way")              \
    X(MEMORY, "memory", "control is out of memory")
