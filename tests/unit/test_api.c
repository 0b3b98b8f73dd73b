/* SPDX-License-Identifier: BSD-3-Clause */
/* The methods of the control socket, through a running control and a fake data plane. */
#include "control_test.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It wants some of the above first. */
#include <cmocka.h>

static int set_up_attached(void **state)
{
    (void)bench_set_up(state);
    bench_attach(*state);
    return 0;
}

static void read_token(const char *text, uint8_t token[CV_TOKEN_BYTES])
{
    assert_int_equal(strlen(text), 2 * CV_TOKEN_BYTES);
    for (unsigned i = 0; i < CV_TOKEN_BYTES; i++) {
        unsigned byte;

        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        token[i] = (uint8_t)byte;
    }
}

static void adds_a_pair(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    const struct fake_pair *pair;
    uint8_t token[CV_TOKEN_BYTES];
    yyjson_doc *doc;

    client_open(&client, bench);
    doc =
        client_call(&client, "pair.add",
                    "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"},\"idle_s\":30,\"rate_bps\":8001}");
    assert_int_equal(json_number(doc, "/result/pair"), 1);
    assert_int_equal(json_number(doc, "/result/relay_port"), 40000);
    assert_true(json_bool(doc, "/result/installed"));
    assert_int_equal(json_number(doc, "/result/idle_s"), 30);
    assert_int_equal(json_number(doc, "/result/rate_bps"), 8008);
    assert_string_equal(json_text(doc, "/result/legs/0/leg"), "a");
    assert_string_equal(json_text(doc, "/result/legs/1/peer"), "bob");
    assert_string_equal(json_text(doc, "/result/legs/1/bind"), "token");
    pair = fake_find(&bench->dataplane, 1);
    assert_non_null(pair);
    assert_int_equal(pair->config.legs[0].relay_port, 40000);
    assert_int_equal(pair->config.idle_s, 30);
    assert_int_equal(pair->config.rate_bytes_per_second, 1001);
    for (unsigned leg = 0; leg < 2; leg++) {
        read_token(json_text(doc, leg == 0 ? "/result/legs/0/token" : "/result/legs/1/token"), token);
        assert_memory_equal(pair->config.legs[leg].token, token, sizeof(token));
    }
    assert_memory_not_equal(pair->config.legs[0].token, pair->config.legs[1].token, CV_TOKEN_BYTES);
    yyjson_doc_free(doc);
    client_close(&client);
}

static void fixed_and_prefix_legs(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    const struct fake_pair *pair;
    yyjson_doc *doc;
    char text[CV_ADDRESS_TEXT];

    client_open(&client, bench);
    doc = client_call(&client, "pair.add",
                      "{\"a\":{\"peer\":\"alice\",\"address\":\"198.51.100.7:4433\"},"
                      "\"b\":{\"peer\":\"bob\",\"prefix\":\"203.0.113.9/24\"}}");
    assert_string_equal(json_text(doc, "/result/legs/0/bind"), "fixed");
    assert_string_equal(json_text(doc, "/result/legs/0/address"), "198.51.100.7:4433");
    assert_string_equal(json_text(doc, "/result/legs/1/bind"), "prefix");
    assert_string_equal(json_text(doc, "/result/legs/1/prefix"), "203.0.113.0/24");
    assert_null(yyjson_doc_ptr_get(doc, "/result/legs/0/token"));
    assert_int_equal(json_number(doc, "/result/idle_s"), 120);
    yyjson_doc_free(doc);
    pair = fake_find(&bench->dataplane, 1);
    assert_string_equal(cv_address_print(&pair->config.legs[0].address, text), "198.51.100.7:4433");
    assert_string_equal(cv_ip_print(&pair->config.legs[1].address.ip, text), "203.0.113.0");
    assert_int_equal(pair->config.legs[1].prefix_length, 120);
    client_close(&client);
}

