/* SPDX-License-Identifier: BSD-3-Clause */
/* The store: pairs with tunnel legs, what sessions keep for theirs, and stores of earlier formats. */
#include "pairs/port_set.h"
#include "protocol/datagram.h"
#include "store/store_instances.h"
#include "store/store_offers.h"
#include "store/store_pairs.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* It wants some of the above first. */
#include <cmocka.h>

struct fixture {
    char directory[64];
    char path[96];
    struct store *store;
};

static void open_store(struct fixture *fixture)
{
    char error[512] = "";

    if (store_open(&fixture->store, fixture->path, error, sizeof(error)) != 0)
        fail_msg("store_open: %s", error);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    strcpy(fixture->directory, "/tmp/culvert-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/control.db", fixture->directory);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    store_close(fixture->store);
    (void)unlink(fixture->path);
    (void)snprintf(path, sizeof(path), "%s-wal", fixture->path);
    (void)unlink(path);
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture);
    return 0;
}

static void reopen(struct fixture *fixture)
{
    store_close(fixture->store);
    open_store(fixture);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *database;

    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    (void)sqlite3_close(database);
}

static void fill_tunnel(struct leg_record *leg, const char *peer, uint64_t session, uint16_t channel)
{
    strcpy(leg->peer, peer);
    leg->bind = CV_BIND_TUNNEL;
    leg->session = session;
    leg->channel = channel;
}

static void fill_udp(struct leg_record *leg, const char *peer)
{
    strcpy(leg->peer, peer);
    leg->bind = CV_BIND_TOKEN;
    leg->relay_port = 40000;
    memset(leg->token, 7, CV_TOKEN_BYTES);
}

static void keeps_every_field(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record written, read;

    memset(&written, 0, sizeof(written));
    written.idle_s = 120;
    written.created_ms = 1700000000000;
    fill_tunnel(&written.legs[0], "alice", UINT64_MAX - 5, CV_CHANNEL_MAX);
    fill_tunnel(&written.legs[1], "bob", 7, CV_CHANNEL_MIN);
    open_store(fixture);
    assert_int_equal(store_add_pair(fixture->store, &written), 0);
    reopen(fixture);
    assert_int_equal(store_get_pair(fixture->store, written.pair, &read), 0);
    assert_memory_equal(&read, &written, sizeof(read));
}

/* No port is taken by them, so that the same peers can have any number of such pairs. */
static void take_port(void *set, uint16_t port)
{
    port_set_take(set, port);
}

static void tunnel_legs_take_no_port(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record record;
    struct port_set set;
    uint32_t pairs;

    open_store(fixture);
    for (uint16_t i = 1; i <= 3; i++) {
        memset(&record, 0, sizeof(record));
        fill_tunnel(&record.legs[0], "alice", 1, i);
        fill_tunnel(&record.legs[1], "bob", 2, i);
        assert_int_equal(store_add_pair(fixture->store, &record), 0);
    }
    memset(&record, 0, sizeof(record));
    fill_udp(&record.legs[0], "alice");
    fill_tunnel(&record.legs[1], "bob", 2, 4);
    assert_int_equal(store_add_pair(fixture->store, &record), 0);

    port_set_init(&set, 40000, 40002);
    fill_udp(&record.legs[1], "bob");
    assert_int_equal(store_ports_taken(fixture->store, &record.legs[1], take_port, &set, &pairs), 0);
    assert_int_equal(pairs, 0);
    assert_int_equal(port_set_lowest(&set), 40000);
    assert_int_equal(store_ports_taken(fixture->store, &record.legs[0], take_port, &set, &pairs), 0);
    assert_int_equal(pairs, 1);
    assert_int_equal(port_set_lowest(&set), 40001);
}

