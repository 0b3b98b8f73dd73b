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

/* Columns of a leg, and of a whole pair, in the order that store_pairs.c takes them. */
#define LEG_COLUMNS(leg)                                                                           \
    leg ".peer, " leg ".bind, " leg ".token, " leg ".address, " leg ".last, " leg ".session, " leg \
        ".channel, " leg ".relay_port, " leg ".listen, " leg ".proof, " leg ".vouched, " leg ".untold "
#define LEG_COLUMN_COUNT 12

#define PAIR_SELECT                                                                                   \
    "SELECT p.number, p.idle_s, p.rate, p.created_ms, p.boot_id, " LEG_COLUMNS("a") ", " LEG_COLUMNS( \
        "b") "FROM pair p CROSS JOIN leg a ON a.pair = p.number AND a.side = 0 "                      \
             "CROSS JOIN leg b ON b.pair = p.number AND b.side = 1 "

/* X(enumerator, SQL): every statement that is ever run on a row, prepared once. */
#define STATEMENT_LIST(X)                                                                                   \
    X(ADD_PAIR, "INSERT INTO pair (idle_s, rate, created_ms) VALUES (?1, ?2, ?3)")                          \
    X(PUT_LEG,                                                                                              \
      "INSERT INTO leg (pair, side, relay_port, listen, peer, bind, proof, token, untold, "                 \
      "address, last, session, channel, vouched) "                                                          \
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "                               \
      "ON CONFLICT (pair, side) DO UPDATE SET relay_port = excluded.relay_port, listen = excluded.listen, " \
      "peer = excluded.peer, bind = excluded.bind, proof = excluded.proof, token = excluded.token, "        \
      "untold = excluded.untold, address = excluded.address, last = excluded.last, session = "              \
      "excluded.session, "                                                                                  \
      "channel = excluded.channel, vouched = excluded.vouched, request = 0")                                \
    X(REMOVE_PAIR, "DELETE FROM pair WHERE number = ?1")                                                    \
    X(SET_BOOT_ID, "UPDATE pair SET boot_id = ?2 WHERE number = ?1")                                        \
    X(SET_LAST, "UPDATE leg SET last = ?3 WHERE pair = ?1 AND side = ?2")                                   \
    X(SET_TOKEN, "UPDATE leg SET token = ?3, untold = ?4 WHERE pair = ?1 AND side = ?2")                    \
    X(SET_VOUCHED, "UPDATE leg SET vouched = ?3 WHERE pair = ?1 AND side = ?2")                             \
    X(SET_LEG_PEER, "UPDATE OR IGNORE leg SET peer = ?3 WHERE pair = ?1 AND (side = ?2 OR side = ?2 + 2)")  \
    X(REMOVE_LEG, "DELETE FROM leg WHERE pair = ?1 AND side = ?2")                                          \
    X(MOVE_LEG, "UPDATE leg SET side = ?3, request = 0 WHERE pair = ?1 AND side = ?2")                      \
    X(REMOVE_NEXT_LEGS, "DELETE FROM leg WHERE side > 1")                                                   \
    X(GET_LEG, "SELECT " LEG_COLUMNS("l") "FROM leg l WHERE pair = ?1 AND side = ?2")                       \
    X(SET_REQUEST, "UPDATE leg SET request = ?3 WHERE pair = ?1 AND side = ?2")                             \
    X(NEXT_LEGS, "SELECT pair, side, request FROM leg WHERE side > 1")                                      \
    X(UNTOLD_PAIRS, "SELECT DISTINCT pair FROM leg WHERE untold != 0")                                      \
    X(GET_PAIR, PAIR_SELECT "WHERE p.number = ?1")                                                          \
    X(NEXT_PAIRS, PAIR_SELECT "WHERE p.number > ?1 AND p.number <= ?2 ORDER BY p.number LIMIT ?3")          \
    X(NEWEST_PAIR, "SELECT coalesce(max(number), 0) FROM pair")                                             \
    X(COUNT_PAIRS, "SELECT count(*) FROM pair")                                                             \
    X(PEER_PORTS, "SELECT relay_port FROM leg WHERE peer = ?1 AND relay_port != 0 AND listen = 0")          \
    X(ADDRESS_PORTS, "SELECT relay_port FROM leg WHERE address = ?1")                                       \
    X(PUT_SESSION,                                                                                          \
      "INSERT INTO session (number, created_ms, ids, consumed, skip, sent, rules, outbox, observed, "       \
      "ticket, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "                             \
      "ON CONFLICT (number) DO UPDATE SET "                                                                 \
      "consumed = excluded.consumed, skip = excluded.skip, sent = excluded.sent, "                          \
      "rules = excluded.rules, outbox = excluded.outbox, observed = excluded.observed, "                    \
      "ticket = excluded.ticket, payload = excluded.payload")                                               \
    X(REMOVE_SESSION, "DELETE FROM session WHERE number = ?1")                                              \
    X(LOAD_SESSIONS,                                                                                        \
      "SELECT number, created_ms, ids, consumed, skip, sent, rules, outbox, observed, ticket, "             \
      "payload FROM session ORDER BY number")                                                               \
    X(ADD_INSTANCE,                                                                                         \
      "INSERT INTO instance (session, id, ids, token, until_ms, legs, channel, reachable, listed, "         \
      "services, former, registered) VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")          \
    X(SET_INSTANCE,                                                                                         \
      "UPDATE instance SET session = ?2, id = ?3, ids = ?4, token = ?5, until_ms = ?6, legs = ?7, "         \
      "channel = ?8, reachable = ?9, listed = ?10, services = ?11, former = ?12, registered = ?13 WHERE "   \
      "number = ?1")                                                                                        \
    X(REMOVE_INSTANCE, "DELETE FROM instance WHERE number = ?1")                                            \
    X(LOAD_INSTANCES, "SELECT number, session, id, ids, token, until_ms, legs, channel, reachable, "        \
                      "listed, services, former, registered FROM instance ORDER BY registered, number")     \
    X(ADD_OFFER,                                                                                            \
      "INSERT INTO offer (asker, request, answerer, crossing, deadline_ms, legs, asked, service, data, "    \
      "answer, crossing_asked) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, x'', x'')")                       \
    X(SET_ANSWER, "UPDATE offer SET answer = ?2, crossing = ?3, crossing_asked = ?4 WHERE number = ?1")     \
    X(REMOVE_OFFER, "DELETE FROM offer WHERE number = ?1")                                                  \
    X(LOAD_OFFERS, "SELECT number, asker, request, answerer, crossing, deadline_ms, legs, asked, service, " \
                   "data, answer, crossing_asked FROM offer ORDER BY number")                               \
    X(ADD_PEER_PAIR,                                                                                        \
      "INSERT INTO peer_pair (pair, asker, answerer, offer, id, dials, asked, service) "                    \
      "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM pair WHERE number = ?1)")          \
    X(LOAD_PEER_PAIRS,                                                                                      \
      "SELECT p.pair, p.asker, p.answerer, p.offer, p.id, p.dials, p.asked, p.service, a.channel, "         \
      "b.channel, c.channel, d.channel FROM peer_pair p "                                                   \
      "CROSS JOIN leg a ON a.pair = p.pair AND a.side = 0 "                                                 \
      "CROSS JOIN leg b ON b.pair = p.pair AND b.side = 1 "                                                 \
      "LEFT JOIN leg c ON c.pair = p.pair AND c.side = 2 "                                                  \
      "LEFT JOIN leg d ON d.pair = p.pair AND d.side = 3 ORDER BY p.pair")                                  \
    X(GET_META, "SELECT value FROM meta WHERE name = ?1")                                                   \
    X(SET_META, "INSERT INTO meta (name, value) VALUES (?1, ?2) "                                           \
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

/* A blob of just so many bytes. False, with `bytes` untouched: it has another length. */
bool rows_bytes(sqlite3_stmt *statement, int column, void *bytes, size_t count);

/*
 * Runs a bound statement that gives no rows. -EEXIST: the row would break a unique index, such as two legs of one peer
 * on one port; it is not written, and the transaction goes on. When it fails for another reason the whole transaction is lost.
 */
int rows_write(struct store *store, sqlite3_stmt *statement, const char *doing);

/* Runs a bound statement that gives one number; `value` is untouched when it gives none. */
int rows_read_number(struct store *store, sqlite3_stmt *statement, uint64_t *value);

/* After the last row that is wanted. */
void rows_done(sqlite3_stmt *statement);
