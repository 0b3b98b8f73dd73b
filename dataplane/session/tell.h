/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What an owner and control say to each other, through the keeper: see lib/shared/message.h. Owner only. */
#include "owner.h"

/* Events that wait for room in the ring. Returns how many sessions have told all they had. */
uint32_t cv_owner_tell(struct cv_session_owner *owner);

/* Control's messages from the keeper's ring. */
uint32_t cv_owner_take_orders(struct cv_session_owner *owner);

/* More of a SESSION_DUMP, while owner->dump.active. */
void cv_owner_go_on_with_dump(struct cv_session_owner *owner);

/* Gives the slot of a session back whose end was told. */
void cv_owner_release(struct cv_session_owner *owner, struct cv_session *session);

/* Sets datagram_bytes to what the session's path and the peer take now. */
void cv_session_measure(struct cv_session *session);
