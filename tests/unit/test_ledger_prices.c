/* The ledger's prices when another book comes, its usage limits, and the sessions that it names as changed.
 */
#include <limits.h>
#include <math.h>

#include "base/clock.h"
#include "scratch.h"
#include "unit.h"
#include "ledger/archive.h"
#include "ledger/ledger.h"

/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
#define START_S (START_MS / 1000)

#define assert_usd(got, want) assert_true(fabs((got) - (want)) < 1e-9)

struct fixture {
	struct scratch scratch;
	struct ledger *ledger;
	int file, agent;
	int64_t offset;
};

static int set_up(void **state)
{
	static struct fixture f;
	memset(&f, 0, sizeof(f));
	scratch_make(&f.scratch);
	f.ledger = ledger_new();
	assert_non_null(f.ledger);
	f.file = ledger_add_file(f.ledger, "/p/s1.jsonl", 0, "s1", false);
	f.agent = ledger_add_file(f.ledger, "/p/s1/subagents/agent-a.jsonl", 0, "s1", true);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	ledger_free(f->ledger);
	scratch_remove(&f->scratch);
	return 0;
}

/* A record of 100 tokens in and 10 out. */
static struct scan_usage record(const char *id, const char *model, int64_t at_ms)
{
	return (struct scan_usage){ .present = true,
				    .timestamp_ms = at_ms,
				    .message_id = { id, strlen(id) },
				    .model = { model, strlen(model) },
				    .tokens = { .input = 100, .output = 10 } };
}

static void add_to(struct fixture *f, int file, struct scan_usage usage)
{
	f->offset += 100;
	assert_true(ledger_add(f->ledger, file, f->offset, &usage) >= 0);
}

static void add(struct fixture *f, const char *id, const char *model)
{
	add_to(f, f->file, record(id, model, START_MS));
}

static struct price_book *book_of(struct fixture *f, const char *text)
{
	struct buf error = BUF_INIT;
	scratch_write_text(&f->scratch, "pricing.json", text);
	struct price_book *book = price_book_load(scratch_name(&f->scratch, "pricing.json"), &error);
	assert_non_null(book);
	buf_release(&error);
	return book;
}

static double total_usd(struct fixture *f)
{
	struct ledger_sums sums;
	ledger_sum_span(f->ledger, START_MS, START_MS + CLOCK_DAY_MS, &sums);
	return sums.cost_usd;
}

static bool is_unpriced(struct fixture *f, const char *name)
{
	struct ledger_model model;
	for (size_t i = 0; ledger_model_at(f->ledger, i, &model); i++)
		if (strcmp(model.name, name) == 0)
			return model.unpriced;
	fail_msg("no model %s", name);
	return false;
}

#define OPUS_USD (100 * 5e-6 + 10 * 25e-6)

static void another_book_prices_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct ledger_session session;
	struct ledger_block block;
	struct scan_usage own = record("own", "claude-opus-4-6", START_MS + 1000),
			  fast = record("fast", "claude-next-9", START_MS);
	own.has_cost = true;
	own.cost_usd = .25;
	fast.fast = fast.has_speed = true;
	add(f, "a", "claude-opus-4-6");
	add(f, "b", "claude-next-9");
	add_to(f, f->agent, record("c", "claude-next-9", START_MS + 2000));
	add_to(f, f->agent, fast);
	add_to(f, f->file, own);
	assert_usd(total_usd(f), OPUS_USD + .25);
	assert_true(is_unpriced(f, "claude-next-9") && is_unpriced(f, "claude-next-9-fast"));
	/* Sums that are kept up to date are asked for before and after. */
	assert_true(ledger_active_block(f->ledger, START_MS + 3000, &block));
	ledger_session(f->ledger, "s1", START_MS + 3000, &session);
	struct price_book *book = book_of(
		f,
		"{\"sample_spec\":{\"input_cost_per_token\":0},"
		"\"claude-next-9\":{\"litellm_provider\":\"anthropic\",\"mode\":\"chat\","
		"\"input_cost_per_token\":1e-05,"
		"\"output_cost_per_token\":2e-05,\"provider_specific_entry\":{\"fast\":3}},"
		"\"claude-opus-4-6\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":0}}");
	ledger_reprice(f->ledger, book);
	double next_usd = 100 * 1e-5 + 10 * 2e-5, opus_usd = 100 * 1e-6;
	double want = opus_usd + 5 * next_usd + .25;
	assert_usd(total_usd(f), want);
	assert_false(is_unpriced(f, "claude-next-9") || is_unpriced(f, "claude-next-9-fast"));
	assert_true(ledger_active_block(f->ledger, START_MS + 3000, &block));
	assert_usd(block.sums.cost_usd, want);
	/* What ccusage counts goes by its own prices. */
	assert_usd(block.sums.reference_usd, OPUS_USD + .25);
	ledger_session(f->ledger, "s1", START_MS + 3000, &session);
	assert_usd(session.sums.cost_usd, want);
	assert_usd(session.subagents_usd, 4 * next_usd);
	assert_int_equal(session.subagents, 1);
	assert_usd(session.block_usd_per_hour, want * 1800.);
	/* What comes later goes by it too, and a line that grows takes out what it had put in. */
	struct scan_usage grown = record("b", "claude-next-9", START_MS);
	grown.tokens.output = 110;
	add_to(f, f->file, grown);
	assert_usd(total_usd(f), want + 100 * 2e-5);
	ledger_reprice(f->ledger, NULL);
	price_book_free(book);
	assert_usd(total_usd(f), OPUS_USD + .25);
	assert_true(is_unpriced(f, "claude-next-9"));
}

