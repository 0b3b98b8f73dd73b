/* SPDX-License-Identifier: BSD-3-Clause */
#include "store_pairs.h"

#include "protocol/datagram.h"
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Positions of each leg's columns in PAIR_SELECT. */
#define LEG_COLUMN(leg) (5 + LEG_COLUMN_COUNT * (int)(leg))

/* Of the leg that is to take this one's place. */
#define NEXT(leg) ((leg) + 2u)

const char *leg_kind_name(const struct leg_record *leg)
{
    if (leg->bind == CV_BIND_TUNNEL)
        return "tunnel";
    return leg->listen ? "listen" : "udp";
}

uint16_t pair_record_port(const struct pair_record *record)
{
    const struct leg_record *first = &record->legs[0], *second = &record->legs[1];

    return first->relay_port == 0 || (first->listen && second->relay_port != 0) ? second->relay_port
                                                                                : first->relay_port;
}

/* As rows_write, of a statement that changes the rows of one pair: -ENOENT when there were none. */
static int change_step(struct store *store, sqlite3_stmt *statement, const char *doing)
{
    int error = rows_write(store, statement, doing);

    if (error == 0 && sqlite3_changes(store->database) == 0) {
        (void)snprintf(store->error, sizeof(store->error), "there is no such pair");
        return -ENOENT;
    }
    return error;
}

/* The text of a fixed address or prefix; NULL for other legs. */
static const char *leg_address_text(const struct leg_record *leg, char text[CV_ADDRESS_TEXT])
{
    switch (leg->bind) {
    case CV_BIND_FIXED:
        return cv_address_print(&leg->address, text);
    case CV_BIND_PREFIX:
        return cv_prefix_print(&leg->prefix, text);
    default:
        return NULL;
    }
}

static const char *last_text(const struct cv_address *last, char text[CV_ADDRESS_TEXT])
{
    return cv_ip_is_zero(&last->ip) ? NULL : cv_address_print(last, text);
}

static int put_leg(struct store *store, uint64_t pair, unsigned side, const struct leg_record *leg)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_LEG];
    char address[CV_ADDRESS_TEXT];
    char last[CV_ADDRESS_TEXT];

    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, side);
    rows_bind_number(statement, 3, leg->relay_port);
    rows_bind_number(statement, 4, leg->listen);
    rows_bind_text(statement, 5, leg->peer);
    rows_bind_number(statement, 6, leg->bind);
    rows_bind_number(statement, 7, leg->proof);
    if (leg->bind == CV_BIND_TOKEN)
        (void)sqlite3_bind_blob(statement, 8, leg->token, CV_TOKEN_BYTES, SQLITE_TRANSIENT);
    rows_bind_number(statement, 9, leg->untold);
    rows_bind_text(statement, 10, leg_address_text(leg, address));
    rows_bind_text(statement, 11, last_text(&leg->last, last));
    if (leg->bind == CV_BIND_TUNNEL) {
        rows_bind_number(statement, 12, leg->session);
        rows_bind_number(statement, 13, leg->channel);
    }
    if (!cv_ip_is_zero(&leg->vouched))
        rows_bind_bytes(statement, 14, &leg->vouched, sizeof(leg->vouched));
    return rows_write(store, statement, "writing a leg");
}

int store_add_pair(struct store *store, struct pair_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_ADD_PAIR];
    int error = rows_begin(store, "adding a pair");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, record->idle_s);
    rows_bind_number(statement, 2, record->rate_bytes_per_second);
    rows_bind_number(statement, 3, record->created_ms);
    error = rows_write(store, statement, "adding a pair");
    if (error != 0)
        return error;
    record->pair = (uint64_t)sqlite3_last_insert_rowid(store->database);
    record->boot_id = 0;
    store->pairs++;
    error = put_leg(store, record->pair, 0, &record->legs[0]);
    if (error == 0)
        error = put_leg(store, record->pair, 1, &record->legs[1]);
    if (error == -EEXIST)
        (void)store_remove_pair(store, record->pair);
    return error;
}

int store_remove_pair(struct store *store, uint64_t pair)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REMOVE_PAIR];
    int error = rows_begin(store, "removing a pair");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    error = change_step(store, statement, "removing a pair");
    if (error == 0)
        store->pairs--;
    return error;
}

int store_set_boot_id(struct store *store, uint64_t pair, uint64_t boot_id)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_BOOT_ID];
    int error = rows_begin(store, "changing a pair");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, boot_id);
    return change_step(store, statement, "changing a pair");
}

int store_set_last(struct store *store, uint64_t pair, unsigned leg, const struct cv_address *last)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_LAST];
    char text[CV_ADDRESS_TEXT];
    int error = rows_begin(store, "changing a leg");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, leg);
    rows_bind_text(statement, 3, last_text(last, text));
    return change_step(store, statement, "changing a leg");
}

