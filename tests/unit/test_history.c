/* history: which transcripts the folders have, and what becomes of those that cannot be read. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail_alloc.h"
#include "history/found.h"
#include "history/history.h"
#include "scratch.h"
#include "transcript/path.h"
#include "unit.h"

#define LINE \
	"{\"type\":\"assistant\",\"timestamp\":\"2026-11-23T12:00:00.000Z\",\"requestId\":\"r%d\",\"message\":{" \
	"\"id\":\"m%d\",\"model\":\"claude-opus-4-6\",\"role\":\"assistant\"," \
	"\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}\n"

#define ROOT_SIZE 900
static char *roots[3];
static struct data_dirs dirs;
static struct buf error;

static int set_up(void **state)
{
	static char names[3][ROOT_SIZE];
	(void)state;
	scratch_make(&test_dir);
	static const char *const ends[] = { "projects", "link", "none" };
	dirs = (struct data_dirs){ .count = 3 };
	for (size_t i = 0; i < 3; i++) {
		snprintf(names[i], sizeof(names[i]), "%s", scratch_name(&test_dir, ends[i]));
		dirs.projects[i] = roots[i] = names[i];
	}
	assert_int_equal(mkdirat(test_dir.dir_fd, "projects", 0700), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, "projects/-p", 0700), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_release(&error);
	scratch_remove(&test_dir);
	return 0;
}

static void write_message(const char *name, int number)
{
	char text[400];
	snprintf(text, sizeof(text), LINE, number, number);
	scratch_write_text(&test_dir, name, text);
}

static void each_transcript_once_and_nothing_else(void **state)
{
	struct history_job *jobs;
	size_t count;
	const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };
	(void)state;
	write_message("projects/-p/old.jsonl", 1);
	assert_int_equal(utimensat(test_dir.dir_fd, "projects/-p/old.jsonl", times, 0), 0);
	write_message("projects/-p/new.jsonl", 2);
	write_message("projects/-p/notes.txt", 3);
	assert_int_equal(mkfifoat(test_dir.dir_fd, "projects/-p/fifo.jsonl", 0600), 0);
	assert_int_equal(symlinkat("new.jsonl", test_dir.dir_fd, "projects/-p/link.jsonl"), 0);
	assert_int_equal(symlinkat("projects", test_dir.dir_fd, "link"), 0);
	assert_int_equal(history_list(&dirs, &jobs, &count, &error), 0);
	assert_int_equal(error.len, 0);
	assert_int_equal(count, 2);
	assert_string_equal(jobs[0].path, scratch_name(&test_dir, "projects/-p/new.jsonl"));
	assert_string_equal(jobs[0].path + jobs[0].root_len, "-p/new.jsonl");
	assert_string_equal(jobs[1].path + jobs[1].root_len, "-p/old.jsonl");
	for (size_t i = 0; i < count; i++)
		free(jobs[i].path);
	free(jobs);
}

static void name_a_root_that_cannot_be(void)
{
	snprintf(roots[1], ROOT_SIZE, "%s/%0300d", test_dir.path, 0);
}

static void what_cannot_be_looked_through_is_named(void **state)
{
	struct history_job *jobs;
	size_t count;
	char path[2000] = "projects/-p";
	(void)state;
	name_a_root_that_cannot_be();
	write_message("projects/-p/s1.jsonl", 1);
	assert_int_equal(history_list(&dirs, &jobs, &count, &error), 0);
	assert_int_equal(count, 1);
	assert_non_null(strstr(buf_str(&error), "0: File name too long"));
	free(jobs[0].path);
	free(jobs);
	/* The first one is named. */
	for (int depth = 0; depth <= TRANSCRIPT_MAX_DEPTH; depth++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "/d");
		assert_int_equal(mkdirat(test_dir.dir_fd, path, 0700), 0);
	}
	buf_clear(&error);
	assert_int_equal(history_list(&dirs, &jobs, &count, &error), 0);
	assert_int_equal(count, 1);
	assert_non_null(strstr(buf_str(&error), "/d/d: too many folders in each other"));
	free(jobs[0].path);
	free(jobs);
}

static struct history_job *make_job(struct history_job *jobs, size_t number, const char *path)
{
	jobs[number] = (struct history_job){ .path = strdup(path), .root_len = strlen(roots[0]) + 1 };
	assert_non_null(jobs[number].path);
	return &jobs[number];
}

static void single_ones_into_a_ledger(void **state)
{
	struct history_stats stats;
	struct ledger *ledger = ledger_new();
	struct history_job *jobs = calloc(4, sizeof(*jobs));
	struct buf name = BUF_INIT;
	(void)state;
	assert_non_null(ledger);
	assert_non_null(jobs);
	write_message("projects/-p/s1.jsonl", 1);
	write_message("projects/-p/s2.jsonl", 2);
	(void)make_job(jobs, 0, scratch_name(&test_dir, "projects/-p/s1.jsonl"));
	const char *second = scratch_name(&test_dir, "projects/-p/s2.jsonl");
	history_set_ledger_file(make_job(jobs, 1, second),
				ledger_add_file(ledger, second, strlen(roots[0]) + 1, "other", false));
	/* One that is gone is no failure; one whose name no file can have is. */
	(void)make_job(jobs, 2, scratch_name(&test_dir, "projects/-p/gone.jsonl"));
	buf_printf(&name, "%s/-p/%0300d.jsonl", roots[0], 0);
	(void)make_job(jobs, 3, buf_str(&name));
	assert_int_equal(history_read_jobs(ledger, jobs, 4, 2, &stats, &error), 0);
	assert_int_equal(stats.files, 4);
	assert_int_equal(stats.failed, 1);
	assert_non_null(strstr(buf_str(&error), ".jsonl: File name too long"));
	assert_int_equal(ledger_count(ledger), 2);
	struct ledger_entry_view entry;
	bool found_other = false;
	for (size_t i = 0; ledger_entry_at(ledger, i, &entry); i++)
		found_other = found_other || strcmp(entry.session_id, "other") == 0;
	assert_true(found_other);
	buf_release(&name);
	ledger_free(ledger);
}

