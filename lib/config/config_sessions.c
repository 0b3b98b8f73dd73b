/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_sessions.h"

#include "config_value.h"
#include "protocol/capsule.h"

#include <stdio.h>

#define PAIRS_DEFAULT  64
#define OFFERS_DEFAULT 16
#define REGISTER_MAX_S 600

#define INSTANCES_DEFAULT 8
#define INSTANCES_MAX     1024
#define RESUME_DEFAULT_S  300
#define REQUESTS_DEFAULT  600
#define MESSAGES_DEFAULT  120
#define A_MINUTE_MAX      1000000

static void peers(struct config_source *source, const char *name, char *const *texts, uint32_t count,
                  struct cv_config_peers *peers)
{
    char field[CONFIG_FIELD_TEXT];

    peers->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        snprintf(field, sizeof(field), "%s[%u]", name, i);
        if (cv_peer_id_parse(texts[i], &peers->ids[peers->count]) == 0)
            peers->count++;
        else
            config_error_value(
                source, field, texts[i],
                "a peer ID as session list shows it: 52 characters of a-z and 2-7, each of them right");
    }
}

void config_sessions(struct config_source *source, const struct config_raw_sessions *raw,
                     struct cv_config *config)
{
    static const char *const policies[] = {[CV_SESSION_POLICY_OPEN] = "open",
                                           [CV_SESSION_POLICY_ALLOW] = "allow",
                                           [CV_SESSION_POLICY_DENY] = "deny",
                                           NULL};
    static const char *const reachable[] = {
        [CV_SESSION_REACHABLE_ANYONE] = "anyone", [CV_SESSION_REACHABLE_LISTED] = "listed", NULL};
    static const struct config_raw_sessions defaults;

    if (raw == NULL)
        raw = &defaults;
    config->session_policy =
        config_choice(source, "control.sessions.policy", raw->policy, policies, CV_SESSION_POLICY_ALLOW);
    peers(source, "control.sessions.allow", raw->allow, raw->allow_count, &config->session_allow);
    peers(source, "control.sessions.deny", raw->deny, raw->deny_count, &config->session_deny);
    config->session_pairs =
        config_number(source, "control.sessions.pairs", raw->pairs, 0, CV_CAPSULE_PAIRS_MAX, PAIRS_DEFAULT);
    config->session_offers =
        config_number(source, "control.sessions.offers", raw->offers, 0, CV_CAPSULE_OPEN_MAX, OFFERS_DEFAULT);
    config->session_register_s = config_seconds(source, "control.sessions.register_within",
                                                raw->register_within, 1, REGISTER_MAX_S, 10);
    config->session_answer_s = config_seconds(source, "control.sessions.answer_within", raw->answer_within, 1,
                                              CV_CAPSULE_ANSWER_MAX_S, 30);
    config->session_instances = config_number(source, "control.sessions.instances", raw->instances, 1,
                                              INSTANCES_MAX, INSTANCES_DEFAULT);
    config->session_resume_s = config_seconds(source, "control.sessions.resume_within", raw->resume_within, 0,
                                              CV_CAPSULE_LATER_MAX_S, RESUME_DEFAULT_S);
    config->session_requests =
        config_number(source, "control.sessions.requests", raw->requests, 0, A_MINUTE_MAX, REQUESTS_DEFAULT);
    config->session_messages =
        config_number(source, "control.sessions.messages", raw->messages, 0, A_MINUTE_MAX, MESSAGES_DEFAULT);
    config->session_reachable = config_choice(source, "control.sessions.reachable", raw->reachable, reachable,
                                              CV_SESSION_REACHABLE_ANYONE);
}
