/* SPDX-License-Identifier: BSD-3-Clause */
/* The store: instances, what they have with each other, and legs that take another's place. */
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
    open_store(fixture);
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

/* With this done to the file in between. */
static void reopen(struct fixture *fixture, const char *sql)
{
    sqlite3 *database;

    store_close(fixture->store);
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    (void)sqlite3_close(database);
    open_store(fixture);
}

static struct instance_record instance_of(uint8_t fill)
{
    struct instance_record record = {.session = 5, .legs = CV_LEG_KINDS, .channel = CV_CHANNEL_MAX};

    memset(record.id, fill, sizeof(record.id));
    memset(record.token, fill + 1, sizeof(record.token));
    memset(record.former, fill + 2, sizeof(record.former));
    record.chain.count = 2;
    memset(record.chain.ids, fill + 3, 2 * sizeof(record.chain.ids[0]));
    return record;
}

struct found {
    struct instance_record records[4];
    uint32_t count;
};

static void found_instance(void *context, struct instance_record *record)
{
    struct found *found = context;

    assert_true(found->count < 4);
    found->records[found->count++] = *record;
}

static struct found load(struct store *store)
{
    struct found found = {.count = 0};

    assert_int_equal(store_load_instances(store, found_instance, &found), 0);
    return found;
}

static void free_found(struct found *found)
{
    while (found->count > 0)
        instance_record_free(&found->records[--found->count]);
}

static void check_instance(const struct instance_record *read, const struct instance_record *written)
{
    assert_int_equal(read->number, written->number);
    assert_int_equal(read->session, written->session);
    assert_int_equal(read->registered, written->registered);
    assert_memory_equal(read->id, written->id, sizeof(read->id));
    assert_int_equal(read->chain.count, written->chain.count);
    assert_memory_equal(read->chain.ids, written->chain.ids,
                        written->chain.count * sizeof(read->chain.ids[0]));
    assert_memory_equal(read->token, written->token, sizeof(read->token));
    assert_memory_equal(read->former, written->former, sizeof(read->former));
    assert_int_equal(read->until_ms, written->until_ms);
    assert_int_equal(read->legs, written->legs);
    assert_int_equal(read->channel, written->channel);
    assert_int_equal(read->reachable, written->reachable);
    assert_int_equal(read->listed_count, written->listed_count);
    assert_int_equal(read->services_bytes, written->services_bytes);
    if (written->listed_count > 0)
        assert_memory_equal(read->listed, written->listed, written->listed_count * sizeof(read->listed[0]));
    if (written->services_bytes > 0)
        assert_memory_equal(read->services, written->services, written->services_bytes);
}

static void keeps_instances(void **state)
{
    static struct cv_peer_id listed[CV_CAPSULE_LISTED_MAX];
    static uint8_t services[INSTANCE_SERVICES_BYTES];
    struct fixture *fixture = *state;
    struct instance_record small = instance_of(1), large = instance_of(2);
    struct found found;

    memset(listed, 0x55, sizeof(listed));
    memset(services, 64, sizeof(services));
    assert_int_equal(store_add_instance(fixture->store, &small), 0);
    assert_int_equal(store_add_instance(fixture->store, &large), 0);
    assert_int_not_equal(small.number, large.number);
    small.registered = 8; /* it has come back since */
    large.registered = 7;
    assert_int_equal(store_set_instance(fixture->store, &small), 0);
    large.session = 0;
    large.until_ms = 1700000000000;
    large.reachable = CV_REACHABLE_BY_LISTED;
    large.listed_count = CV_CAPSULE_LISTED_MAX;
    large.listed = listed;
    large.services_bytes = sizeof(services);
    large.services = services;
    large.chain.count = CHAIN_CERTIFICATES;
    memset(large.chain.ids, 0x77, sizeof(large.chain.ids));
    memset(large.token, 0x78, sizeof(large.token));
    assert_int_equal(store_set_instance(fixture->store, &large), 0);
    reopen(fixture, "");
    found = load(fixture->store);
    assert_int_equal(found.count, 2);
    check_instance(&found.records[0], &large);
    check_instance(&found.records[1], &small);
    free_found(&found);
    assert_int_equal(store_remove_instance(fixture->store, large.number), 0);
    reopen(fixture, "");
    found = load(fixture->store);
    assert_int_equal(found.count, 1);
    free_found(&found);
    small.number = 0;
    assert_int_equal(store_add_instance(fixture->store, &small), 0);
    assert_true(small.number > large.number); /* never used twice */
}

