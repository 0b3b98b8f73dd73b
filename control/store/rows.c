/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int errno_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return -EROFS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EBADMSG;
    default:
        return -EIO;
    }
}

int rows_fail(struct store *store, const char *doing)
{
    (void)snprintf(store->error, sizeof(store->error), "%s: %s", doing, sqlite3_errmsg(store->database));
    return errno_of(sqlite3_extended_errcode(store->database));
}

int rows_run(struct store *store, const char *sql)
{
    return sqlite3_exec(store->database, sql, NULL, NULL, NULL);
}

static int write_fail(struct store *store, const char *doing)
{
    int error = rows_fail(store, doing);

    if (!store->failed && store->written != NULL)
        store->written(store->written_context);
    store->failed = true;
    return error;
}

int rows_begin(struct store *store, const char *doing)
{
    if (store->failed)
        return -EIO;
    if (!sqlite3_get_autocommit(store->database))
        return 0;
    if (rows_run(store, "BEGIN IMMEDIATE") != SQLITE_OK)
        return write_fail(store, doing);
    if (store->written != NULL)
        store->written(store->written_context);
    return 0;
}

void rows_bind_number(sqlite3_stmt *statement, int position, uint64_t value)
{
    (void)sqlite3_bind_int64(statement, position, (sqlite3_int64)value);
}

void rows_bind_text(sqlite3_stmt *statement, int position, const char *text)
{
    if (text == NULL)
        (void)sqlite3_bind_null(statement, position);
    else
        (void)sqlite3_bind_text(statement, position, text, -1, SQLITE_TRANSIENT);
}

void rows_bind_bytes(sqlite3_stmt *statement, int position, const void *bytes, size_t count)
{
    if (count == 0)
        (void)sqlite3_bind_zeroblob(statement, position, 0);
    else
        (void)sqlite3_bind_blob(statement, position, bytes, (int)count, SQLITE_TRANSIENT);
}

uint64_t rows_number(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}

bool rows_bytes(sqlite3_stmt *statement, int column, void *bytes, size_t count)
{
    if (sqlite3_column_bytes(statement, column) != (int)count)
        return false;
    memcpy(bytes, sqlite3_column_blob(statement, column), count);
    return true;
}

void rows_done(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

int rows_write(struct store *store, sqlite3_stmt *statement, const char *doing)
{
    int code = sqlite3_step(statement);
    int error = 0;

    if (code != SQLITE_DONE && sqlite3_extended_errcode(store->database) == SQLITE_CONSTRAINT_UNIQUE) {
        (void)rows_fail(store, doing);
        error = -EEXIST;
    } else if (code != SQLITE_DONE) {
        error = write_fail(store, doing);
    }
    rows_done(statement);
    return error;
}

int rows_read_number(struct store *store, sqlite3_stmt *statement, uint64_t *value)
{
    int code = sqlite3_step(statement);
    int error = 0;

    if (code == SQLITE_ROW)
        *value = rows_number(statement, 0);
    else if (code != SQLITE_DONE)
        error = rows_fail(store, "reading");
    rows_done(statement);
    return error;
}
