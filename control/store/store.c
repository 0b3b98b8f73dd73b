/* SPDX-License-Identifier: BSD-3-Clause */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_VERSION 3

/*
 * leg.relay_port repeats the pair's, so that the rule of relay ports (no peer twice on one) is a unique
 * index. address: "ip:port" (fixed) or "ip/length" (prefix). boot_id: which data plane has the pair, so that
 * a new data plane needs no mass update.
 */
static const char store_schema[] =
    "CREATE TABLE pair (number INTEGER PRIMARY KEY AUTOINCREMENT, relay_port INTEGER NOT NULL, "
    "idle_s INTEGER NOT NULL, rate INTEGER NOT NULL, created_ms INTEGER NOT NULL, "
    "boot_id INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE leg (pair INTEGER NOT NULL REFERENCES pair (number) ON DELETE CASCADE, "
    "side INTEGER NOT NULL CHECK (side IN (0, 1)), relay_port INTEGER NOT NULL, peer TEXT NOT NULL, "
    "bind INTEGER NOT NULL, token BLOB, address TEXT, last TEXT, "
    "PRIMARY KEY (pair, side)) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX leg_peer ON leg (peer, relay_port);"
    "CREATE INDEX leg_address ON leg (address, relay_port) WHERE address IS NOT NULL;"
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/* What format 2 adds. Sessions are as old as the data plane at most: see store_sessions.h. */
static const char sessions_schema[] =
    "CREATE TABLE session (number INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, ids BLOB NOT NULL, "
    "consumed INTEGER NOT NULL, skip INTEGER NOT NULL, sent INTEGER NOT NULL, rules BLOB NOT NULL, "
    "observed BLOB NOT NULL, outbox BLOB NOT NULL) STRICT;"
    "CREATE TABLE offer (number INTEGER PRIMARY KEY AUTOINCREMENT, asker INTEGER NOT NULL, "
    "request INTEGER NOT NULL, answerer INTEGER NOT NULL, deadline_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE peer_pair (pair INTEGER PRIMARY KEY REFERENCES pair (number) ON DELETE CASCADE, "
    "asker INTEGER NOT NULL, answerer INTEGER NOT NULL, offer INTEGER NOT NULL) STRICT;"
    "PRAGMA user_version = 2;";

/* What format 3 adds: tunnel legs. leg.relay_port is 0 in them: they are on none, whatever the other leg is.
 */
static const char tunnels_schema[] =
    "ALTER TABLE leg ADD COLUMN session INTEGER;"
    "ALTER TABLE leg ADD COLUMN channel INTEGER;"
    "DROP INDEX leg_peer;"
    "CREATE UNIQUE INDEX leg_peer ON leg (peer, relay_port) WHERE relay_port != 0;"
    "ALTER TABLE session ADD COLUMN channel INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN payload INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE offer ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;"
    "PRAGMA user_version = 3;";

static const char *const store_sql[] = {
#define STATEMENT_SQL(id, sql) sql,
    STATEMENT_LIST(STATEMENT_SQL)
#undef STATEMENT_SQL
};

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

int store_fail(struct store *store, const char *doing)
{
    (void)snprintf(store->error, sizeof(store->error), "%s: %s", doing, sqlite3_errmsg(store->database));
    return errno_of(sqlite3_extended_errcode(store->database));
}

static int run(struct store *store, const char *sql)
{
    return sqlite3_exec(store->database, sql, NULL, NULL, NULL);
}

int store_write_begin(struct store *store, const char *doing)
{
    if (store->failed)
        return -EIO;
    if (!sqlite3_get_autocommit(store->database))
        return 0;
    if (run(store, "BEGIN IMMEDIATE") != SQLITE_OK)
        return store_write_fail(store, doing);
    if (store->written != NULL)
        store->written(store->written_context);
    return 0;
}

int store_write_fail(struct store *store, const char *doing)
{
    int error = store_fail(store, doing);

    if (!store->failed && store->written != NULL)
        store->written(store->written_context);
    store->failed = true;
    return error;
}

int store_commit(struct store *store)
{
    int error = 0;

    if (store->failed) {
        error = -EIO;
    } else if (!sqlite3_get_autocommit(store->database) && run(store, "COMMIT") != SQLITE_OK) {
        error = store_fail(store, "writing");
    }
    if (error != 0 && !sqlite3_get_autocommit(store->database))
        (void)run(store, "ROLLBACK");
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

static int pragma_number(struct store *store, const char *sql, int *value)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW ? 0 : store_fail(store, "reading");
}

/* A damaged page found now is better than one found when a pair has to be put back. */
static int check_pages(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int error = 0;

    if (sqlite3_prepare_v2(store->database, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        error = store_fail(store, "checking");
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

    if (run(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                   "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;") != SQLITE_OK)
        return store_fail(store, "opening");
    error = pragma_number(store, "PRAGMA user_version", &version);
    if (error == 0)
        error = check_pages(store);
    if (error != 0)
        return error;
    if (version > STORE_VERSION) {
        (void)snprintf(store->error, sizeof(store->error), "has format %d, and this Culvert knows %d",
                       version, STORE_VERSION);
        return -EPROTO;
    }
    if (run(store, "BEGIN IMMEDIATE") != SQLITE_OK ||
        (version == 0 && run(store, store_schema) != SQLITE_OK) ||
        (version < 2 && run(store, sessions_schema) != SQLITE_OK) ||
        (version < 3 && run(store, tunnels_schema) != SQLITE_OK) || run(store, "COMMIT") != SQLITE_OK)
        return store_fail(store, "writing");
    return 0;
}

static int prepare_all(struct store *store)
{
    for (unsigned i = 0; i < STATEMENT_COUNT; i++) {
        if (sqlite3_prepare_v3(store->database, store_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            return store_fail(store, "preparing");
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
        result = store_fail(made, "opening");
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