static void gets_what_the_data_plane_counts(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct cv_leg_state *leg;
    yyjson_doc *doc;

    client_open(&client, bench);
    assert_int_equal(client_add(&client, "alice", "bob"), 1);
    leg = &fake_find(&bench->dataplane, 1)->state.legs[0];
    assert_int_equal(cv_address_parse("198.51.100.7:40001", &leg->address), 0);
    leg->moves = 2;
    leg->seen_ms_ago = 15;
    leg->pkts = 100;
    leg->bytes = UINT64_C(1) << 40;
    doc = client_call(&client, "pair.get", "{\"pair\":1}");
    assert_true(json_bool(doc, "/result/installed"));
    assert_int_equal(strlen(json_text(doc, "/result/created")), 24);
    assert_string_equal(json_text(doc, "/result/legs/0/address"), "198.51.100.7:40001");
    assert_int_equal(json_number(doc, "/result/legs/0/moves"), 2);
    assert_int_equal(json_number(doc, "/result/legs/0/seen_ms_ago"), 15);
    assert_int_equal(json_number(doc, "/result/legs/0/pkts"), 100);
    assert_int_equal(json_number(doc, "/result/legs/0/bytes"), UINT64_C(1) << 40);
    assert_true(json_null(doc, "/result/legs/1/address"));
    assert_true(json_null(doc, "/result/legs/1/seen_ms_ago"));
    assert_int_equal(json_number(doc, "/result/legs/1/pkts"), 0);
    assert_null(yyjson_doc_ptr_get(doc, "/result/legs/0/token"));
    yyjson_doc_free(doc);
    client_close(&client);
}

static void deletes_a_pair(void **state)
{
    struct bench *bench = *state;
    struct test_client client;

    client_open(&client, bench);
    assert_int_equal(client_add(&client, "alice", "bob"), 1);
    client_do(&client, "pair.delete", "{\"pair\":1}");
    assert_null(fake_find(&bench->dataplane, 1));
    client_refused(&client, "pair.get", "{\"pair\":1}", "not_found");
    client_refused(&client, "pair.delete", "{\"pair\":1}", "not_found");
    assert_int_equal(client_add(&client, "alice", "bob"), 2);
    /* It expired in the data plane, and control has not heard yet. */
    fake_forget(&bench->dataplane, 2);
    client_do(&client, "pair.delete", "{\"pair\":2}");
    client_close(&client);
}

static void refuses_what_cannot_be(void **state)
{
    static const char *const bad[] = {
        "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"alice\"}}",
        "{\"a\":{\"peer\":\"alice\"}}",
        "{\"a\":\"alice\",\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"al ice\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"al\\u0000ice\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"\\u00e9\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":7},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"},"
        "\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"alice\",\"address\":\"198.51.100.7\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"alice\",\"address\":\"224.0.0.1:1\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"alice\",\"prefix\":\"x/24\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"alice\",\"prefix\":\"10.0.0.0/"
        "8\",\"address\":\"10.0.0.1:1\"},\"b\":{\"peer\":\"bob\"}}",
        "{\"a\":{\"peer\":\"alice\",\"address\":\"10.0.0.1:1\"},"
        "\"b\":{\"peer\":\"bob\",\"address\":\"10.0.0.1:1\"}}",
        "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"},\"idle\":1}",
        "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"},\"idle_s\":-1}",
        "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"},\"idle_s\":604801}",
        "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"},\"rate_bps\":1.5}",
        "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"},\"rate_bps\":1000000000001}",
    };
    struct bench *bench = *state;
    struct test_client client;
    yyjson_doc *doc;

    client_open(&client, bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        client_refused(&client, "pair.add", bad[i], "invalid");
    client_refused(&client, "pair.get", "{}", "invalid");
    client_refused(&client, "pair.get", "{\"pair\":\"1\"}", "invalid");
    client_refused(&client, "pair.list", "{\"limit\":0}", "invalid");
    client_refused(&client, "pair.list", "{\"limit\":1001}", "invalid");
    client_refused(&client, "port.list", "{\"all\":true}", "invalid");
    client_refused(&client, "log.level", "{\"target\":\"control\",\"level\":\"loud\"}", "invalid");
    client_refused(&client, "log.level", "{\"target\":\"both\",\"level\":\"info\"}", "invalid");
    doc = client_call(&client, "pair.list", "{}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/pairs")), 0);
    yyjson_doc_free(doc);
    assert_int_equal(bench->dataplane.puts, 0);
    client_close(&client);
}

static void passes_on_what_the_data_plane_refuses(void **state)
{
    static const struct {
        int error;
        const char *name;
    } refusals[] = {
        {-ENOSPC, "full"}, {-EADDRINUSE, "exists"}, {-ENETUNREACH, "unreachable"}, {-EIO, "dataplane"}};
    struct bench *bench = *state;
    struct test_client client;
    yyjson_doc *doc;

    client_open(&client, bench);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        bench->dataplane.put_error = refusals[i].error;
        client_refused(&client, "pair.add", "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"}}",
                       refusals[i].name);
    }
    doc = client_call(&client, "pair.list", "{}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/pairs")), 0);
    yyjson_doc_free(doc);
    bench->dataplane.put_error = 0;
    (void)client_add(&client, "alice", "bob");
    client_close(&client);
}