static void models_beyond_the_table_follow_as_well(void **state)
{
	struct fixture *f = *state;
	char names[100][32], ids[100][32];
	for (int i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "made-up-%03d", i);
		snprintf(ids[i], sizeof(ids[i]), "i%d", i);
		add(f, ids[i], names[i]);
	}
	add(f, "w", "claude-opus-4-6");
	assert_usd(total_usd(f), OPUS_USD);
	assert_true(is_unpriced(f, "(other models)"));
	struct price_book *book =
		book_of(f, "{\"made-up-001\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":0},"
			   "\"made-up-090\":{\"input_cost_per_token\":1e-05,\"output_cost_per_token\":0}}");
	ledger_reprice(f->ledger, book);
	assert_usd(total_usd(f), OPUS_USD + 100 * 1e-6 + 100 * 1e-5);
	add(f, "again", "made-up-090");
	assert_usd(total_usd(f), OPUS_USD + 100 * 1e-6 + 200 * 1e-5);
	ledger_reprice(f->ledger, NULL);
	price_book_free(book);
	assert_usd(total_usd(f), OPUS_USD);
}

/* An archive that has nothing. */
static bool find_none(void *ctx, struct ledger *ledger, uint64_t key, size_t *count)
{
	(void)ctx;
	(void)ledger;
	(void)key;
	*count = 0;
	return true;
}

static bool sum_none(void *ctx, struct ledger *ledger, const char *id, struct ledger_archived_session *out)
{
	(void)ctx;
	(void)ledger;
	(void)id;
	*out = (struct ledger_archived_session){ 0 };
	return true;
}

static bool find_no_transcript(void *ctx, const char *path, size_t root_len, unsigned version,
			       struct ledger_archived_transcript *out)
{
	(void)ctx;
	(void)path;
	(void)root_len;
	*out = (struct ledger_archived_transcript){ .version = version == UINT_MAX ? 0 : version };
	return true;
}

static void with_an_archive_only_what_had_no_price_gets_one(void **state)
{
	struct fixture *f = *state;
	static const struct ledger_archive_calls calls = { find_none, sum_none, find_no_transcript };
	struct ledger_session session;
	struct ledger_kept kept;
	ledger_set_archive(f->ledger, &calls, NULL);
	ledger_want_unsaved(f->ledger);
	add(f, "a", "claude-opus-4-6");
	add(f, "b", "claude-next-9");
	add(f, "c", "claude-last-9");
	ledger_session(f->ledger, "s1", START_MS + 3000, &session);
	assert_usd(session.sums.cost_usd, OPUS_USD);
	while (ledger_next_unsaved(f->ledger, &kept))
		;
	struct price_book *book = book_of(
		f, "{\"claude-next-9\":{\"input_cost_per_token\":1e-05,\"output_cost_per_token\":0},"
		   "\"claude-opus-4-6\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":0}}");
	ledger_reprice(f->ledger, book);
	ledger_session(f->ledger, "s1", START_MS + 3000, &session);
	assert_usd(session.sums.cost_usd, OPUS_USD + 100 * 1e-5);
	assert_false(is_unpriced(f, "claude-next-9"));
	assert_true(is_unpriced(f, "claude-last-9"));
	/* The file gets to know of that one alone. */
	assert_int_equal(ledger_unsaved_count(f->ledger), 1);
	assert_true(ledger_next_unsaved(f->ledger, &kept));
	assert_usd(kept.cost_usd, 100 * 1e-5);
	/* And it keeps its price, as everything has that had one. */
	ledger_reprice(f->ledger, NULL);
	price_book_free(book);
	ledger_session(f->ledger, "s1", START_MS + 3000, &session);
	assert_usd(session.sums.cost_usd, OPUS_USD + 100 * 1e-5);
	ledger_set_archive(f->ledger, NULL, NULL);
}