/* A store that did not know the order of registration yet takes that of the numbers. */
static void takes_over_format_4(void **state)
{
    struct fixture *fixture = *state;
    struct instance_record records[2] = {instance_of(1), instance_of(2)};
    struct found found;

    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(store_add_instance(fixture->store, &records[i]), 0);
    reopen(fixture, "ALTER TABLE instance DROP COLUMN registered; PRAGMA user_version = 4;");
    found = load(fixture->store);
    assert_int_equal(found.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        records[i].registered = records[i].number;
        check_instance(&found.records[i], &records[i]);
    }
    free_found(&found);
}

/* A row that control would never have written is as if it were not there. */
static void damaged_instances_are_passed_over(void **state)
{
    static const char *const damages[] = {
        "UPDATE instance SET id = x'00' WHERE number = 1",
        "UPDATE instance SET ids = x'' WHERE number = 1",
        "UPDATE instance SET ids = zeroblob(33) WHERE number = 1",
        "UPDATE instance SET ids = zeroblob(9 * 32) WHERE number = 1",
        "UPDATE instance SET token = x'' WHERE number = 1",
        "UPDATE instance SET former = zeroblob(31) WHERE number = 1",
    };
    struct fixture *fixture = *state;

    for (unsigned i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct instance_record first = instance_of(1), second = instance_of(2);
        struct found found;

        reopen(fixture, "DELETE FROM instance; DELETE FROM sqlite_sequence;");
        assert_int_equal(store_add_instance(fixture->store, &first), 0);
        assert_int_equal(store_add_instance(fixture->store, &second), 0);
        reopen(fixture, damages[i]);
        found = load(fixture->store);
        assert_int_equal(found.count, 1);
        check_instance(&found.records[0], &second);
        free_found(&found);
    }
}

/* Lists that are longer than there can be: nobody is listed, and nothing is offered. */
static void damaged_lists_are_empty(void **state)
{
    struct fixture *fixture = *state;
    struct instance_record record = instance_of(1);
    struct found found;

    assert_int_equal(store_add_instance(fixture->store, &record), 0);
    reopen(fixture, "UPDATE instance SET listed = zeroblob(32 * 121), services = zeroblob(2000)");
    found = load(fixture->store);
    assert_int_equal(found.count, 1);
    check_instance(&found.records[0], &record);
    assert_null(found.records[0].listed);
    assert_null(found.records[0].services);
    free_found(&found);
}

static void found_offer(void *context, const struct offer_record *record)
{
    memcpy(context, record, sizeof(*record));
}

static void keeps_offers(void **state)
{
    struct fixture *fixture = *state;
    struct offer_record written, read;

    memset(&written, 0, sizeof(written));
    written.asker = 3;
    written.answerer = 4;
    written.request = (UINT64_C(1) << 62) - 1;
    written.deadline_ms = 1700000000000;
    written.legs = CV_LEG_KIND_UDP | CV_LEG_KIND_LISTEN;
    memset(&written.asked, 5, sizeof(written.asked));
    memset(written.service, 's', CV_SERVICE_BYTES_MAX);
    written.data_bytes = CV_DATA_BYTES_MAX;
    memset(written.data, 6, sizeof(written.data));
    assert_int_equal(store_add_offer(fixture->store, &written), 0);
    reopen(fixture, "");
    memset(&read, 0, sizeof(read));
    assert_int_equal(store_load_offers(fixture->store, found_offer, &read), 0);
    assert_memory_equal(&read, &written, sizeof(read));

    written.crossing = 17;
    memset(&written.crossing_asked, 7, sizeof(written.crossing_asked));
    written.answer_bytes = CV_DATA_BYTES_MAX;
    memset(written.answer, 8, sizeof(written.answer));
    assert_int_equal(store_set_answer(fixture->store, &written), 0);
    reopen(fixture, "");
    memset(&read, 0, sizeof(read));
    assert_int_equal(store_load_offers(fixture->store, found_offer, &read), 0);
    assert_memory_equal(&read, &written, sizeof(read));
    assert_int_equal(store_remove_offer(fixture->store, written.offer), 0);
    assert_int_equal(store_remove_offer(fixture->store, written.offer), 0);
    reopen(fixture, "");
    memset(&read, 0, sizeof(read));
    assert_int_equal(store_load_offers(fixture->store, found_offer, &read), 0);
    assert_int_equal(read.offer, 0);
}

