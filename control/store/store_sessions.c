/* SPDX-License-Identifier: BSD-3-Clause */
#include "store_sessions.h"

#include "protocol/datagram.h"
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int remove_number(struct store *store, enum statement which, uint64_t number, const char *doing)
{
    int error = rows_begin(store, doing);

    if (error != 0)
        return error;
    rows_bind_number(store->statements[which], 1, number);
    return rows_write(store, store->statements[which], doing);
}

int store_put_session(struct store *store, const struct session_record *record, const uint8_t *outbox,
                      size_t outbox_bytes)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_SESSION];
    int error = rows_begin(store, "keeping a session");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, record->session);
    rows_bind_number(statement, 2, record->created_ms);
    rows_bind_bytes(statement, 3, record->chain.ids, record->chain.count * sizeof(record->chain.ids[0]));
    rows_bind_number(statement, 4, record->consumed);
    rows_bind_number(statement, 5, record->skip);
    rows_bind_number(statement, 6, record->sent);
    rows_bind_bytes(statement, 7, &record->order, sizeof(record->order));
    rows_bind_bytes(statement, 8, outbox, outbox_bytes);
    rows_bind_bytes(statement, 9, &record->observed, sizeof(record->observed));
    rows_bind_number(statement, 10, record->channel);
    rows_bind_number(statement, 11, record->payload_bytes);
    return rows_write(store, statement, "keeping a session");
}

int store_remove_session(struct store *store, uint64_t session)
{
    return remove_number(store, STATEMENT_REMOVE_SESSION, session, "removing a session");
}

int store_add_offer(struct store *store, struct offer_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_ADD_OFFER];
    int error = rows_begin(store, "adding an offer");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, record->asker);
    rows_bind_number(statement, 2, record->request);
    rows_bind_number(statement, 3, record->answerer);
    rows_bind_number(statement, 4, record->deadline_ms);
    rows_bind_number(statement, 5, record->kind);
    error = rows_write(store, statement, "adding an offer");
    if (error == 0)
        record->offer = (uint64_t)sqlite3_last_insert_rowid(store->database);
    return error;
}

int store_remove_offer(struct store *store, uint64_t offer)
{
    return remove_number(store, STATEMENT_REMOVE_OFFER, offer, "removing an offer");
}

int store_add_peer_pair(struct store *store, const struct peer_pair_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_ADD_PEER_PAIR];
    int error = rows_begin(store, "adding a peers' pair");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, record->pair);
    rows_bind_number(statement, 2, record->asker);
    rows_bind_number(statement, 3, record->answerer);
    rows_bind_number(statement, 4, record->offer);
    return rows_write(store, statement, "adding a peers' pair");
}

/* False: another build of control has kept it in another form. */
static bool read_session(sqlite3_stmt *statement, struct session_record *record)
{
    size_t ids_bytes = (size_t)sqlite3_column_bytes(statement, 2);

    memset(record, 0, sizeof(*record));
    if (ids_bytes == 0 || ids_bytes > sizeof(record->chain.ids) || ids_bytes % CV_PEER_ID_BYTES != 0 ||
        sqlite3_column_bytes(statement, 6) != (int)sizeof(record->order) ||
        sqlite3_column_bytes(statement, 8) != (int)sizeof(record->observed))
        return false;
    record->session = rows_number(statement, 0);
    record->created_ms = rows_number(statement, 1);
    record->chain.count = (uint32_t)(ids_bytes / CV_PEER_ID_BYTES);
    memcpy(record->chain.ids, sqlite3_column_blob(statement, 2), ids_bytes);
    record->consumed = rows_number(statement, 3);
    record->skip = rows_number(statement, 4);
    record->sent = rows_number(statement, 5);
    memcpy(&record->order, sqlite3_column_blob(statement, 6), sizeof(record->order));
    memcpy(&record->observed, sqlite3_column_blob(statement, 8), sizeof(record->observed));
    record->channel = (uint16_t)sqlite3_column_int(statement, 9);
    record->payload_bytes = (uint16_t)sqlite3_column_int(statement, 10);
    return true;
}

/* After the last row, or what came instead of one. */
static int loaded(struct store *store, sqlite3_stmt *statement, int code)
{
    int error = code == SQLITE_DONE ? 0 : rows_fail(store, "reading sessions");

    rows_done(statement);
    return error;
}

int store_load_sessions(struct store *store, store_session_found *found, void *context)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_LOAD_SESSIONS];
    struct session_record record;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (read_session(statement, &record))
            found(context, &record, sqlite3_column_blob(statement, 7),
                  (size_t)sqlite3_column_bytes(statement, 7));
    }
    return loaded(store, statement, code);
}

int store_load_offers(struct store *store, store_offer_found *found, void *context)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_LOAD_OFFERS];
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const struct offer_record record = {
            .offer = rows_number(statement, 0),
            .asker = rows_number(statement, 1),
            .request = rows_number(statement, 2),
            .answerer = rows_number(statement, 3),
            .deadline_ms = rows_number(statement, 4),
            .kind = (uint8_t)sqlite3_column_int(statement, 5),
        };

        found(context, &record);
    }
    return loaded(store, statement, code);
}

/* Of a UDP leg, or of a damaged one: 0. */
static uint16_t read_channel(sqlite3_stmt *statement, int column)
{
    uint64_t channel = rows_number(statement, column);

    return channel <= CV_CHANNEL_MAX ? (uint16_t)channel : 0;
}

int store_load_peer_pairs(struct store *store, store_peer_pair_found *found, void *context)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_LOAD_PEER_PAIRS];
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const struct peer_pair_record record = {
            .pair = rows_number(statement, 0),
            .asker = rows_number(statement, 1),
            .answerer = rows_number(statement, 2),
            .offer = rows_number(statement, 3),
            .channels = {read_channel(statement, 4), read_channel(statement, 5)},
        };

        found(context, &record);
    }
    return loaded(store, statement, code);
}