int store_set_token(struct store *store, uint64_t pair, unsigned leg, const uint8_t token[CV_TOKEN_BYTES],
                    bool untold)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_TOKEN];
    int error = rows_begin(store, "changing a leg");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, leg);
    rows_bind_bytes(statement, 3, token, CV_TOKEN_BYTES);
    rows_bind_number(statement, 4, untold);
    return change_step(store, statement, "changing a leg");
}

int store_set_vouched(struct store *store, uint64_t pair, unsigned leg, const struct cv_ip *vouched)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_VOUCHED];
    int error = rows_begin(store, "changing a leg");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, leg);
    rows_bind_bytes(statement, 3, vouched, sizeof(*vouched));
    return change_step(store, statement, "changing a leg");
}

int store_set_leg_peer(struct store *store, uint64_t pair, unsigned leg, const char *peer)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_LEG_PEER];
    int error = rows_begin(store, "changing a leg");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, leg);
    rows_bind_text(statement, 3, peer);
    return rows_write(store, statement, "changing a leg");
}

int store_put_leg(struct store *store, uint64_t pair, unsigned leg, const struct leg_record *record)
{
    int error = rows_begin(store, "changing a leg");

    return error != 0 ? error : put_leg(store, pair, leg, record);
}

int store_put_next_leg(struct store *store, uint64_t pair, unsigned leg, const struct leg_record *record)
{
    return store_put_leg(store, pair, NEXT(leg), record);
}

int store_remove_next_leg(struct store *store, uint64_t pair, unsigned leg)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REMOVE_LEG];
    int error = rows_begin(store, "removing a leg");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, NEXT(leg));
    return rows_write(store, statement, "removing a leg");
}

int store_take_next_leg(struct store *store, uint64_t pair, unsigned leg)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REMOVE_LEG];
    struct leg_record next;
    int error = store_get_next_leg(store, pair, leg, &next);

    if (error == 0)
        error = rows_begin(store, "changing a leg");
    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, leg);
    error = rows_write(store, statement, "changing a leg");
    if (error != 0)
        return error;
    statement = store->statements[STATEMENT_MOVE_LEG];
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, NEXT(leg));
    rows_bind_number(statement, 3, leg);
    return change_step(store, statement, "changing a leg");
}

int store_set_leg_request(struct store *store, uint64_t pair, unsigned leg, uint64_t request)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_REQUEST];
    int error = rows_begin(store, "changing a leg");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, NEXT(leg));
    rows_bind_number(statement, 3, request);
    return rows_write(store, statement, "changing a leg");
}

int store_next_legs(struct store *store,
                    void (*found)(void *context, uint64_t pair, unsigned leg, uint64_t request),
                    void *context)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_NEXT_LEGS];
    int error = 0;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        found(context, rows_number(statement, 0), (unsigned)rows_number(statement, 1) - NEXT(0),
              rows_number(statement, 2));
    if (code != SQLITE_DONE)
        error = rows_fail(store, "reading legs");
    rows_done(statement);
    return error;
}

int store_remove_next_legs(struct store *store)
{
    int error = rows_begin(store, "removing legs");

    return error != 0 ? error
                      : rows_write(store, store->statements[STATEMENT_REMOVE_NEXT_LEGS], "removing legs");
}

int store_untold_pairs(struct store *store, void (*found)(void *context, uint64_t pair), void *context)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_UNTOLD_PAIRS];
    int error = 0;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        found(context, rows_number(statement, 0));
    if (code != SQLITE_DONE)
        error = rows_fail(store, "reading legs");
    rows_done(statement);
    return error;
}

static bool read_tunnel(sqlite3_stmt *statement, int column, struct leg_record *leg)
{
    uint64_t channel = rows_number(statement, column + 1);

    leg->session = rows_number(statement, column);
    leg->channel = (uint16_t)channel;
    return leg->session != 0 && channel >= CV_CHANNEL_MIN && channel <= CV_CHANNEL_MAX;
}

/* The columns that every leg has. False when one holds what control would never have written. */
static bool read_common(sqlite3_stmt *statement, int column, struct leg_record *leg)
{
    const char *peer = (const char *)sqlite3_column_text(statement, column);
    const char *last = (const char *)sqlite3_column_text(statement, column + 4);
    uint64_t relay_port = rows_number(statement, column + 7), proof = rows_number(statement, column + 9);

    if (peer == NULL || (size_t)snprintf(leg->peer, sizeof(leg->peer), "%s", peer) >= sizeof(leg->peer))
        return false;
    if ((last != NULL && cv_address_parse(last, &leg->last) != 0) || relay_port > UINT16_MAX ||
        proof >= CV_PROOF_RULE_END)
        return false;
    leg->bind = (uint8_t)sqlite3_column_int(statement, column + 1);
    leg->relay_port = (uint16_t)relay_port;
    leg->listen = rows_number(statement, column + 8) != 0;
    leg->proof = (uint8_t)proof;
    leg->untold = rows_number(statement, column + 11) != 0;
    (void)rows_bytes(statement, column + 10, &leg->vouched, sizeof(leg->vouched));
    return true;
}

