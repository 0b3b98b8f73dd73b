/* SPDX-License-Identifier: BSD-3-Clause */
#include "schema.h"

#include <errno.h>
#include <stdio.h>

#define STORE_VERSION 5

/*
 * leg.relay_port repeats the pair's, so that the rule of relay ports (no peer twice on one) is a unique
 * index. address: "ip:port" (fixed) or "ip/length" (prefix). boot_id: which data plane has the pair, so
 * that a new data plane needs no mass update.
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

/*
 * What format 3 adds: tunnel legs. leg.relay_port is 0 in them: they are on none, whatever the other leg
 * is.
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

/*
 * What format 4 adds: a port for each leg, instances that outlive their sessions, and legs that take
 * another's place (sides 2 and 3: what will be side 0 and 1). Sessions of before are of a data plane that
 * this one does not speak with, and so are their pairs: they go. Operators' pairs stay.
 */
static const char instances_schema[] =
    "DELETE FROM pair WHERE number IN (SELECT pair FROM peer_pair) OR "
    "number IN (SELECT pair FROM leg WHERE session IS NOT NULL);"
    "DROP TABLE peer_pair; DROP TABLE offer; DROP TABLE session;"
    "ALTER TABLE leg RENAME TO old_leg; DROP INDEX leg_peer; DROP INDEX leg_address;"
    "CREATE TABLE leg (pair INTEGER NOT NULL REFERENCES pair (number) ON DELETE CASCADE, "
    "side INTEGER NOT NULL CHECK (side BETWEEN 0 AND 3), relay_port INTEGER NOT NULL, "
    "listen INTEGER NOT NULL, peer TEXT NOT NULL, bind INTEGER NOT NULL, proof INTEGER NOT NULL, "
    "token BLOB, untold INTEGER NOT NULL, address TEXT, last TEXT, session INTEGER, channel INTEGER, "
    "vouched BLOB, request INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (pair, side)) STRICT, WITHOUT ROWID;"
    "INSERT INTO leg SELECT pair, side, relay_port, 0, peer, bind, iif(bind = 2, 2, 1), token, 0, address, "
    "last, "
    "NULL, NULL, NULL, 0 FROM old_leg;"
    "DROP TABLE old_leg;"
    "CREATE UNIQUE INDEX leg_peer ON leg (peer, relay_port) WHERE relay_port != 0 AND listen = 0;"
    "CREATE INDEX leg_address ON leg (address, relay_port) WHERE address IS NOT NULL;"
    "CREATE INDEX leg_untold ON leg (pair) WHERE untold != 0;"
    "ALTER TABLE pair DROP COLUMN relay_port;"
    "CREATE TABLE session (number INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, ids BLOB NOT NULL, "
    "consumed INTEGER NOT NULL, skip INTEGER NOT NULL, sent INTEGER NOT NULL, rules BLOB NOT NULL, "
    "observed BLOB NOT NULL, ticket BLOB NOT NULL, outbox BLOB NOT NULL, payload INTEGER NOT NULL) STRICT;"
    "CREATE TABLE instance (number INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL, "
    "id BLOB NOT NULL, ids BLOB NOT NULL, token BLOB NOT NULL, until_ms INTEGER NOT NULL, "
    "legs INTEGER NOT NULL, channel INTEGER NOT NULL, reachable INTEGER NOT NULL, listed BLOB NOT NULL, "
    "services BLOB NOT NULL, former BLOB NOT NULL) STRICT;"
    "CREATE TABLE offer (number INTEGER PRIMARY KEY AUTOINCREMENT, asker INTEGER NOT NULL, "
    "request INTEGER NOT NULL, answerer INTEGER NOT NULL, crossing INTEGER NOT NULL, "
    "deadline_ms INTEGER NOT NULL, legs INTEGER NOT NULL, asked BLOB NOT NULL, service TEXT NOT NULL, "
    "data BLOB NOT NULL, answer BLOB NOT NULL, crossing_asked BLOB NOT NULL) STRICT;"
    "CREATE TABLE peer_pair (pair INTEGER PRIMARY KEY REFERENCES pair (number) ON DELETE CASCADE, "
    "asker INTEGER NOT NULL, answerer INTEGER NOT NULL, offer INTEGER NOT NULL, id BLOB NOT NULL, "
    "dials INTEGER NOT NULL, asked BLOB NOT NULL, service TEXT NOT NULL) STRICT;"
    "PRAGMA user_version = 4;";

/* What format 5 adds: the order in which instances registered last, which one that comes back changes. */
static const char registered_schema[] =
    "ALTER TABLE instance ADD COLUMN registered INTEGER NOT NULL DEFAULT 0;"
    "UPDATE instance SET registered = number;"
    "PRAGMA user_version = 5;";

int schema_version(struct store *store, int *version)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, "PRAGMA user_version", -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *version = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW ? 0 : rows_fail(store, "reading");
}

int schema_bring_up(struct store *store, int version)
{
    if (version > STORE_VERSION) {
        (void)snprintf(store->error, sizeof(store->error), "has format %d, and this Culvert knows %d",
                       version, STORE_VERSION);
        return -EPROTO;
    }
    if (rows_run(store, "BEGIN IMMEDIATE") != SQLITE_OK ||
        (version == 0 && rows_run(store, store_schema) != SQLITE_OK) ||
        (version < 2 && rows_run(store, sessions_schema) != SQLITE_OK) ||
        (version < 3 && rows_run(store, tunnels_schema) != SQLITE_OK) ||
        (version < 4 && rows_run(store, instances_schema) != SQLITE_OK) ||
        (version < 5 && rows_run(store, registered_schema) != SQLITE_OK) ||
        rows_run(store, "COMMIT") != SQLITE_OK)
        return rows_fail(store, "writing");
    return 0;
}
