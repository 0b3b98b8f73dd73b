/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "config_value.h"
#include "protocol/capsule.h"

#include <stdio.h>

#define PAIRS_DEFAULT  64
#define OFFERS_DEFAULT 16
#define REGISTER_MAX_S 600

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
            config_error_value(source, field, texts[i],
                               "a peer ID: 52 characters of a-z and 2-7, as session list shows it");
    }
}

static uint32_t seconds(struct config_source *source, const char *field, const char *text, uint32_t most,
                        const char *expected, uint32_t fallback)
{
    uint32_t value;

    if (text == NULL)
        return fallback;
    if (cv_duration_parse(text, &value) == 0 && value >= 1 && value <= most)
        return value;
    config_error_value(source, field, text, expected);
    return fallback;
}

void config_sessions(struct config_source *source, const struct config_raw_sessions *raw,
                     struct cv_config *config)
{
    static const char *const policies[] = {[CV_SESSION_POLICY_OPEN] = "open",
                                           [CV_SESSION_POLICY_ALLOW] = "allow",
                                           [CV_SESSION_POLICY_DENY] = "deny",
                                           NULL};
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
    config->session_register_s = seconds(source, "control.sessions.register_within", raw->register_within,
                                         REGISTER_MAX_S, "a time from 1s to 10m", 10);
    config->session_answer_s = seconds(source, "control.sessions.answer_within", raw->answer_within,
                                       CV_CAPSULE_ANSWER_MAX_S, "a time from 1s to 10m", 30);
}
