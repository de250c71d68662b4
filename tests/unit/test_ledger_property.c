/*
 * Properties of the accounts, on random histories: however transcripts grow, in whatever chunks and order,
 * copied, rewritten, truncated or removed meanwhile, the figures are those of one scan of all that was seen.
 *
 * The seeds are printed; SWATCH_TEST_SEED=N runs another one.
 */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "scratch.h"
#include "swatchd/tail/tail.h"
#include "unit.h"
#include "history/history.h"
#include "ledger/ledger.h"
#include "transcript/path.h"

#define ROUNDS 12
/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
#define DAYS 4

static uint64_t random_state;

static int pick(int count)
{
	return (int)(unit_random(&random_state) % (uint64_t)count);
}

static uint64_t seed_of_round(int round)
{
	const char *given = getenv("SWATCH_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 20261123;
	random_state = (seed + (uint64_t)round) * UINT64_C(0x9E3779B97F4A7C15) | 1;
	print_message("seed %llu, round %d\n", (unsigned long long)seed, round);
	return seed;
}

/* Money may be summed in another order. */
static bool is_near(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) < 1e-9 * fmax(1., fabs(a));
}

static void assert_same_sums(const struct ledger_sums *a, const struct ledger_sums *b)
{
	assert_int_equal(a->entries, b->entries);
	assert_int_equal(a->unpriced, b->unpriced);
	assert_memory_equal(&a->tokens, &b->tokens, sizeof(a->tokens));
	assert_true(is_near(a->cost_usd, b->cost_usd));
	assert_true(is_near(a->reference_usd, b->reference_usd));
}

/* ---- the figures of two ledgers ---- */

static const struct ledger_model *find_model(const struct ledger_session *session, const char *name)
{
	for (size_t i = 0; i < session->model_count; i++)
		if (strcmp(session->models[i].name, name) == 0)
			return &session->models[i];
	return NULL;
}

static void assert_same_session(struct ledger *a, struct ledger *b, const char *id, int64_t now_ms)
{
	struct ledger_session left, right;
	ledger_session(a, id, now_ms, &left);
	ledger_session(b, id, now_ms, &right);
	assert_same_sums(&left.sums, &right.sums);
	assert_int_equal(left.subagents, right.subagents);
	assert_true(is_near(left.subagents_usd, right.subagents_usd));
	assert_true(is_near(left.block_usd_per_hour, right.block_usd_per_hour));
	assert_int_equal(left.model_count, right.model_count);
	for (size_t i = 0; i < left.model_count; i++) {
		const struct ledger_model *other = find_model(&right, left.models[i].name);
		assert_non_null(other);
		assert_int_equal(left.models[i].unpriced, other->unpriced);
		assert_same_sums(&left.models[i].sums, &other->sums);
	}
}

static void assert_same_block(const struct ledger_block *a, const struct ledger_block *b)
{
	assert_int_equal(a->start_ms, b->start_ms);
	assert_int_equal(a->first_ms, b->first_ms);
	assert_int_equal(a->last_ms, b->last_ms);
	assert_same_sums(&a->sums, &b->sums);
	assert_true(is_near(a->cost_per_hour_usd, b->cost_per_hour_usd));
	assert_true(is_near(a->tokens_per_minute, b->tokens_per_minute));
	assert_int_equal(a->limit_resets_ms, b->limit_resets_ms);
	assert_int_equal(a->reference_limit_resets_ms, b->reference_limit_resets_ms);
}

/* Model numbers differ from ledger to ledger: by name. */
static void assert_same_models(struct ledger *a, struct ledger *b)
{
	struct ledger_model left, right;
	size_t counted[2] = { 0, 0 };
	for (size_t i = 0; ledger_model_at(b, i, &right); i++)
		counted[1] += right.sums.entries > 0;
	for (size_t i = 0; ledger_model_at(a, i, &left); i++) {
		if (left.sums.entries == 0)
			continue;
		size_t j = 0;
		while (ledger_model_at(b, j, &right) && strcmp(left.name, right.name) != 0)
			j++;
		assert_true(ledger_model_at(b, j, &right));
		assert_same_sums(&left.sums, &right.sums);
		counted[0]++;
	}
	assert_int_equal(counted[0], counted[1]);
}

