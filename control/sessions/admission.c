/* SPDX-License-Identifier: BSD-3-Clause */
#include "admission.h"

#include "base/clock.h"
#include "base/log.h"
#include "chain.h"
#include "drain.h"
#include "news.h"
#include "stream_in.h"
#include "stream_out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool lists(const struct cv_config_peers *peers, const struct chain *chain)
{
    for (uint32_t i = 0; i < peers->count; i++) {
        for (uint32_t j = 0; j < chain->count; j++) {
            if (cv_peer_id_equal(&peers->ids[i], &chain->ids[j]))
                return true;
        }
    }
    return false;
}

/* NULL: may have a session; else the name of what forbids it. */
static const char *forbidden(const struct cv_config *config, const struct chain *chain)
{
    if (lists(&config->session_deny, chain))
        return "denied";
    switch (config->session_policy) {
    case CV_SESSION_POLICY_OPEN:
        return NULL;
    case CV_SESSION_POLICY_ALLOW:
        return lists(&config->session_allow, chain) ? NULL : "not_allowed";
    case CV_SESSION_POLICY_DENY:
        break;
    }
    return "closed";
}

static void refuse_as(struct session *session, const char *reason, enum cv_session_error code)
{
    char address[CV_ADDRESS_TEXT], label[CV_PEER_ID_TEXT];

    log_info("session %" PRIu64 " refused: %s, peer %s at %s", session->record.session, reason,
             session_label(session, label), cv_address_print(&session->address, address));
    session_news_refused(session, reason);
    session->phase = SESSION_CLOSING;
    session->close_code = code;
    session_order(session, CV_MESSAGE_SESSION_REFUSE, code);
}

static void refuse(struct session *session, const char *reason)
{
    refuse_as(session, reason, CV_SESSION_ERROR_NOT_ADMITTED);
}

static void decide(struct session *session)
{
    enum chain_error error = chain_parse(session->chain, session->chain_bytes, &session->record.chain);
    const char *reason = error != CHAIN_GOOD
                             ? chain_error_name(error)
                             : forbidden(session->all->services->config, &session->record.chain);

    free(session->chain);
    session->chain = NULL;
    if (reason != NULL) {
        refuse(session, reason);
        return;
    }
    if (draining(session->all)) {
        refuse_as(session, "draining", CV_SESSION_ERROR_GOING_AWAY);
        return;
    }
    session->phase = SESSION_ADMITTED;
    session->record.created_ms = clock_unix_ms();
    stream_in_start(session);
    stream_out_start(session, 0);
    session_changed(session); /* SESSION_ADMIT follows when it is kept */
}

void admission_ask(struct sessions *all, const struct cv_session_ask *ask)
{
    struct session *session = session_find(all, ask->session);

    if (session != NULL)
        session_free(session, true);
    session = session_new(all, ask->session);
    if (session == NULL) {
        log_error("no memory for another session: the data plane closes it when its time is over");
        return;
    }
    session->confirmed = true;
    session->address = ask->address;
    session->local = ask->local;
    session->quic_version = ask->quic_version;
    session->chain_bytes = ask->chain_bytes;
    session->chain = malloc(ask->chain_bytes);
    if (session->chain == NULL)
        refuse(session, "out_of_memory");
}

void admission_take(struct session *session, const struct cv_session_data *data)
{
    if (session->phase != SESSION_ASKING || session->chain == NULL)
        return;
    if (data->offset != session->chain_held || data->bytes > session->chain_bytes - session->chain_held) {
        refuse(session, "malformed_chain");
        return;
    }
    memcpy(session->chain + session->chain_held, data->data, data->bytes);
    session->chain_held += data->bytes;
    if (session->chain_held == session->chain_bytes)
        decide(session);
}
