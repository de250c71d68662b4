/*
 * swatchd/internal: struct daemon, which the daemon_*.c files share. Each folder's module owns its own state;
 * what is left here is the daemon's, sorted by the file that sets it.
 *
 * For: daemon*.c, main.c and tests/fuzz/fuzz_control.c.
 */
#ifndef SWATCH_SWATCHD_DAEMON_INTERNAL_H
#define SWATCH_SWATCHD_DAEMON_INTERNAL_H

#include <ev.h>

#include "config/config.h"
#include "ledger/store/archive.h"
#include "ledger/store/store.h"
#include "swatchd/alerts/alerts.h"
#include "swatchd/alerts/run.h"
#include "swatchd/billing/audit.h"
#include "swatchd/billing/billing.h"
#include "swatchd/billing/pricing.h"
#include "swatchd/control/control.h"
#include "swatchd/control/events.h"
#include "swatchd/daemon/daemon.h"
#include "swatchd/publish/publish.h"
#include "swatchd/refresh/refresh.h"
#include "swatchd/session/expire.h"
#include "swatchd/session/liveness.h"
#include "swatchd/session/session.h"
#include "swatchd/session/unknown_lines.h"
#include "swatchd/tail/tail.h"
#include "swatchd/watch/watch.h"

/* The most clients that may wait for one thing at a time; the daemon refuses more. */
#define DAEMON_MAX_WAITERS 24
/* Followers and those who wait keep their connections: all others must find room besides. */
_Static_assert(CONTROL_MAX_SUBSCRIBERS + 2 * DAEMON_MAX_WAITERS < CONTROL_MAX_CLIENTS, "no room is left");

/* daemon/alerts.c */
struct daemon_alerts {
	struct alerts rules;
	struct alert_run run;
	struct moment moment;        /* when time alone makes the next crossing */
	uint64_t fired;
	int64_t last_ms;             /* 0: no alert yet */
	char last_message[320];
	bool save_failed;            /* the log has it */
	ev_timer save_again;         /* after that */
	int64_t full_ms;             /* when the log last said that there are too many records; 0: never */
};

/* daemon/cache.c */
struct daemon_cache {
	bool lost;                   /* the cache directory is gone for good: the daemon ends */
	ev_timer name_lock;          /* while the lock's file could not be written */
	bool switched;               /* its path leads to another profile's: the daemon begins anew there */
	int last_errno;              /* why it could not be made again; 0: no failure */
	dev_t above_dev;             /* the directory that holds it, when the daemon started */
	ino_t above_ino;
};

/* daemon/places.c */
struct daemon_places {
	ev_timer again;              /* when to make again what was removed */
	bool is_blind, socket_lost;  /* the log has it */
};

/* daemon/clock.c */
struct daemon_clock {
	ev_prepare prepare;
	int64_t apart_ms;            /* the wall clock's lead over the monotonic one, when last compared */
};

/* daemon/facts.c */
struct daemon_facts {
	/* For the ledger's file; of a hit, `transcript` is the ledger's number of it. */
	struct store_facts waiting;
	struct strmap told_by_id;    /* -> index + 1 in waiting.told */
	struct rate_limits noted;    /* the limits as the file has them */
	bool limits_changed;         /* one of them is another row now */
	size_t priced_models;        /* of the ledger's models: whose price the file has, or needs not */
	/* What the file says of sessions, for those that get a file again. */
	struct store_facts recalled;
	struct strmap recalled_by_id;
};

/* daemon/gone.c */
struct daemon_gone {
	bool lost_session;           /* one lost its last transcript: expire has to look */
	ev_timer settle;             /* then: one look for all that go together */
	bool changed;                /* the file is old */
	bool has_file;               /* there is one */
	bool save_failed;            /* the log has it */
};

/* daemon/history.c */
struct daemon_history {
	bool first_walk;             /* the directories are being listed for the first time */
	bool reading;                /* reading the first walk's transcripts: the figures are not whole */
	bool read;                   /* all of them have been read */
	int64_t asked_unread_ms;     /* the newest unread transcript's time, when is_known_already() asked */
	unsigned swept_files;        /* session files of earlier runs that were removed */
};

/* What is new of a transcript, for the ledger's file. */
struct keep_news {
	int ledger_file;
	bool gone, has_progress;
	struct store_progress progress;
};

/* daemon/keep.c */
struct daemon_keep {
	struct store *store;         /* NULL: off, or it cannot be opened */
	char *path;                  /* of the ledger's file */
	char *why_off;               /* why it could not be opened; NULL */
	struct store_known_list known;   /* as the file had it at the start */
	bool has_lost;               /* some of these went while no daemon ran, and the file shall say so */
	bool is_complete; /* the file has all that counts in a transcript, up to its offset there */
	uint64_t saved_drift;        /* as the file has it, in drift.changes */
	struct store_roots roots;
	struct store_archive *archive;   /* NULL: transcripts are read again */
	size_t held_at_load;         /* messages in memory after the archive handed over what is alive */
	bool rest_waits;             /* it handed over only what the first files need */
	bool rest_failed;            /* the log has it */
	bool makes_room;             /* the first read waits until what it has read is written */
	struct keep_news *news;
	size_t news_count, news_cap;
	uint32_t *news_of;           /* by the ledger's number of a transcript: its news + 1; 0 without any */
	size_t news_of_count, news_of_cap;
	ev_timer timer;
	ev_async done;
	bool is_failing;             /* the log has it */
	bool lacks_backup;           /* the log has it */
	void (*written)(struct daemon *daemon);   /* after a batch, or a failure; NULL: nobody waits */
	bool looks_for_prices;       /* of messages that had none, once all is written */
	int64_t retry_ms;
	int64_t given_mono_ms;       /* when the last batch went to the store; 0: not yet */
	bool gave_part;              /* and more waited than a batch takes */
	unsigned replaced;           /* as the store counts them */
};

/* daemon/lend.c */
struct daemon_lend {
	uint64_t client;             /* that has the ledger's file, or waits for it; 0: nobody */
	unsigned batches;            /* that were written first */
	bool is_lent;
};

/* daemon/refresh.c */
struct daemon_audit {
	struct audit *running;       /* NULL: no answer is being looked into */
	struct audit_found found;    /* about the last answer */
};

/* daemon/waiters.c: clients that wait for a run of ccusage, or until everything pending is done. */
struct daemon_waiters {
	uint64_t ids[DAEMON_MAX_WAITERS];
	size_t count;
};

struct daemon {
	struct ev_loop *loop;
	struct daemon_options options;
	struct config config;

	/* the way of the data */
	struct watch *watch;
	struct tail *tail;
	struct ledger *ledger;
	struct sessions sessions;
	struct billing billing;
	struct publish publish;

	/* beside it */
	struct refresh refresh;
	struct expire expire;
	struct liveness liveness;
	struct pricing pricing;
	struct drift drift;
	struct control *control;     /* NULL: no socket (--once) */
	struct events events;

	struct daemon_alerts alerts;
	struct daemon_audit audit;
	struct daemon_cache cache;
	struct daemon_clock clock;
	struct daemon_facts facts;
	struct daemon_gone gone;
	struct daemon_history history;
	struct daemon_keep keep;
	struct daemon_lend lend;
	struct daemon_places places;
	struct daemon_waiters sync_waiters, refresh_waiters;
	bool begins_anew;            /* daemon/lend.c, for main() */
	bool refresh_failed;         /* daemon/refresh.c, for the exit status of --once */
	int64_t started_ms;
	uint64_t contended;          /* how often somebody else wanted the lock */
	unsigned swept_temp_files;
};

#endif
