#include "ledger/store/schema.h"

const char store_schema[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE session (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE model (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE transcript ("
	" id INTEGER PRIMARY KEY,"
	" path TEXT NOT NULL,"
	" version INTEGER NOT NULL,"        /* how many were rewritten or deleted before it */
	" root_bytes INTEGER NOT NULL,"     /* of the path: its projects/ directory */
	" session INTEGER NOT NULL,"
	" subagent INTEGER NOT NULL,"
	" gone INTEGER NOT NULL,"
	" dev INTEGER NOT NULL,"
	" ino INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" modified_ns INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"         /* all messages before it are in the file */
	" mark INTEGER NOT NULL,"           /* a hash of the mark_bytes before it */
	" mark_bytes INTEGER NOT NULL,"
	" UNIQUE (path, version)"
	") STRICT;"
	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY,"
	" key INTEGER NOT NULL,"            /* a hash of the message's id */
	" request INTEGER NOT NULL,"        /* a hash of the request's; 0 without one */
	" late INTEGER NOT NULL,"
	" transcript INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"
	" payer INTEGER NOT NULL,"          /* the session that paid; 0: the transcript's */
	" model INTEGER NOT NULL,"          /* 0: it has no name */
	" flags INTEGER NOT NULL,"
	" input INTEGER NOT NULL,"
	" output INTEGER NOT NULL,"
	" cache_write_5m INTEGER NOT NULL,"
	" cache_write_1h INTEGER NOT NULL,"
	" cache_read INTEGER NOT NULL,"
	" web_searches INTEGER NOT NULL,"
	" nano_usd INTEGER NOT NULL,"
	" large BLOB"
	") STRICT;"
	"CREATE INDEX message_key ON message (key);";