static void refuses_when_no_port_is_left(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    yyjson_doc *doc;

    bench->config.relay_port_last = 40001;
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    (void)client_add(&client, "alice", "carol");
    doc = client_call(&client, "pair.add", "{\"a\":{\"peer\":\"dave\"},\"b\":{\"peer\":\"alice\"}}");
    assert_string_equal(json_text(doc, "/error/data/name"), "no_ports");
    assert_non_null(strstr(json_text(doc, "/error/message"), "alice has 2"));
    yyjson_doc_free(doc);
    client_close(&client);
}

/* All pairs, page by page; returns how many there were. */
static uint64_t list_all(struct test_client *client, unsigned limit, unsigned *pages)
{
    uint64_t cursor = 0;
    uint64_t seen = 0;
    char params[96];
    yyjson_doc *doc;
    bool more = true;

    for (*pages = 0; more; (*pages)++) {
        size_t count;

        (void)snprintf(params, sizeof(params), "{\"cursor\":%" PRIu64 ",\"limit\":%u}", cursor, limit);
        doc = client_call(client, "pair.list", params);
        count = yyjson_arr_size(json_at(doc, "/result/pairs"));
        for (size_t i = 0; i < count; i++) {
            yyjson_val *pair = yyjson_arr_get(json_at(doc, "/result/pairs"), i);

            assert_int_equal(yyjson_get_uint(yyjson_obj_get(pair, "pair")), ++seen);
            assert_true(yyjson_is_uint(yyjson_ptr_get(pair, "/legs/1/pkts")));
        }
        more = !json_null(doc, "/result/next");
        if (more)
            cursor = json_number(doc, "/result/next");
        yyjson_doc_free(doc);
    }
    return seen;
}

static void lists_by_pages(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    char peer[32];
    unsigned pages;

    bench->config.relay_port_last = 40999;
    client_open(&client, bench);
    for (unsigned i = 0; i < 250; i++) {
        (void)snprintf(peer, sizeof(peer), "peer-%u", i);
        (void)client_add(&client, peer, "bob");
    }
    assert_int_equal(list_all(&client, 100, &pages), 250);
    assert_int_equal(pages, 3);
    assert_int_equal(list_all(&client, 125, &pages), 250);
    assert_int_equal(pages, 2);
    assert_int_equal(list_all(&client, 1000, &pages), 250);
    assert_int_equal(pages, 1);
    client_close(&client);
}

static void cancels_a_list(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    yyjson_doc *doc;

    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    bench->dataplane.mute = true;
    client_send_line(&client, "{\"jsonrpc\":\"2.0\",\"id\":\"page\",\"method\":\"pair.list\"}");
    client_refused(&client, "cancel", "{\"id\":\"other\"}", "not_found");
    client_do(&client, "cancel", "{\"id\":\"page\"}");
    bench->dataplane.mute = false;
    doc = client_next(&client);
    assert_string_equal(json_text(doc, "/id"), "page");
    assert_string_equal(json_text(doc, "/error/data/name"), "cancelled");
    yyjson_doc_free(doc);
    client_refused(&client, "cancel", "{\"id\":\"page\"}", "not_found");
    client_close(&client);
}

static void four_lists_at_a_time(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    yyjson_doc *doc;

    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    bench->dataplane.mute = true;
    for (int i = 0; i < 4; i++)
        client_send_line(&client, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"pair.list\"}");
    client_refused(&client, "pair.list", "{}", "full");
    bench->dataplane.mute = false;
    for (int i = 0; i < 4; i++) {
        doc = client_next(&client);
        assert_int_equal(yyjson_arr_size(json_at(doc, "/result/pairs")), 1);
        yyjson_doc_free(doc);
    }
    client_do(&client, "pair.list", "{}");
    client_close(&client);
}

static void a_client_that_leaves_harms_nobody(void **state)
{
    struct bench *bench = *state;
    struct test_client gone;
    struct test_client client;
    yyjson_doc *doc;

    bench->dataplane.mute = true;
    client_open(&gone, bench);
    client_send_line(&gone, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.add\",\"params\":"
                            "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"}}}");
    client_send_line(&gone, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.list\"}");
    client_send_line(&gone, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events.subscribe\"}");
    client_close(&gone);
    client_open(&client, bench);
    client_quiet(&client);
    bench->dataplane.mute = false;
    doc = client_call(&client, "pair.get", "{\"pair\":1}");
    assert_true(json_bool(doc, "/result/installed"));
    yyjson_doc_free(doc);
    client_close(&client);
}

