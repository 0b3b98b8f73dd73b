/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The open database as the files of store/ work on it: its prepared statements, what binds, runs and reads
 * one, and the open transaction. Nobody outside of the folder looks in here.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns of a whole pair, in the order that store_pairs.c takes them. */
#define PAIR_SELECT                                                              \
    "SELECT p.number, p.relay_port, p.idle_s, p.rate, p.created_ms, p.boot_id, " \
    "a.peer, a.bind, a.token, a.address, a.last, a.session, a.channel, "         \
    "b.peer, b.bind, b.token, b.address, b.last, b.session, b.channel "          \
    "FROM pair p CROSS JOIN leg a ON a.pair = p.number AND a.side = 0 "          \
    "CROSS JOIN leg b ON b.pair = p.number AND b.side = 1 "

/* X(enumerator, SQL): every statement that is ever run on a row, prepared once. */
#define STATEMENT_LIST(X)                                                                                    \
    X(ADD_PAIR, "INSERT INTO pair (relay_port, idle_s, rate, created_ms) VALUES (?1, ?2, ?3, ?4)")           \
    X(ADD_LEG, "INSERT INTO leg (pair, side, relay_port, peer, bind, token, address, last, session, "        \
               "channel) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")                                  \
    X(REMOVE_PAIR, "DELETE FROM pair WHERE number = ?1")                                                     \
    X(SET_BOOT_ID, "UPDATE pair SET boot_id = ?2 WHERE number = ?1")                                         \
    X(SET_LAST, "UPDATE leg SET last = ?3 WHERE pair = ?1 AND side = ?2")                                    \
    X(GET_PAIR, PAIR_SELECT "WHERE p.number = ?1")                                                           \
    X(NEXT_PAIRS, PAIR_SELECT "WHERE p.number > ?1 AND p.number <= ?2 ORDER BY p.number LIMIT ?3")           \
    X(NEWEST_PAIR, "SELECT coalesce(max(number), 0) FROM pair")                                              \
    X(COUNT_PAIRS, "SELECT count(*) FROM pair")                                                              \
    X(PEER_PORTS, "SELECT relay_port FROM leg WHERE peer = ?1 AND relay_port != 0")                          \
    X(ADDRESS_PORTS, "SELECT relay_port FROM leg WHERE address = ?1")                                        \
    X(PUT_SESSION,                                                                                           \
      "INSERT INTO session (number, created_ms, ids, consumed, skip, sent, rules, outbox, observed, "        \
      "channel, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "                             \
      "ON CONFLICT (number) DO UPDATE SET "                                                                  \
      "consumed = excluded.consumed, skip = excluded.skip, sent = excluded.sent, "                           \
      "rules = excluded.rules, outbox = excluded.outbox, observed = excluded.observed, "                     \
      "channel = excluded.channel, payload = excluded.payload")                                              \
    X(REMOVE_SESSION, "DELETE FROM session WHERE number = ?1")                                               \
    X(LOAD_SESSIONS,                                                                                         \
      "SELECT number, created_ms, ids, consumed, skip, sent, rules, outbox, observed, channel, "             \
      "payload FROM session ORDER BY number")                                                                \
    X(ADD_OFFER, "INSERT INTO offer (asker, request, answerer, deadline_ms, kind) "                          \
                 "VALUES (?1, ?2, ?3, ?4, ?5)")                                                              \
    X(REMOVE_OFFER, "DELETE FROM offer WHERE number = ?1")                                                   \
    X(LOAD_OFFERS, "SELECT number, asker, request, answerer, deadline_ms, kind FROM offer ORDER BY number")  \
    X(ADD_PEER_PAIR, "INSERT INTO peer_pair (pair, asker, answerer, offer) SELECT ?1, ?2, ?3, ?4 "           \
                     "WHERE EXISTS (SELECT 1 FROM pair WHERE number = ?1)")                                  \
    X(LOAD_PEER_PAIRS, "SELECT p.pair, p.asker, p.answerer, p.offer, a.channel, b.channel FROM peer_pair p " \
                       "CROSS JOIN leg a ON a.pair = p.pair AND a.side = 0 "                                 \
                       "CROSS JOIN leg b ON b.pair = p.pair AND b.side = 1 ORDER BY p.pair")                 \
    X(GET_META, "SELECT value FROM meta WHERE name = ?1")                                                    \
    X(SET_META, "INSERT INTO meta (name, value) VALUES (?1, ?2) "                                            \
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value")

enum statement {
#define STATEMENT_ENUM(id, sql) STATEMENT_##id,
    STATEMENT_LIST(STATEMENT_ENUM)
#undef STATEMENT_ENUM
        STATEMENT_COUNT
};

struct store {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool failed;  /* a write of the open transaction failed */
    bool counted; /* `pairs` is right: counting them reads them all */
    uint64_t pairs;
    char error[256];
    void (*written)(void *context);
    void *written_context;
};

/* Keeps SQLite's reason for `doing` in store->error and gives the negative errno for it. */
int rows_fail(struct store *store, const char *doing);

/* Runs SQL that has no parameters and gives no rows: an SQLite code. */
int rows_run(struct store *store, const char *sql);

/* Opens a transaction unless one is open. An error when the open one has failed. */
int rows_begin(struct store *store, const char *doing);

/* NULL binds as NULL; an empty blob does not. What is bound is copied. */
void rows_bind_number(sqlite3_stmt *statement, int position, uint64_t value);
void rows_bind_text(sqlite3_stmt *statement, int position, const char *text);
void rows_bind_bytes(sqlite3_stmt *statement, int position, const void *bytes, size_t count);

uint64_t rows_number(sqlite3_stmt *statement, int column);

/* Runs a bound statement that gives no rows. When it fails the whole transaction is lost. */
int rows_write(struct store *store, sqlite3_stmt *statement, const char *doing);

/* Runs a bound statement that gives one number; `value` is untouched when it gives none. */
int rows_read_number(struct store *store, sqlite3_stmt *statement, uint64_t *value);

/* After the last row that is wanted. */
void rows_done(sqlite3_stmt *statement);
