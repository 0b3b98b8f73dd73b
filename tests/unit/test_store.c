/* SPDX-License-Identifier: BSD-3-Clause */
/* The store: what is kept, what is refused, and what a failed write undoes. */
#include "pairs/port_set.h"
#include "store/store_pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* It wants some of the above first. */
#include <cmocka.h>

struct fixture {
    char directory[64];
    char path[96];
    struct store *store;
};

static struct store *open_good(const char *path)
{
    struct store *store;
    char error[512] = "";

    if (store_open(&store, path, error, sizeof(error)) != 0)
        fail_msg("store_open: %s", error);
    return store;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    strcpy(fixture->directory, "/tmp/culvert-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/control.db", fixture->directory);
    fixture->store = open_good(fixture->path);
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

static struct pair_record pair_of(const char *a, const char *b, uint16_t relay_port)
{
    struct pair_record record = {.idle_s = 120, .created_ms = 1700000000000};

    for (unsigned leg = 0; leg < 2; leg++) {
        strcpy(record.legs[leg].peer, leg == 0 ? a : b);
        record.legs[leg].bind = CV_BIND_TOKEN;
        record.legs[leg].relay_port = relay_port;
        memset(record.legs[leg].token, (int)(leg + 1), CV_TOKEN_BYTES);
    }
    return record;
}

static void reopen(struct fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = open_good(fixture->path);
}

static void keeps_every_field(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record written = pair_of("alice", "bob", 40001);
    struct pair_record read;
    struct cv_address moved;

    written.rate_bytes_per_second = 1250000;
    written.legs[0].bind = CV_BIND_FIXED;
    memset(written.legs[0].token, 0, CV_TOKEN_BYTES);
    assert_int_equal(cv_address_parse("198.51.100.7:4433", &written.legs[0].address), 0);
    written.legs[0].proof = CV_PROOF_EXEMPT;
    written.legs[1].bind = CV_BIND_PREFIX;
    written.legs[1].proof = CV_PROOF_VOUCHED;
    memset(written.legs[1].token, 0, CV_TOKEN_BYTES);
    assert_int_equal(cv_prefix_parse("2001:db8::/32", &written.legs[1].prefix), 0);
    assert_int_equal(store_add_pair(fixture->store, &written), 0);
    assert_int_equal(written.pair, 1);
    assert_int_equal(cv_address_parse("[2001:db8::7]:50000", &moved), 0);
    assert_int_equal(store_set_last(fixture->store, 1, 1, &moved), 0);
    assert_int_equal(store_set_boot_id(fixture->store, 1, UINT64_MAX - 1), 0);
    reopen(fixture);
    assert_int_equal(store_get_pair(fixture->store, 1, &read), 0);
    written.boot_id = UINT64_MAX - 1;
    written.legs[1].last = moved;
    assert_memory_equal(&read, &written, sizeof(read));
}

static void keeps_tokens_and_labels_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record written = pair_of("'); DROP TABLE pair; --", "\"bob\"", 40000);
    struct pair_record read;

    for (unsigned i = 0; i < CV_TOKEN_BYTES; i++)
        written.legs[0].token[i] = (uint8_t)i; /* with a NUL */
    assert_int_equal(store_add_pair(fixture->store, &written), 0);
    assert_int_equal(store_get_pair(fixture->store, written.pair, &read), 0);
    assert_memory_equal(&read, &written, sizeof(read));
}

