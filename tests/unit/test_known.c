/* ledger/store/known: which transcripts the file knows, and which of them are there. */
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "scratch.h"
#include "base/scope.h"
#include "ledger/store/database.h"
#include "ledger/store/known.h"
#include "ledger/store/recall.h"
#include "ledger/store/write.h"

static sqlite3 *db;
static struct store_roots roots;
static struct store_known_list list;

static int set_up(void **state)
{
	struct buf error = BUF_INIT;
	(void)state;
	scratch_make(&test_dir);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "state/ledger.db"), &db, &error),
			 STORE_OPENED);
	buf_release(&error);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_known_release(&list);
	store_roots_release(&roots);
	store_database_close(db);
	scratch_remove(&test_dir);
	return 0;
}

/* A data directory's projects/ below the scratch directory, with one project. */
static void make_root(const char *name)
{
	char folder[128], root[600];
	snprintf(folder, sizeof(folder), "%s/p", name);
	snprintf(root, sizeof(root), "%s", scratch_name(&test_dir, name));
	(void)mkdir(root, 0700);
	(void)mkdir(scratch_name(&test_dir, folder), 0700);
	struct data_dirs dirs = { .count = 1 };
	dirs.projects[0] = root;
	store_roots_find(&roots, &dirs);
}

static char *path_in(const char *root, const char *name)
{
	static char path[600];
	char below[128];
	snprintf(below, sizeof(below), "%s/p/%s.jsonl", root, name);
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, below));
	return path;
}

static uint64_t mark_of(const char *path, size_t len)
{
	char bytes[64];
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	assert_true(len <= sizeof(bytes) && fread(bytes, 1, len, file) == len);
	(void)fclose(file);
	return strmap_hash(bytes, len);
}

/* The file says that this transcript was read to its end, in the version that is there. */
static void keep(const char *root, const char *name, unsigned version, bool gone)
{
	struct stat st;
	struct store_writer *writer = store_writer_new(db);
	struct store_batch *batch = store_batch_new(&roots);
	const struct ledger_kept transcript = {
		.path = path_in(root, name),
		.root_len = strlen(scratch_name(&test_dir, root)) + 1,
		.session_id = name,
		.version = version,
		.gone = gone,
	};
	assert_int_equal(stat(transcript.path, &st), 0);
	const struct store_progress progress = {
		.dev = (uint64_t)st.st_dev,
		.ino = (uint64_t)st.st_ino,
		.size_bytes = st.st_size,
		.modified_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
		.offset = st.st_size,
		.mark = mark_of(transcript.path, (size_t)st.st_size),
		.mark_len = (size_t)st.st_size,
		.malformed.of[MALFORMED_NEGATIVE] = version,
		.has_skipped = version > 0,
	};
	store_batch_add_transcript(batch, &transcript, &progress);
	assert_int_equal(store_writer_write(writer, batch), SQLITE_OK);
	store_batch_free(batch);
	store_writer_free(writer);
}

static void write_lines(const char *root, const char *name, const char *lines)
{
	char below[128];
	snprintf(below, sizeof(below), "%s/p/%s.jsonl", root, name);
	scratch_write(&test_dir, below, lines, strlen(lines));
}

/* What the list says, when all were touched: "a:there b:lost ". */
static void expect(const char *wanted)
{
	AUTO_BUF found = BUF_INIT;
	store_known_release(&list);
	assert_int_equal(store_known_read_there(db, &roots, &list), SQLITE_OK);
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;
		assert_true(list.all[i].is_there);
		bool has_grown = stat(list.all[i].path, &st) == 0
				 && store_known_has_grown(&list.all[i], st.st_size, 0);
		buf_printf(&found, "%s:%s ", list.all[i].session_id,
			   list.all[i].state == STORE_LOST ? "lost" : has_grown ? "grown" : "there");
	}
	assert_string_equal(buf_str(&found), wanted);
}

static void what_is_there_what_went_and_what_was_cut(void **state)
{
	(void)state;
	make_root("projects");
	static const char *const names[] = { "as-before", "cut", "deleted", "gone", "grown", "rewritten" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		write_lines("projects", names[i], "one\ntwo\n");
		keep("projects", names[i], i == 0 ? 3 : 0, strcmp(names[i], "gone") == 0);
	}
	keep("projects", "as-before", 4, true);
	write_lines("projects", "cut", "one\n");
	write_lines("projects", "grown", "one\ntwo\nthree");
	write_lines("projects", "rewritten", "three\nfour\n");
	assert_int_equal(unlink(path_in("projects", "deleted")), 0);
	expect("as-before:there cut:lost deleted:there grown:grown rewritten:lost ");
	const struct store_known *known = store_known_find(&list, path_in("projects", "as-before"));
	assert_non_null(known);
	assert_int_equal(known->progress.offset, 8);
	assert_int_equal(known->progress.mark, strmap_hash("one\ntwo\n", 8));
	assert_int_equal(known->progress.malformed.of[MALFORMED_NEGATIVE], 3);
	assert_true(known->progress.has_skipped);
	assert_string_equal(known->path, path_in("projects", "as-before"));
	struct store_known same = *known;
	assert_false(store_known_has_grown(&same, known->progress.size_bytes, known->progress.modified_ns));
	known = store_known_find(&list, path_in("projects", "cut"));
	assert_int_equal(malformed_count(&known->progress.malformed), 0);
	assert_false(known->progress.has_skipped);
	assert_null(store_known_find(&list, path_in("projects", "gone")));
}