static void a_damaged_tunnel_leg_is_found(void **state)
{
    static const char *const damages[] = {
        "UPDATE leg SET channel = 16384 WHERE side = 1",
        "UPDATE leg SET channel = NULL WHERE side = 1",
        "UPDATE leg SET channel = 65537 WHERE side = 1",
        "UPDATE leg SET channel = 1, session = NULL WHERE side = 1",
    };
    struct fixture *fixture = *state;
    struct pair_record record;

    memset(&record, 0, sizeof(record));
    fill_tunnel(&record.legs[0], "alice", 1, 1);
    fill_tunnel(&record.legs[1], "bob", 2, 1);
    open_store(fixture);
    assert_int_equal(store_add_pair(fixture->store, &record), 0);
    for (unsigned i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        store_close(fixture->store);
        run_sql(fixture->path, damages[i]);
        open_store(fixture);
        assert_int_equal(store_get_pair(fixture->store, record.pair, &record), -EBADMSG);
    }
}

/* What store_load_sessions and the like have found. */
struct found {
    struct session_record session;
    struct offer_record offer;
    struct peer_pair_record pair;
    unsigned count;
};

static void found_session(void *context, const struct session_record *record, const uint8_t *outbox,
                          size_t outbox_bytes)
{
    struct found *found = context;

    (void)outbox;
    assert_int_equal(outbox_bytes, 3);
    found->session = *record;
    found->count++;
}

static void found_offer(void *context, const struct offer_record *record)
{
    struct found *found = context;

    found->offer = *record;
    found->count++;
}

static void found_pair(void *context, const struct peer_pair_record *record)
{
    struct found *found = context;

    found->pair = *record;
    found->count++;
}

static struct found load(struct store *store)
{
    struct found found = {.count = 0};

    assert_int_equal(store_load_sessions(store, found_session, &found), 0);
    assert_int_equal(store_load_offers(store, found_offer, &found), 0);
    assert_int_equal(store_load_peer_pairs(store, found_pair, &found), 0);
    assert_int_equal(found.count, 3);
    return found;
}

static void keeps_what_sessions_need(void **state)
{
    struct fixture *fixture = *state;
    struct session_record session = {.session = 5, .chain = {.count = 1}, .told_bytes = UINT16_MAX};
    struct offer_record offer = {.asker = 5, .answerer = 6, .request = 1, .legs = CV_LEG_KIND_TUNNEL};
    struct peer_pair_record link = {.asker = 5, .answerer = 6};
    struct pair_record record;
    struct found found;

    memset(&record, 0, sizeof(record));
    memset(session.ticket, 3, sizeof(session.ticket));
    fill_udp(&record.legs[0], "alice");
    fill_tunnel(&record.legs[1], "bob", 6, 99);
    open_store(fixture);
    assert_int_equal(store_put_session(fixture->store, &session, (const uint8_t *)"abc", 3), 0);
    assert_int_equal(store_add_offer(fixture->store, &offer), 0);
    assert_int_equal(store_add_pair(fixture->store, &record), 0);
    link.pair = record.pair;
    assert_int_equal(store_add_peer_pair(fixture->store, &link), 0);
    reopen(fixture);
    found = load(fixture->store);
    assert_memory_equal(found.session.ticket, session.ticket, sizeof(session.ticket));
    assert_int_equal(found.session.told_bytes, UINT16_MAX);
    assert_int_equal(found.offer.legs, CV_LEG_KIND_TUNNEL);
    assert_int_equal(found.pair.channels[0], 0);
    assert_int_equal(found.pair.channels[1], 99);
}

/* As Culvert wrote it before it had sessions, and before it had tunnel legs. */
static const char format_1[] =
    "CREATE TABLE pair (number INTEGER PRIMARY KEY AUTOINCREMENT, relay_port INTEGER NOT NULL, "
    "idle_s INTEGER NOT NULL, rate INTEGER NOT NULL, created_ms INTEGER NOT NULL, "
    "boot_id INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE leg (pair INTEGER NOT NULL REFERENCES pair (number) ON DELETE CASCADE, "
    "side INTEGER NOT NULL CHECK (side IN (0, 1)), relay_port INTEGER NOT NULL, peer TEXT NOT NULL, "
    "bind INTEGER NOT NULL, token BLOB, address TEXT, last TEXT, "
    "PRIMARY KEY (pair, side)) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX leg_peer ON leg (peer, relay_port);"
    "CREATE INDEX leg_address ON leg (address, relay_port) WHERE address IS NOT NULL;"
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO pair VALUES (3, 40000, 120, 0, 1700000000000, 77);"
    "INSERT INTO leg VALUES (3, 0, 40000, 'alice', 1, zeroblob(32), NULL, '198.51.100.7:4433');"
    "INSERT INTO leg VALUES (3, 1, 40000, 'bob', 3, NULL, '203.0.113.0/24', NULL);"
    "PRAGMA user_version = 1;";

