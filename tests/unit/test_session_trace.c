/* SPDX-License-Identifier: BSD-3-Clause */
/* Recordings of sessions: who is recorded, what is in the files, and what happens when it is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packets.h"
#include "relay/relay.h"
#include "session/shard.h"
#include "session/trace.h"
#include "session/trace_file.h"
#include "shared/trace_path.h"

#define START_MS    5000
#define EVENT_BYTES 5000 /* ten pieces of a ring that has room for 2,047 */
#define EVENTS_MAX  204

static struct cv_config config;
static struct cv_sessions all;
static struct cv_shard handshake_shard, worker_shard;
static struct cv_relay relay;
static struct cv_session_stats stats;
static struct cv_session session;
static struct cv_traces *traces;
static char error[200];

static int start(void **state)
{
    (void)state;
    packets_start("test_session_trace", NULL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&all, 0, sizeof(all));
    memset(&session, 0, sizeof(session));
    memset(&stats, 0, sizeof(stats));
    strcpy(config.session.trace_directory, "test-traces-XXXXXX");
    assert_non_null(mkdtemp(config.session.trace_directory));
    all.config = &config;
    all.workers = 1;
    handshake_shard.all = worker_shard.all = &all;
    handshake_shard.kind = CV_SHARD_HANDSHAKE;
    handshake_shard.now_ns = 1000000000;
    worker_shard.relay = &relay;
    session.shard = &handshake_shard;
    session.slot = 2;
    session.generation = 7;
    assert_int_equal(cv_address_parse("198.51.100.7:4433", &session.address), 0);
    assert_int_equal(cv_traces_create(&all.traces, &all, error, sizeof(error)), 0);
    traces = all.traces;
    cv_traces_attach(traces, &stats, START_MS);
    return 0;
}

static const char *path_of(enum cv_trace_kind kind)
{
    static char path[CV_TRACE_PATH];

    assert_true(cv_trace_path(path, sizeof(path), config.session.trace_directory, cv_session_number(&session),
                              START_MS, kind));
    return path;
}

static int teardown(void **state)
{
    (void)state;
    cv_traces_destroy(traces);
    unlink(path_of(CV_TRACE_QLOG));
    unlink(path_of(CV_TRACE_KEYS));
    return rmdir(config.session.trace_directory);
}

static int arm(uint64_t number, const char *network, uint8_t kinds)
{
    struct cv_message message = {.type = CV_MESSAGE_SESSION_TRACE};
    struct cv_prefix prefix;

    assert_int_equal(cv_prefix_parse(network, &prefix), 0);
    message.trace = (struct cv_session_trace){
        .trace = number, .network = prefix.ip, .network_bits = prefix.length, .kinds = kinds, .for_s = 60};
    return cv_traces_order(traces, &message, handshake_shard.now_ns);
}

static int disarm(uint64_t number)
{
    const struct cv_message message = {.type = CV_MESSAGE_SESSION_UNTRACE, .trace.trace = number};

    return cv_traces_order(traces, &message, handshake_shard.now_ns);
}

/* The state of the only trace there is. */
static enum cv_trace_state shown(void)
{
    cv_traces_stats_refresh(traces, handshake_shard.now_ns);
    return stats.traces[0].state;
}

/* The whole file, with a NUL behind it; to be freed. */
static char *contents(enum cv_trace_kind kind, size_t *bytes)
{
    FILE *file = fopen(path_of(kind), "r");
    struct stat about;
    char *text;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    *bytes = (size_t)about.st_size;
    text = calloc(1, *bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *bytes, file), *bytes);
    fclose(file);
    return text;
}

static void event(char mark, size_t bytes)
{
    static char text[EVENT_BYTES];

    memset(text, mark, bytes);
    text[bytes - 1] = '\n';
    cv_trace_event(&session, 0, text, bytes);
}

static void who_is_recorded(void **state)
{
    struct cv_session other = session;

    (void)state;
    assert_int_equal(cv_traces_order(NULL, &(struct cv_message){.type = CV_MESSAGE_SESSION_TRACE}, 0),
                     -EPERM);
    assert_int_equal(arm(3, "198.51.100.0/28", CV_TRACE_ALL), 0);
    assert_int_equal(arm(3, "198.51.100.0/28", CV_TRACE_ALL), -EINVAL); /* numbers grow */
    assert_int_equal(cv_address_parse("198.51.100.16:4433", &other.address), 0);
    cv_traces_begin(traces, &other);
    assert_null(other.trace);
    assert_int_equal(shown(), CV_TRACE_ARMED);
    cv_traces_begin(traces, &session);
    assert_non_null(session.trace);
    assert_int_equal(shown(), CV_TRACE_RECORDING);
    assert_int_equal(stats.traces[0].session, cv_session_number(&session));
    other = session;
    other.trace = NULL;
    cv_traces_begin(traces, &other); /* it is taken */
    assert_null(other.trace);
    assert_int_equal(disarm(2), -ESRCH);
    assert_int_equal(disarm(3), 0);
    assert_int_equal(shown(), CV_TRACE_STOPPED);
    event('a', 10);
    assert_null(session.trace); /* its thread has seen it */
    cv_traces_turn(traces, handshake_shard.now_ns);
    assert_int_equal(shown(), CV_TRACE_NONE);
}

