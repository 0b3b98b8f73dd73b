/* SPDX-License-Identifier: BSD-3-Clause */
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

static char path[] = "/tmp/culvert-session-config-XXXXXX";
static char error[4096];

/* A good file with these lines under dataplane: */
static int load(const char *lines, struct cv_config *config)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file,
            "relay:\n  relay_ports: 40000-40063\ndataplane:\n  workers: [1]\n  ports:\n    - name: wan\n"
            "      driver: \"null\"\n      addresses: [192.0.2.1/24]\n%s",
            lines);
    assert_int_equal(fclose(file), 0);
    return cv_config_load(path, config, error, sizeof(error));
}

static void no_section_no_sessions(void **state)
{
    struct cv_config config;

    (void)state;
    assert_int_equal(load("  limits:\n    sessions: 5\n", &config), 0);
    assert_int_equal(config.sessions_max, 0);
    assert_int_equal(config.listen_port, 443);
    assert_string_equal(config.crypto, "auto");
}

static void defaults(void **state)
{
    struct cv_config config;

    (void)state;
    assert_int_equal(load("  session:\n    certificate: /a.pem\n    key: /a.key\n", &config), 0);
    assert_int_equal(config.sessions_max, 1000);
    assert_string_equal(config.session.certificate, "/a.pem");
    assert_string_equal(config.session.key, "/a.key");
    assert_int_equal(config.session.idle_s, 60);
    assert_int_equal(config.session.handshake_s, 10);
    assert_int_equal(config.session.admit_within_s, 10);
    assert_int_equal(config.session.retry, CV_RETRY_LOADED);
    assert_int_equal(config.session.retry_over, 100);
    assert_int_equal(config.session.handshakes_max, 1000);
    assert_int_equal(config.session.handshakes_per_prefix, 100);
    assert_int_equal(config.session.key_update_pkts, 0);
    assert_string_equal(config.session.trace_directory, ""); /* off */
}

static void everything_said(void **state)
{
    struct cv_config config;

    (void)state;
    assert_int_equal(
        load("  listen_port: 4433\n  crypto: evp\n  session:\n    certificate: /a.pem\n    key: /a.key\n"
             "    idle: 2m\n    handshake: 5s\n    admit_within: 1s\n    retry: always\n"
             "    retry_over: 0\n    handshakes: 7\n    handshakes_per_prefix: 3\n    key_update_packets: "
             "100\n    trace: allow\n    "
             "trace_directory: /t\n"
             "  limits:\n    sessions: 9\n",
             &config),
        0);
    assert_int_equal(config.listen_port, 4433);
    assert_string_equal(config.crypto, "evp");
    assert_int_equal(config.sessions_max, 9);
    assert_int_equal(config.session.idle_s, 120);
    assert_int_equal(config.session.handshake_s, 5);
    assert_int_equal(config.session.admit_within_s, 1);
    assert_int_equal(config.session.retry, CV_RETRY_ALWAYS);
    assert_int_equal(config.session.retry_over, 0);
    assert_int_equal(config.session.handshakes_max, 7);
    assert_int_equal(config.session.handshakes_per_prefix, 3);
    assert_int_equal(config.session.key_update_pkts, 100);
    assert_string_equal(config.session.trace_directory, "/t");
}

static void bad_values_are_named(void **state)
{
    static const char head[] = "  session:\n    certificate: /a.pem\n    key: /a.key\n";
    static const struct {
        const char *lines;
        const char *field;
    } cases[] = {
        {"    idle: 0\n", "dataplane.session.idle"},
        {"    idle: 2h\n", "dataplane.session.idle"},
        {"    handshake: soon\n", "dataplane.session.handshake"},
        {"    admit_within: 61s\n", "dataplane.session.admit_within"},
        {"    retry: never\n", "dataplane.session.retry"},
        {"    handshakes: 0\n", "dataplane.session.handshakes"},
        {"    handshakes_per_prefix: 65536\n", "dataplane.session.handshakes_per_prefix"},
        {"    trace: on\n", "dataplane.session.trace"},
        {"  listen_port: 0\n", "dataplane.listen_port"},
        {"  listen_port: 40063\n", "dataplane.listen_port"},
        {"  crypto: fast\n", "dataplane.crypto"},
        {"  limits:\n    sessions: 0\n", "dataplane.limits.sessions"},
    };
    struct cv_config config;
    char lines[512];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(lines, sizeof(lines), "%s%s", head, cases[i].lines);
        assert_int_equal(load(lines, &config), -EINVAL);
        assert_non_null(strstr(error, cases[i].field));
    }
    assert_int_equal(load("  session:\n    key: /a.key\n", &config), -EINVAL);
    assert_non_null(strstr(error, "certificate"));
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
        cmocka_unit_test(no_section_no_sessions),
        cmocka_unit_test(defaults),
        cmocka_unit_test(everything_said),
        cmocka_unit_test(bad_values_are_named),
    };

    return cmocka_run_group_tests_name("session_config", tests, start, stop);
}
