/* SPDX-License-Identifier: BSD-3-Clause */
#include "store_offers.h"

#include "rows.h"

#include <stdio.h>
#include <string.h>

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
    rows_bind_number(statement, 5, record->legs);
    rows_bind_bytes(statement, 6, &record->asked, sizeof(record->asked));
    rows_bind_text(statement, 7, record->service);
    rows_bind_bytes(statement, 8, record->data, record->data_bytes);
    error = rows_write(store, statement, "adding an offer");
    if (error == 0)
        record->offer = (uint64_t)sqlite3_last_insert_rowid(store->database);
    return error;
}

int store_set_answer(struct store *store, const struct offer_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_ANSWER];
    int error = rows_begin(store, "changing an offer");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, record->offer);
    rows_bind_bytes(statement, 2, record->answer, record->answer_bytes);
    rows_bind_number(statement, 3, record->crossing);
    rows_bind_bytes(statement, 4, &record->crossing_asked, sizeof(record->crossing_asked));
    return rows_write(store, statement, "changing an offer");
}

int store_remove_offer(struct store *store, uint64_t offer)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REMOVE_OFFER];
    int error = rows_begin(store, "removing an offer");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, offer);
    return rows_write(store, statement, "removing an offer");
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
    rows_bind_bytes(statement, 5, record->id, sizeof(record->id));
    rows_bind_number(statement, 6, record->dials);
    rows_bind_bytes(statement, 7, record->asked, sizeof(record->asked));
    rows_bind_text(statement, 8, record->service);
    return rows_write(store, statement, "adding a peers' pair");
}

static int loaded(struct store *store, sqlite3_stmt *statement, int code, const char *doing)
{
    int error = code == SQLITE_DONE ? 0 : rows_fail(store, doing);

    rows_done(statement);
    return error;
}

static void read_text(sqlite3_stmt *statement, int column, char *text, size_t room)
{
    const char *found = (const char *)sqlite3_column_text(statement, column);

    (void)snprintf(text, room, "%s", found == NULL ? "" : found);
}

static uint16_t read_data(sqlite3_stmt *statement, int column, uint8_t data[CV_DATA_BYTES_MAX])
{
    size_t bytes = (size_t)sqlite3_column_bytes(statement, column);

    if (bytes > CV_DATA_BYTES_MAX)
        return 0;
    if (bytes > 0)
        memcpy(data, sqlite3_column_blob(statement, column), bytes);
    return (uint16_t)bytes;
}

int store_load_offers(struct store *store, store_offer_found *found, void *context)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_LOAD_OFFERS];
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct offer_record record = {
            .offer = rows_number(statement, 0),
            .asker = rows_number(statement, 1),
            .request = rows_number(statement, 2),
            .answerer = rows_number(statement, 3),
            .crossing = rows_number(statement, 4),
            .deadline_ms = rows_number(statement, 5),
            .legs = (uint8_t)(rows_number(statement, 6) & CV_LEG_KINDS),
        };

        (void)rows_bytes(statement, 7, &record.asked, sizeof(record.asked));
        read_text(statement, 8, record.service, sizeof(record.service));
        record.data_bytes = read_data(statement, 9, record.data);
        record.answer_bytes = read_data(statement, 10, record.answer);
        (void)rows_bytes(statement, 11, &record.crossing_asked, sizeof(record.crossing_asked));
        found(context, &record);
    }
    return loaded(store, statement, code, "reading offers");
}

/* Of a UDP leg, of none, or of a damaged one: 0. */
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
        struct peer_pair_record record = {
            .pair = rows_number(statement, 0),
            .asker = rows_number(statement, 1),
            .answerer = rows_number(statement, 2),
            .offer = rows_number(statement, 3),
            .dials = rows_number(statement, 5) != 0,
            .channels = {read_channel(statement, 8), read_channel(statement, 9)},
            .next_channels = {read_channel(statement, 10), read_channel(statement, 11)},
        };

        (void)rows_bytes(statement, 4, record.id, sizeof(record.id));
        (void)rows_bytes(statement, 6, record.asked, sizeof(record.asked));
        read_text(statement, 7, record.service, sizeof(record.service));
        found(context, &record);
    }
    return loaded(store, statement, code, "reading peers' pairs");
}