static bool read_leg(sqlite3_stmt *statement, int column, struct leg_record *leg)
{
    const char *address = (const char *)sqlite3_column_text(statement, column + 3);

    if (!read_common(statement, column, leg))
        return false;
    switch (leg->bind) {
    case CV_BIND_TOKEN:
        return rows_bytes(statement, column + 2, leg->token, CV_TOKEN_BYTES);
    case CV_BIND_FIXED:
        return address != NULL && cv_address_parse(address, &leg->address) == 0;
    case CV_BIND_PREFIX:
        return address != NULL && cv_prefix_parse(address, &leg->prefix) == 0;
    case CV_BIND_TUNNEL:
        return read_tunnel(statement, column + 5, leg);
    default:
        return false;
    }
}

static int read_pair(struct store *store, sqlite3_stmt *statement, struct pair_record *record)
{
    memset(record, 0, sizeof(*record));
    record->pair = rows_number(statement, 0);
    record->idle_s = (uint32_t)rows_number(statement, 1);
    record->rate_bytes_per_second = rows_number(statement, 2);
    record->created_ms = rows_number(statement, 3);
    record->boot_id = rows_number(statement, 4);
    if (read_leg(statement, LEG_COLUMN(0), &record->legs[0]) &&
        read_leg(statement, LEG_COLUMN(1), &record->legs[1]))
        return 0;
    (void)snprintf(store->error, sizeof(store->error), "pair %llu is damaged",
                   (unsigned long long)record->pair);
    return -EBADMSG;
}

int store_get_pair(struct store *store, uint64_t pair, struct pair_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_GET_PAIR];
    int code;
    int error;

    rows_bind_number(statement, 1, pair);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        error = read_pair(store, statement, record);
    } else if (code == SQLITE_DONE) {
        (void)snprintf(store->error, sizeof(store->error), "there is no such pair");
        error = -ENOENT;
    } else {
        error = rows_fail(store, "reading a pair");
    }
    rows_done(statement);
    return error;
}

int store_get_next_leg(struct store *store, uint64_t pair, unsigned leg, struct leg_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_GET_LEG];
    int error = 0;
    int code;

    memset(record, 0, sizeof(*record));
    rows_bind_number(statement, 1, pair);
    rows_bind_number(statement, 2, NEXT(leg));
    code = sqlite3_step(statement);
    if (code == SQLITE_DONE || (code == SQLITE_ROW && !read_leg(statement, 0, record)))
        error = -ENOENT;
    else if (code != SQLITE_ROW)
        error = rows_fail(store, "reading a leg");
    rows_done(statement);
    return error;
}

int store_next_pairs(struct store *store, uint64_t after, uint64_t newest, struct pair_record *records,
                     uint32_t max)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_NEXT_PAIRS];
    uint32_t count = 0;
    int error = 0;
    int code;

    rows_bind_number(statement, 1, after);
    rows_bind_number(statement, 2, newest);
    rows_bind_number(statement, 3, max);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && count < max) {
        bool damaged = read_pair(store, statement, &records[count]) != 0;

        records[count].damaged = damaged;
        count++;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        error = rows_fail(store, "reading pairs");
    rows_done(statement);
    return error != 0 ? error : (int)count;
}

int store_newest_pair(struct store *store, uint64_t *newest)
{
    return rows_read_number(store, store->statements[STATEMENT_NEWEST_PAIR], newest);
}

int store_count_pairs(struct store *store, uint64_t *count)
{
    if (!store->counted) {
        int error = rows_read_number(store, store->statements[STATEMENT_COUNT_PAIRS], &store->pairs);

        if (error != 0)
            return error;
        store->counted = true;
    }
    *count = store->pairs;
    return 0;
}

static int each_port(struct store *store, sqlite3_stmt *statement, const char *key,
                     void (*taken)(void *context, uint16_t port), void *context, uint32_t *rows)
{
    int error = 0;
    int code;

    rows_bind_text(statement, 1, key);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        taken(context, (uint16_t)sqlite3_column_int(statement, 0));
        (*rows)++;
    }
    if (code != SQLITE_DONE)
        error = rows_fail(store, "reading relay ports");
    rows_done(statement);
    return error;
}

int store_ports_taken(struct store *store, const struct leg_record *leg,
                      void (*taken)(void *context, uint16_t port), void *context, uint32_t *pairs)
{
    char text[CV_ADDRESS_TEXT];
    const char *address = leg_address_text(leg, text);
    uint32_t others = 0;
    int error;

    *pairs = 0;
    error = each_port(store, store->statements[STATEMENT_PEER_PORTS], leg->peer, taken, context, pairs);
    if (error == 0 && address != NULL)
        error =
            each_port(store, store->statements[STATEMENT_ADDRESS_PORTS], address, taken, context, &others);
    return error;
}
