/* SPDX-License-Identifier: BSD-3-Clause */
#include "store_sessions.h"

#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
    rows_bind_bytes(statement, 10, record->ticket, sizeof(record->ticket));
    rows_bind_number(statement, 11, record->told_bytes);
    return rows_write(store, statement, "keeping a session");
}

int store_remove_session(struct store *store, uint64_t session)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REMOVE_SESSION];
    int error = rows_begin(store, "removing a session");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, session);
    return rows_write(store, statement, "removing a session");
}

bool chain_read(const void *ids, size_t bytes, struct chain *chain)
{
    if (bytes == 0 || bytes > sizeof(chain->ids) || bytes % CV_PEER_ID_BYTES != 0)
        return false;
    chain->count = (uint32_t)(bytes / CV_PEER_ID_BYTES);
    memcpy(chain->ids, ids, bytes);
    return true;
}

/* False: another build of control has kept it in another form. */
static bool read_session(sqlite3_stmt *statement, struct session_record *record)
{
    memset(record, 0, sizeof(*record));
    if (!chain_read(sqlite3_column_blob(statement, 2), (size_t)sqlite3_column_bytes(statement, 2),
                    &record->chain) ||
        !rows_bytes(statement, 6, &record->order, sizeof(record->order)) ||
        !rows_bytes(statement, 8, &record->observed, sizeof(record->observed)) ||
        !rows_bytes(statement, 9, record->ticket, sizeof(record->ticket)))
        return false;
    record->session = rows_number(statement, 0);
    record->created_ms = rows_number(statement, 1);
    record->consumed = rows_number(statement, 3);
    record->skip = rows_number(statement, 4);
    record->sent = rows_number(statement, 5);
    record->told_bytes = (uint16_t)sqlite3_column_int(statement, 10);
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
