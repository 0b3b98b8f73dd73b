/* SPDX-License-Identifier: BSD-3-Clause */
#include "await_admission.h"

#include "ending.h"
#include "handshakes.h"
#include "protocol/session_error.h"
#include "schedule.h"
#include "tls.h"

#include <string.h>

int cv_admission_begin(ngtcp2_conn *conn, void *user)
{
    struct cv_session *session = user;
    struct cv_handshake *handshake = session->handshake;
    int bytes = cv_tls_chain(session, &handshake->chain);

    (void)conn;
    if (bytes < 0) {
        cv_session_mark_end(session, CV_SESSION_END_CHAIN_TOO_LONG, CV_SESSION_ERROR_NOT_ADMITTED, true);
        return 0;
    }
    handshake->chain_bytes = (uint32_t)bytes;
    handshake->deadline_ns = session->shard->now_ns +
                             (uint64_t)session->shard->all->config->session.admit_within_s * NGTCP2_SECONDS;
    session->phase = CV_SESSION_ASKING;
    session->announced = true;
    cv_handshake_wait(session);
    cv_schedule_event(session->shard, session, CV_EVENT_ASK);
    return 0;
}

bool cv_admission_ask(struct cv_session *session)
{
    struct cv_handshake *handshake = session->handshake;
    struct cv_message message = {.type = CV_MESSAGE_SESSION_ASK};

    cv_tls_stop(session); /* all that it was for is done, and control may take its time */
    if (!handshake->ask_sent) {
        message.ask.session = cv_session_number(session);
        message.ask.address = session->address;
        message.ask.local = cv_session_local(session->shard->all, session->local);
        message.ask.quic_version = session->quic_version;
        message.ask.chain_bytes = handshake->chain_bytes;
        if (!cv_shard_tell_control(session->shard, &message))
            return false;
        handshake->ask_sent = true;
    }
    while (handshake->chain_sent_bytes < handshake->chain_bytes) {
        message = (struct cv_message){.type = CV_MESSAGE_SESSION_DATA};
        message.data.session = cv_session_number(session);
        message.data.offset = handshake->chain_sent_bytes;
        message.data.kind = CV_SESSION_CHAIN;
        message.data.bytes = (uint8_t)RTE_MIN(handshake->chain_bytes - handshake->chain_sent_bytes,
                                              (uint32_t)CV_SESSION_DATA_BYTES);
        memcpy(message.data.data, handshake->chain + handshake->chain_sent_bytes, message.data.bytes);
        if (!cv_shard_tell_control(session->shard, &message))
            return false;
        handshake->chain_sent_bytes += message.data.bytes;
    }
    return true;
}

void cv_admission_expire(struct cv_handshakes *handshakes)
{
    struct cv_session *session;

    while ((session = TAILQ_FIRST(&handshakes->waiting)) != NULL &&
           session->handshake->deadline_ns <= handshakes->shard->now_ns)
        cv_session_end(handshakes->shard, session, CV_SESSION_END_NOT_ADMITTED, CV_SESSION_ERROR_TOO_LATE,
                       true);
}
