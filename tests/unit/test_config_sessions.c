/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings under control.sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_load.h"

#define PEER "uhurkycu4bh2zcm25hzhkezm3qd2lw6e5iwcvu5b77dobustnapq"

static char path[] = "/tmp/culvert-config-sessions-XXXXXX";
static char error[4096];

/* A good file with these lines below control.sessions, each indented by four spaces. */
static int load(const char *lines, struct cv_config *config)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file,
            "relay: {relay_ports: 5000}\n"
            "dataplane: {workers: [0], ports: [{name: x, driver: \"null\", addresses: [10.0.0.1/8]}]}\n"
            "control:\n  sessions:\n%s\n",
            lines);
    assert_int_equal(fclose(file), 0);
    return cv_config_load(path, config, error, sizeof(error));
}

static void sessions(void **state)
{
    struct cv_config config;
    char text[CV_PEER_ID_TEXT];

    (void)state;
    assert_int_equal(load("    policy: open\n"
                          "    allow: [" PEER "]\n"
                          "    deny:\n      - " PEER "\n"
                          "    pairs: 0\n    offers: 64\n    register_within: 3s\n"
                          "    answer_within: 10m\n"
                          "    instances: 1024\n    resume_within: 168h\n    requests: 1000000\n"
                          "    messages: 0\n    reachable: listed\n",
                          &config),
                     0);
    assert_int_equal(config.session_policy, CV_SESSION_POLICY_OPEN);
    assert_int_equal(config.session_allow.count, 1);
    assert_string_equal(cv_peer_id_print(&config.session_allow.ids[0], text), PEER);
    assert_int_equal(config.session_deny.count, 1);
    assert_int_equal(config.session_pairs, 0);
    assert_int_equal(config.session_offers, 64);
    assert_int_equal(config.session_register_s, 3);
    assert_int_equal(config.session_answer_s, 600);
    assert_int_equal(config.session_instances, 1024);
    assert_int_equal(config.session_resume_s, 604800);
    assert_int_equal(config.session_requests, 1000000);
    assert_int_equal(config.session_messages, 0);
    assert_int_equal(config.session_reachable, CV_SESSION_REACHABLE_LISTED);
    assert_int_equal(load("    instances: 1\n    resume_within: 0s\n    requests: 0\n", &config), 0);
    assert_int_equal(config.session_instances, 1);
    assert_int_equal(config.session_resume_s, 0);
    assert_int_equal(config.session_requests, 0);
}

static void bad_sessions(void **state)
{
    static const char *const cases[][2] = {
        {"    policy: some", "control.sessions.policy: found \"some\""},
        {"    allow: [" PEER ", alice]", "control.sessions.allow[1]: found \"alice\", expected a peer ID"},
        {"    deny: [a" PEER "]", "control.sessions.deny[0]: found "},
        {"    pairs: 65536", "control.sessions.pairs: found \"65536\""},
        {"    offers: 65", "control.sessions.offers: found \"65\""},
        {"    register_within: 0", "control.sessions.register_within: found \"0\""},
        {"    answer_within: 11m", "control.sessions.answer_within: found \"11m\""},
        {"    instances: 0", "control.sessions.instances: found \"0\""},
        {"    instances: 1025", "control.sessions.instances: found \"1025\""},
        {"    resume_within: 169h", "control.sessions.resume_within: found \"169h\""},
        {"    resume_within: soon", "control.sessions.resume_within: found \"soon\""},
        {"    requests: 1000001", "control.sessions.requests: found \"1000001\""},
        {"    messages: -1", "control.sessions.messages: found \"-1\""},
        {"    reachable: nobody", "control.sessions.reachable: found \"nobody\""},
        {"    polcy: open", "found unknown key \"polcy\", expected one of policy, allow, deny"},
    };
    struct cv_config config;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(load(cases[i][0], &config), -EINVAL);
        if (strstr(error, cases[i][1]) == NULL)
            fail_msg("%s gave: %s", cases[i][0], error);
    }
}

static int start(void **state)
{
    int file = mkstemp(path);

    (void)state;
    return file >= 0 ? close(file) : -1;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions),
        cmocka_unit_test(bad_sessions),
    };

    return cmocka_run_group_tests_name("config_sessions", tests, start, stop);
}