static void shows_the_shared_memory(void **state)
{
    struct bench *bench = *state;
    const struct cv_shared *shared = cv_control_link_shared(bench->dataplane.link);
    struct test_client client;
    yyjson_doc *doc;

    strcpy(shared->ports[0].name, "wan");
    memset(shared->ports[0].driver, 'd', sizeof(shared->ports[0].driver)); /* no NUL */
    strcpy(shared->ports[0].device, "eth\x01\xff");
    shared->ports[0].link_up = 1;
    shared->ports[0].address_count = 1000;
    shared->ports[0].rx_missed = 5;
    assert_int_equal(cv_prefix_parse("192.0.2.1/24", &shared->ports[0].addresses[0]), 0);
    shared->workers[0].rx_pkts = 40;
    shared->workers[1].rx_pkts = 2;
    shared->workers[1].state = CV_WORKER_RUN;
    shared->workers[1].drops[CV_DROP_OVER_RATE] = 9;
    shared->keeper->pairs_max = 1000;

    client_open(&client, bench);
    doc = client_call(&client, "port.list", "{}");
    assert_string_equal(json_text(doc, "/result/ports/0/name"), "wan");
    assert_int_equal(strlen(json_text(doc, "/result/ports/0/driver")), 32);
    assert_string_equal(json_text(doc, "/result/ports/0/device"), "eth??");
    assert_string_equal(json_text(doc, "/result/ports/0/mac"), "00:00:00:00:00:00");
    assert_string_equal(json_text(doc, "/result/ports/0/link"), "up");
    assert_string_equal(json_text(doc, "/result/ports/0/addresses/0"), "192.0.2.1/24");
    assert_int_equal(json_number(doc, "/result/ports/0/rx_missed"), 5);
    yyjson_doc_free(doc);
    doc = client_call(&client, "worker.list", "{}");
    assert_int_equal(json_number(doc, "/result/workers/1/worker"), 1);
    assert_string_equal(json_text(doc, "/result/workers/1/state"), "run");
    assert_int_equal(json_number(doc, "/result/workers/1/rx_pkts"), 2);
    yyjson_doc_free(doc);
    doc = client_call(&client, "stats.get", "{}");
    assert_int_equal(json_number(doc, "/result/counters/rx_pkts"), 42);
    assert_int_equal(json_number(doc, "/result/pairs_max"), 1000);
    assert_int_equal(json_number(doc, "/result/control/clients"), 1);
    assert_int_equal(json_number(doc, "/result/keeper/events_lost"), 0);
    yyjson_doc_free(doc);
    doc = client_call(&client, "drop.list", "{}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/drops")), CV_DROP_COUNT);
    assert_string_equal(json_text(doc, "/result/drops/0/name"), "too_short");
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(
                         yyjson_arr_get(json_at(doc, "/result/drops"), CV_DROP_OVER_RATE), "pkts")),
                     9);
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/drops/0/per_worker")), 2);
    yyjson_doc_free(doc);
    client_close(&client);
}

static void sets_log_levels(void **state)
{
    struct bench *bench = *state;
    struct test_client client;

    client_open(&client, bench);
    client_do(&client, "log.level", "{\"target\":\"dataplane\",\"level\":\"debug\"}");
    assert_int_equal(bench->dataplane.log_level, 8);
    client_do(&client, "log.level", "{\"target\":\"control\",\"level\":\"error\"}");
    client_close(&client);
}

