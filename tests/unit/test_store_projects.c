/* store/folders, store/projects: what the ledger's file keeps of the names of projects and branches. */
#include <dirent.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "scratch.h"
#include "base/array.h"
#include "ledger/store/database.h"
#include "ledger/store/folders.h"
#include "ledger/store/hours.h"
#include "ledger/store/known.h"
#include "ledger/store/projects.h"
#include "ledger/store/purge.h"
#include "ledger/store/repair.h"
#include "ledger/store/schema.h"
#include "ledger/store/store.h"
#include "ledger/store/write.h"

/* 2026-03-29T10:00:00Z */
#define START_MS INT64_C(1774778400000)

/* On disk, and gone from it. */
#define HERE "-home-u-client-acme"
#define GONE "-home-u-client-initech"
#define BRANCH "merge-with-globex"

static struct store_roots roots;

struct world {
	char root[600], path[600];   /* the projects/ directory with a slash, the ledger's file */
	sqlite3 *db;
	unsigned messages;
};

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

/* The first answer; "" without one. */
static const char *ask(sqlite3 *db, const char *sql)
{
	static char answer[200];
	sqlite3_stmt *question = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &question, NULL), SQLITE_OK);
	const char *text = sqlite3_step(question) == SQLITE_ROW
				 ? (const char *)sqlite3_column_text(question, 0)
				 : NULL;
	snprintf(answer, sizeof(answer), "%s", text ? text : "");
	sqlite3_finalize(question);
	return answer;
}

static void open_file(struct world *w)
{
	struct buf error = BUF_INIT;
	if (store_database_open(w->path, &w->db, &error) != STORE_OPENED)
		fail_msg("%s", buf_str(&error));
	buf_release(&error);
}

static int set_up(void **state)
{
	static struct world w;
	scratch_set_up(state);
	memset(&w, 0, sizeof(w));
	snprintf(w.root, sizeof(w.root), "%s", scratch_name(&test_dir, "projects/"));
	snprintf(w.path, sizeof(w.path), "%s", scratch_name(&test_dir, "ledger.db"));
	assert_int_equal(mkdir(scratch_name(&test_dir, "projects"), 0700), 0);
	assert_int_equal(mkdir(scratch_name(&test_dir, "projects/" HERE), 0700), 0);
	setenv("TZ", "UTC", 1);
	tzset();
	open_file(&w);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	store_database_close(w->db);
	store_roots_release(&roots);
	return scratch_tear_down(state);
}

/* A message of a session in a folder, as the daemon writes it. */
static void add(struct world *w, const char *folder, const char *session)
{
	struct store_batch *batch = store_batch_new(&roots);
	struct store_writer *writer = store_writer_new(w->db);
	char path[900];
	snprintf(path, sizeof(path), "%s%s/%s.jsonl", w->root, folder, session);
	struct ledger_kept kept = { .path = path, .root_len = strlen(w->root), .session_id = session,
				    .branch = BRANCH, .cost_usd = .5, .reference_usd = .5 };
	kept.record.time_ms = START_MS + w->messages++;
	kept.record.has_id = true;
	kept.record.id_hash = w->messages;
	kept.record.tokens.output = 10;
	kept.record.model = (struct slice){ "claude-opus-4-6", 15 };
	store_batch_add(batch, &kept);
	assert_false(batch->failed);
	assert_int_equal(store_writer_write(writer, batch), SQLITE_OK);
	assert_int_equal(store_writer_write(writer, batch), SQLITE_OK);
	store_batch_free(batch);
	store_writer_free(writer);
}

static void set(struct world *w, enum ledger_projects mode)
{
	bool changed;
	assert_int_equal(store_projects_apply(w->db, mode, &changed), SQLITE_OK);
	assert_true(changed);
	assert_int_equal(store_projects_wipe(w->db, w->path), SQLITE_OK);
	assert_int_equal(store_projects_apply(w->db, mode, &changed), SQLITE_OK);
	assert_false(changed);
}