/* ---- limits ---- */

/* `name` NULL: the old form. */
static struct scan_limit limit_of(int64_t resets_at_s, const char *name)
{
	return (struct scan_limit){ .present = true, .old_form = !name, .resets_at_s = resets_at_s,
				    .name = { name, name ? strlen(name) : 0 } };
}

static struct scan_usage marker(const char *id, int64_t at_ms, struct scan_limit limit)
{
	struct scan_usage usage = record(id, "<synthetic>", at_ms);
	usage.tokens = (struct price_tokens){ 0 };
	usage.limit = limit;
	return usage;
}

static void a_block_has_the_first_limit_that_was_hit_in_it(void **state)
{
	struct fixture *f = *state;
	struct ledger_block block;
	add(f, "a", "claude-opus-4-6");
	assert_true(ledger_block_at(f->ledger, 0, &block));
	assert_int_equal(block.limit_resets_ms, 0);
	add_to(f, f->file, marker("m2", START_MS + 2000, limit_of(START_S + 7200, NULL)));
	add_to(f, f->file, marker("m1", START_MS + 1000, limit_of(START_S + 3600, "five_hour")));
	assert_true(ledger_block_at(f->ledger, 0, &block));
	assert_int_equal(block.limit_resets_ms, START_MS + CLOCK_HOUR_MS);
	/* ccusage does not see the new form. */
	assert_int_equal(block.reference_limit_resets_ms, START_MS + 2 * CLOCK_HOUR_MS);
	/* A marker that loses to another record of its message does not count. */
	struct scan_usage loses = marker("a", START_MS, limit_of(START_S + 60, NULL));
	add_to(f, f->file, loses);
	assert_true(ledger_block_at(f->ledger, 0, &block));
	assert_int_equal(block.limit_resets_ms, START_MS + CLOCK_HOUR_MS);
	/* The next block has none. */
	add_to(f, f->file, record("z", "claude-opus-4-6", START_MS + 6 * CLOCK_HOUR_MS));
	assert_true(ledger_block_at(f->ledger, 1, &block));
	assert_int_equal(block.limit_resets_ms, 0);
	/* A line without usage: ccusage passes it by, whatever its form; the old one goes by its rule. */
	struct scan_limit old = limit_of(START_S + 9 * 3600, NULL);
	ledger_note_limit(f->ledger, f->file, 90000, START_MS + 7 * CLOCK_HOUR_MS, &old);
	assert_true(ledger_block_at(f->ledger, 1, &block));
	assert_int_equal(block.limit_resets_ms, 0);
	struct scan_limit new_form = limit_of(START_S + 10 * 3600, "seven_day");
	ledger_note_limit(f->ledger, f->file, 91000, START_MS + 7 * CLOCK_HOUR_MS, &new_form);
	assert_true(ledger_block_at(f->ledger, 1, &block));
	assert_int_equal(block.limit_resets_ms, START_MS + 10 * CLOCK_HOUR_MS);
	assert_int_equal(block.reference_limit_resets_ms, 0);
}

/* The limits in force, by name: "five_hour seven_day ". */
static const char *in_force(struct fixture *f, int64_t now_ms)
{
	static char names[1024];
	struct ledger_limit limits[LEDGER_LIMIT_NAMES_MAX];
	size_t count = ledger_find_limits(f->ledger, now_ms, limits), len = 0;
	names[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s ",
					limits[i].name[0] ? limits[i].name : "-");
	return names;
}

static void note(struct fixture *f, int64_t at_ms, struct scan_limit limit)
{
	static int64_t offset = 50000;
	ledger_note_limit(f->ledger, f->file, offset++, at_ms, &limit);
}

