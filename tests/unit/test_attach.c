/* SPDX-License-Identifier: BSD-3-Clause */
/* Data planes that come, go, restart and forget, and what control makes of their events. */
#include "control_test.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define ADD_ALICE_BOB "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"}}"

static void expect_leg_event(struct test_client *client, const char *event, const char *leg,
                             const char *address, const char *previous, const char *cause)
{
    yyjson_val *params;
    yyjson_doc *doc = client_event(client, event, &params);

    assert_string_equal(json_text(doc, "/params/leg"), leg);
    assert_string_equal(json_text(doc, "/params/peer"), leg[0] == 'a' ? "alice" : "bob");
    if (address != NULL)
        assert_string_equal(json_text(doc, "/params/address"), address);
    if (previous != NULL)
        assert_string_equal(json_text(doc, "/params/previous"), previous);
    if (cause != NULL)
        assert_string_equal(json_text(doc, "/params/cause"), cause);
    yyjson_doc_free(doc);
}

static void serves_without_a_data_plane(void **state)
{
    static const char *const methods[] = {"port.list", "worker.list", "stats.get", "drop.list"};
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;
    yyjson_doc *doc;

    client_subscribe(&watcher, bench);
    client_open(&client, bench);
    doc = client_call(&client, "pair.add", ADD_ALICE_BOB);
    assert_false(json_bool(doc, "/result/installed"));
    assert_string_equal(json_text(doc, "/result/addresses/0"), "192.0.2.1");
    yyjson_doc_free(doc);
    client_expect(&watcher, "pair_added", 1);
    doc = client_call(&client, "pair.get", "{\"pair\":1}");
    assert_false(json_bool(doc, "/result/installed"));
    assert_true(json_null(doc, "/result/legs/0/pkts"));
    yyjson_doc_free(doc);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        client_refused(&client, methods[i], "{}", "no_dataplane");
    client_refused(&client, "log.level", "{\"target\":\"dataplane\",\"level\":\"info\"}", "no_dataplane");

    fake_start(&bench->dataplane);
    client_expect_attached(&watcher, true);
    client_expect_synced(&watcher, (struct sync_counts){.put = 1});
    doc = client_call(&client, "pair.get", "{\"pair\":1}");
    assert_true(json_bool(doc, "/result/installed"));
    yyjson_doc_free(doc);
    client_close(&watcher);
    client_close(&client);
}

static void passes_events_on_and_keeps_addresses(void **state)
{
    struct bench *bench = *state;
    struct fake_dataplane *dataplane = &bench->dataplane;
    struct test_client client;
    struct test_client watcher;
    yyjson_doc *doc;

    bench_attach(bench);
    client_subscribe(&watcher, bench);
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    client_expect(&watcher, "pair_added", 1);
    assert_true(fake_tell_leg(dataplane, CV_MESSAGE_LEG_BOUND, 1, 0, "198.51.100.7:1", NULL));
    expect_leg_event(&watcher, "leg_bound", "a", "198.51.100.7:1", NULL, NULL);
    assert_true(fake_tell_leg(dataplane, CV_MESSAGE_LEG_MOVED, 1, 0, "198.51.100.7:2", "198.51.100.7:1"));
    expect_leg_event(&watcher, "leg_moved", "a", "198.51.100.7:2", "198.51.100.7:1", "connection_id");
    assert_true(fake_tell_leg(dataplane, CV_MESSAGE_LEG_BOUND, 1, 1, "[2001:db8::7]:3", NULL));
    expect_leg_event(&watcher, "leg_bound", "b", "[2001:db8::7]:3", NULL, NULL);
    assert_true(fake_tell_leg(dataplane, CV_MESSAGE_LEG_UNBOUND, 1, 1, "[2001:db8::7]:3", NULL));
    expect_leg_event(&watcher, "leg_unbound", "b", NULL, "[2001:db8::7]:3", NULL);
    assert_true(fake_tell_pair(dataplane, CV_MESSAGE_PAIR_IDLE, 1));
    client_expect(&watcher, "pair_idle", 1);
    assert_true(
        fake_tell_leg(dataplane, CV_MESSAGE_LEG_BOUND, 77, 0, "198.51.100.7:1", NULL)); /* unknown pair */

    fake_kill(dataplane);
    client_expect(&watcher, "dataplane_lost", 0);
    doc = client_call(&client, "pair.get", "{\"pair\":1}");
    assert_string_equal(json_text(doc, "/result/legs/0/address"), "198.51.100.7:2");
    assert_true(json_null(doc, "/result/legs/1/address"));
    yyjson_doc_free(doc);
    client_do(&client, "pair.delete", "{\"pair\":1}");
    client_expect(&watcher, "pair_removed", 1);

    /* It can be cancelled. */
    client_do(&watcher, "cancel", "{\"id\":1}");
    (void)client_add(&client, "alice", "bob");
    client_quiet(&watcher);
    client_refused(&watcher, "cancel", "{\"id\":1}", "not_found");
    client_close(&watcher);
    client_close(&client);
}