/* Whether any file beside the ledger's has the text in it. */
static bool is_written(const char *text)
{
	DIR *dir = opendir(test_dir.path);
	bool found = false;
	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;
		const char *path = scratch_name(&test_dir, entry->d_name);
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
			continue;
		char *bytes = malloc((size_t)st.st_size);
		FILE *file = fopen(path, "r");
		assert_true(bytes && file);
		size_t got = fread(bytes, 1, (size_t)st.st_size, file);
		found = found || memmem(bytes, got, text, strlen(text)) != NULL;
		(void)fclose(file);
		free(bytes);
	}
	closedir(dir);
	return found;
}

static bool note_hour(void *ctx, const struct store_hour *hour)
{
	char *out = ctx;
	size_t len = strlen(out);
	snprintf(out + len, 400 - len, "%.3s %s %lld, ", hour->project, hour->session,
		 (long long)hour->messages);
	return true;
}

/* Each hour's project (its first letters), session and messages. */
static const char *hours(struct world *w)
{
	static char said[400];
	said[0] = '\0';
	assert_int_equal(store_hours_read(w->db, 0, note_hour, said), SQLITE_OK);
	return said;
}

/* ---- folders ---- */

static struct buf hidden, shown;

static const char *hide(struct store_folders *folders, struct world *w, const char *below)
{
	struct buf path = BUF_INIT;
	buf_printf(&path, "%s%s", w->root, below);
	buf_clear(&hidden);
	store_folders_hide(folders, path.data, strlen(w->root), &hidden);
	buf_release(&path);
	return hidden.data + strlen(w->root);
}

static const char *show(struct store_folders *folders, struct world *w, const char *below)
{
	struct buf path = BUF_INIT;
	buf_printf(&path, "%s%s", w->root, below);
	buf_clear(&shown);
	const struct store_folders_path stored = { path.data, strlen(w->root), false };
	store_folders_show(folders, &stored, &shown);
	buf_release(&path);
	return shown.data + strlen(w->root);
}

static void open_folders(struct world *w, struct store_folders *folders)
{
	assert_int_equal(store_folders_open(w->db, folders), SQLITE_OK);
}

static void a_folder_is_found_again_while_it_is_on_disk(void **state)
{
	struct world *w = *state;
	static const enum ledger_projects modes[] = { LEDGER_PROJECTS_HASH, LEDGER_PROJECTS_OFF };
	struct store_folders folders;
	char here[100], gone[100], agent[100];
	for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
		set(w, modes[i]);
		open_folders(w, &folders);
		snprintf(here, sizeof(here), "%s", hide(&folders, w, HERE "/s1.jsonl"));
		snprintf(agent, sizeof(agent), "%s", hide(&folders, w, HERE "/s1/subagents/agent-a.jsonl"));
		snprintf(gone, sizeof(gone), "%s", hide(&folders, w, GONE "/s2.jsonl"));
		assert_int_equal(strcspn(here, "/"), 17);
		assert_string_equal(here + 17, "/s1.jsonl");
		/* With `off` nobody sees that two transcripts are of one project. */
		assert_int_equal(strncmp(here, agent, 17) == 0, modes[i] == LEDGER_PROJECTS_HASH);
		assert_string_equal(hide(&folders, w, "loose.jsonl"), "loose.jsonl");
		assert_string_equal(hide(&folders, w, here), here);
		store_folders_release(&folders);
		/* Another program, which has seen none of them. */
		open_folders(w, &folders);
		assert_string_equal(show(&folders, w, gone), gone);
		assert_string_equal(show(&folders, w, here), HERE "/s1.jsonl");
		assert_string_equal(show(&folders, w, agent), HERE "/s1/subagents/agent-a.jsonl");
		/* It comes back, and somebody reads its transcript. */
		assert_string_equal(hide(&folders, w, GONE "/s2.jsonl"), gone);
		assert_string_equal(show(&folders, w, gone), GONE "/s2.jsonl");
		store_folders_release(&folders);
	}
	buf_release(&hidden);
	buf_release(&shown);
}