static void all_of_them_into_a_ledger(void **state)
{
	struct history_stats stats;
	struct ledger *ledger = ledger_new();
	char name[100];
	(void)state;
	name_a_root_that_cannot_be();
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "projects/-p/s%d.jsonl", i);
		write_message(name, i);
	}
	assert_int_equal(history_read(ledger, &dirs, 2, &stats, &error), 0);
	assert_int_equal(stats.files, 40);
	assert_int_equal(ledger_count(ledger), 40);
	assert_non_null(strstr(buf_str(&error), "0: File name too long"));
	ledger_free(ledger);
}

/* ---- without memory ---- */

static void no_list_is_short_for_lack_of_memory(void **state)
{
	(void)state;
	struct history_job *jobs;
	size_t count;
	int result = -1, allocations = 0;
	write_message("projects/-p/s1.jsonl", 1);
	write_message("projects/-p/s2.jsonl", 2);
	for (; result != 0; allocations++) {
		fail_alloc_after(allocations);
		result = history_list(&dirs, &jobs, &count, &error);
		assert_true(fail_alloc_stop() == (result != 0));
		assert_int_equal(error.len, 0);
	}
	assert_true(allocations > 3);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++)
		free(jobs[i].path);
	free(jobs);
}

/* Reads all when memory runs out after so many allocations. Returns true when it did not. */
static bool read_with_allocations(int allocations, bool as_jobs)
{
	struct history_stats stats;
	struct history_job *jobs = NULL;
	size_t count = 0;
	struct ledger *ledger = ledger_new();
	assert_non_null(ledger);
	assert_true(buf_reserve(&error, 4096));
	buf_clear(&error);
	if (as_jobs)
		assert_int_equal(history_list(&dirs, &jobs, &count, &error), 0);
	fail_alloc_after(allocations);
	int result = as_jobs ? history_read_jobs(ledger, jobs, count, 1, &stats, &error)
			     : history_read(ledger, &dirs, 1, &stats, &error);
	bool has_failed = fail_alloc_stop();
	/* Whoever is not told anything has got everything. */
	if (result == 0 && stats.failed == 0)
		assert_int_equal(ledger_count(ledger), 2);
	else
		assert_true(has_failed);
	if (result == 0 && stats.failed > 0)
		assert_non_null(strstr(buf_str(&error), ".jsonl: Cannot allocate memory"));
	if (result != 0 && error.len > 0)
		assert_string_equal(buf_str(&error),
				    "cannot start to read the transcripts: Cannot allocate memory");
	ledger_free(ledger);
	return !has_failed;
}

static void nothing_is_left_out_unseen_for_lack_of_memory(void **state)
{
	(void)state;
	write_message("projects/-p/s1.jsonl", 1);
	write_message("projects/-p/s2.jsonl", 2);
	for (int as_jobs = 0; as_jobs < 2; as_jobs++) {
		int allocations = 0;
		while (!read_with_allocations(allocations, as_jobs))
			allocations++;
		assert_true(allocations > 10);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void beside_other_work_the_same_are_found(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		char name[60];
		snprintf(name, sizeof(name), "projects/-p/s%d.jsonl", i);
		write_message(name, i);
	}
	for (int here = 0; here <= 1; here++) {
		struct history_found found;
		struct history_job *jobs, job;
		char *paths[2][30];
		size_t count, at = 0;
		assert_int_equal(history_list(&dirs, &jobs, &count, &error), 0);
		assert_int_equal(count, 30);
		history_found_start(&found, &dirs, here);
		assert_true(history_found_wait(&found));
		assert_int_equal(found.unlisted.len, 0);
		for (size_t i = 0; i < 30; i++) {
			assert_true(history_found_next(&found, &at, &job));
			assert_int_equal(job.root_len, jobs[i].root_len);
			assert_true(job.size_bytes > 0 && job.modified_ns > 0);
			paths[0][i] = jobs[i].path;
			paths[1][i] = job.path;
		}
		assert_false(history_found_next(&found, &at, &job));
		for (int which = 0; which <= 1; which++)
			qsort(paths[which], 30, sizeof(char *), compare_texts);
		for (size_t i = 0; i < 30; i++) {
			assert_string_equal(paths[0][i], paths[1][i]);
			free(paths[0][i]);
		}
		free(jobs);
		history_found_release(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_transcript_once_and_nothing_else),
		CASE(beside_other_work_the_same_are_found),
		CASE(what_cannot_be_looked_through_is_named),
		CASE(single_ones_into_a_ledger),
		CASE(all_of_them_into_a_ledger),
		CASE(no_list_is_short_for_lack_of_memory),
		CASE(nothing_is_left_out_unseen_for_lack_of_memory),
	};
	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