static void a_limit_is_in_force_until_its_reset(void **state)
{
	struct fixture *f = *state;
	struct ledger_limit limits[LEDGER_LIMIT_NAMES_MAX];
	assert_string_equal(in_force(f, START_MS), "");
	add_to(f, f->agent, marker("m1", START_MS, limit_of(START_S + 3600, "five_hour")));
	assert_int_equal(ledger_find_limits(f->ledger, START_MS + 1, limits), 1);
	assert_int_equal(limits[0].resets_ms, START_MS + CLOCK_HOUR_MS);
	assert_int_equal(limits[0].noted_ms, START_MS);
	assert_string_equal(limits[0].name, "five_hour");
	assert_string_equal(limits[0].session_id, "s1");
	assert_string_equal(in_force(f, START_MS + CLOCK_HOUR_MS), "");
	/* Several at once, the one that was hit last first. */
	note(f, START_MS + 2000, limit_of(START_S + 3 * 86400, "seven_day"));
	note(f, START_MS + 2000, limit_of(START_S + 3 * 86400, "seven_day"));
	assert_string_equal(in_force(f, START_MS + 3000), "seven_day five_hour ");
	/* Nobody is shut out for a year. */
	note(f, START_MS + 4000, limit_of(START_S + 365 * 86400, "seven_day"));
	assert_int_equal(ledger_find_limits(f->ledger, START_MS + 6000, limits), 2);
	assert_int_equal(limits[0].resets_ms, START_MS + 3 * CLOCK_DAY_MS);
	assert_string_equal(in_force(f, START_MS + 4 * CLOCK_DAY_MS), "");
	/* A name that is none is not taken for one. */
	note(f, START_MS + 5000, limit_of(START_S + 3600, "a b"));
	assert_string_equal(in_force(f, START_MS + 6000), "- seven_day five_hour ");
}

/* Moves what a deleted transcript said into another ledger, as a restart does. */
static size_t move_kept(struct ledger *from, struct ledger *to)
{
	struct ledger_kept kept;
	size_t moved = 0;
	int file = ledger_add_file(to, "/p/-p/s1.jsonl", 3, "s1", false);
	for (size_t i = 0; ledger_kept_limit_at(from, i, &kept); i++) {
		if (!kept.only_limit || !kept.gone)
			continue;
		ledger_note_kept_limit(to, file, &kept.record, false);
		moved++;
	}
	for (size_t i = 0; i < ledger_count(from); i++)
		if (ledger_kept_at(from, i, &kept))
			moved += ledger_add_record(to, file, &kept.record) > 0;
	return moved;
}

static void limits_of_deleted_transcripts_are_kept(void **state)
{
	struct fixture *f = *state, after = { .ledger = ledger_new() };
	struct ledger_block before, block;
	struct scan_usage search = record("w", "claude-opus-4-6", START_MS + 10);
	assert_non_null(after.ledger);
	search.extras.web_searches = 3;
	ledger_set_extras(f->ledger, true);
	ledger_set_extras(after.ledger, true);
	add_to(f, f->file, record("a", "claude-opus-4-6", START_MS));
	add_to(f, f->file, search);
	add_to(f, f->file, marker("m1", START_MS + 1000, limit_of(START_S + 3600, "five_hour")));
	note(f, START_MS + 2000, limit_of(0, "seven_day_opus"));
	note(f, START_MS + 3000, limit_of(START_S + 7200, NULL));
	/* That of a transcript that is there stays with it. */
	add_to(f, f->agent, marker("m2", START_MS + 4000, limit_of(START_S + 86400, "seven_day")));
	assert_true(ledger_block_at(f->ledger, 0, &before));
	ledger_lose_file(f->ledger, f->file);
	assert_true(move_kept(f->ledger, after.ledger) >= 5);
	assert_string_equal(in_force(&after, START_MS + 5000), "- seven_day_opus five_hour ");
	assert_true(ledger_block_at(after.ledger, 0, &block));
	assert_int_equal(block.limit_resets_ms, before.limit_resets_ms);
	assert_int_equal(block.limit_resets_ms, START_MS + CLOCK_HOUR_MS);
	assert_usd(block.sums.cost_usd, before.sums.cost_usd);
	ledger_free(after.ledger);
}