static void another_file_has_other_hashes(void **state)
{
	struct world *w = *state;
	struct store_folders folders;
	char first[STORE_FOLDERS_SIZE], second[STORE_FOLDERS_SIZE];
	open_folders(w, &folders);
	assert_false(store_folders_hash(&folders, HERE, first));
	set(w, LEDGER_PROJECTS_HASH);
	open_folders(w, &folders);
	assert_true(store_folders_hash(&folders, HERE, first));
	store_folders_release(&folders);
	run(w->db, "DELETE FROM meta WHERE key IN ('projects', 'projects_key')");
	set(w, LEDGER_PROJECTS_HASH);
	open_folders(w, &folders);
	assert_true(store_folders_hash(&folders, HERE, second));
	assert_string_not_equal(first, second);
	store_folders_release(&folders);
	/* A key that we cannot have made: then the file has names. */
	run(w->db, "UPDATE meta SET value = 'zz' WHERE key = 'projects_key'");
	open_folders(w, &folders);
	assert_int_equal(folders.mode, LEDGER_PROJECTS_PATH);
	store_folders_release(&folders);
}

/* ---- changing ---- */

static void names_go_from_the_file_and_its_backups(void **state)
{
	struct world *w = *state;
	static const enum ledger_projects modes[] = { LEDGER_PROJECTS_HASH, LEDGER_PROJECTS_OFF };
	for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
		if (i > 0)
			set(w, LEDGER_PROJECTS_PATH);
		add(w, HERE, "s1");
		add(w, i == 0 ? GONE : "-home-u-client-umbrella", i == 0 ? "s2" : "s3");
		assert_int_equal(store_back_up(w->db, w->path, START_MS * 2), SQLITE_OK);
		assert_true(is_written(HERE) && is_written("-home-u-client") && is_written(BRANCH));
		set(w, modes[i]);
		add(w, HERE, "s1");
		run(w->db, "PRAGMA wal_checkpoint(TRUNCATE)");
		assert_false(is_written("client") || is_written("globex"));
		assert_true(is_written("s1.jsonl"));
	}
	assert_string_equal(ask(w->db, "SELECT count(*) FROM branch"), "0");
}

/* As after a kill between the two. */
static void a_wipe_that_did_not_come_is_done_later(void **state)
{
	struct world *w = *state;
	bool changed;
	add(w, HERE, "s1");
	assert_int_equal(store_back_up(w->db, w->path, START_MS * 2), SQLITE_OK);
	assert_int_equal(store_projects_apply(w->db, LEDGER_PROJECTS_HASH, &changed), SQLITE_OK);
	assert_true(is_written("client"));
	store_database_close(w->db);
	open_file(w);
	assert_int_equal(store_projects_apply(w->db, LEDGER_PROJECTS_HASH, &changed), SQLITE_OK);
	assert_false(changed);
	assert_int_equal(store_projects_wipe(w->db, w->path), SQLITE_OK);
	assert_false(is_written("client"));
}

static void names_come_back_where_the_disk_has_them(void **state)
{
	struct world *w = *state;
	add(w, HERE, "s1");
	add(w, GONE, "s2");
	set(w, LEDGER_PROJECTS_HASH);
	assert_string_equal(ask(w->db, "SELECT count(*) FROM transcript WHERE path GLOB '*/#*'"), "2");
	set(w, LEDGER_PROJECTS_PATH);
	assert_string_equal(ask(w->db, "SELECT path FROM transcript WHERE id = 1") + strlen(w->root),
			    HERE "/s1.jsonl");
	assert_string_equal(ask(w->db, "SELECT count(*) FROM transcript WHERE path GLOB '*/#*'"), "1");
	/* It is restored from somewhere, and read: then the names are hidden again, and both stay. */
	add(w, GONE, "s2");
	assert_string_equal(ask(w->db, "SELECT count(*) FROM transcript"), "3");
	set(w, LEDGER_PROJECTS_HASH);
	assert_string_equal(ask(w->db, "SELECT count(*) FROM transcript"), "3");
	assert_string_equal(ask(w->db, "SELECT count(DISTINCT path) || max(version) FROM transcript"), "21");
	assert_string_equal(ask(w->db, "SELECT count(*) FROM branch"), "1");
	assert_string_equal(ask(w->db, "SELECT count(*) FROM message WHERE branch = 0"), "0");
	assert_false(is_written("client"));
}