static void an_expired_pair_leaves_the_store(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;

    bench_attach(bench);
    client_subscribe(&watcher, bench);
    client_refused(&watcher, "events.subscribe", "{}", "exists");
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    client_expect(&watcher, "pair_added", 1);
    fake_forget(&bench->dataplane, 1);
    assert_true(fake_tell_pair(&bench->dataplane, CV_MESSAGE_PAIR_EXPIRED, 1));
    client_expect(&watcher, "pair_expired", 1);
    client_refused(&client, "pair.get", "{\"pair\":1}", "not_found");
    client_close(&watcher);
    client_close(&client);
}

/* Control is restarted; the data plane lives on, and things happen meanwhile. */
static void a_restarted_control_learns_what_it_missed(void **state)
{
    struct bench *bench = *state;
    struct fake_dataplane *dataplane = &bench->dataplane;
    struct test_client client;
    struct test_client watcher;
    uint32_t puts;

    bench_attach(bench);
    client_open(&client, bench);
    for (int i = 0; i < 4; i++)
        (void)client_add(&client, "alice", "bob");
    client_close(&client);
    bench_stop_control(bench);
    assert_int_equal(cv_address_parse("198.51.100.7:1", &fake_find(dataplane, 1)->state.legs[0].address), 0);
    fake_forget(dataplane, 2);
    fake_find(dataplane, 3)->state.idle_s = 7; /* as if changed by another control */
    fake_invent(dataplane, 1000);
    puts = dataplane->puts;

    bench_start_control(bench);
    client_subscribe(&watcher, bench);
    client_expect_attached(&watcher, false);
    expect_leg_event(&watcher, "leg_bound", "a", "198.51.100.7:1", NULL, NULL);
    client_expect(&watcher, "pair_expired", 2);
    client_expect_synced(&watcher, (struct sync_counts){.known = 2, .put = 1, .removed = 1, .expired = 1});
    assert_int_equal(dataplane->puts, puts + 1);
    assert_int_equal(dataplane->count, 3);
    assert_int_equal(fake_find(dataplane, 3)->state.idle_s, 120);
    assert_null(fake_find(dataplane, 1000));
    client_close(&watcher);
}

/* The pair is neither in the dump nor in the store when that was asked for. */
static void a_pair_added_during_a_dump_is_left_alone(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;

    client_subscribe(&watcher, bench);
    bench->dataplane.mute = true;
    fake_start(&bench->dataplane);
    client_expect_attached(&watcher, true);
    client_open(&client, bench);
    client_send_line(&client,
                     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.add\",\"params\":" ADD_ALICE_BOB "}");
    client_quiet(&client);
    bench->dataplane.mute = false;
    yyjson_doc_free(client_next(&client));
    yyjson_doc_free(client_next(&watcher)); /* pair_added and pairs_synced, in whichever order */
    yyjson_doc_free(client_next(&watcher));
    client_quiet(&watcher);
    assert_int_equal(bench->dataplane.puts, 1);
    client_do(&client, "pair.get", "{\"pair\":1}");
    client_close(&watcher);
    client_close(&client);
}