static void fill_udp(struct leg_record *leg, const char *peer, uint16_t port)
{
    memset(leg, 0, sizeof(*leg));
    strcpy(leg->peer, peer);
    leg->bind = CV_BIND_TOKEN;
    leg->relay_port = port;
    memset(leg->token, 7, CV_TOKEN_BYTES);
    assert_int_equal(cv_ip_parse("198.51.100.7", &leg->vouched), 0);
}

static void fill_tunnel(struct leg_record *leg, const char *peer, uint64_t session, uint16_t channel)
{
    memset(leg, 0, sizeof(*leg));
    strcpy(leg->peer, peer);
    leg->bind = CV_BIND_TUNNEL;
    leg->session = session;
    leg->channel = channel;
}

static uint64_t add_pair(struct store *store, uint16_t port)
{
    struct pair_record record;

    memset(&record, 0, sizeof(record));
    fill_udp(&record.legs[0], "alice", port);
    fill_tunnel(&record.legs[1], "bob", 6, (uint16_t)(port - 39999));
    assert_int_equal(store_add_pair(store, &record), 0);
    return record.pair;
}

static void found_pair(void *context, const struct peer_pair_record *record)
{
    memcpy(context, record, sizeof(*record));
}

static void keeps_peers_pairs(void **state)
{
    struct fixture *fixture = *state;
    struct peer_pair_record written, read;
    struct leg_record next;

    memset(&written, 0, sizeof(written));
    written.pair = add_pair(fixture->store, 40000);
    written.asker = 3;
    written.answerer = 4;
    written.offer = 5;
    written.dials = 1;
    memset(written.id, 6, sizeof(written.id));
    memset(&written.asked[0], 7, sizeof(written.asked[0]));
    memset(&written.asked[1], 8, sizeof(written.asked[1]));
    strcpy(written.service, "chat");
    assert_int_equal(store_add_peer_pair(fixture->store, &written), 0);
    fill_tunnel(&next, "alice", 9, 44);
    assert_int_equal(store_put_next_leg(fixture->store, written.pair, 0, &next), 0);
    reopen(fixture, "");
    memset(&read, 0, sizeof(read));
    assert_int_equal(store_load_peer_pairs(fixture->store, found_pair, &read), 0);
    written.channels[1] = 1;
    written.next_channels[0] = 44;
    assert_memory_equal(&read, &written, sizeof(read));
    assert_int_equal(store_remove_pair(fixture->store, written.pair), 0); /* it goes with the pair */
    memset(&read, 0, sizeof(read));
    assert_int_equal(store_load_peer_pairs(fixture->store, found_pair, &read), 0);
    assert_int_equal(read.pair, 0);
    assert_int_equal(store_get_next_leg(fixture->store, written.pair, 0, &next), -ENOENT);
}

struct requests {
    uint64_t pair, request;
    unsigned leg, count;
};

static void found_request(void *context, uint64_t pair, unsigned leg, uint64_t request)
{
    struct requests *requests = context;

    requests->pair = pair;
    requests->leg = leg;
    requests->request = request;
    requests->count++;
}