static void a_limit_is_over_when_the_account_answers(void **state)
{
	struct fixture *f = *state;
	add_to(f, f->file, marker("m1", START_MS, limit_of(START_S + 86400, "seven_day")));
	/* An answer before it, another refusal after it, and what Claude Code writes itself. */
	add_to(f, f->file, record("before", "claude-opus-4-6", START_MS - 1000));
	add_to(f, f->file, marker("m2", START_MS + 500, limit_of(START_S + 86400, "seven_day")));
	add_to(f, f->file, record("own", "<synthetic>", START_MS + 1000));
	assert_string_equal(in_force(f, START_MS + 2000), "seven_day ");
	/* Any session's answer will do, a subagent's as well. */
	add_to(f, f->agent, record("after", "claude-haiku-4-5", START_MS + 2000));
	assert_string_equal(in_force(f, START_MS + 3000), "");
	add_to(f, f->file, marker("m3", START_MS + 4000, limit_of(START_S + 86400, "seven_day")));
	assert_string_equal(in_force(f, START_MS + 5000), "seven_day ");
}

static void a_limit_of_one_model_is_over_when_that_model_answers(void **state)
{
	struct fixture *f = *state;
	note(f, START_MS, limit_of(START_S + 86400, "seven_day_opus"));
	note(f, START_MS, limit_of(START_S + 86400, "seven_day_sonnet_5_5"));
	add_to(f, f->file, record("s", "claude-sonnet-5", START_MS + 1000));
	assert_string_equal(in_force(f, START_MS + 2000), "seven_day_opus seven_day_sonnet_5_5 ");
	add_to(f, f->file, record("o", "claude-opus-4-8", START_MS + 1000));
	assert_string_equal(in_force(f, START_MS + 2000), "seven_day_sonnet_5_5 ");
	add_to(f, f->file, record("s2", "claude-sonnet-5-5-20261001", START_MS + 1500));
	assert_string_equal(in_force(f, START_MS + 2000), "");
}

static void a_limit_without_a_reset_lasts_until_an_answer(void **state)
{
	struct fixture *f = *state;
	struct ledger_limit limits[LEDGER_LIMIT_NAMES_MAX];
	add_to(f, f->file, marker("m1", START_MS, limit_of(0, NULL)));
	assert_int_equal(ledger_find_limits(f->ledger, START_MS + 6 * CLOCK_DAY_MS, limits), 1);
	assert_int_equal(limits[0].resets_ms, 0);
	assert_string_equal(limits[0].name, "");
	/* Not for ever: by then every window has begun anew. */
	assert_string_equal(in_force(f, START_MS + 40 * CLOCK_DAY_MS), "");
	add_to(f, f->file, record("a", "claude-opus-4-6", START_MS + 1000));
	assert_string_equal(in_force(f, START_MS + 2000), "");
	/* Nothing resets before 2020: then it is not known. */
	note(f, START_MS + 3000, limit_of(1, "five_hour"));
	assert_int_equal(ledger_find_limits(f->ledger, START_MS + 4000, limits), 1);
	assert_int_equal(limits[0].resets_ms, 0);
}

static void a_clock_that_is_ahead_ends_and_makes_no_limit(void **state)
{
	struct fixture *f = *state;
	note(f, START_MS, limit_of(START_S + 86400, "seven_day"));
	add_to(f, f->file, record("ahead", "claude-opus-4-6", START_MS + 3 * CLOCK_HOUR_MS));
	assert_string_equal(in_force(f, START_MS + 1000), "seven_day ");
	add_to(f, f->file, record("now", "claude-opus-4-6", START_MS + 2000));
	assert_string_equal(in_force(f, START_MS + 3000), "");
	note(f, START_MS + 5000, limit_of(START_S + 86400, "seven_day"));
	note(f, START_MS + 3 * CLOCK_HOUR_MS, limit_of(START_S + 5 * 86400, "seven_day"));
	assert_string_equal(in_force(f, START_MS + 6000), "seven_day ");
}

static void however_many_limits_there_are_the_latest_are_kept(void **state)
{
	struct fixture *f = *state;
	struct ledger_limit limits[LEDGER_LIMIT_NAMES_MAX];
	for (int i = 0; i < 3 * LEDGER_LIMITS_MAX; i++) {
		char name[24];
		snprintf(name, sizeof(name), "limit_%d", i % 40);
		note(f, START_MS + 10000 + i, limit_of(START_S + 10 * 86400 + i, name));
	}
	assert_int_equal(ledger_find_limits(f->ledger, START_MS + CLOCK_HOUR_MS, limits),
			 LEDGER_LIMIT_NAMES_MAX);
	assert_int_equal(limits[0].resets_ms, (START_S + 10 * 86400 + 3 * LEDGER_LIMITS_MAX - 1) * 1000);
	assert_int_equal(limits[LEDGER_LIMIT_NAMES_MAX - 1].noted_ms,
			 START_MS + 10000 + 3 * LEDGER_LIMITS_MAX - LEDGER_LIMIT_NAMES_MAX);
}

