/* SPDX-License-Identifier: BSD-3-Clause */
#include "store_instances.h"

#include "rows.h"

#include <stdlib.h>
#include <string.h>

static void bind(sqlite3_stmt *statement, const struct instance_record *record)
{
    rows_bind_number(statement, 2, record->session);
    rows_bind_bytes(statement, 3, record->id, sizeof(record->id));
    rows_bind_bytes(statement, 4, record->chain.ids, record->chain.count * sizeof(record->chain.ids[0]));
    rows_bind_bytes(statement, 5, record->token, sizeof(record->token));
    rows_bind_number(statement, 6, record->until_ms);
    rows_bind_number(statement, 7, record->legs);
    rows_bind_number(statement, 8, record->channel);
    rows_bind_number(statement, 9, record->reachable);
    rows_bind_bytes(statement, 10, record->listed, record->listed_count * sizeof(record->listed[0]));
    rows_bind_bytes(statement, 11, record->services, record->services_bytes);
    rows_bind_bytes(statement, 12, record->former, sizeof(record->former));
    rows_bind_number(statement, 13, record->registered);
}

int store_add_instance(struct store *store, struct instance_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_ADD_INSTANCE];
    int error = rows_begin(store, "adding an instance");

    if (error != 0)
        return error;
    bind(statement, record);
    error = rows_write(store, statement, "adding an instance");
    if (error == 0)
        record->number = (uint64_t)sqlite3_last_insert_rowid(store->database);
    return error;
}

int store_set_instance(struct store *store, const struct instance_record *record)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_INSTANCE];
    int error = rows_begin(store, "changing an instance");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, record->number);
    bind(statement, record);
    return rows_write(store, statement, "changing an instance");
}

int store_remove_instance(struct store *store, uint64_t number)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REMOVE_INSTANCE];
    int error = rows_begin(store, "removing an instance");

    if (error != 0)
        return error;
    rows_bind_number(statement, 1, number);
    return rows_write(store, statement, "removing an instance");
}

/* A copy of a blob of up to `most` bytes; NULL: it is empty, longer, or memory is short. */
static void *copy(sqlite3_stmt *statement, int column, size_t most, size_t *bytes)
{
    void *made = NULL;

    *bytes = (size_t)sqlite3_column_bytes(statement, column);
    if (*bytes > 0 && *bytes <= most)
        made = malloc(*bytes);
    if (made == NULL)
        *bytes = 0;
    else
        memcpy(made, sqlite3_column_blob(statement, column), *bytes);
    return made;
}

/* False: it holds what control would never have written. */
static bool read_instance(sqlite3_stmt *statement, struct instance_record *record)
{
    size_t bytes;

    memset(record, 0, sizeof(*record));
    record->number = rows_number(statement, 0);
    record->session = rows_number(statement, 1);
    if (!rows_bytes(statement, 2, record->id, sizeof(record->id)) ||
        !chain_read(sqlite3_column_blob(statement, 3), (size_t)sqlite3_column_bytes(statement, 3),
                    &record->chain) ||
        !rows_bytes(statement, 4, record->token, sizeof(record->token)) ||
        !rows_bytes(statement, 11, record->former, sizeof(record->former)))
        return false;
    record->registered = rows_number(statement, 12);
    record->until_ms = rows_number(statement, 5);
    record->legs = (uint8_t)(rows_number(statement, 6) & CV_LEG_KINDS);
    record->channel = (uint16_t)rows_number(statement, 7);
    record->reachable = (uint8_t)rows_number(statement, 8);
    record->listed = copy(statement, 9, CV_CAPSULE_LISTED_MAX * sizeof(record->listed[0]), &bytes);
    record->listed_count = (uint8_t)(bytes / sizeof(record->listed[0]));
    record->services = copy(statement, 10, INSTANCE_SERVICES_BYTES, &bytes);
    record->services_bytes = (uint16_t)bytes;
    return true;
}

int store_load_instances(struct store *store, store_instance_found *found, void *context)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_LOAD_INSTANCES];
    struct instance_record record;
    int error = 0;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (read_instance(statement, &record))
            found(context, &record);
    }
    if (code != SQLITE_DONE)
        error = rows_fail(store, "reading instances");
    rows_done(statement);
    return error;
}

void instance_record_free(struct instance_record *record)
{
    free(record->listed);
    free(record->services);
    record->listed = NULL;
    record->services = NULL;
}
