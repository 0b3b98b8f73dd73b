/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairs that are not put back at once: no room for them, or their records are damaged. */
#include "base/clock.h"
#include "control_test.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>

/* It wants some of the above first. */
#include <cmocka.h>

#define ADD_ALICE_BOB "{\"a\":{\"peer\":\"alice\"},\"b\":{\"peer\":\"bob\"}}"

static bool has_pair_3(void *context)
{
    return fake_find(context, 3) != NULL;
}

/* Refused when it was put back; put when another goes, by delete or by itself. */
static void a_refused_pair_gets_the_room_of_another(void **state)
{
    struct bench *bench = *state;
    struct fake_dataplane *dataplane = &bench->dataplane;
    struct test_client client;
    struct test_client watcher;
    yyjson_doc *doc;

    client_open(&client, bench);
    for (int i = 0; i < 3; i++)
        (void)client_add(&client, "alice", "bob");
    client_subscribe(&watcher, bench);
    dataplane->room = 2;
    fake_start(dataplane);
    client_expect_attached(&watcher, true);
    client_expect_synced(&watcher, (struct sync_counts){.put = 2, .refused = 1});
    doc = client_call(&client, "pair.get", "{\"pair\":3}");
    assert_false(json_bool(doc, "/result/installed"));
    yyjson_doc_free(doc);
    client_do(&client, "pair.delete", "{\"pair\":1}");
    client_expect(&watcher, "pair_removed", 1);
    bench_wait(bench, has_pair_3, dataplane, "pair 3 put after a delete");

    fake_kill(dataplane);
    client_expect(&watcher, "dataplane_lost", 0);
    dataplane->room = 1;
    fake_start(dataplane);
    client_expect_attached(&watcher, true);
    client_expect_synced(&watcher, (struct sync_counts){.put = 1, .refused = 1});
    assert_null(fake_find(dataplane, 3));
    fake_forget(dataplane, 2);
    assert_true(fake_tell_pair(dataplane, CV_MESSAGE_PAIR_EXPIRED, 2));
    client_expect(&watcher, "pair_expired", 2);
    bench_wait(bench, has_pair_3, dataplane, "pair 3 put after an expiry");
    client_quiet(&watcher);
    doc = client_call(&client, "pair.get", "{\"pair\":3}");
    assert_true(json_bool(doc, "/result/installed"));
    yyjson_doc_free(doc);

    /* Control knows that the data plane has it: after a lost event it is known, and not put again. */
    assert_true(fake_tell(dataplane, &(struct cv_message){.type = CV_MESSAGE_EVENTS_LOST, .count = 1}));
    client_expect(&watcher, "events_lost", 0);
    client_expect_synced(&watcher, (struct sync_counts){.known = 1});
    client_close(&watcher);
    client_close(&client);
}

static void a_pair_that_never_got_room_expires(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;
    uint64_t start_ms;

    bench->config.pair_idle_s = 1;
    client_open(&client, bench);
    for (int i = 0; i < 3; i++)
        (void)client_add(&client, "alice", "bob");
    client_subscribe(&watcher, bench);
    bench->dataplane.room = 1;
    fake_start(&bench->dataplane);
    client_expect_attached(&watcher, true);
    client_expect_synced(&watcher, (struct sync_counts){.put = 1, .refused = 2});
    start_ms = clock_monotonic_ms();
    client_expect(&watcher, "pair_expired", 2);
    client_expect(&watcher, "pair_expired", 3);
    assert_in_range(clock_monotonic_ms() - start_ms, 500, 5000);
    client_refused(&client, "pair.get", "{\"pair\":2}", "not_found");
    client_do(&client, "pair.get", "{\"pair\":1}");
    client_close(&watcher);
    client_close(&client);
}

/* While it is away, the data plane's limit is as it was. */
static void an_absent_data_plane_can_be_full(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;

    bench->dataplane.room = 2;
    bench_attach(bench);
    client_subscribe(&watcher, bench);
    client_open(&client, bench);
    (void)client_add(&client, "alice", "bob");
    (void)client_add(&client, "alice", "bob");
    client_refused(&client, "pair.add", ADD_ALICE_BOB, "full");
    fake_kill(&bench->dataplane);
    client_expect(&watcher, "pair_added", 1);
    client_expect(&watcher, "pair_added", 2);
    client_expect(&watcher, "dataplane_lost", 0);
    client_refused(&client, "pair.add", ADD_ALICE_BOB, "full");
    client_do(&client, "pair.delete", "{\"pair\":1}");
    (void)client_add(&client, "alice", "bob");
    client_refused(&client, "pair.add", ADD_ALICE_BOB, "full");
    client_close(&watcher);
    client_close(&client);
}

/* It is left out, and can be deleted; the pairs behind it are put and listed. */
static void a_damaged_pair_is_passed_over(void **state)
{
    struct bench *bench = *state;
    struct test_client client;
    struct test_client watcher;
    sqlite3 *database;
    yyjson_doc *doc;

    client_open(&client, bench);
    for (int i = 0; i < 3; i++)
        (void)client_add(&client, "alice", "bob");
    client_close(&client);
    bench_stop_control(bench);
    assert_int_equal(sqlite3_open(bench->config.store, &database), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(database, "UPDATE leg SET bind = 9 WHERE pair = 2 AND side = 1", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    bench_start_control(bench);
    client_subscribe(&watcher, bench);
    fake_start(&bench->dataplane);
    client_expect_attached(&watcher, true);
    client_expect_synced(&watcher, (struct sync_counts){.put = 2, .refused = 1});
    client_open(&client, bench);
    doc = client_call(&client, "pair.list", "{\"limit\":2}");
    assert_int_equal(yyjson_arr_size(json_at(doc, "/result/pairs")), 2);
    assert_int_equal(json_number(doc, "/result/pairs/1/pair"), 3);
    yyjson_doc_free(doc);
    doc = client_call(&client, "pair.list", "{\"limit\":1}");
    assert_int_equal(json_number(doc, "/result/next"), 1);
    yyjson_doc_free(doc);
    client_do(&client, "pair.delete", "{\"pair\":2}");
    client_close(&watcher);
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refused_pair_gets_the_room_of_another),
        TEST(a_pair_that_never_got_room_expires),
        TEST(an_absent_data_plane_can_be_full),
        TEST(a_damaged_pair_is_passed_over),
    };

    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