static void a_restarted_data_plane_gets_its_pairs_back(void **state)
{
    struct bench *bench = *state;
    struct fake_dataplane *dataplane = &bench->dataplane;
    struct cv_pair_config before;
    struct test_client client;
    struct test_client watcher;

    bench_attach(bench);
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    (void)client_add(&client, "alice", "carol");
    client_subscribe(&watcher, bench);
    assert_true(fake_tell_leg(dataplane, CV_MESSAGE_LEG_BOUND, 1, 1, "198.51.100.7:1", NULL));
    expect_leg_event(&watcher, "leg_bound", "b", "198.51.100.7:1", NULL, NULL);
    before = fake_find(dataplane, 1)->config;
    fake_kill(dataplane);
    client_expect(&watcher, "dataplane_lost", 0);
    client_do(&client, "pair.delete", "{\"pair\":2}");
    client_expect(&watcher, "pair_removed", 2);

    fake_start(dataplane);
    client_expect_attached(&watcher, true);
    client_expect_synced(&watcher, (struct sync_counts){.put = 1});
    assert_int_equal(cv_address_parse("198.51.100.7:1", &before.legs[1].last), 0);
    assert_memory_equal(&fake_find(dataplane, 1)->config, &before, sizeof(before));
    assert_int_equal(dataplane->count, 1);
    client_close(&watcher);
    client_close(&client);
}

/* More pairs than requests in flight, and than ring slots with their answers; control restarts half-way. */
static void puts_many_pairs_back(void **state)
{
    enum { MANY = 6000 };
    struct bench *bench = *state;
    struct fake_dataplane *dataplane = &bench->dataplane;
    struct test_client watcher;
    struct pair_record record = {.idle_s = 1};

    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(record.legs[0].peer, sizeof(record.legs[0].peer), "a-%u", i);
        (void)snprintf(record.legs[1].peer, sizeof(record.legs[1].peer), "b-%u", i);
        for (unsigned leg = 0; leg < 2; leg++) {
            record.legs[leg].bind = CV_BIND_TOKEN;
            record.legs[leg].relay_port = 40000;
            memset(record.legs[leg].token, (int)(1 + i % 255), CV_TOKEN_BYTES);
        }
        assert_int_equal(store_add_pair(bench->control->services.store, &record), 0);
    }
    dataplane->per_turn = 40;
    client_subscribe(&watcher, bench);
    fake_start(dataplane);
    client_expect_attached(&watcher, true);
    while (dataplane->count < MANY / 2)
        bench_turn(bench);
    client_close(&watcher);
    bench_stop_control(bench);
    bench_start_control(bench);
    client_subscribe(&watcher, bench);
    dataplane->per_turn = 0;
    client_expect_attached(&watcher, false);
    while (dataplane->count < MANY)
        bench_turn(bench);
    yyjson_doc_free(client_next(&watcher)); /* pairs_synced */
    assert_int_equal(dataplane->count, MANY);
    assert_true(dataplane->puts < MANY + REQUESTS_IN_FLIGHT);
    client_close(&watcher);
}

static void a_data_plane_lost_in_mid_request(void **state)
{
    struct bench *bench = *state;
    struct fake_dataplane *dataplane = &bench->dataplane;
    struct test_client client;
    struct test_client other;
    yyjson_doc *doc;

    bench_attach(bench);
    client_open(&client, bench);
    client_open(&other, bench);
    (void)client_add(&client, "alice", "bob");
    (void)client_add(&client, "alice", "bob");
    dataplane->mute = true;
    client_send_line(&client,
                     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pair.add\",\"params\":" ADD_ALICE_BOB "}");
    client_send_line(&client,
                     "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"pair.delete\",\"params\":{\"pair\":1}}");
    client_send_line(&other, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"pair.list\"}");
    client_quiet(&client);
    client_quiet(&other);
    fake_kill(dataplane);
    for (unsigned i = 0; i < 2; i++) { /* in any order */
        doc = client_next(&client);
        if (json_number(doc, "/id") == 1) {
            assert_false(json_bool(doc, "/result/installed"));
            assert_int_equal(json_number(doc, "/result/pair"), 3);
        } else {
            assert_int_equal(yyjson_obj_size(json_at(doc, "/result")), 0);
        }
        yyjson_doc_free(doc);
    }
    doc = client_next(&other);
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/pairs")), 2);
    assert_true(json_null(doc, "/result/pairs/0/legs/0/pkts"));
    yyjson_doc_free(doc);

    dataplane->mute = false;
    bench_attach(bench);
    assert_int_equal(dataplane->count, 2);
    assert_null(fake_find(dataplane, 1));
    client_close(&other);
    client_close(&client);
}