static void events_of_both_threads_are_in_order(void **state)
{
    size_t bytes;
    char *text;

    (void)state;
    assert_int_equal(arm(1, "198.51.100.7", CV_TRACE_ALL), 0);
    cv_traces_begin(traces, &session);
    event('a', 10);
    cv_trace_secret(&session, "CLIENT_TRAFFIC_SECRET_0 00 11");
    cv_trace_secret(&session, "SERVER_TRAFFIC_SECRET_0 00 22");
    session.shard = &worker_shard;
    event('b', 505); /* a piece and a byte */
    event('c', 504);
    cv_trace_leave(&session);
    assert_int_equal(cv_traces_turn(traces, handshake_shard.now_ns), 3);
    assert_int_equal(shown(), CV_TRACE_NONE);
    text = contents(CV_TRACE_QLOG, &bytes);
    assert_int_equal(bytes, 10 + 505 + 504);
    assert_int_equal(strspn(text, "a"), 9);
    assert_int_equal(strspn(text + 10, "b"), 504);
    assert_int_equal(strspn(text + 515, "c"), 503);
    free(text);
    text = contents(CV_TRACE_KEYS, &bytes);
    assert_string_equal(text, "CLIENT_TRAFFIC_SECRET_0 00 11\nSERVER_TRAFFIC_SECRET_0 00 22\n");
    free(text);
}

static void a_full_ring_loses_whole_events_and_says_so(void **state)
{
    size_t bytes;
    char *text;

    (void)state;
    assert_int_equal(arm(1, "198.51.100.7", CV_TRACE_QLOG), 0);
    cv_traces_begin(traces, &session);
    session.shard = &worker_shard;
    for (unsigned i = 0; i < EVENTS_MAX + 11; i++)
        event('a', EVENT_BYTES);
    cv_traces_stats_refresh(traces, handshake_shard.now_ns);
    assert_int_equal(stats.traces[0].lost_events, 11);
    cv_trace_leave(&session);
    handshake_shard.now_ns += 2500000000;
    while (shown() != CV_TRACE_NONE)
        cv_traces_turn(traces, handshake_shard.now_ns);
    text = contents(CV_TRACE_QLOG, &bytes);
    assert_true(bytes > EVENTS_MAX * EVENT_BYTES);
    assert_string_equal(text + EVENTS_MAX * EVENT_BYTES,
                        "\x1e{\"time\":2500,\"name\":\"culvert:lost\",\"data\":{\"events\":11}}\n");
    free(text);
}

static void a_file_has_an_end(void **state)
{
    size_t bytes;

    (void)state;
    assert_int_equal(arm(1, "198.51.100.7", CV_TRACE_QLOG), 0);
    cv_traces_begin(traces, &session);
    for (unsigned i = 0; session.trace != NULL; i++) {
        assert_true(i <= CV_TRACE_QLOG_BYTES / EVENT_BYTES + 1);
        event('a', EVENT_BYTES);
    }
    free(contents(CV_TRACE_QLOG, &bytes));
    assert_true(bytes <= CV_TRACE_QLOG_BYTES && bytes > CV_TRACE_QLOG_BYTES - 2 * EVENT_BYTES);
    assert_int_equal(shown(), CV_TRACE_STOPPED);
}

static void time_ends_both_kinds(void **state)
{
    (void)state;
    assert_int_equal(arm(1, "203.0.113.0/24", CV_TRACE_QLOG), 0);
    assert_int_equal(arm(2, "198.51.100.7", CV_TRACE_QLOG), 0);
    cv_traces_begin(traces, &session);
    handshake_shard.now_ns += UINT64_C(60000000000);
    cv_traces_turn(traces, handshake_shard.now_ns);
    cv_traces_stats_refresh(traces, handshake_shard.now_ns);
    assert_int_equal(stats.traces[0].state, CV_TRACE_NONE);
    assert_int_equal(stats.traces[1].state, CV_TRACE_STOPPED);
}

static void no_file_is_written_over(void **state)
{
    int fd = open(path_of(CV_TRACE_QLOG), O_CREAT | O_WRONLY, 0600);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(arm(1, "198.51.100.7", CV_TRACE_QLOG), 0);
    cv_traces_begin(traces, &session);
    assert_null(session.trace);
    assert_int_equal(shown(), CV_TRACE_NONE);
    assert_int_equal(arm(2, "198.51.100.7", CV_TRACE_ALL), 0); /* the key log can be made */
    cv_traces_begin(traces, &session);
    assert_non_null(session.trace);
    assert_int_equal(shown(), CV_TRACE_RECORDING);
    assert_int_equal(stats.traces[0].kinds, CV_TRACE_KEYS);
}

static void as_many_as_there_may_be(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= CV_TRACES; i++)
        assert_int_equal(arm(i, "203.0.113.0/24", CV_TRACE_QLOG), 0);
    assert_int_equal(arm(CV_TRACES + 1, "203.0.113.0/24", CV_TRACE_QLOG), -EXFULL);
    assert_int_equal(disarm(4), 0);
    assert_int_equal(arm(CV_TRACES + 1, "203.0.113.0/24", CV_TRACE_QLOG), 0);
    cv_traces_stats_refresh(traces, handshake_shard.now_ns);
    assert_int_equal(stats.trace_last, CV_TRACES + 1);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(who_is_recorded),
        EACH(events_of_both_threads_are_in_order),
        EACH(a_full_ring_loses_whole_events_and_says_so),
        EACH(a_file_has_an_end),
        EACH(time_ends_both_kinds),
        EACH(no_file_is_written_over),
        EACH(as_many_as_there_may_be),
    };

    return cmocka_run_group_tests_name("session_trace", tests, start, NULL);
}
