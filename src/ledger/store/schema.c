#include "ledger/store/schema.h"

/* What a row of sums has, as store/sums.h names it. */
#define SUM_COLUMNS \
	" messages INTEGER NOT NULL," \
	" unpriced INTEGER NOT NULL," \
	" input INTEGER NOT NULL," \
	" output INTEGER NOT NULL," \
	" cache_write_5m INTEGER NOT NULL," \
	" cache_write_1h INTEGER NOT NULL," \
	" cache_read INTEGER NOT NULL," \
	" web_searches INTEGER NOT NULL," \
	" nano_usd INTEGER NOT NULL," \
	" reference INTEGER NOT NULL," \
	" first_ms INTEGER NOT NULL," \
	" last_ms INTEGER NOT NULL,"

/* What changed with version 3. */
#define MESSAGES_AND_HOURS \
	"CREATE TABLE message (" \
	" id INTEGER PRIMARY KEY," \
	" key INTEGER NOT NULL,"            /* a hash of the message's id */ \
	" request INTEGER NOT NULL,"        /* store_request_number() of the request's; 0 without one */ \
	" late INTEGER NOT NULL," \
	" transcript INTEGER NOT NULL," \
	" offset INTEGER NOT NULL," \
	" payer INTEGER NOT NULL,"          /* the session that paid; 0: the transcript's */ \
	" model INTEGER NOT NULL,"          /* 0: it has no name */ \
	" branch INTEGER NOT NULL DEFAULT 0," \
	" flags INTEGER NOT NULL," \
	" input INTEGER NOT NULL," \
	" output INTEGER NOT NULL," \
	" cache_write_5m INTEGER NOT NULL," \
	" cache_write_1h INTEGER NOT NULL," \
	" cache_read INTEGER NOT NULL," \
	" web_searches INTEGER NOT NULL," \
	" nano_usd INTEGER NOT NULL," \
	" reference INTEGER,"               /* the nano-dollars that ccusage counts; NULL: nano_usd */ \
	" large BLOB" \
	") STRICT;" \
	/* Sums of the messages that count, by the hour. */ \
	"CREATE TABLE hour (" \
	" transcript INTEGER NOT NULL," \
	" start INTEGER NOT NULL,"          /* hours since 1970, UTC */ \
	" model INTEGER NOT NULL," \
	" fast INTEGER NOT NULL," \
	" payer INTEGER NOT NULL,"          /* as in message */ \
	SUM_COLUMNS \
	" first_offset INTEGER NOT NULL,"   /* the lowest one in the transcript */ \
	" PRIMARY KEY (transcript, start, model, fast, payer)" \
	") STRICT, WITHOUT ROWID;" \
	"CREATE INDEX hour_payer ON hour (payer) WHERE payer <> 0;"

#define INDEX_OF_MESSAGES "CREATE INDEX message_key ON message (key >> 32);"

const char store_schema_messages[] = MESSAGES_AND_HOURS;
const char store_schema_messages_index[] = INDEX_OF_MESSAGES;

