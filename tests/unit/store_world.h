/*
 * store_world: a world of transcripts in test_dir, a daemon's ledger that reads them and saves them to a
 * file, and another ledger that has all that was ever seen. For the tests of src/ledger/store.
 *
 * Calling sequence, within scratch_set_up() and scratch_tear_down(): make_world(); what happens;
 * end_world().
 */
#ifndef SWATCH_TESTS_STORE_WORLD_H
#define SWATCH_TESTS_STORE_WORLD_H

#include "ledger/ledger.h"
#include "ledger/store/known.h"
#include "ledger/store/store.h"
#include "ledger/store/write.h"
#include "scratch.h"

/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
#define FILES 6
#define LINES_MAX 64

struct line {
	char id[24];
	int64_t output, time_ms;
	bool sidechain;
	int model;
};

struct transcript_file {
	struct line lines[LINES_MAX];
	size_t count;
	bool exists;
	unsigned version;            /* rewritten so often: its lines begin otherwise */
};

struct world {
	struct transcript_file files[FILES];
	struct ledger *ledger, *all;
	int numbers[FILES], all_numbers[FILES];
	bool news[FILES];
	int lost[4096];              /* numbers of transcripts that went since the last save */
	size_t lost_count;
	sqlite3 *db;
	struct store_writer *writer;
	struct store_known_list known;
	uint64_t random;
	bool hides;                  /* [ledger] projects changes with each start */
	bool unsaved_is_lost;        /* a kill now would lose what no transcript has any more */
};

/* Of no data directory, for batches. */
extern struct store_roots roots;

/* Without a transcript; two worlds with the same seed live alike. */
void make_world(struct world *w, uint64_t seed);
void end_world(struct world *w);

/* The path of a transcript, in a buffer of scratch_name(); how long its root is. */
const char *path_of(size_t file);
size_t root_len(void);

/* The daemon saves all that the file does not have yet. */
void save(struct world *w);
/* kill -9, and the next daemon: it takes back what is lost, and reads what is there. */
void kill_daemon(struct world *w);
/* The next daemon alone, with the file as it is. */
void start_daemon(struct world *w);

/*
 * A line of one of a few messages is appended; a transcript goes; somebody writes it anew with fewer lines.
 */
void append(struct world *w, size_t file);
void lose(struct world *w, size_t file);
void rewrite(struct world *w, size_t file);

/* The daemon's figures are those of everything that was ever seen. */
void compare(struct world *w);
/* The file alone says the same, to the nano-dollar. */
void compare_file(struct world *w);
/* The sums in the file are those of its rows. */
void compare_sums(sqlite3 *db);

#endif