static void shards_and_crypto(void **state)
{
    struct bench *bench = *state;
    const struct cv_shared *shared = cv_control_link_shared(bench->dataplane.link);
    struct test_client client;
    yyjson_doc *doc;

    client_open(&client, bench);
    doc = client_call(&client, "shard.list", "{}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/shards")), 0); /* there are no sessions */
    yyjson_doc_free(doc);
    shared->sessions->max = 2000;
    shared->sessions->retry_always = 1;
    shared->sessions->handshake.handshakes = 9;
    memset(shared->sessions->crypto_passed_over, 'x',
           sizeof(shared->sessions->crypto_passed_over)); /* no NUL */
    strcpy(shared->sessions->suites[2].name, "TLS_CHACHA20");
    shared->sessions->suites[2].code = 0x1303;
    shared->sessions->suites[2].failed_max = UINT64_C(1) << 36;
    shared->workers[1].core = 7;
    shared->workers[1].tunnel_rx_pkts = 11;
    shared->shards[0].suites[2] = 4;
    shared->shards[1].suites[2] = 5;
    shared->shards[1].pages_used = 30;
    shared->shards[2].sessions = 3; /* the handshake thread's */
    shared->shards[2].key_updates = 1;
    doc = client_call(&client, "shard.list", "{}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/shards")), 3);
    assert_string_equal(json_text(doc, "/result/retry"), "always");
    assert_int_equal(json_number(doc, "/result/handshakes"), 9);
    assert_int_equal(json_number(doc, "/result/shards/1/core"), 7);
    assert_int_equal(json_number(doc, "/result/shards/1/datagrams_in"), 11);
    assert_int_equal(json_number(doc, "/result/shards/1/pages_used"), 30);
    assert_int_equal(json_number(doc, "/result/shards/1/suites/2/sessions"), 5);
    assert_string_equal(json_text(doc, "/result/shards/2/shard"), "handshake");
    assert_true(yyjson_is_null(json_at(doc, "/result/shards/2/core")));
    assert_int_equal(json_number(doc, "/result/shards/2/sessions"), 3);
    yyjson_doc_free(doc);
    doc = client_call(&client, "crypto.get", "{}");
    assert_int_equal(strlen(json_text(doc, "/result/passed_over")), 160);
    assert_int_equal(json_number(doc, "/result/suites/2/sessions"), 9);
    assert_string_equal(json_text(doc, "/result/suites/2/code"), "0x1303");
    assert_int_equal(json_number(doc, "/result/suites/2/failed_max"), UINT64_C(1) << 36);
    assert_int_equal(json_number(doc, "/result/key_updates"), 1);
    yyjson_doc_free(doc);
    doc = client_call(&client, "stats.get", "{}");
    assert_int_equal(json_number(doc, "/result/sessions/sessions"), 3);
    assert_int_equal(json_number(doc, "/result/sessions_max"), 2000);
    yyjson_doc_free(doc);
    client_close(&client);
}

static void traces(void **state)
{
    struct bench *bench = *state;
    const struct cv_shared *shared = cv_control_link_shared(bench->dataplane.link);
    struct cv_trace_stats *trace = &shared->sessions->traces[3];
    struct test_client client;
    yyjson_doc *doc;

    client_open(&client, bench);
    doc = client_call(&client, "trace.list", "{}");
    assert_false(yyjson_get_bool(json_at(doc, "/result/allowed")));
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/traces")), 0);
    yyjson_doc_free(doc);
    strcpy(shared->sessions->trace_directory, "/t");
    shared->keeper->start_unix_ms = 5000;
    assert_int_equal(cv_prefix_parse("192.0.2.0/24", &trace->network), 0);
    trace->trace = 9;
    trace->session = 77;
    trace->kinds = CV_TRACE_ALL;
    trace->state = CV_TRACE_RECORDING;
    shared->sessions->traces[4] = *trace;
    shared->sessions->traces[4].state = CV_TRACE_STATE_END; /* not believed */
    doc = client_call(&client, "trace.list", "{}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/traces")), 1);
    assert_string_equal(json_text(doc, "/result/traces/0/qlog"), "/t/session-77-5.sqlog");
    assert_string_equal(json_text(doc, "/result/traces/0/keylog"), "/t/session-77-5.keys");
    assert_string_equal(json_text(doc, "/result/traces/0/network"), "192.0.2.0/24");
    assert_string_equal(json_text(doc, "/result/traces/0/state"), "recording");
    yyjson_doc_free(doc);
    client_refused(&client, "trace.add", "{\"network\":\"here\"}", "invalid");
    client_refused(&client, "trace.add", "{\"network\":\"::1\",\"for_s\":0}", "invalid");
    client_refused(&client, "trace.add", "{\"network\":\"::1\",\"for_s\":86401}", "invalid");
    client_refused(&client, "trace.add", "{\"network\":\"::1\",\"qlog\":1}", "invalid");
    client_refused(&client, "trace.delete", "{\"trace\":0}", "invalid");
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_attached, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(adds_a_pair),
        TEST(fixed_and_prefix_legs),
        TEST(gets_what_the_data_plane_counts),
        TEST(deletes_a_pair),
        TEST(refuses_what_cannot_be),
        TEST(passes_on_what_the_data_plane_refuses),
        TEST(refuses_when_no_port_is_left),
        TEST(lists_by_pages),
        TEST(cancels_a_list),
        TEST(four_lists_at_a_time),
        TEST(a_client_that_leaves_harms_nobody),
        TEST(shows_the_shared_memory),
        TEST(shards_and_crypto),
        TEST(traces),
        TEST(sets_log_levels),
    };

    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
