/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * One leg of a pair: a UDP socket that speaks to a port of the relay, or a channel of the session. A UDP leg
 * sends its token until it is bound, and again now and then. The newest token, which LEG_TOKEN brings, is kept
 * for the day when the leg may have another address: each binds one.
 */
#include "session_socket.h"

struct leg;

/* Called from the event loop, and from leg_payload and leg_token. */
struct leg_callbacks {
    /* What the other peer sent; valid during the call. */
    void (*payload)(void *user, struct leg *leg, const uint8_t *payload, size_t bytes);
    /* Once: it is bound, as far as can be known. Of a tunnel leg never: it is so from the beginning. */
    void (*bound)(void *user, struct leg *leg);
    /* CV_CHALLENGE_BYTES that the relay wants back over the session: no payload. */
    void (*challenge)(void *user, const uint8_t *challenge);
};

/* 0 or negative errno. */
int leg_open(struct leg **leg, struct session_socket *session, const struct cv_capsule_leg *told,
             const struct leg_callbacks *callbacks, void *user);
void leg_close(struct leg *leg); /* NULL is allowed */

bool leg_is_bound(const struct leg *leg);

/*
 * The same leg in another session, with a new token or channel; a UDP leg keeps its socket. 0; -EXDEV: it is
 * of another kind, or its relay has addresses of the other family only; or another negative errno.
 */
int leg_resume(struct leg *leg, struct session_socket *session, const struct cv_capsule_leg *told);

/* Its session is gone: a tunnel leg carries nothing until leg_resume, a UDP leg goes on. */
void leg_lose(struct leg *leg, const struct session_socket *session);

/* LEG_TOKEN. Nothing for a tunnel leg. */
void leg_token(struct leg *leg, const uint8_t token[CV_TOKEN_BYTES]);

/* Binds a UDP leg to the address that its socket may have by now, with the newest token. */
void leg_rebind(struct leg *leg);

/* The same from another socket. 0; -EINVAL: no UDP leg; or another negative errno. */
int leg_move(struct leg *leg);

/* 0 or negative errno: as cv_peer_send, or as sendmsg(2). The session is left to be flushed. */
int leg_send(struct leg *leg, const uint8_t *payload, size_t bytes);

/* A datagram from the socket of a UDP leg to elsewhere. 0; -EINVAL: no UDP leg; or another negative errno. */
int leg_send_to(struct leg *leg, const uint8_t *datagram, size_t bytes, const struct cv_address *to);

/* What came on a channel of a session; whether it was this leg's. */
bool leg_datagram(struct leg *leg, const struct session_socket *session, uint64_t channel,
                  const uint8_t *payload, size_t bytes);