static void a_failed_change_changes_nothing(void **state)
{
	struct world *w = *state;
	bool changed;
	add(w, HERE, "s1");
	run(w->db, "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON main.branch"
		   " BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_int_not_equal(store_projects_apply(w->db, LEDGER_PROJECTS_HASH, &changed), SQLITE_OK);
	assert_false(changed);
	assert_string_equal(ask(w->db, "SELECT path FROM transcript") + strlen(w->root), HERE "/s1.jsonl");
	assert_string_equal(ask(w->db, "SELECT count(*) FROM meta WHERE key LIKE 'projects%'"), "0");
}

/* ---- who reads ---- */

static void projects_stay_together_or_are_one(void **state)
{
	static const char folders_in_file[] =
		"SELECT count(DISTINCT substr(path, root_bytes + 1, 17)) FROM transcript";
	struct world *w = *state;
	add(w, HERE, "s1");
	add(w, HERE, "s2");
	add(w, GONE, "s3");
	assert_string_equal(hours(w), "-ho s1 1, -ho s2 1, -ho s3 1, ");
	set(w, LEDGER_PROJECTS_HASH);
	assert_string_equal(ask(w->db, folders_in_file), "2");
	assert_string_equal(ask(w->db, "SELECT sum(nano_usd) FROM hour"), "1500000000");
	set(w, LEDGER_PROJECTS_OFF);
	assert_string_equal(hours(w), " s1 1,  s2 1,  s3 1, ");
	assert_string_equal(ask(w->db, folders_in_file), "3");
	assert_string_equal(ask(w->db, "SELECT sum(nano_usd) FROM hour"), "1500000000");
}

static void a_transcript_that_is_there_is_known_by_its_path(void **state)
{
	struct world *w = *state;
	struct data_dirs dirs = { .count = 1 };
	struct store_known_list known = { 0 };
	char projects[600], path[900];
	snprintf(projects, sizeof(projects), "%s", scratch_name(&test_dir, "projects"));
	snprintf(path, sizeof(path), "%s%s/s1.jsonl", w->root, HERE);
	dirs.projects[0] = projects;
	add(w, HERE, "s1");
	set(w, LEDGER_PROJECTS_OFF);
	assert_int_equal(store_known_read(w->db, &dirs, &known), SQLITE_OK);
	assert_int_equal(known.count, 1);
	assert_non_null(store_known_find(&known, path));
	store_known_release(&known);
}

static void purge_finds_a_project_by_its_name(void **state)
{
	struct world *w = *state;
	struct store_purged gone;
	const struct store_purge purge = { .by = STORE_PURGE_PROJECT, .name = GONE };
	add(w, HERE, "s1");
	add(w, GONE, "s2");
	set(w, LEDGER_PROJECTS_HASH);
	assert_int_equal(store_purge_do(w->db, &purge, START_MS + 1000, &gone), SQLITE_OK);
	assert_int_equal(gone.messages, 1);
	assert_string_equal(ask(w->db, "SELECT count(*) FROM transcript"), "1");
	/* By its name, and by what stands for it. */
	assert_string_equal(ask(w->db, "SELECT count(*) FROM tombstone WHERE kind = 2"), "2");
}

static void the_daemons_file_keeps_them_from_its_first_line_on(void **state)
{
	struct world *w = *state;
	struct buf notice = BUF_INIT, error = BUF_INIT;
	store_database_close(w->db);
	assert_int_equal(unlink(w->path), 0);
	struct store *store = store_open(w->path, &notice, &error);
	assert_non_null(store);
	assert_true(store_set_projects(store, LEDGER_PROJECTS_OFF, &notice, &error));
	store_close(store);
	open_file(w);
	add(w, HERE, "s1");
	assert_false(is_written("acme") || is_written(BRANCH));
	assert_int_equal(error.len, 0);
	buf_release(&notice);
	buf_release(&error);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_folder_is_found_again_while_it_is_on_disk),
		CASE(another_file_has_other_hashes),
		CASE(names_go_from_the_file_and_its_backups),
		CASE(a_wipe_that_did_not_come_is_done_later),
		CASE(names_come_back_where_the_disk_has_them),
		CASE(a_failed_change_changes_nothing),
		CASE(projects_stay_together_or_are_one),
		CASE(a_transcript_that_is_there_is_known_by_its_path),
		CASE(purge_finds_a_project_by_its_name),
		CASE(the_daemons_file_keeps_them_from_its_first_line_on),
	};
	return cmocka_run_group_tests_name("store/projects", tests, NULL, NULL);
}