/* A port that is given twice to one peer is an error, and takes nothing away from the pair that has it. */
static void two_legs_of_a_peer_on_one_port(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record first = pair_of("alice", "bob", 40000), second = pair_of("carol", "alice", 40000);
    struct pair_record read;
    uint64_t count;

    assert_int_equal(store_add_pair(fixture->store, &first), 0);
    assert_int_equal(store_add_pair(fixture->store, &second), -EEXIST);
    second.legs[1].relay_port = 40001;
    assert_int_equal(store_add_pair(fixture->store, &second), 0);
    second.legs[1].relay_port = 40000;
    assert_int_equal(store_put_leg(fixture->store, second.pair, 1, &second.legs[1]), -EEXIST);
    assert_int_equal(store_put_next_leg(fixture->store, second.pair, 1, &second.legs[1]), -EEXIST);
    second.legs[1].relay_port = 40002;
    assert_int_equal(store_put_leg(fixture->store, second.pair, 1, &second.legs[1]), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    reopen(fixture);
    assert_int_equal(store_count_pairs(fixture->store, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(store_get_pair(fixture->store, first.pair, &read), 0);
    assert_memory_equal(&read, &first, sizeof(read));
    assert_int_equal(store_get_pair(fixture->store, second.pair, &read), 0);
    assert_memory_equal(&read, &second, sizeof(read));
}

/* A leg gets another name, where that is to be had. */
static void renames_legs(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record first = pair_of("alice", "bob", 40000), second = pair_of("carol", "dave", 40000);
    struct leg_record next = second.legs[0];

    assert_int_equal(store_add_pair(fixture->store, &first), 0);
    assert_int_equal(store_add_pair(fixture->store, &second), 0);
    next.relay_port = 40001;
    assert_int_equal(store_put_next_leg(fixture->store, second.pair, 0, &next), 0);
    assert_int_equal(store_set_leg_peer(fixture->store, second.pair, 0, "erin"), 0);
    assert_int_equal(store_set_leg_peer(fixture->store, second.pair, 1, "alice"), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(store_get_pair(fixture->store, second.pair, &second), 0);
    assert_string_equal(second.legs[0].peer, "erin");
    assert_string_equal(second.legs[1].peer, "dave"); /* alice has that port */
    assert_int_equal(store_get_next_leg(fixture->store, second.pair, 0, &next), 0);
    assert_string_equal(next.peer, "erin");
}

static void never_reuses_a_number(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record first = pair_of("alice", "bob", 40000);
    struct pair_record second = first;

    assert_int_equal(store_add_pair(fixture->store, &first), 0);
    assert_int_equal(store_remove_pair(fixture->store, first.pair), 0);
    reopen(fixture);
    assert_int_equal(store_add_pair(fixture->store, &second), 0);
    assert_true(second.pair > first.pair);
}

static void knows_what_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record read;
    struct cv_address none = {0};

    assert_int_equal(store_get_pair(fixture->store, 1, &read), -ENOENT);
    assert_int_equal(store_remove_pair(fixture->store, 1), -ENOENT);
    assert_int_equal(store_set_boot_id(fixture->store, 1, 1), -ENOENT);
    assert_int_equal(store_set_last(fixture->store, 1, 0, &none), -ENOENT);
    assert_int_equal(store_commit(fixture->store), 0);
}

static void lists_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record records[8];
    uint64_t newest = 0;
    uint64_t count = 0;

    for (uint16_t i = 0; i < 10; i++) {
        struct pair_record record = pair_of("alice", "bob", (uint16_t)(40000 + i));

        assert_int_equal(store_add_pair(fixture->store, &record), 0);
    }
    assert_int_equal(store_remove_pair(fixture->store, 4), 0);
    assert_int_equal(store_next_pairs(fixture->store, 2, 9, records, 8), 6);
    assert_int_equal(records[0].pair, 3);
    assert_int_equal(records[1].pair, 5);
    assert_int_equal(records[5].pair, 9);
    assert_int_equal(store_next_pairs(fixture->store, 0, INT64_MAX, records, 8), 8);
    assert_int_equal(store_next_pairs(fixture->store, 10, INT64_MAX, records, 8), 0);
    assert_int_equal(store_newest_pair(fixture->store, &newest), 0);
    assert_int_equal(newest, 10);
    assert_int_equal(store_count_pairs(fixture->store, &count), 0);
    assert_int_equal(count, 9);
}

static void take_port(void *set, uint16_t port)
{
    port_set_take(set, port);
}

static void marks_ports_of_peer_address_and_prefix(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record record = pair_of("alice", "bob", 40000);
    struct leg_record leg = {.peer = "carol", .bind = CV_BIND_FIXED};
    struct port_set set;
    uint32_t pairs;

    assert_int_equal(store_add_pair(fixture->store, &record), 0);
    record = pair_of("dave", "erin", 40001);
    record.legs[0].bind = CV_BIND_FIXED;
    assert_int_equal(cv_address_parse("198.51.100.7:4433", &record.legs[0].address), 0);
    record.legs[1].bind = CV_BIND_PREFIX;
    assert_int_equal(cv_prefix_parse("203.0.113.0/24", &record.legs[1].prefix), 0);
    assert_int_equal(store_add_pair(fixture->store, &record), 0);

    port_set_init(&set, 40000, 40002);
    leg.address = record.legs[0].address;
    assert_int_equal(store_ports_taken(fixture->store, &leg, take_port, &set, &pairs), 0);
    assert_int_equal(pairs, 0);
    assert_int_equal(port_set_lowest(&set), 40000);
    strcpy(leg.peer, "bob");
    leg.bind = CV_BIND_PREFIX;
    leg.prefix = record.legs[1].prefix;
    assert_int_equal(store_ports_taken(fixture->store, &leg, take_port, &set, &pairs), 0);
    assert_int_equal(pairs, 1);
    assert_int_equal(port_set_lowest(&set), 40002);
}

static void a_failed_write_undoes_all_since_the_last_commit(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before;
    struct rlimit small = {.rlim_cur = 4096};
    struct pair_record kept = pair_of("alice", "bob", 40000);
    struct pair_record lost = pair_of("carol", "dave", 40000);
    struct pair_record read;

    assert_int_equal(store_add_pair(fixture->store, &kept), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(store_add_pair(fixture->store, &lost), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_true(store_commit(fixture->store) < 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_not_equal(strlen(store_error(fixture->store)), 0);

    assert_int_equal(store_get_pair(fixture->store, lost.pair, &read), -ENOENT);
    assert_int_equal(store_get_pair(fixture->store, kept.pair, &read), 0);
    assert_int_equal(store_add_pair(fixture->store, &lost), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(store_get_pair(fixture->store, lost.pair, &read), 0);
}

static void count_write(void *context)
{
    (*(int *)context)++;
}

static void tells_of_each_transaction_once(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record record = pair_of("alice", "bob", 40000);
    int writes = 0;

    store_on_write(fixture->store, count_write, &writes);
    assert_int_equal(store_add_pair(fixture->store, &record), 0);
    assert_int_equal(store_set_boot_id(fixture->store, record.pair, 1), 0);
    assert_int_equal(writes, 1);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(store_remove_pair(fixture->store, record.pair), 0);
    assert_int_equal(writes, 2);
    store_on_write(fixture->store, NULL, NULL);
}

static void is_private(void **state)
{
    struct fixture *fixture = *state;
    struct stat found;

    assert_int_equal(stat(fixture->path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0600);
    store_close(fixture->store);
    assert_int_equal(chmod(fixture->path, 0644), 0);
    fixture->store = open_good(fixture->path);
    assert_int_equal(stat(fixture->path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0600);
}

/* Opening fails with this errno, and the reason and the advice are in the text. */
static void opens_not(const char *path, int expected, const char *reason, const char *advice)
{
    struct store *store;
    char error[512] = "";

    assert_int_equal(store_open(&store, path, error, sizeof(error)), expected);
    assert_null(store);
    if (strstr(error, path) == NULL || strstr(error, reason) == NULL || strstr(error, advice) == NULL)
        fail_msg("unexpected text: %s", error);
}

static void refuses_a_second_control(void **state)
{
    struct fixture *fixture = *state;

    opens_not(fixture->path, -EBUSY, "locked", "another culvert-control has it open");
}

static void refuses_what_is_no_store(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    FILE *file;

    opens_not(fixture->directory, -EISDIR, "directory", "it must be a file");
    (void)snprintf(path, sizeof(path), "%s/missing/control.db", fixture->directory);
    opens_not(path, -ENOENT, "No such file", "make its directory");
    (void)snprintf(path, sizeof(path), "%s/garbage", fixture->directory);
    file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 4096; i++)
        assert_true(fputc('x', file) == 'x');
    assert_int_equal(fclose(file), 0);
    opens_not(path, -EBADMSG, "not a database", "put a backup in its place");
    assert_int_equal(unlink(path), 0);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *database;

    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    (void)sqlite3_close(database);
}

static void refuses_a_newer_format(void **state)
{
    struct fixture *fixture = *state;

    store_close(fixture->store);
    run_sql(fixture->path, "PRAGMA user_version = 99");
    opens_not(fixture->path, -EPROTO, "has format 99", "use the Culvert that wrote it");
    run_sql(fixture->path, "PRAGMA user_version = 5");
    fixture->store = open_good(fixture->path);
}

static void refuses_damaged_pages(void **state)
{
    struct fixture *fixture = *state;
    char garbage[2048];
    int fd;

    for (uint16_t i = 0; i < 200; i++) {
        struct pair_record record = pair_of("alice", "bob", (uint16_t)(40000 + i));

        assert_int_equal(store_add_pair(fixture->store, &record), 0);
    }
    store_close(fixture->store);
    fixture->store = NULL;
    memset(garbage, 0x55, sizeof(garbage));
    fd = open(fixture->path, O_WRONLY);
    assert_true(fd >= 0);
    for (off_t page = 1; page < 6; page++)
        assert_int_equal(pwrite(fd, garbage, sizeof(garbage), page * 4096), sizeof(garbage));
    assert_int_equal(close(fd), 0);
    opens_not(fixture->path, -EBADMSG, "", "put a backup in its place");
}

static void a_damaged_pair_harms_no_other(void **state)
{
    struct fixture *fixture = *state;
    struct pair_record first = pair_of("alice", "bob", 40000);
    struct pair_record second = pair_of("alice", "bob", 40001);
    struct pair_record records[4];
    struct pair_record read;

    assert_int_equal(store_add_pair(fixture->store, &first), 0);
    assert_int_equal(store_add_pair(fixture->store, &second), 0);
    store_close(fixture->store);
    run_sql(fixture->path, "UPDATE leg SET token = x'00' WHERE pair = 1 AND side = 1");
    fixture->store = open_good(fixture->path);
    assert_int_equal(store_get_pair(fixture->store, 1, &read), -EBADMSG);
    assert_string_equal(store_error(fixture->store), "pair 1 is damaged");
    assert_int_equal(store_get_pair(fixture->store, 2, &read), 0);
    assert_int_equal(store_next_pairs(fixture->store, 0, INT64_MAX, records, 4), 2);
    assert_int_equal(records[0].pair, 1);
    assert_true(records[0].damaged);
    assert_false(records[1].damaged);
    assert_memory_equal(&records[1], &second, sizeof(second));
    assert_int_equal(store_remove_pair(fixture->store, 1), 0);
    assert_int_equal(store_next_pairs(fixture->store, 0, INT64_MAX, records, 4), 1);
}

static void remembers_the_data_plane(void **state)
{
    struct fixture *fixture = *state;
    uint64_t boot_id = 7;

    assert_int_equal(store_boot_id(fixture->store, &boot_id), 0);
    assert_int_equal(boot_id, 0);
    assert_int_equal(store_note_boot_id(fixture->store, 1), 0);
    assert_int_equal(store_note_boot_id(fixture->store, UINT64_MAX), 0);
    reopen(fixture);
    assert_int_equal(store_boot_id(fixture->store, &boot_id), 0);
    assert_true(boot_id == UINT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_every_field),
        TEST(keeps_tokens_and_labels_as_they_are),
        TEST(two_legs_of_a_peer_on_one_port),
        TEST(renames_legs),
        TEST(never_reuses_a_number),
        TEST(knows_what_is_not_there),
        TEST(lists_in_order),
        TEST(marks_ports_of_peer_address_and_prefix),
        TEST(a_failed_write_undoes_all_since_the_last_commit),
        TEST(tells_of_each_transaction_once),
        TEST(is_private),
        TEST(refuses_a_second_control),
        TEST(refuses_what_is_no_store),
        TEST(refuses_a_newer_format),
        TEST(refuses_damaged_pages),
        TEST(a_damaged_pair_harms_no_other),
        TEST(remembers_the_data_plane),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