/* ---- changed sessions ---- */

static unsigned changed(struct fixture *f)
{
	unsigned seen = 0;
	const char *id;
	while ((id = ledger_next_changed(f->ledger)))
		seen |= 1U << (id[1] - '0');
	return seen;
}

static void a_copy_that_comes_to_count_changes_two_sessions(void **state)
{
	struct fixture *f = *state;
	int copy = ledger_add_file(f->ledger, "/p/a-copy.jsonl", 0, "s2", false);
	int later = ledger_add_file(f->ledger, "/p/z-copy.jsonl", 0, "s3", false);
	assert_int_equal(changed(f), 0);
	add(f, "m", "claude-opus-4-6");
	assert_int_equal(changed(f), 1U << 1);
	assert_int_equal(changed(f), 0);
	/* Its path comes first: the message is the other session's from now on. */
	add_to(f, copy, record("m", "claude-opus-4-6", START_MS));
	assert_int_equal(changed(f), 1U << 1 | 1U << 2);
	add_to(f, later, record("m", "claude-opus-4-6", START_MS));
	assert_int_equal(changed(f), 0);
	/* A sidechain copy at the same time hides, and comes back when its original moves on. */
	struct scan_usage side = record("m", "claude-opus-4-6", START_MS);
	side.sidechain = true;
	side.request_id = (struct slice){ "r", 1 };
	add_to(f, later, side);
	assert_int_equal(changed(f), 0);
	struct scan_usage grown = record("m", "claude-opus-4-6", START_MS + 5);
	grown.tokens.output = 99;
	add_to(f, copy, grown);
	assert_int_equal(changed(f), 1U << 2 | 1U << 3);
}

/* opus 4.6: 100 tokens in and 10 out. */
#define PLAIN_USD (100 * 5e-6 + 10 * 25e-6)

static void fees_and_surcharges_count_when_they_are_wanted(void **state)
{
	struct fixture *f = *state;
	struct scan_usage searches = record("m1", "claude-opus-4-6", START_MS),
			  us = record("m2", "claude-opus-4-6", START_MS),
			  batch = record("m3", "claude-opus-4-6", START_MS),
			  told = record("m4", "claude-opus-4-6", START_MS);
	struct ledger_entry_view view;
	searches.extras.web_searches = 3;
	us.extras.us_only = told.extras.us_only = true;
	batch.extras.batch = true;
	told.has_cost = true;
	told.cost_usd = 1.;
	add_to(f, f->file, searches);
	add_to(f, f->file, us);
	add_to(f, f->file, batch);
	assert_usd(total_usd(f), 3 * PLAIN_USD);
	assert_true(ledger_entry_at(f->ledger, 0, &view) && !view.has_extras);
	ledger_set_extras(f->ledger, true);
	ledger_reprice(f->ledger, NULL);
	assert_usd(total_usd(f), 3 * PLAIN_USD + 0.03 + 0.1 * PLAIN_USD - 0.5 * PLAIN_USD);
	assert_true(ledger_entry_at(f->ledger, 0, &view) && view.has_extras);
	assert_usd(view.reference_usd, PLAIN_USD);
	/* A line that says what it cost has them in it. */
	add_to(f, f->file, told);
	add_to(f, f->file, record("m5", "claude-opus-4-6", START_MS));
	assert_usd(total_usd(f), 4 * PLAIN_USD + 0.03 + 0.1 * PLAIN_USD - 0.5 * PLAIN_USD + 1.);
	ledger_set_extras(f->ledger, false);
	ledger_reprice(f->ledger, NULL);
	assert_usd(total_usd(f), 4 * PLAIN_USD + 1.);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(another_book_prices_what_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fees_and_surcharges_count_when_they_are_wanted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(models_beyond_the_table_follow_as_well, set_up, tear_down),
		cmocka_unit_test_setup_teardown(with_an_archive_only_what_had_no_price_gets_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_block_has_the_first_limit_that_was_hit_in_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_limit_is_in_force_until_its_reset, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits_of_deleted_transcripts_are_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_limit_is_over_when_the_account_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_limit_of_one_model_is_over_when_that_model_answers, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_limit_without_a_reset_lasts_until_an_answer, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_clock_that_is_ahead_ends_and_makes_no_limit, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(however_many_limits_there_are_the_latest_are_kept, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_copy_that_comes_to_count_changes_two_sessions, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
