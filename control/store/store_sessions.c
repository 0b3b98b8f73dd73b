/* SPDX-License-Identifier: BSD-3-Clause */
#include "store_sessions.h"

#include "protocol/datagram.h"
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void bind_u64(sqlite3_stmt *statement, int position, uint64_t value)
{
    (void)sqlite3_bind_int64(statement, position, (sqlite3_int64)value);
}

/* An empty blob is not NULL. */
static void bind_bytes(sqlite3_stmt *statement, int position, const void *bytes, size_t count)
{
    if (count == 0)
        (void)sqlite3_bind_zeroblob(statement, position, 0);
    else
        (void)sqlite3_bind_blob(statement, position, bytes, (int)count, SQLITE_TRANSIENT);
}

static uint64_t column_u64(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}

static void done(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

static int write_step(struct store *store, sqlite3_stmt *statement, const char *doing)
{
    int error = 0;

    if (sqlite3_step(statement) != SQLITE_DONE)
        error = store_write_fail(store, doing);
    done(statement);
    return error;
}

static int remove_number(struct store *store, enum statement which, uint64_t number, const char *doing)
{
    int error = store_write_begin(store, doing);

    if (error != 0)
        return error;
    bind_u64(store->statements[which], 1, number);
    return write_step(store, store->statements[which], doing);
}

int store_put_session(struct store *store, const struct session_record *record, const uint8_t *outbox,
                      size_t outbox_bytes)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_SESSION];
    int error = store_write_begin(store, "keeping a session");

    if (error != 0)
        return error;
    bind_u64(statement, 1, record->session);
    bind_u64(statement, 2, record->created_ms);
    bind_bytes(statement, 3, record->chain.ids, record->chain.count * sizeof(record->chain.ids[0]));
    bind_u64(statement, 4, record->consumed);
    bind_u64(statement, 5, record->skip);
    bind_u64(statement, 6, record->sent);
    bind_bytes(statement, 7, &record->order, sizeof(record->order));
    bind_bytes(statement, 8, outbox, outbox_bytes);
    bind_bytes(statement, 9, &record->observed, sizeof(record->observed));
    bind_u64(statement, 10, record->channel);
    bind_u64(statement, 11, record->payload_bytes);
    return write_step(store, statement, "keeping a session");
}

int store_remove_session(struct store *store, uint64_t session)
{
    return remove_number(store, STATEMENT_REMOVE_SESSION, session, "removing a session");
}

int store_add_offer(struct store *store, struct offer_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_ADD_OFFER];
    int error = store_write_begin(store, "adding an offer");

    if (error != 0)
        return error;
    bind_u64(statement, 1, record->asker);
    bind_u64(statement, 2, record->request);
    bind_u64(statement, 3, record->answerer);
    bind_u64(statement, 4, record->deadline_ms);
    bind_u64(statement, 5, record->kind);
    error = write_step(store, statement, "adding an offer");
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
    int error = store_write_begin(store, "adding a peers' pair");

    if (error != 0)
        return error;
    bind_u64(statement, 1, record->pair);
    bind_u64(statement, 2, record->asker);
    bind_u64(statement, 3, record->answerer);
    bind_u64(statement, 4, record->offer);
    return write_step(store, statement, "adding a peers' pair");
}

/* A session that another build of control has kept in another form is left out, and so closed. */
static void load_session(sqlite3_stmt *statement, const struct store_loader *loader)
{
    struct session_record record = {0};
    size_t ids_bytes = (size_t)sqlite3_column_bytes(statement, 2);

    if (ids_bytes == 0 || ids_bytes > sizeof(record.chain.ids) || ids_bytes % CV_PEER_ID_BYTES != 0 ||
        sqlite3_column_bytes(statement, 6) != (int)sizeof(record.order) ||
        sqlite3_column_bytes(statement, 8) != (int)sizeof(record.observed))
        return;
    record.session = column_u64(statement, 0);
    record.created_ms = column_u64(statement, 1);
    record.chain.count = (uint32_t)(ids_bytes / CV_PEER_ID_BYTES);
    memcpy(record.chain.ids, sqlite3_column_blob(statement, 2), ids_bytes);
    record.consumed = column_u64(statement, 3);
    record.skip = column_u64(statement, 4);
    record.sent = column_u64(statement, 5);
    memcpy(&record.order, sqlite3_column_blob(statement, 6), sizeof(record.order));
    memcpy(&record.observed, sqlite3_column_blob(statement, 8), sizeof(record.observed));
    record.channel = (uint16_t)sqlite3_column_int(statement, 9);
    record.payload_bytes = (uint16_t)sqlite3_column_int(statement, 10);
    loader->session(loader->context, &record, sqlite3_column_blob(statement, 7),
                    (size_t)sqlite3_column_bytes(statement, 7));
}

static void load_offer(sqlite3_stmt *statement, const struct store_loader *loader)
{
    const struct offer_record record = {
        .offer = column_u64(statement, 0),
        .asker = column_u64(statement, 1),
        .request = column_u64(statement, 2),
        .answerer = column_u64(statement, 3),
        .deadline_ms = column_u64(statement, 4),
        .kind = (uint8_t)sqlite3_column_int(statement, 5),
    };

    loader->offer(loader->context, &record);
}

/* Of a UDP leg, or of a damaged one: 0. */
static uint16_t column_channel(sqlite3_stmt *statement, int column)
{
    uint64_t channel = column_u64(statement, column);

    return channel <= CV_CHANNEL_MAX ? (uint16_t)channel : 0;
}

static void load_peer_pair(sqlite3_stmt *statement, const struct store_loader *loader)
{
    const struct peer_pair_record record = {
        .pair = column_u64(statement, 0),
        .asker = column_u64(statement, 1),
        .answerer = column_u64(statement, 2),
        .offer = column_u64(statement, 3),
        .channels = {column_channel(statement, 4), column_channel(statement, 5)},
    };

    loader->peer_pair(loader->context, &record);
}

static int load(struct store *store, enum statement which, const struct store_loader *loader,
                void (*row)(sqlite3_stmt *statement, const struct store_loader *loader))
{
    sqlite3_stmt *statement = store->statements[which];
    int error = 0;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        row(statement, loader);
    if (code != SQLITE_DONE)
        error = store_fail(store, "reading sessions");
    done(statement);
    return error;
}

int store_load_sessions(struct store *store, const struct store_loader *loader)
{
    int error = load(store, STATEMENT_LOAD_SESSIONS, loader, load_session);

    if (error == 0)
        error = load(store, STATEMENT_LOAD_OFFERS, loader, load_offer);
    return error != 0 ? error : load(store, STATEMENT_LOAD_PEER_PAIRS, loader, load_peer_pair);
}