/* The new leg is beside the old one until it is let take its place, or forgotten. */
static void the_next_leg(void **state)
{
    struct fixture *fixture = *state;
    uint64_t pair = add_pair(fixture->store, 40000);
    struct leg_record next, read;
    struct pair_record record;
    struct requests requests = {.count = 0};

    assert_int_equal(store_get_next_leg(fixture->store, pair, 0, &read), -ENOENT);
    assert_int_equal(store_take_next_leg(fixture->store, pair, 0), -ENOENT);
    assert_int_equal(store_remove_next_leg(fixture->store, pair, 0), 0);
    fill_udp(&next, "alice", 443);
    next.listen = true;
    next.untold = true;
    assert_int_equal(store_put_next_leg(fixture->store, pair, 0, &next), 0);
    assert_int_equal(store_set_leg_request(fixture->store, pair, 0, 12), 0);
    reopen(fixture, "");
    assert_int_equal(store_next_legs(fixture->store, found_request, &requests), 0);
    assert_int_equal(requests.count, 1);
    assert_int_equal(requests.pair, pair);
    assert_int_equal(requests.leg, 0);
    assert_int_equal(requests.request, 12);
    assert_int_equal(store_get_next_leg(fixture->store, pair, 0, &read), 0);
    assert_memory_equal(&read, &next, sizeof(read));
    assert_int_equal(store_get_pair(fixture->store, pair, &record), 0);
    assert_int_equal(record.legs[0].relay_port, 40000);

    assert_int_equal(store_set_leg_request(fixture->store, pair, 0, 0), 0);
    assert_int_equal(store_next_legs(fixture->store, found_request, &requests), 0);
    assert_int_equal(requests.count, 2);
    assert_int_equal(requests.request, 0);
    assert_int_equal(store_take_next_leg(fixture->store, pair, 0), 0);
    reopen(fixture, "");
    assert_int_equal(store_get_next_leg(fixture->store, pair, 0, &read), -ENOENT);
    assert_int_equal(store_get_pair(fixture->store, pair, &record), 0);
    assert_memory_equal(&record.legs[0], &next, sizeof(next));
    assert_int_equal(record.legs[1].bind, CV_BIND_TUNNEL);

    assert_int_equal(store_put_next_leg(fixture->store, pair, 0, &next), 0);
    assert_int_equal(store_remove_next_leg(fixture->store, pair, 0), 0);
    assert_int_equal(store_put_next_leg(fixture->store, pair, 1, &next), 0);
    assert_int_equal(store_remove_next_legs(fixture->store), 0);
    for (unsigned leg = 0; leg < 2; leg++)
        assert_int_equal(store_get_next_leg(fixture->store, pair, leg, &read), -ENOENT);
    assert_int_equal(store_get_pair(fixture->store, pair, &record), 0);
}

static void count_port(void *context, uint16_t port)
{
    uint32_t *bits = context;

    if (port >= 40000 && port < 40032)
        *bits |= UINT32_C(1) << (port - 40000);
    else
        assert_int_equal(port, 443);
}

/* A leg that is to come has its port already; those on the listening port are in nobody's way. */
static void ports_of_next_and_listening_legs(void **state)
{
    struct fixture *fixture = *state;
    uint64_t pair = add_pair(fixture->store, 40000);
    struct pair_record record;
    struct leg_record next;
    uint32_t ports = 0, pairs;

    fill_udp(&next, "alice", 40001);
    assert_int_equal(store_put_next_leg(fixture->store, pair, 0, &next), 0);
    assert_int_equal(store_ports_taken(fixture->store, &next, count_port, &ports, &pairs), 0);
    assert_int_equal(ports, 3);
    for (unsigned i = 0; i < 2; i++) { /* any number on the listening port */
        memset(&record, 0, sizeof(record));
        fill_udp(&record.legs[0], "alice", 443);
        fill_udp(&record.legs[1], "bob", 443);
        record.legs[0].listen = record.legs[1].listen = true;
        assert_int_equal(store_add_pair(fixture->store, &record), 0);
    }
    ports = 0;
    assert_int_equal(store_ports_taken(fixture->store, &next, count_port, &ports, &pairs), 0);
    assert_int_equal(ports, 3);
    assert_int_equal(store_commit(fixture->store), 0);
}

static void found_untold(void *context, uint64_t pair)
{
    *(uint64_t *)context = 100 * *(uint64_t *)context + pair;
}

static void tokens_that_nobody_was_told(void **state)
{
    struct fixture *fixture = *state;
    uint64_t pairs[2] = {add_pair(fixture->store, 40000), add_pair(fixture->store, 40001)}, untold = 0;
    struct pair_record record;
    uint8_t token[CV_TOKEN_BYTES];
    struct cv_ip vouched;

    memset(token, 9, sizeof(token));
    assert_int_equal(cv_ip_parse("2001:db8::7", &vouched), 0);
    assert_int_equal(store_set_token(fixture->store, pairs[1], 0, token, true), 0);
    assert_int_equal(store_set_vouched(fixture->store, pairs[1], 0, &vouched), 0);
    reopen(fixture, "");
    assert_int_equal(store_untold_pairs(fixture->store, found_untold, &untold), 0);
    assert_int_equal(untold, pairs[1]);
    assert_int_equal(store_get_pair(fixture->store, pairs[1], &record), 0);
    assert_true(record.legs[0].untold);
    assert_memory_equal(record.legs[0].token, token, sizeof(token));
    assert_memory_equal(&record.legs[0].vouched, &vouched, sizeof(vouched));
    assert_int_equal(store_set_token(fixture->store, pairs[1], 0, token, false), 0);
    reopen(fixture, "");
    untold = 0;
    assert_int_equal(store_untold_pairs(fixture->store, found_untold, &untold), 0);
    assert_int_equal(untold, 0);
    assert_int_equal(store_set_token(fixture->store, 99, 0, token, true), -ENOENT);
    assert_int_equal(store_set_vouched(fixture->store, 99, 0, &vouched), -ENOENT);
}

