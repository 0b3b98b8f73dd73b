/* SPDX-License-Identifier: BSD-3-Clause */
#include "store.h"

#include "rows.h"
#include "schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const store_sql[] = {
#define STATEMENT_SQL(id, sql) sql,
    STATEMENT_LIST(STATEMENT_SQL)
#undef STATEMENT_SQL
};

int store_commit(struct store *store)
{
    int error = 0;

    if (store->failed) {
        error = -EIO;
    } else if (!sqlite3_get_autocommit(store->database) && rows_run(store, "COMMIT") != SQLITE_OK) {
        error = rows_fail(store, "writing");
    }
    if (error != 0 && !sqlite3_get_autocommit(store->database))
        (void)rows_run(store, "ROLLBACK");
    store->failed = false;
    if (error != 0)
        store->counted = false;
    return error;
}

const char *store_error(const struct store *store)
{
    return store->error;
}

void store_on_write(struct store *store, void (*written)(void *context), void *context)
{
    store->written = written;
    store->written_context = context;
}

/* SQLite would make the file with the umask's mode, and it holds tokens. */
static int make_private(const char *path)
{
    int fd;
    int error = 0;

    if (strcmp(path, ":memory:") == 0)
        return 0;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    if (fchmod(fd, 0600) != 0)
        error = -errno;
    (void)close(fd);
    return error;
}

/* A damaged page found now is better than one found when a pair has to be put back. */
static int check_pages(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int error = 0;

    if (sqlite3_prepare_v2(store->database, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        error = rows_fail(store, "checking");
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
        (void)snprintf(store->error, sizeof(store->error), "damaged: %s",
                       (const char *)sqlite3_column_text(statement, 0));
        error = -EBADMSG;
    }
    (void)sqlite3_finalize(statement);
    return error;
}

/* The exclusive lock keeps a second control away, and SQLite needs no shared memory file. */
static int set_up(struct store *store)
{
    int version = 0;
    int error;

    if (rows_run(store,
                 "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                 "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;") != SQLITE_OK)
        return rows_fail(store, "opening");
    error = schema_version(store, &version);
    if (error == 0)
        error = check_pages(store);
    return error != 0 ? error : schema_bring_up(store, version);
}

static int prepare_all(struct store *store)
{
    for (unsigned i = 0; i < STATEMENT_COUNT; i++) {
        if (sqlite3_prepare_v3(store->database, store_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            return rows_fail(store, "preparing");
    }
    return 0;
}

static const char *advice(int error)
{
    switch (error) {
    case -EBADMSG:
        return "put a backup in its place, or move it away to start without pairs";
    case -EBUSY:
        return "another culvert-control has it open: stop that one, or give this one its own control.store";
    case -EPROTO:
        return "use the Culvert that wrote it, or move it away to start without pairs";
    case -ENOENT:
        return "make its directory";
    case -ENOSPC:
        return "make room on its file system";
    default:
        return "it must be a file that culvert-control can read and write";
    }
}

int store_open(struct store **store, const char *path, char *error, size_t error_bytes)
{
    struct store *made = calloc(1, sizeof(*made));
    int result;

    *store = NULL;
    if (made == NULL) {
        (void)snprintf(error, error_bytes, "store %s: out of memory", path);
        return -ENOMEM;
    }
    result = make_private(path);
    if (result != 0) {
        (void)snprintf(made->error, sizeof(made->error), "%s", strerror(-result));
    } else if (sqlite3_open_v2(path, &made->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
               SQLITE_OK) {
        result = rows_fail(made, "opening");
    } else {
        result = set_up(made);
        if (result == 0)
            result = prepare_all(made);
    }
    if (result != 0) {
        (void)snprintf(error, error_bytes, "store %s: %s: %s", path, made->error, advice(result));
        store_close(made);
        return result;
    }
    *store = made;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store->database != NULL)
        (void)store_commit(store);
    for (unsigned i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(store->statements[i]);
    (void)sqlite3_close(store->database);
    free(store);
}

int store_boot_id(struct store *store, uint64_t *boot_id)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_GET_META];

    *boot_id = 0;
    rows_bind_text(statement, 1, "boot_id");
    return rows_read_number(store, statement, boot_id);
}

int store_note_boot_id(struct store *store, uint64_t boot_id)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_SET_META];
    int error = rows_begin(store, "keeping the boot ID");

    if (error != 0)
        return error;
    rows_bind_text(statement, 1, "boot_id");
    rows_bind_number(statement, 2, boot_id);
    return rows_write(store, statement, "keeping the boot ID");
}