static void assert_same_figures(struct ledger *a, struct ledger *b, const char *const *ids, size_t id_count)
{
	const int64_t now_ms = START_MS + DAYS * CLOCK_DAY_MS;
	struct ledger_block left, right;
	struct ledger_sums left_day, right_day;
	size_t blocks = 0;
	assert_int_equal(ledger_count(a), ledger_count(b));
	for (int day = -1; day <= DAYS; day++) {
		int64_t start_ms = START_MS + day * CLOCK_DAY_MS;
		ledger_sum_span(a, start_ms, start_ms + CLOCK_DAY_MS, &left_day);
		ledger_sum_span(b, start_ms, start_ms + CLOCK_DAY_MS, &right_day);
		assert_same_sums(&left_day, &right_day);
	}
	for (; ledger_block_at(a, blocks, &left); blocks++) {
		assert_true(ledger_block_at(b, blocks, &right));
		assert_same_block(&left, &right);
	}
	assert_false(ledger_block_at(b, blocks, &right));
	for (size_t i = 0; i < id_count; i++)
		assert_same_session(a, b, ids[i], now_ms);
	assert_same_models(a, b);
}

/* Something is asked in between, so that what comes later meets what was sorted and summed before. */
static void ask(struct ledger *ledger)
{
	struct ledger_block block;
	struct ledger_sums sums;
	struct ledger_session session;
	int64_t at_ms = START_MS + pick(DAYS) * CLOCK_DAY_MS;
	(void)ledger_active_block(ledger, START_MS + DAYS * CLOCK_DAY_MS, &block);
	ledger_sum_span(ledger, at_ms, at_ms + CLOCK_DAY_MS, &sums);
	ledger_session(ledger, pick(2) ? "aaa" : "ccc", START_MS + DAYS * CLOCK_DAY_MS, &session);
}

/* ---- transcripts that grow ---- */

#define FILES 6
#define LINES 160
#define FILE_BYTES (LINES * 900)

static const char *const names[FILES] = { "-p/bbb.jsonl",
					  "-p/aaa.jsonl",
					  "-p/aaa/subagents/agent-1.jsonl",
					  "-q/ccc.jsonl",
					  "-p/aaa/subagents/workflows/wf_1/agent-2.jsonl",
					  "-p-x/aaa.jsonl" };
static const char *const session_ids[] = { "aaa", "bbb", "ccc" };

struct growing {
	char path[4200];
	char text[FILE_BYTES];
	size_t len;
	size_t written;
};

/* A line that was passed on. */
struct seen {
	int file;
	int64_t offset;
	char *line;
	size_t len;
};

struct live {
	struct ev_loop *loop;
	bool rewrites;               /* what is cut off is written otherwise */
	int generation;              /* of what is written otherwise: its messages are others */
	struct seen *seen;
	size_t seen_count, seen_cap;
	struct tail *tail;
	struct ledger *ledger;
	char root[4096];             /* with a slash at its end */
	struct growing files[FILES];
};

static void *on_opened(void *ctx, struct transcript *transcript)
{
	struct live *live = ctx;
	struct transcript_path parts;
	char id[64];
	assert_true(transcript_path_parse(transcript->path + transcript->root_len, &parts));
	snprintf(id, sizeof(id), "%.*s", (int)parts.session_id.len, parts.session_id.data);
	int file = ledger_add_file(live->ledger, transcript->path, transcript->root_len, id, parts.subagent);
	assert_true(file >= 0);
	return (void *)(uintptr_t)(file + 1);
}