static void damaged_legs(void **state)
{
    static const char *const damages[] = {
        "UPDATE leg SET proof = 3 WHERE side = 0",
        "UPDATE leg SET proof = 0, relay_port = 65536 WHERE side = 0",
        "UPDATE leg SET relay_port = 40000, last = 'somewhere' WHERE side = 0",
        "UPDATE leg SET last = NULL, bind = 0 WHERE side = 0",
    };
    struct fixture *fixture = *state;
    uint64_t pair = add_pair(fixture->store, 40000);
    struct pair_record record;
    struct leg_record next;

    for (unsigned i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        reopen(fixture, damages[i]);
        assert_int_equal(store_get_pair(fixture->store, pair, &record), -EBADMSG);
    }
    reopen(fixture, "UPDATE leg SET bind = 1");
    fill_tunnel(&next, "bob", 6, 5);
    assert_int_equal(store_put_next_leg(fixture->store, pair, 1, &next), 0);
    reopen(fixture, "UPDATE leg SET channel = 0 WHERE side = 3"); /* as if nobody had asked for it */
    assert_int_equal(store_get_next_leg(fixture->store, pair, 1, &next), -ENOENT);
    assert_int_equal(store_take_next_leg(fixture->store, pair, 1), -ENOENT);
}

/* Whatever is in the rows: numbers within their limits, texts that end, no more than fits. */
static void damaged_offers_and_peers_pairs(void **state)
{
    struct fixture *fixture = *state;
    struct offer_record offer = {.asker = 3, .answerer = 4, .request = 5};
    struct peer_pair_record link = {.asker = 3, .answerer = 4};

    assert_int_equal(store_add_offer(fixture->store, &offer), 0);
    link.pair = add_pair(fixture->store, 40000);
    assert_int_equal(store_add_peer_pair(fixture->store, &link), 0);
    reopen(fixture,
           "UPDATE offer SET legs = 255, asked = x'00', data = zeroblob(513), answer = zeroblob(9999), "
           "service = printf('%.*c', 500, 'x'), crossing_asked = zeroblob(33);"
           "UPDATE peer_pair SET id = x'', dials = 9, asked = zeroblob(1), "
           "service = printf('%.*c', 500, 'x');"
           "UPDATE leg SET channel = 65539 WHERE side = 1;");
    memset(&offer, 0, sizeof(offer));
    assert_int_equal(store_load_offers(fixture->store, found_offer, &offer), 0);
    assert_int_equal(offer.legs, CV_LEG_KINDS);
    assert_int_equal(offer.data_bytes, 0);
    assert_int_equal(offer.answer_bytes, 0);
    assert_int_equal(strlen(offer.service), CV_SERVICE_BYTES_MAX);
    memset(&link, 0, sizeof(link));
    assert_int_equal(store_load_peer_pairs(fixture->store, found_pair, &link), 0);
    assert_int_equal(link.dials, 1);
    assert_int_equal(link.channels[1], 0);
    assert_int_equal(strlen(link.service), CV_SERVICE_BYTES_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_instances),
        TEST(takes_over_format_4),
        TEST(damaged_instances_are_passed_over),
        TEST(damaged_lists_are_empty),
        TEST(keeps_offers),
        TEST(keeps_peers_pairs),
        TEST(the_next_leg),
        TEST(ports_of_next_and_listening_legs),
        TEST(tokens_that_nobody_was_told),
        TEST(damaged_legs),
        TEST(damaged_offers_and_peers_pairs),
    };

    return cmocka_run_group_tests_name("store_instances", tests, NULL, NULL);
}
