#include "ledger/store/schema_old.h"

/* ---- version 1 ---- */

const char store_schema_1[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE session (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE model (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE transcript ("
	" id INTEGER PRIMARY KEY,"
	" path TEXT NOT NULL,"
	" version INTEGER NOT NULL,"
	" root_bytes INTEGER NOT NULL,"
	" session INTEGER NOT NULL,"
	" subagent INTEGER NOT NULL,"
	" gone INTEGER NOT NULL,"
	" dev INTEGER NOT NULL,"
	" ino INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" modified_ns INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"
	" mark INTEGER NOT NULL,"
	" mark_bytes INTEGER NOT NULL,"
	" UNIQUE (path, version)"
	") STRICT;"
	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY,"
	" key INTEGER NOT NULL,"
	" request INTEGER NOT NULL,"
	" late INTEGER NOT NULL,"
	" transcript INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"
	" payer INTEGER NOT NULL,"
	" model INTEGER NOT NULL,"
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

const char store_step_1_to_2[] =
	"DROP INDEX message_key;"
	"ALTER TABLE meta RENAME TO meta_1;"
	"ALTER TABLE session RENAME TO session_1;"
	"ALTER TABLE model RENAME TO model_1;"
	"ALTER TABLE transcript RENAME TO transcript_1;"
	"ALTER TABLE message RENAME TO message_1;";

const char store_step_1_to_2_copy[] =
	"INSERT INTO meta SELECT * FROM meta_1;"
	"INSERT INTO session (id, name) SELECT id, name FROM session_1;"
	"INSERT INTO model (id, name) SELECT id, name FROM model_1;"
	"INSERT INTO transcript (id, path, version, root_bytes, session, subagent, gone, dev, ino, size,"
	" modified_ns, offset, mark, mark_bytes)"
	" SELECT id, path, version, root_bytes, session, subagent, gone, dev, ino, size,"
	" modified_ns, offset, mark, mark_bytes FROM transcript_1;"
	"INSERT INTO message (id, key, request, late, transcript, offset, payer, model, flags, input, output,"
	" cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, large)"
	" SELECT id, key, request, late, transcript, offset, payer, model, flags, input, output,"
	" cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, large FROM message_1"
	" ORDER BY id;"
	"DROP TABLE message_1;"
	"DROP TABLE transcript_1;"
	"DROP TABLE model_1;"
	"DROP TABLE session_1;"
	"DROP TABLE meta_1;";

/* ---- version 2 ---- */

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

const char store_schema_2[] =
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

	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY,"
	" key INTEGER NOT NULL,"            /* a hash of the message's id */
	" request INTEGER NOT NULL,"        /* a hash of the request's; 0 without one */
	" late INTEGER NOT NULL,"
	" transcript INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"
	" payer INTEGER NOT NULL,"          /* the session that paid; 0: the transcript's */
	" model INTEGER NOT NULL,"          /* 0: it has no name */
	" branch INTEGER NOT NULL DEFAULT 0,"
	" flags INTEGER NOT NULL,"
	" input INTEGER NOT NULL,"
	" output INTEGER NOT NULL,"
	" cache_write_5m INTEGER NOT NULL,"
	" cache_write_1h INTEGER NOT NULL,"
	" cache_read INTEGER NOT NULL,"
	" web_searches INTEGER NOT NULL,"
	" nano_usd INTEGER NOT NULL,"
	" reference INTEGER,"               /* the nano-dollars that ccusage counts; NULL: nano_usd */
	" large BLOB"
	") STRICT;"
	"CREATE INDEX message_key ON message (key >> 32);"
	/* A line of the message, in a transcript of one session, says that another one paid. */
	"CREATE TABLE claim ("
	" key INTEGER NOT NULL,"
	" request INTEGER NOT NULL,"
	" from_session INTEGER NOT NULL,"
	" to_session INTEGER NOT NULL,"
	" told INTEGER NOT NULL,"           /* by a field for that */
	" PRIMARY KEY (key, request, from_session, to_session)"
	") STRICT, WITHOUT ROWID;"

	/* Sums of the messages that count. */
	"CREATE TABLE quarter ("
	" session INTEGER NOT NULL,"        /* that paid; 0: not known */
	" transcript INTEGER NOT NULL,"
	" start INTEGER NOT NULL,"          /* quarters of an hour since 1970, UTC */
	" model INTEGER NOT NULL,"
	" fast INTEGER NOT NULL,"
	SUM_COLUMNS
	" first_offset INTEGER NOT NULL,"   /* the lowest one in the transcript */
	" PRIMARY KEY (session, transcript, start, model, fast)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX quarter_transcript ON quarter (transcript);"
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

/*
 * Ids have 6 bits below the time, where they had 12; `request` has a sign; two flags have changed places with
 * that of messages that have an id. A payer that is the transcript's session is 0. Sums are by the hour,
 * where they were by its quarters.
 */
const char store_step_2_to_3[] =
	"DROP INDEX message_key;"
	"DROP INDEX quarter_transcript;"
	"ALTER TABLE message RENAME TO message_2;"
	"ALTER TABLE quarter RENAME TO quarter_2;";

#define SIGNED_REQUEST "request - ((request >> 31 & 1) << 32)"
#define FLAGS_3 "(flags & ~193) | (flags >> 7 & 1) | ((flags & 1) << 6) | ((flags & 64) << 1)"
#define PAYER_3 \
	"CASE WHEN payer = 0 OR payer = (SELECT session FROM transcript t WHERE t.id = m.transcript)" \
	" THEN 0 ELSE payer END"

const char store_step_2_to_3_message[] =
	"INSERT INTO message (id, key, request, late, transcript, offset, payer, model, branch, flags, input,"
	" output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, reference, large)"
	" SELECT ?1, key, " SIGNED_REQUEST ", ?4, transcript, offset, " PAYER_3 ", model, branch, " FLAGS_3
	", input, output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, reference,"
	" large FROM message_2 m WHERE m.id = ?2 ON CONFLICT DO NOTHING";

const char store_step_2_to_3_copy[] =
	"INSERT INTO hour (transcript, start, model, fast, payer, messages, unpriced, input, output,"
	" cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, reference, first_ms, last_ms,"
	" first_offset)"
	" SELECT q.transcript, q.start / 4, q.model, q.fast,"
	" CASE q.session WHEN coalesce(t.session, 0) THEN 0 ELSE q.session END, sum(q.messages),"
	" sum(q.unpriced), sum(q.input), sum(q.output), sum(q.cache_write_5m), sum(q.cache_write_1h),"
	" sum(q.cache_read), sum(q.web_searches), sum(q.nano_usd), sum(q.reference), min(q.first_ms),"
	" max(q.last_ms), min(q.first_offset)"
	" FROM quarter_2 q LEFT JOIN transcript t ON t.id = q.transcript GROUP BY 1, 2, 3, 4, 5;";

const char store_step_2_to_3_end[] =
	"UPDATE claim SET request = " SIGNED_REQUEST " WHERE request > 0x7fffffff;"
	"DROP TABLE message_2;"
	"DROP TABLE quarter_2;";
