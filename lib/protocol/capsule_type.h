/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Which capsules there are: the one list of them. No I/O, no allocation; any thread. */
#include <stdint.h>

/*
 * X(enumerator, number, sent by, the number that it begins with, least bytes of value, meaning)
 *
 * What begins with the number of a REQUEST or an OFFER concerns that one alone: so does what is wrong in it.
 * 0x29e212 is left out: it is one of those that mean nothing on purpose (RFC 9297 section 5.4).
 */
#define CV_CAPSULE_LIST(X)                                                                                  \
    X(REGISTER, 0x29e1f0, PEER, NOTHING, 20, "first capsule: who this instance is, and what it can use")    \
    X(REGISTERED, 0x29e1f1, RELAY, NOTHING, 47, "the peer is admitted: its ID, the relay's limits")         \
    X(OBSERVED_ADDRESS, 0x29e1f2, RELAY, NOTHING, 15,                                                       \
      "where the relay sees the peer, or one of its sockets")                                               \
    X(PAIR_REQUEST, 0x29e1f3, PEER, REQUEST, 34, "asks for a pair with another peer")                       \
    X(PAIR_OFFER, 0x29e1f4, RELAY, OFFER, 83, "another peer asks for a pair")                               \
    X(PAIR_ACCEPT, 0x29e1f5, PEER, OFFER, 2, "takes an offer")                                              \
    X(PAIR_REFUSE, 0x29e1f6, PEER, OFFER, 2, "does not take an offer")                                      \
    X(PAIR_MADE, 0x29e1f7, RELAY, NOTHING, 103, "a pair, and this peer's leg of it")                        \
    X(REFUSED, 0x29e1f8, RELAY, NOTHING, 4, "ends a request or an offer: it came to nothing, and why")      \
    X(PAIR_CLOSE, 0x29e1f9, PEER, NOTHING, 1, "wants a pair to end")                                        \
    X(PAIR_CLOSED, 0x29e1fa, RELAY, NOTHING, 2, "a pair has ended, and why")                                \
    X(TUNNEL_LIMIT, 0x29e1fb, RELAY, NOTHING, 1, "what fits into a DATAGRAM frame to the peer from now on") \
    X(GO_AWAY, 0x29e1fc, RELAY, NOTHING, 4, "the session will end soon: where to go, and until when")       \
    X(STAY, 0x29e1fd, RELAY, NOTHING, 0, "takes GO_AWAY back")                                              \
    X(DONE, 0x29e1fe, RELAY, NOTHING, 1, "ends a request that has no other result")                         \
    X(LEG_REQUEST, 0x29e1ff, PEER, REQUEST, 3, "asks for another leg of a pair in place of its own")        \
    X(LEG_MADE, 0x29e200, RELAY, NOTHING, 4, "ends a LEG_REQUEST: the new leg")                             \
    X(LEG_TOKEN, 0x29e201, RELAY, NOTHING, 33, "a new token for a leg whose last one is used")              \
    X(OTHER_LEG, 0x29e202, RELAY, NOTHING, 3, "what kind of leg the other peer has now, and what it holds") \
    X(CHALLENGE_ANSWER, 0x29e203, PEER, NOTHING, 20, "a challenge that came to a leg's address")            \
    X(REACHABLE, 0x29e204, PEER, REQUEST, 3, "who may ask for this instance, from now on")                  \
    X(MESSAGE, 0x29e205, PEER, REQUEST, 35, "a short message to another peer")                              \
    X(MESSAGE_FROM, 0x29e206, RELAY, NOTHING, 83, "a short message of another peer")                        \
    X(LIMITED, 0x29e207, RELAY, NOTHING, 3, "the peer is being limited: by what, and for how long")         \
    X(FILTER_TEST, 0x29e208, PEER, REQUEST, 3, "later: asks for a datagram from another port or address")   \
    X(NAME_CLAIM, 0x29e209, PEER, REQUEST, 4, "later: asks for a name under which others find it")          \
    X(NAME_RELEASE, 0x29e20a, PEER, REQUEST, 3, "later: gives a name back")                                 \
    X(NAME_CLAIMED, 0x29e20b, RELAY, NOTHING, 4, "later: the name is the peer's")                           \
    X(ENROL, 0x29e20c, PEER, REQUEST, 5, "later: asks for a certificate, with a join code")                 \
    X(CERTIFICATE, 0x29e20d, RELAY, NOTHING, 3, "later: the certificate")                                   \
    X(CODE_OPEN, 0x29e20e, PEER, REQUEST, 2, "later: opens a rendezvous under a short code")                \
    X(CODE_OPENED, 0x29e20f, RELAY, NOTHING, 4, "later: the rendezvous, and its code")                      \
    X(CODE_JOIN, 0x29e210, PEER, REQUEST, 3, "later: joins a rendezvous by its code")                       \
    X(CODE_JOINED, 0x29e211, RELAY, NOTHING, 3, "later: somebody has joined")                               \
    X(CODE_MESSAGE, 0x29e213, PEER, REQUEST, 5, "later: a message within a rendezvous")                     \
    X(CODE_MESSAGE_FROM, 0x29e214, RELAY, NOTHING, 4, "later: a message within a rendezvous")               \
    X(CODE_CLOSE, 0x29e215, PEER, REQUEST, 2, "later: leaves a rendezvous, or ends it")                     \
    X(CODE_CLOSED, 0x29e216, RELAY, NOTHING, 3, "later: a rendezvous has ended, or one has left it, and why")

/*
 * Numbers that are kept for what comes next. Until then they are unknown capsules. X(name, number, meaning)
 */
#define CV_CAPSULE_RESERVED_LIST(X)                                                     \
    X(PEER_LOOKUP, 0x29e220, "asks where another peer is")                              \
    X(PEER_FOUND, 0x29e221, "answers it")                                               \
    X(CANDIDATES, 0x29e222, "addresses at which a peer may be reached without a relay") \
    X(PUNCH_PLAN, 0x29e223, "when, how often and to which addresses to punch")          \
    X(PUNCH_OUTCOME, 0x29e224, "what came of it")

enum cv_capsule_type {
#define CV_CAPSULE_ENUM(id, number, sender, begins, least, meaning) CV_CAPSULE_##id = (number),
    CV_CAPSULE_LIST(CV_CAPSULE_ENUM)
#undef CV_CAPSULE_ENUM
};

#define CV_CAPSULE_FIRST CV_CAPSULE_REGISTER

enum cv_capsule_sender { CV_FROM_PEER, CV_FROM_RELAY };
enum cv_capsule_begins { CV_BEGINS_WITH_NOTHING, CV_BEGINS_WITH_REQUEST, CV_BEGINS_WITH_OFFER };

/* "PAIR_MADE" ...; NULL when the type is not in the list. */
const char *cv_capsule_name(uint64_t type);

/* For a type of the list. */
enum cv_capsule_sender cv_capsule_sender(enum cv_capsule_type type);
enum cv_capsule_begins cv_capsule_begins(enum cv_capsule_type type);