static const char format_2[] =
    "CREATE TABLE session (number INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, ids BLOB NOT NULL, "
    "consumed INTEGER NOT NULL, skip INTEGER NOT NULL, sent INTEGER NOT NULL, rules BLOB NOT NULL, "
    "observed BLOB NOT NULL, outbox BLOB NOT NULL) STRICT;"
    "CREATE TABLE offer (number INTEGER PRIMARY KEY AUTOINCREMENT, asker INTEGER NOT NULL, "
    "request INTEGER NOT NULL, answerer INTEGER NOT NULL, deadline_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE peer_pair (pair INTEGER PRIMARY KEY REFERENCES pair (number) ON DELETE CASCADE, "
    "asker INTEGER NOT NULL, answerer INTEGER NOT NULL, offer INTEGER NOT NULL) STRICT;"
    "INSERT INTO offer VALUES (9, 5, 1, 6, 1700000000000);"
    "INSERT INTO pair VALUES (5, 40001, 120, 0, 1700000000000, 77);"
    "INSERT INTO leg VALUES (5, 0, 40001, 'alice', 1, zeroblob(32), NULL, NULL);"
    "INSERT INTO leg VALUES (5, 1, 40001, 'bob', 1, zeroblob(32), NULL, NULL);"
    "INSERT INTO peer_pair VALUES (5, 5, 6, 8);"
    "PRAGMA user_version = 2;";

static const char format_3[] =
    "ALTER TABLE leg ADD COLUMN session INTEGER;"
    "ALTER TABLE leg ADD COLUMN channel INTEGER;"
    "DROP INDEX leg_peer;"
    "CREATE UNIQUE INDEX leg_peer ON leg (peer, relay_port) WHERE relay_port != 0;"
    "ALTER TABLE session ADD COLUMN channel INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN payload INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE offer ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;"
    "INSERT INTO pair VALUES (7, 0, 120, 0, 1700000000000, 77);" /* without its peer_pair */
    "INSERT INTO leg VALUES (7, 0, 0, 'carol', 4, NULL, NULL, NULL, 5, 1);"
    "INSERT INTO leg VALUES (7, 1, 0, 'dave', 4, NULL, NULL, NULL, 6, 1);"
    "INSERT INTO pair VALUES (9, 40002, 0, 1000, 1700000000000, 78);"
    "INSERT INTO leg VALUES (9, 0, 40002, 'erin', 2, NULL, '198.51.100.9:1000', NULL, NULL, NULL);"
    "INSERT INTO leg VALUES (9, 1, 40002, 'frank', 1, zeroblob(32), NULL, NULL, NULL, NULL);"
    "PRAGMA user_version = 3;";

static void check_old_pair(struct fixture *fixture)
{
    struct pair_record record;

    assert_int_equal(store_get_pair(fixture->store, 3, &record), 0);
    assert_int_equal(record.boot_id, 77);
    assert_int_equal(record.created_ms, 1700000000000);
    assert_string_equal(record.legs[0].peer, "alice");
    assert_int_equal(record.legs[0].bind, CV_BIND_TOKEN);
    assert_int_equal(record.legs[0].channel, 0);
    assert_false(cv_ip_is_zero(&record.legs[0].last.ip));
    assert_int_equal(record.legs[1].bind, CV_BIND_PREFIX);
    for (unsigned leg = 0; leg < 2; leg++) {
        assert_int_equal(record.legs[leg].relay_port, 40000);
        assert_int_equal(record.legs[leg].proof, CV_PROOF_VOUCHED); /* an operator made it */
        assert_false(record.legs[leg].listen);
        assert_false(record.legs[leg].untold);
    }
}