static void lost_events_make_it_ask_again(void **state)
{
    struct bench *bench = *state;
    struct fake_dataplane *dataplane = &bench->dataplane;
    struct cv_message lost = {.type = CV_MESSAGE_EVENTS_LOST, .count = 12};
    struct test_client client;
    struct test_client watcher;
    yyjson_val *params;
    yyjson_doc *doc;

    bench_attach(bench);
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    (void)client_add(&client, "alice", "bob");
    client_subscribe(&watcher, bench);
    fake_forget(dataplane, 1);
    assert_int_equal(cv_address_parse("198.51.100.7:1", &fake_find(dataplane, 2)->state.legs[1].address), 0);
    assert_true(fake_tell(dataplane, &lost));
    doc = client_event(&watcher, "events_lost", &params);
    assert_int_equal(json_number(doc, "/params/count"), 12);
    yyjson_doc_free(doc);
    expect_leg_event(&watcher, "leg_bound", "b", "198.51.100.7:1", NULL, NULL);
    client_expect(&watcher, "pair_expired", 1);
    client_expect_synced(&watcher, (struct sync_counts){.known = 1, .expired = 1});
    client_close(&watcher);
    client_close(&client);
}

static void a_silent_data_plane_is_lost(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;
    yyjson_doc *doc;

    bench_attach(bench);
    client_subscribe(&watcher, bench);
    client_open(&client, bench);
    bench->dataplane.mute = true;
    doc = client_call(&client, "pair.add", ADD_ALICE_BOB); /* answered when control gives up waiting */
    assert_false(json_bool(doc, "/result/installed"));
    yyjson_doc_free(doc);
    client_expect(&watcher, "dataplane_lost", 0);
    client_expect(&watcher, "pair_added", 1);
    bench->dataplane.mute = false;
    client_expect_attached(&watcher, false);
    client_expect_synced(&watcher, (struct sync_counts){.put = 1});
    client_close(&watcher);
    client_close(&client);
}

/* The file system is full: the data plane never hears of what is refused. */
static void a_pair_that_cannot_be_kept_is_refused(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;
    struct rlimit before;
    struct rlimit small = {.rlim_cur = 4096};

    bench_attach(bench);
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    client_subscribe(&watcher, bench);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    client_refused(&client, "pair.add", ADD_ALICE_BOB, "store");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    client_expect_synced(&watcher, (struct sync_counts){.known = 1});
    assert_int_equal(bench->dataplane.count, 1);
    assert_int_equal(bench->dataplane.puts, 1);
    assert_int_not_equal(client_add(&client, "alice", "bob"), 0);
    client_close(&watcher);
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(serves_without_a_data_plane),
        TEST(passes_events_on_and_keeps_addresses),
        TEST(an_expired_pair_leaves_the_store),
        TEST(a_restarted_control_learns_what_it_missed),
        TEST(a_pair_added_during_a_dump_is_left_alone),
        TEST(a_restarted_data_plane_gets_its_pairs_back),
        TEST(puts_many_pairs_back),
        TEST(a_data_plane_lost_in_mid_request),
        TEST(lost_events_make_it_ask_again),
        TEST(a_silent_data_plane_is_lost),
        TEST(a_pair_that_cannot_be_kept_is_refused),
    };

    return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