static void take_line(struct live *live, const struct transcript *transcript, const struct tail_line *line)
{
	struct scan_facts facts;
	if (live->seen_count == live->seen_cap) {
		live->seen_cap = live->seen_cap * 2 + 64;
		live->seen = realloc(live->seen, live->seen_cap * sizeof(*live->seen));
		assert_non_null(live->seen);
	}
	struct seen *seen = &live->seen[live->seen_count++];
	*seen = (struct seen){ (int)(uintptr_t)transcript->owner - 1, line->offset, malloc(line->len),
			       line->len };
	assert_non_null(seen->line);
	memcpy(seen->line, line->text, line->len);
	if (scan_line(line->text, line->len, &facts, NULL, NULL) && facts.usage.present)
		assert_true(ledger_add(live->ledger, (int)(uintptr_t)transcript->owner - 1, line->offset,
				       &facts.usage)
			    >= 0);
}

static void on_batch(void *ctx, const struct tail_batch *batch)
{
	for (size_t i = 0; i < batch->line_count; i++)
		take_line(ctx, batch->transcript, &batch->lines[i]);
}

static bool wants_lines(void *ctx, const struct transcript *transcript)
{
	(void)ctx;
	(void)transcript;
	return true;
}

/* A line as Claude Code writes it: of one of few messages, so that most were written before, here or
 * elsewhere. */
static size_t write_line(char *out, size_t size, int file, int generation)
{
	static const char *const models[] = { "claude-opus-4-6", "claude-haiku-4-5-20251001", "nonesuch",
					      "<synthetic>", "claude-sonnet-4-5" };
	char when[CLOCK_RFC3339_SIZE];
	int message = pick(90) + generation * 100, kind = pick(20);
	bool side = file == 2 || file == 4 || pick(12) == 0;
	/* The same message at the same time, or now and then a little later. */
	int64_t at_ms = START_MS + (message * INT64_C(7919) % (DAYS * 24 * 60)) * CLOCK_MINUTE_MS
		      + (pick(4) == 0 ? pick(9) : 0);
	clock_format_rfc3339(at_ms, when);
	if (kind == 0)
		return (size_t)snprintf(
			out, size,
			"{\"type\":\"user\",\"timestamp\":\"%s\",\"message\":{\"role\":\"user\","
			"\"content\":\"say \\\"usage\\\":{\\\"input_tokens\\\":9}\"}}\n",
			when);
	if (kind == 1)
		return (size_t)snprintf(
			out, size,
			"{\"type\":\"progress\",\"timestamp\":\"%s\",\"data\":{\"message\":{\"message\":"
			"{\"usage\":{\"input_tokens\":5,\"output_tokens\":5}}}}}\n",
			when);
	if (kind == 2)
		return (size_t)snprintf(out, size, "half a line that is no JSON \"usage\":{\n");
	if (kind == 3)
		return (size_t)snprintf(
			out, size,
			"{\"type\":\"assistant\",\"timestamp\":\"%s\",\"isApiErrorMessage\":true,"
			"\"message\":{\"id\":\"limit%d\",\"model\":\"<synthetic>\","
			"\"content\":[{\"type\":\"text\","
			"\"text\":\"Claude AI usage limit reached|%lld\"}],\"usage\":{\"input_tokens\":0,"
			"\"output_tokens\":0}}}\n",
			when, message, (long long)at_ms / 1000 + 3600);
	size_t len = (size_t)snprintf(out, size,
				      "{\"type\":\"assistant\",\"timestamp\":\"%s\",\"isSidechain\":%s,",
				      when, side ? "true" : "false");
	if (pick(8) != 0)
		len += (size_t)snprintf(out + len, size - len, "\"requestId\":\"req%d\",",
					message + (side ? 1000 : 0));
	if (pick(30) == 0)
		len += (size_t)snprintf(out + len, size - len, "\"costUSD\":0.%02d,", message);
	len += (size_t)snprintf(out + len, size - len,
				"\"message\":{%s\"model\":\"%s\",\"content\":[{\"type\":\"text\","
				"\"text\":\"%0*d\"%s}],",
				pick(25) ? "" : "\"extra\":1,", models[message % 5], pick(200), 7,
				pick(25) ? "" : ",\"id\":null");
	if (pick(20) != 0)
		len += (size_t)snprintf(out + len, size - len, "\"id\":\"msg%d\",", message);
	len += (size_t)snprintf(out + len, size - len,
				"\"usage\":{\"input_tokens\":%d,\"output_tokens\":%d,"
				"\"cache_creation_input_tokens\":%d%s}}}\n",
				message, pick(5) * 100, message * 3,
				pick(6) ? "" : ",\"speed\":\"standard\"");
	assert_true(len < size);
	return len;
}