static void only_those_of_our_directories_once(void **state)
{
	(void)state;
	make_root("mine");
	write_lines("mine", "a", "one\n");
	keep("mine", "a", 0, false);
	/* One that lies below another, and another that nobody watches now. */
	make_root("mine/p/inner");
	write_lines("mine/p/inner", "b", "one\n");
	keep("mine/p/inner", "b", 0, false);
	make_root("theirs");
	write_lines("theirs", "c", "one\n");
	keep("theirs", "c", 0, false);
	store_roots_release(&roots);
	make_root("mine");
	make_root("mine/p/inner");
	expect("a:there b:there ");
	/* A second name for the first. */
	char target[600];
	snprintf(target, sizeof(target), "%s", scratch_name(&test_dir, "mine"));
	assert_int_equal(symlink(target, scratch_name(&test_dir, "link")), 0);
	make_root("link");
	expect("a:there b:there ");
}

static void a_directory_that_is_not_there_has_lost_nothing(void **state)
{
	char away[600];
	(void)state;
	make_root("projects");
	write_lines("projects", "a", "one\n");
	keep("projects", "a", 0, false);
	snprintf(away, sizeof(away), "%s", scratch_name(&test_dir, "away"));
	assert_int_equal(rename(scratch_name(&test_dir, "projects"), away), 0);
	expect("");
}

static int64_t recall(struct ledger *ledger)
{
	struct buf error = BUF_INIT;
	struct data_dirs dirs = { .count = 1 };
	char root[600];
	snprintf(root, sizeof(root), "%s", scratch_name(&test_dir, "projects"));
	dirs.projects[0] = root;
	int64_t messages = store_recall_read_only(&dirs, ledger, &error);
	assert_true(messages < 0 ? error.len > 0 : error.len == 0);
	buf_release(&error);
	return messages;
}

static void what_a_lost_transcript_said_comes_out_of_the_file(void **state)
{
	char folder[600];
	(void)state;
	struct ledger *ledger = ledger_new();
	setenv("XDG_STATE_HOME", test_dir.path, 1);
	assert_int_equal(recall(ledger), 0);
	/* The user's file. */
	store_database_close(db);
	snprintf(folder, sizeof(folder), "%s", scratch_name(&test_dir, "swatch"));
	assert_int_equal(rename(scratch_name(&test_dir, "state"), folder), 0);
	struct buf error = BUF_INIT;
	assert_int_equal(store_database_open(scratch_name(&test_dir, "swatch/ledger.db"), &db, &error),
			 STORE_OPENED);
	make_root("projects");
	write_lines("projects", "a", "one\n");
	keep("projects", "a", 0, false);
	struct store_writer *writer = store_writer_new(db);
	struct store_batch *batch = store_batch_new(&roots);
	const struct ledger_kept kept = {
		.path = path_in("projects", "a"),
		.root_len = strlen(scratch_name(&test_dir, "projects")) + 1,
		.session_id = "a",
		.record = { .time_ms = INT64_C(1795435200000),
			    .id_hash = 7,
			    .has_id = true,
			    .model = { "m", 1 } },
	};
	store_batch_add(batch, &kept);
	assert_int_equal(store_writer_write(writer, batch), SQLITE_OK);
	store_batch_free(batch);
	store_writer_free(writer);
	/* As long as it is there, it says that itself. */
	assert_int_equal(recall(ledger), 0);
	assert_int_equal(remove(path_in("projects", "a")), 0);
	assert_int_equal(recall(ledger), 1);
	assert_int_equal(ledger_count(ledger), 1);
	assert_int_equal(sqlite3_exec(db, "DROP TABLE tombstone", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(recall(ledger), -1);
	ledger_free(ledger);
	buf_release(&error);
	unsetenv("XDG_STATE_HOME");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_what_went_and_what_was_cut),
		TEST(only_those_of_our_directories_once),
		TEST(a_directory_that_is_not_there_has_lost_nothing),
		TEST(what_a_lost_transcript_said_comes_out_of_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
