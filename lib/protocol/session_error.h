/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The error codes of the session protocol (docs/protocol.md): one list for the four places where one
 * stands. A code that is not in it, or not meant for where it stands, is no offence: newer minor versions
 * have more. X(enumerator, number, name, where, meaning)
 */
#include <stdint.h>

enum cv_session_error_where {
    CV_IN_SESSION = 1 << 0, /* the CONNECTION_CLOSE that ends a session: why */
    CV_IN_REFUSED = 1 << 1, /* capsule REFUSED: why a request or an offer came to nothing */
    CV_IN_CLOSED = 1 << 2,  /* capsule PAIR_CLOSED: why a pair has ended */
    CV_IN_REFUSE = 1 << 3,  /* capsule PAIR_REFUSE: why a peer does not take an offer */
};

#define CV_SESSION_ERROR_LIST(X)                                                                             \
    X(NONE, 0xc00, "none", CV_IN_SESSION | CV_IN_CLOSED,                                                     \
      "nothing is wrong: closed because it is no longer wanted")                                             \
    X(INTERNAL, 0xc01, "internal", CV_IN_SESSION | CV_IN_REFUSED | CV_IN_CLOSED,                             \
      "a failure within the side that says so")                                                              \
    X(MALFORMED, 0xc02, "malformed", CV_IN_SESSION,                                                          \
      "a capsule whose value does not match its layout or limits")                                           \
    X(OVERSIZED, 0xc03, "oversized", CV_IN_SESSION, "a known capsule with a value of more than 4,096 bytes") \
    X(WRONG_SIDE, 0xc04, "wrong_side", CV_IN_SESSION, "a capsule that only the other side may send")         \
    X(OUT_OF_ORDER, 0xc05, "out_of_order", CV_IN_SESSION,                                                    \
      "a capsule that the rules of order forbid at this point")                                              \
    X(BAD_DATAGRAM, 0xc06, "bad_datagram", CV_IN_SESSION,                                                    \
      "a DATAGRAM frame that ends within its channel number")                                                \
    X(STREAM_CLOSED, 0xc07, "stream_closed", CV_IN_SESSION,                                                  \
      "the control stream was finished, reset or stopped")                                                   \
    X(TOO_LATE, 0xc08, "too_late", CV_IN_SESSION,                                                            \
      "REGISTER, or the decision about it, did not come in time")                                            \
    X(NOT_ADMITTED, 0xc09, "not_admitted", CV_IN_SESSION, "the relay does not serve this peer")              \
    X(REPLACED, 0xc0a, "replaced", CV_IN_SESSION, "the same instance has registered in a newer session")     \
    X(RELAY_FULL, 0xc0b, "relay_full", CV_IN_SESSION | CV_IN_REFUSED,                                        \
      "the relay has no room for another one")                                                               \
    X(GOING_AWAY, 0xc0c, "going_away", CV_IN_SESSION | CV_IN_REFUSED | CV_IN_CLOSED,                         \
      "the relay is about to stop")                                                                          \
    X(OPERATOR, 0xc0d, "operator", CV_IN_SESSION | CV_IN_CLOSED, "the relay's operator closed it")           \
    X(NOT_ALLOWED, 0xc0e, "not_allowed", CV_IN_REFUSED, "this peer may not have this pair")                  \
    X(NO_SUCH_PEER, 0xc0f, "no_such_peer", CV_IN_REFUSED, "the other peer has no session here")              \
    X(TOO_MANY_PAIRS, 0xc10, "too_many_pairs", CV_IN_REFUSED, "one of the peers is at its limit of pairs")   \
    X(NO_COMMON_LEG, 0xc11, "no_common_leg", CV_IN_REFUSED | CV_IN_REFUSE,                                   \
      "no kind of leg that peer and relay can use")                                                          \
    X(NOT_WANTED, 0xc12, "not_wanted", CV_IN_REFUSED | CV_IN_REFUSE,                                         \
      "the other peer does not want this pair")                                                              \
    X(BUSY, 0xc13, "busy", CV_IN_REFUSED | CV_IN_REFUSE, "the other peer cannot take another pair now")      \
    X(NO_ANSWER, 0xc14, "no_answer", CV_IN_REFUSED, "the offer was not answered in time")                    \
    X(PEER_GONE, 0xc15, "peer_gone", CV_IN_REFUSED | CV_IN_CLOSED, "the other peer's session has ended")     \
    X(PEER_CLOSED, 0xc16, "peer_closed", CV_IN_CLOSED, "the other peer closed the pair")                     \
    X(IDLE, 0xc17, "idle", CV_IN_CLOSED, "no packet for the idle time of pairs")                             \
    X(NOT_READING, 0xc18, "not_reading", CV_IN_SESSION, "the other side does not read the control stream")   \
    X(BAD_REQUEST, 0xc19, "bad_request", CV_IN_REFUSED | CV_IN_REFUSE,                                       \
      "a field or a parameter of it is out of its limits")                                                   \
    X(NOT_UNDERSTOOD, 0xc1a, "not_understood", CV_IN_SESSION | CV_IN_REFUSED | CV_IN_REFUSE,                 \
      "it has a parameter that must be understood, and is not")                                              \
    X(NOT_OFFERED, 0xc1b, "not_offered", CV_IN_REFUSED, "this relay does not do that")                       \
    X(NO_SUCH_PAIR, 0xc1c, "no_such_pair", CV_IN_REFUSED, "this session has no such pair, or no longer")     \
    X(NO_SUCH_SERVICE, 0xc1d, "no_such_service", CV_IN_REFUSED | CV_IN_REFUSE,                               \
      "no instance of the other peer takes requests for that service")                                       \
    X(TOO_MANY, 0xc1e, "too_many", CV_IN_REFUSED, "too many requests or messages in too short a time")       \
    X(TOO_MANY_INSTANCES, 0xc1f, "too_many_instances", CV_IN_SESSION,                                        \
      "the peer has as many instances here as it may have")                                                  \
    X(CROSSED, 0xc20, "crossed", CV_IN_REFUSED, "the peer's own request for the other has made the pair")

enum cv_session_error {
#define CV_SESSION_ERROR_ENUM(id, number, name, where, meaning) CV_SESSION_ERROR_##id = (number),
    CV_SESSION_ERROR_LIST(CV_SESSION_ERROR_ENUM)
#undef CV_SESSION_ERROR_ENUM
};

/* For a code as it came from the wire. Not in the list: NULL, and 0 for where. */
const char *cv_session_error_name(uint64_t code);
const char *cv_session_error_meaning(uint64_t code);
unsigned cv_session_error_where(uint64_t code); /* enum cv_session_error_where, together */