/* And goes on counting from there. */
static void check_new_pair(struct fixture *fixture, uint64_t number)
{
    struct pair_record added;

    memset(&added, 0, sizeof(added));
    fill_tunnel(&added.legs[0], "alice", 5, 1);
    fill_tunnel(&added.legs[1], "bob", 6, 1);
    assert_int_equal(store_add_pair(fixture->store, &added), 0);
    assert_int_equal(added.pair, number);
}

static void check_no_sessions(struct fixture *fixture)
{
    struct found found = {.count = 0};

    assert_int_equal(store_load_sessions(fixture->store, found_session, &found), 0);
    assert_int_equal(store_load_offers(fixture->store, found_offer, &found), 0);
    assert_int_equal(store_load_peer_pairs(fixture->store, found_pair, &found), 0);
    assert_int_equal(found.count, 0);
}

static void takes_over_format_1(void **state)
{
    struct fixture *fixture = *state;

    run_sql(fixture->path, format_1);
    open_store(fixture);
    check_old_pair(fixture);
    check_new_pair(fixture, 4);
    reopen(fixture); /* in the new format now */
    check_old_pair(fixture);
}

static void add_old_session(struct fixture *fixture, const char *more)
{
    char sql[512];

    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO session VALUES (5, 1700000000000, zeroblob(32), 10, 0, 20, zeroblob(72), "
                   "zeroblob(20), x'010203'%s)",
                   more);
    run_sql(fixture->path, sql);
}

/* Operators' pairs stay. Sessions, and what they had, are of a data plane that is gone. */
static void takes_over_format_2(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record record;
    uint64_t count;

    run_sql(fixture->path, format_1);
    run_sql(fixture->path, format_2);
    add_old_session(fixture, "");
    open_store(fixture);
    check_old_pair(fixture);
    check_no_sessions(fixture);
    assert_int_equal(store_get_pair(fixture->store, 5, &record), -ENOENT);
    assert_int_equal(store_count_pairs(fixture->store, &count), 0);
    assert_int_equal(count, 1);
    check_new_pair(fixture, 6);
    reopen(fixture);
}

static void takes_over_format_3(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record record;
    uint64_t count;

    run_sql(fixture->path, format_1);
    run_sql(fixture->path, format_2);
    run_sql(fixture->path, format_3);
    add_old_session(fixture, ", 1, 1200");
    open_store(fixture);
    check_old_pair(fixture);
    check_no_sessions(fixture);
    assert_int_equal(store_get_pair(fixture->store, 5, &record), -ENOENT);
    assert_int_equal(store_get_pair(fixture->store, 7, &record), -ENOENT);
    assert_int_equal(store_get_pair(fixture->store, 9, &record), 0);
    assert_int_equal(record.rate_bytes_per_second, 1000);
    assert_int_equal(record.legs[0].bind, CV_BIND_FIXED);
    assert_int_equal(record.legs[0].proof, CV_PROOF_EXEMPT); /* he wrote the address down */
    assert_int_equal(record.legs[1].proof, CV_PROOF_VOUCHED);
    assert_int_equal(record.legs[1].relay_port, 40002);
    assert_int_equal(store_count_pairs(fixture->store, &count), 0);
    assert_int_equal(count, 2);
    check_new_pair(fixture, 10);
    reopen(fixture);
    check_old_pair(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_every_field),        TEST(tunnel_legs_take_no_port), TEST(a_damaged_tunnel_leg_is_found),
        TEST(keeps_what_sessions_need), TEST(takes_over_format_1),      TEST(takes_over_format_2),
        TEST(takes_over_format_3),
    };

    return cmocka_run_group_tests_name("store_tunnels", tests, NULL, NULL);
}