const char store_schema[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

	/* Where transcripts lie: a machine, and its data directories. */
	"CREATE TABLE host (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE profile ("
	" id INTEGER PRIMARY KEY,"
	" host INTEGER NOT NULL,"           /* 0: not known */
	" root TEXT NOT NULL,"              /* its projects/ directory */
	" label TEXT NOT NULL,"             /* "" without one */
	" UNIQUE (host, root)"
	") STRICT;"

	"CREATE TABLE session ("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	/* Of its records, also of those that do not count; 0: not known. */
	" first_ms INTEGER NOT NULL DEFAULT 0,"
	" last_ms INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"CREATE TABLE branch (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE model ("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	/* Of the messages that count. */
	" messages INTEGER NOT NULL DEFAULT 0,"
	" unpriced INTEGER NOT NULL DEFAULT 0,"
	" last_ms INTEGER NOT NULL DEFAULT 0"
	") STRICT;"

	"CREATE TABLE transcript ("
	" id INTEGER PRIMARY KEY,"
	" path TEXT NOT NULL,"
	" version INTEGER NOT NULL,"        /* how many were rewritten or deleted before it */
	" root_bytes INTEGER NOT NULL,"     /* of the path: its projects/ directory */
	" session INTEGER NOT NULL,"
	" profile INTEGER NOT NULL DEFAULT 0,"
	" subagent INTEGER NOT NULL,"
	" gone INTEGER NOT NULL,"
	" dev INTEGER NOT NULL,"
	" ino INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" modified_ns INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"         /* all messages before it are in the file */
	" mark INTEGER NOT NULL,"           /* a hash of the mark_bytes before it */
	" mark_bytes INTEGER NOT NULL,"
	" faults TEXT,"                     /* a JSON object: malformed lines by kind; NULL without any */
	" UNIQUE (path, version)"
	") STRICT;"
	"CREATE INDEX transcript_session ON transcript (session);"

	MESSAGES_AND_HOURS
	INDEX_OF_MESSAGES
	/* A line of the message, in a transcript of one session, says that another one paid. */
	"CREATE TABLE claim ("
	" key INTEGER NOT NULL,"
	" request INTEGER NOT NULL,"
	" from_session INTEGER NOT NULL,"
	" to_session INTEGER NOT NULL,"
	" told INTEGER NOT NULL,"           /* by a field for that */
	" PRIMARY KEY (key, request, from_session, to_session)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE day ("
	" day TEXT NOT NULL,"               /* a date in the zone of meta 'day_zone' */
	" model INTEGER NOT NULL,"
	" fast INTEGER NOT NULL,"
	SUM_COLUMNS
	/* The place of the first line, by the transcript's path, then by the offset. */
	" first_transcript INTEGER NOT NULL,"
	" first_offset INTEGER NOT NULL,"
	" PRIMARY KEY (day, model, fast)"
	") STRICT, WITHOUT ROWID;"

	/* What statuslines and the server said. */
	"CREATE TABLE reading ("
	" profile INTEGER NOT NULL,"        /* 0: not known */
	" resets_ms INTEGER NOT NULL,"      /* the end of its window */
	" name TEXT NOT NULL,"              /* as in billing-shared.json */
	" point INTEGER NOT NULL,"          /* the whole percent: one row each */
	" percent REAL NOT NULL,"           /* as it was told last */
	" first_seen INTEGER NOT NULL,"
	" last_seen INTEGER NOT NULL,"
	" session INTEGER NOT NULL,"        /* that told it last */
	" source TEXT NOT NULL,"
	" used_usd REAL,"                   /* of a spending limit */
	" limit_usd REAL,"
	" PRIMARY KEY (profile, resets_ms, name, point)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE hit ("
	" transcript INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"
	" session INTEGER NOT NULL,"
	" at INTEGER NOT NULL,"
	" name TEXT NOT NULL,"              /* as the line has it; "": it does not say */
	" resets_ms INTEGER NOT NULL,"      /* 0: not known */
	" old_form INTEGER NOT NULL,"
	" in_message INTEGER NOT NULL,"     /* its line has usage, too */
	" PRIMARY KEY (transcript, offset)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE told ("
	" session INTEGER PRIMARY KEY,"
	" at INTEGER NOT NULL,"
	" window_tokens INTEGER NOT NULL,"  /* 0: not told */
	" window_refuted INTEGER NOT NULL,"
	" nano_usd INTEGER NOT NULL,"       /* -1: not told */
	" first_seen INTEGER NOT NULL,"
	" process_ended INTEGER NOT NULL"   /* 0: not known */
	") STRICT;"
	"CREATE TABLE alert ("
	" at INTEGER NOT NULL,"
	" rule TEXT NOT NULL,"              /* its key in swatch.conf */
	" subject TEXT NOT NULL,"           /* a session or a limit; "": the account */
	" value REAL,"
	" threshold REAL,"
	" PRIMARY KEY (at, rule, subject)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE price ("
	" model TEXT NOT NULL,"
	" since INTEGER NOT NULL,"
	" price TEXT NOT NULL,"             /* JSON, as in the price table */
	" PRIMARY KEY (model, since)"
	") STRICT, WITHOUT ROWID;"

	/* What was taken out, and must not come back; what other programs counted. */
	"CREATE TABLE tombstone ("
	" kind INTEGER NOT NULL,"
	" value INTEGER NOT NULL,"          /* a hash, or a time */
	" before INTEGER NOT NULL,"         /* messages from then on are not meant; 0: all are */
	" at INTEGER NOT NULL,"
	" PRIMARY KEY (kind, value)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE imported ("
	" source TEXT NOT NULL,"
	" day TEXT NOT NULL,"
	" model TEXT NOT NULL,"
	" input INTEGER NOT NULL,"
	" output INTEGER NOT NULL,"
	" cache_write INTEGER NOT NULL,"
	" cache_read INTEGER NOT NULL,"
	" nano_usd INTEGER NOT NULL,"
	" PRIMARY KEY (source, day, model)"
	") STRICT, WITHOUT ROWID;";