static void make_folders(const char *path)
{
	char at[4200];
	snprintf(at, sizeof(at), "%s", path);
	for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(at, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static void write_at(const char *path, const char *text, size_t len, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* What a transcript will hold after what is written of it. */
static void write_on(struct live *live, struct growing *file, int lines)
{
	file->len = file->written;
	live->generation++;
	for (int i = 0; i < lines && file->len + 2000 < sizeof(file->text); i++)
		file->len += write_line(file->text + file->len, sizeof(file->text) - file->len,
					(int)(file - live->files), live->generation);
}

/* Something that happens to transcripts. */
static void disturb(struct live *live, struct growing *file)
{
	char beside[4300];
	switch (pick(6)) {
	case 0:  /* written anew, another inode */
		snprintf(beside, sizeof(beside), "%s.new", file->path);
		write_at(beside, file->text, file->written, O_TRUNC);
		assert_int_equal(rename(beside, file->path), 0);
		break;
	case 1:  /* cut in place, and what was cut off comes again later, or something else */
		file->written = (size_t)pick((int)file->written + 1);
		assert_int_equal(truncate(file->path, (off_t)file->written), 0);
		if (live->rewrites)
			write_on(live, file, LINES / 2);
		break;
	case 2:
		assert_int_equal(unlink(file->path), 0);
		file->written = 0;
		tail_note_gone(live->tail, file->path);
		return;
	default:
		tail_recheck(live->tail, false);
		return;
	}
	tail_note(live->tail, file->path, strlen(live->root), false, false);
}

static void grow(struct live *live, struct growing *file)
{
	size_t chunk = (size_t)pick(pick(4) ? 300 : 20000) + 1;
	if (chunk > file->len - file->written)
		chunk = file->len - file->written;
	write_at(file->path, file->text + file->written, chunk, O_APPEND);
	file->written += chunk;
	if (pick(3) != 0)
		tail_note(live->tail, file->path, strlen(live->root), false, false);
	if (pick(3) == 0)
		tail_flush(live->tail);
	if (pick(40) == 0)
		ask(live->ledger);
	if (pick(60) == 0)
		disturb(live, file);
}

static void start_live(struct live *live, const struct scratch *scratch, int round, bool rewrites)
{
	static const struct tail_callbacks callbacks = { .opened = on_opened,
							 .wants_lines = wants_lines,
							 .batch = on_batch };
	memset(live, 0, sizeof(*live));
	live->rewrites = rewrites;
	live->loop = ev_loop_new(EVFLAG_AUTO);
	assert_non_null(live->loop);
	live->ledger = ledger_new();
	assert_non_null(live->ledger);
	snprintf(live->root, sizeof(live->root), "%s/%d/projects/", scratch->path, round);
	live->tail = tail_new(live->loop, 0, &callbacks, live);
	assert_non_null(live->tail);
	for (int i = 0; i < FILES; i++) {
		struct growing *file = &live->files[i];
		snprintf(file->path, sizeof(file->path), "%s%s", live->root, names[i]);
		make_folders(file->path);
		for (int line = 0; line < LINES; line++)
			file->len += write_line(file->text + file->len, sizeof(file->text) - file->len, i, 0);
		write_at(file->path, "", 0, 0);
	}
}

/* What one scan of the directory says. */
static struct ledger *scan_once(const char *root, unsigned threads)
{
	struct ledger *ledger = ledger_new();
	struct history_stats stats;
	struct buf error = BUF_INIT;
	char *projects = strdup(root);
	struct data_dirs dirs = { { projects }, 1 };
	assert_non_null(ledger);
	assert_non_null(projects);
	projects[strlen(projects) - 1] = '\0';
	assert_int_equal(history_read(ledger, &dirs, threads, &stats, &error), 0);
	assert_int_equal(stats.files, FILES);
	assert_int_equal(stats.failed, 0);
	buf_release(&error);
	free(projects);
	return ledger;
}

static void grow_all(struct live *live)
{
	size_t done = 0;
	while (done < FILES) {
		struct growing *file = &live->files[pick(FILES)];
		if (file->written < file->len)
			grow(live, file);
		done = 0;
		for (int i = 0; i < FILES; i++)
			done += live->files[i].written == live->files[i].len;
	}
	for (int i = 0; i < FILES; i++)
		tail_note(live->tail, live->files[i].path, strlen(live->root), false, false);
	tail_flush(live->tail);
}

static void end_live(struct live *live)
{
	for (size_t i = 0; i < live->seen_count; i++)
		free(live->seen[i].line);
	free(live->seen);
	tail_free(live->tail);
	ledger_free(live->ledger);
	ev_loop_destroy(live->loop);
}

static void any_growth_gives_the_figures_of_one_scan(void **state)
{
	(void)state;
	static struct live live;
	struct scratch scratch;
	scratch_make(&scratch);
	for (int round = 0; round < ROUNDS; round++) {
		seed_of_round(round);
		start_live(&live, &scratch, round, false);
		grow_all(&live);
		for (unsigned threads = 1; threads <= 3; threads += 2) {
			struct ledger *once = scan_once(live.root, threads);
			assert_true(ledger_count(once) > 100);
			assert_same_figures(live.ledger, once, session_ids,
					    sizeof(session_ids) / sizeof(session_ids[0]));
			ledger_free(once);
		}
		end_live(&live);
	}
	scratch_remove(&scratch);
}

/* All lines that were ever passed on, in another order, into a ledger whose files have other numbers. */
static struct ledger *account_seen(const struct live *live)
{
	struct ledger *ledger = ledger_new();
	struct ledger_entry_view entry;
	int numbers[FILES] = { -1, -1, -1, -1, -1, -1 };
	assert_non_null(ledger);
	for (size_t i = live->seen_count - 1; i > 0; i--) {
		size_t j = (size_t)unit_random(&random_state) % (i + 1);
		struct seen kept = live->seen[i];
		live->seen[i] = live->seen[j];
		live->seen[j] = kept;
	}
	/* Which file had which number there shows in its entries. */
	for (size_t i = 0; ledger_entry_at(live->ledger, i, &entry); i++)
		(void)ledger_add_file(ledger, entry.path, entry.root_len, entry.session_id, entry.subagent);
	for (int i = 0; i < FILES; i++) {
		struct transcript_path parts;
		char id[64];
		assert_true(transcript_path_parse(names[i], &parts));
		snprintf(id, sizeof(id), "%.*s", (int)parts.session_id.len, parts.session_id.data);
		int there = ledger_add_file(live->ledger, live->files[i].path, strlen(live->root), id,
					    parts.subagent);
		assert_true(there >= 0 && there < FILES);
		numbers[there] =
			ledger_add_file(ledger, live->files[i].path, strlen(live->root), id, parts.subagent);
	}
	for (size_t i = 0; i < live->seen_count; i++) {
		const struct seen *seen = &live->seen[i];
		struct scan_facts facts;
		if (scan_line(seen->line, seen->len, &facts, NULL, NULL) && facts.usage.present)
			assert_true(ledger_add(ledger, numbers[seen->file], seen->offset, &facts.usage) >= 0);
	}
	return ledger;
}

static void what_was_rewritten_counts_as_all_that_was_seen(void **state)
{
	(void)state;
	static struct live live;
	struct scratch scratch;
	scratch_make(&scratch);
	for (int round = 0; round < ROUNDS; round++) {
		seed_of_round(round);
		start_live(&live, &scratch, round, true);
		grow_all(&live);
		struct ledger *again = account_seen(&live);
		assert_true(ledger_count(again) > 100);
		assert_same_figures(live.ledger, again, session_ids,
				    sizeof(session_ids) / sizeof(session_ids[0]));
		ledger_free(again);
		end_live(&live);
	}
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_growth_gives_the_figures_of_one_scan),
		cmocka_unit_test(what_was_rewritten_counts_as_all_that_was_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
