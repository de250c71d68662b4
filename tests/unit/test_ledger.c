/*
 * ledger: what is one entry, what it costs, blocks, sessions; and that the order of arrival changes nothing.
 * The expected outcomes were seen with ccusage 20.0.24 on lines of the same shape.
 */
#include <math.h>

#include "unit.h"
#include "ledger/ledger.h"
#include "ledger/projection.h"

#define HOUR_MS (INT64_C(3600) * 1000)
/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)

/* cmocka's own compares floats, which are too coarse for money. */
#define assert_usd(got, want) assert_true(fabs((got) - (want)) < 1e-9)

static struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

/* A record: 100 tokens in, `output` out; opus 4.6 costs 5 and 25 USD a million. */
static struct scan_usage record(const char *id, const char *request, int64_t at_ms, int64_t output)
{
	return (struct scan_usage){ .present = true, .timestamp_ms = at_ms, .message_id = slice_of(id),
				    .request_id = slice_of(request), .model = slice_of("claude-opus-4-6"),
				    .tokens = { .input = 100, .output = output } };
}

#define USD(output) (100 * 5e-6 + (output) * 25e-6)

struct book {
	struct ledger *ledger;
	int file;
	int64_t offset;
};

static struct book open_book(void)
{
	struct book b = { .ledger = ledger_new() };
	assert_non_null(b.ledger);
	b.file = ledger_add_file(b.ledger, "/p/s1.jsonl", 0, "s1", false);
	assert_int_equal(b.file, 0);
	return b;
}

static int add(struct book *b, struct scan_usage usage)
{
	b->offset += 100;
	return ledger_add(b->ledger, b->file, b->offset, &usage);
}

/* Everything that counts. */
static struct ledger_sums total(struct ledger *ledger)
{
	struct ledger_sums sums;
	ledger_sum_span(ledger, INT64_MIN, INT64_MAX, &sums);
	return sums;
}

static void a_growing_message_is_one_entry(void **state)
{
	(void)state;
	struct book b = open_book();
	assert_int_equal(add(&b, record("m", "r", START_MS, 10)), 1);
	assert_int_equal(add(&b, record("m", "r", START_MS + 1000, 90)), 1);
	assert_int_equal(add(&b, record("m", "r", START_MS + 2000, 50)), 0);
	struct ledger_sums sums = total(b.ledger);
	assert_int_equal(sums.entries, 1);
	assert_int_equal(sums.tokens.output, 90);
	assert_usd(sums.cost_usd, USD(90));
	assert_usd(sums.reference_usd, USD(90));
	assert_int_equal(ledger_count(b.ledger), 1);
	/* Another request is another entry; none at all is one too. */
	assert_int_equal(add(&b, record("m", "r2", START_MS, 10)), 1);
	assert_int_equal(add(&b, record("m", NULL, START_MS, 10)), 1);
	assert_int_equal(add(&b, record("m", NULL, START_MS, 10)), 0);
	assert_int_equal(ledger_count(b.ledger), 3);
	ledger_free(b.ledger);
}

static void reading_again_changes_nothing(void **state)
{
	(void)state;
	struct book b = open_book();
	struct scan_usage plain = record("m", "r", START_MS, 10), nameless = record(NULL, NULL, START_MS, 10);
	assert_int_equal(ledger_add(b.ledger, b.file, 0, &plain), 1);
	assert_int_equal(ledger_add(b.ledger, b.file, 500, &nameless), 1);
	assert_int_equal(ledger_add(b.ledger, b.file, 0, &plain), 0);
	assert_int_equal(ledger_add(b.ledger, b.file, 500, &nameless), 0);
	/* Without an id every line is its own entry. */
	assert_int_equal(ledger_add(b.ledger, b.file, 900, &nameless), 1);
	assert_int_equal(ledger_count(b.ledger), 3);
	assert_int_equal(ledger_add_file(b.ledger, "/p/s1.jsonl", 0, "s1", false), b.file);
	ledger_free(b.ledger);
}

static void ids_are_what_they_say(void **state)
{
	(void)state;
	struct book b = open_book();
	assert_int_equal(add(&b, record("msg_a", "req_b", START_MS, 10)), 1);
	assert_int_equal(add(&b, record("msg\\u005fa", "req\\u005fb", START_MS, 10)), 0);
	ledger_free(b.ledger);
}

static void ties_go_by_speed_path_and_position(void **state)
{
	(void)state;
	struct book b = open_book();
	int later = ledger_add_file(b.ledger, "/p/z.jsonl", 0, "z", false);
	int earlier = ledger_add_file(b.ledger, "/p-a/x.jsonl", 0, "a", false);
	struct scan_usage usage = record("m", "r", START_MS, 10);
	struct ledger_session session;
	assert_int_equal(ledger_add(b.ledger, later, 0, &usage), 1);
	assert_int_equal(ledger_add(b.ledger, b.file, 100, &usage), 1);
	assert_int_equal(ledger_add(b.ledger, b.file, 50, &usage), 1);
	assert_int_equal(ledger_add(b.ledger, b.file, 70, &usage), 0);
	/* By bytes, as the reference does: "-" comes before "/". */
	assert_int_equal(ledger_add(b.ledger, earlier, 900, &usage), 1);
	ledger_session(b.ledger, "a", START_MS, &session);
	assert_int_equal(session.sums.entries, 1);
	ledger_session(b.ledger, "s1", START_MS, &session);
	assert_int_equal(session.sums.entries, 0);
	assert_true(session.sums.cost_usd == 0.);
	usage.has_speed = true;
	assert_int_equal(ledger_add(b.ledger, later, 700, &usage), 1);
	ledger_session(b.ledger, "z", START_MS, &session);
	assert_int_equal(session.sums.entries, 1);
	ledger_free(b.ledger);
}

static struct scan_usage side(const char *id, const char *request, int64_t at_ms, int64_t output)
{
	struct scan_usage usage = record(id, request, at_ms, output);
	usage.sidechain = true;
	return usage;
}

static void sidechain_copies_count_once(void **state)
{
	(void)state;
	struct book b = open_book();
	/* The same time: one entry, and the one that is no sidechain. */
	add(&b, side("m1", "r2", START_MS, 99));
	assert_int_equal(add(&b, record("m1", "r1", START_MS, 10)), 1);
	assert_int_equal(total(b.ledger).tokens.output, 10);
	assert_int_equal(add(&b, side("m1", "r3", START_MS, 500)), 0);
	assert_int_equal(ledger_count(b.ledger), 1);
	/* Another time: ccusage counts both. */
	add(&b, side("m1", "r4", START_MS + 1, 7));
	assert_int_equal(ledger_count(b.ledger), 2);
	/* Two sidechains: the larger one. */
	add(&b, side("m2", "r1", START_MS, 10));
	add(&b, side("m2", "r2", START_MS, 20));
	assert_int_equal(ledger_count(b.ledger), 3);
	assert_int_equal(total(b.ledger).tokens.output, 10 + 7 + 20);
	/* The same request: no sidechain wins whatever the time and the tokens. */
	add(&b, side("m3", "r1", START_MS + 5, 90));
	add(&b, record("m3", "r1", START_MS, 10));
	assert_int_equal(total(b.ledger).tokens.output, 10 + 7 + 20 + 10);
	ledger_free(b.ledger);
}

static void a_copy_counts_again_when_its_original_moves_on(void **state)
{
	(void)state;
	struct book b = open_book();
	struct ledger_block block;
	add(&b, record("m", "r1", START_MS, 10));
	add(&b, side("m", "r2", START_MS, 10));
	assert_int_equal(ledger_count(b.ledger), 1);
	assert_true(ledger_block_at(b.ledger, 0, &block));
	assert_int_equal(block.sums.entries, 1);
	assert_int_equal(add(&b, record("m", "r1", START_MS + 9, 20)), 1);
	assert_int_equal(ledger_count(b.ledger), 2);
	assert_true(ledger_block_at(b.ledger, 0, &block));
	assert_int_equal(block.sums.entries, 2);
	assert_int_equal(block.last_ms, START_MS + 9);
	/* And is hidden again, as the last one of its block. */
	add(&b, side("m", "r2", START_MS + 9, 15));
	assert_true(ledger_block_at(b.ledger, 0, &block));
	assert_int_equal(block.sums.entries, 1);
	assert_false(ledger_block_at(b.ledger, 1, &block));
	ledger_free(b.ledger);
}

static void what_f1_loses_leaves_the_rest_to_the_reference(void **state)
{
	(void)state;
	/* Both orders: the lost line is larger; the reference counts the other one. */
	for (int order = 0; order < 2; order++) {
		struct book b = open_book();
		struct scan_usage lost = record("m", "r", START_MS + 1, 90),
				  kept = record("m", "r", START_MS, 10);
		lost.faults = SCAN_FAULT_NULL;
		struct scan_usage better = record("m", "r", START_MS, 30);
		add(&b, order ? kept : lost);
		add(&b, order ? lost : kept);
		assert_usd(total(b.ledger).cost_usd, USD(90));
		assert_usd(total(b.ledger).reference_usd, USD(10));
		add(&b, better);
		assert_usd(total(b.ledger).cost_usd, USD(90));
		assert_usd(total(b.ledger).reference_usd, USD(30));
		add(&b, record("m", "r", START_MS, 95));
		assert_usd(total(b.ledger).cost_usd, USD(95));
		assert_usd(total(b.ledger).reference_usd, USD(95));
		ledger_free(b.ledger);
	}
	struct book b = open_book();
	struct scan_usage newer = record("m2", "r", START_MS, 10);
	newer.model = slice_of("claude-opus-5-5");
	add(&b, newer);
	assert_usd(total(b.ledger).cost_usd, 100 * 4e-6 + 10 * 20e-6);
	assert_true(total(b.ledger).reference_usd == 0.);
	ledger_free(b.ledger);
}

static void an_advisor_is_an_entry_beside_the_message(void **state)
{
	(void)state;
	static const char first[] =
		"[{\"type\":\"advisor_message\",\"model\":\"claude-opus-5\",\"input_tokens\":1000,"
		"\"output_tokens\":4}]";
	struct book b = open_book();
	struct scan_usage usage = record("m", "r", START_MS, 10);
	usage.iterations = slice_of(first);
	assert_int_equal(add(&b, usage), 1);
	assert_int_equal(add(&b, usage), 0);
	/* The final line may lack it: what was seen counts. */
	assert_int_equal(add(&b, record("m", "r", START_MS, 20)), 1);
	struct ledger_sums sums = total(b.ledger);
	assert_int_equal(sums.entries, 2);
	assert_usd(sums.cost_usd, USD(20) + 1000 * 5e-6 + 4 * 25e-6);
	ledger_free(b.ledger);
}

static void blocks_start_at_the_hour_and_end_with_silence(void **state)
{
	(void)state;
	struct book b = open_book();
	struct ledger_block first, second;
	int64_t half = HOUR_MS / 2, gap_start, gap_end;
	add(&b, record("a", "r", START_MS + half, 1));
	/* Exactly 5 h after the start (and less than that after the entry before): still in it. */
	add(&b, record("b", "r", START_MS + 4 * HOUR_MS, 2));
	add(&b, record("c", "r", START_MS + 5 * HOUR_MS, 4));
	/* A millisecond more: the next one, which starts at the hour. */
	add(&b, record("d", "r", START_MS + 5 * HOUR_MS + 1, 8));
	assert_true(ledger_block_at(b.ledger, 0, &first));
	assert_int_equal(first.start_ms, START_MS);
	assert_int_equal(first.end_ms, START_MS + 5 * HOUR_MS);
	assert_int_equal(first.last_ms, START_MS + 5 * HOUR_MS);
	assert_int_equal(first.sums.tokens.output, 7);
	assert_true(ledger_block_at(b.ledger, 1, &second));
	assert_int_equal(second.start_ms, START_MS + 5 * HOUR_MS);
	assert_int_equal(second.sums.entries, 1);
	assert_false(ledger_gap_between(&first, &second, &gap_start, &gap_end));
	add(&b, record("e", "r", START_MS + 20 * HOUR_MS + half, 16));
	assert_true(ledger_block_at(b.ledger, 1, &first) && ledger_block_at(b.ledger, 2, &second));
	assert_true(ledger_gap_between(&first, &second, &gap_start, &gap_end));
	assert_int_equal(gap_start, START_MS + 10 * HOUR_MS + 1);
	assert_int_equal(gap_end, START_MS + 20 * HOUR_MS + half);
	/* An old entry that comes late joins what is there. */
	add(&b, record("f", "r", START_MS + 13 * HOUR_MS, 32));
	assert_true(ledger_block_at(b.ledger, 3, &second));
	assert_false(ledger_block_at(b.ledger, 4, &second));
	ledger_free(b.ledger);
}

static void the_active_block_has_rates(void **state)
{
	(void)state;
	struct book b = open_book();
	struct ledger_block block;
	assert_false(ledger_active_block(b.ledger, START_MS, &block));
	add(&b, record("a", "r", START_MS, 100));
	assert_true(ledger_active_block(b.ledger, START_MS + 1, &block));
	assert_true(isnan(block.cost_per_hour_usd) && isnan(block.tokens_per_minute));
	add(&b, record("b", "r", START_MS + HOUR_MS, 400));
	assert_true(ledger_active_block(b.ledger, START_MS + HOUR_MS, &block));
	assert_usd(block.cost_per_hour_usd, USD(100) + USD(400));
	assert_usd(block.tokens_per_minute, 700. / 60.);
	assert_true(ledger_active_block(b.ledger, START_MS + 5 * HOUR_MS - 1, &block));
	assert_false(ledger_active_block(b.ledger, START_MS + 5 * HOUR_MS, &block));
	ledger_free(b.ledger);
}

/* As ccusage 20.0.24 has it: the minutes are rounded first, then what they cost. */
static void a_line_whose_clock_is_ahead_takes_nothing_over(void **state)
{
	(void)state;
	struct book b = open_book();
	struct ledger_block block;
	struct ledger_session session;
	int64_t now_ms = START_MS + HOUR_MS;
	add(&b, record("m1", "r", START_MS, 10));
	add(&b, record("ahead", "r", START_MS + 34 * HOUR_MS, 1000));
	assert_true(ledger_active_block(b.ledger, now_ms, &block));
	assert_int_equal(block.end_ms, START_MS + 5 * HOUR_MS);
	assert_usd(block.sums.cost_usd, USD(10));
	/* What comes next is the active block's, in its sums and in the session's. */
	add(&b, record("m2", "r", START_MS + HOUR_MS, 30));
	assert_true(ledger_active_block(b.ledger, now_ms, &block));
	assert_usd(block.sums.cost_usd, USD(10) + USD(30));
	assert_usd(block.cost_per_hour_usd, USD(10) + USD(30));
	ledger_session(b.ledger, "s1", now_ms, &session);
	assert_usd(session.block_usd_per_hour, USD(10) + USD(30));
	add(&b, record("m3", "r", START_MS + HOUR_MS, 50));
	add(&b, record("ahead2", "r", START_MS + 35 * HOUR_MS, 1000));
	ledger_session(b.ledger, "s1", now_ms, &session);
	assert_usd(session.block_usd_per_hour, USD(10) + USD(30) + USD(50));
	/* Between the two nothing is active; at its own time it is. */
	assert_false(ledger_active_block(b.ledger, START_MS + 20 * HOUR_MS, &block));
	ledger_session(b.ledger, "s1", START_MS + 20 * HOUR_MS, &session);
	assert_true(isnan(session.block_usd_per_hour));
	assert_true(ledger_active_block(b.ledger, START_MS + 36 * HOUR_MS, &block));
	assert_int_equal(block.start_ms, START_MS + 34 * HOUR_MS);
	ledger_free(b.ledger);
}

static void a_projection_counts_whole_minutes(void **state)
{
	(void)state;
	struct projection_basis basis = { .end_ms = START_MS + 5 * HOUR_MS, .usd = 1., .tokens = 700.,
					  .usd_per_hour = 6., .tokens_per_minute = 700. / 60. };
	struct projection projection;
	for (int seconds = -29; seconds <= 30; seconds++) {
		assert_true(
			projection_make(&basis, START_MS + HOUR_MS + INT64_C(1000) * seconds, &projection));
		assert_int_equal(projection.remaining_minutes, 240);
		assert_true(projection.tokens == 700. + 2800. && projection.usd == 25.);
	}
	assert_true(projection_make(&basis, START_MS + HOUR_MS + 30001, &projection));
	assert_int_equal(projection.remaining_minutes, 239);
	assert_true(projection.usd == 24.9);
	/* After the end nothing comes any more. */
	assert_true(projection_make(&basis, START_MS + 6 * HOUR_MS, &projection));
	assert_true(projection.remaining_minutes == 0 && projection.usd == 1. && projection.tokens == 700.);
	/* More tokens than an int64 holds. */
	basis.tokens_per_minute = 1e21;
	assert_true(projection_make(&basis, START_MS + HOUR_MS, &projection) && projection.tokens == 9e18);
	/* Without a rate. */
	basis.usd_per_hour = basis.tokens_per_minute = NAN;
	assert_false(projection_make(&basis, START_MS + HOUR_MS, &projection));
	assert_true(projection.remaining_minutes == 240 && isnan(projection.usd) && isnan(projection.tokens));
}

static void sessions_have_models_and_subagents(void **state)
{
	(void)state;
	struct book b = open_book();
	struct ledger_session session;
	int agent = ledger_add_file(b.ledger, "/p/s1/subagents/agent-a.jsonl", 0, "s1", true);
	struct scan_usage haiku = record("h", "r", START_MS + HOUR_MS, 10);
	haiku.model = slice_of("claude-haiku-4-5");
	haiku.fast = haiku.has_speed = true;
	struct scan_usage synthetic = record("x", "r", START_MS, 0);
	synthetic.model = slice_of("<synthetic>");
	add(&b, record("a", "r", START_MS, 10));
	add(&b, synthetic);
	assert_int_equal(ledger_add(b.ledger, agent, 0, &haiku), 1);
	ledger_session(b.ledger, "s1", START_MS + HOUR_MS, &session);
	double haiku_usd = 100 * 1e-6 + 10 * 5e-6;
	assert_int_equal(session.sums.entries, 3);
	assert_usd(session.sums.cost_usd, USD(10) + haiku_usd);
	assert_int_equal(session.model_count, 2);
	assert_string_equal(session.models[0].name, "claude-opus-4-6");
	assert_string_equal(session.models[1].name, "claude-haiku-4-5-fast");
	assert_int_equal(session.subagents, 1);
	assert_usd(session.subagents_usd, haiku_usd);
	assert_usd(session.block_usd_per_hour, USD(10) + haiku_usd);
	assert_int_equal(session.first_ms, START_MS);
	assert_int_equal(session.last_ms, START_MS + HOUR_MS);
	/* An advisor of Claude Code's own name is listed, as ccusage lists it. */
	synthetic.advisor = 1;
	add(&b, synthetic);
	ledger_session(b.ledger, "s1", START_MS + HOUR_MS, &session);
	assert_int_equal(session.model_count, 3);
	ledger_session(b.ledger, "nobody", START_MS, &session);
	assert_int_equal(session.sums.entries, 0);
	assert_true(isnan(session.block_usd_per_hour));
	ledger_free(b.ledger);
}

static void unknown_models_are_named_and_many_are_still_priced(void **state)
{
	(void)state;
	struct book b = open_book();
	struct ledger_model model;
	struct scan_usage usage = record("u", "r", START_MS, 10);
	usage.model = slice_of("nonesuch");
	add(&b, usage);
	assert_true(ledger_model_at(b.ledger, 0, &model));
	assert_true(model.unpriced);
	/* With a cost of its own it needs no price. */
	usage = record("v", "r", START_MS, 10);
	usage.model = slice_of("nonesuch-2");
	usage.has_cost = true;
	usage.cost_usd = .5;
	add(&b, usage);
	assert_true(ledger_model_at(b.ledger, 1, &model) && !model.unpriced);
	assert_usd(total(b.ledger).cost_usd, .5);
	for (int i = 0; i < 100; i++) {
		char name[32], id[32];
		snprintf(name, sizeof(name), "made-up-%d", i);
		snprintf(id, sizeof(id), "i%d", i);
		usage = record(id, "r", START_MS, 0);
		usage.model = slice_of(name);
		add(&b, usage);
	}
	add(&b, record("w", "r", START_MS, 10));
	assert_usd(total(b.ledger).cost_usd, .5 + USD(10));
	assert_true(ledger_model_at(b.ledger, LEDGER_MODELS_MAX - 1, &model));
	assert_string_equal(model.name, "(other models)");
	assert_false(ledger_model_at(b.ledger, LEDGER_MODELS_MAX, &model));
	ledger_free(b.ledger);
}

/* ---- any order of arrival ---- */

#define FILES 4
#define LINES 1500

static uint64_t random_state;

static int pick(int count)
{
	return (int)(unit_random(&random_state) % (uint64_t)count);
}

struct line {
	int file;
	int64_t offset;
	struct scan_usage usage;
};

/* Figures that must not depend on the order. */
static void write_figures(struct ledger *ledger, char *out, size_t size)
{
	struct ledger_block block;
	struct ledger_session session;
	struct ledger_sums sums;
	size_t len = 0;
	for (int i = 0; i < 3; i++) {
		ledger_sum_span(ledger, START_MS + i * 24 * HOUR_MS, START_MS + 48 * HOUR_MS, &sums);
		len += (size_t)snprintf(out + len, size - len, "%llu %lld %.9f\n",
					(unsigned long long)sums.entries, (long long)sums.tokens.output,
					sums.cost_usd);
	}
	for (size_t i = 0; ledger_block_at(ledger, i, &block); i++)
		len += (size_t)snprintf(out + len, size - len, "%lld %lld %lld: %llu %lld %.9f %.9f\n",
					(long long)block.start_ms, (long long)block.first_ms,
					(long long)block.last_ms, (unsigned long long)block.sums.entries,
					(long long)block.sums.tokens.output, block.sums.cost_usd,
					block.sums.reference_usd);
	for (int i = 0; i < FILES; i++) {
		char id[16];
		snprintf(id, sizeof(id), "s%d", i);
		ledger_session(ledger, id, START_MS + 61 * HOUR_MS, &session);
		len += (size_t)snprintf(out + len, size - len, "%s %.9f %llu %.9f %llu %.9f %lld\n", id,
					session.block_usd_per_hour,
					(unsigned long long)session.sums.entries, session.sums.cost_usd,
					(unsigned long long)session.subagents, session.subagents_usd,
					(long long)session.last_ms);
	}
	assert_true(len < size);
}

/* Files are named in an order that is not that of their paths. */
static const char *const paths[FILES] = { "/p/d.jsonl", "/p/a.jsonl", "/p/c.jsonl",
					  "/p/b/subagents/agent-1.jsonl" };

static struct ledger *ledger_with(const struct line *lines, const size_t *order, unsigned round)
{
	struct ledger *ledger = ledger_new();
	struct ledger_session session;
	struct ledger_block block;
	struct ledger_sums sums;
	int numbers[FILES];
	assert_non_null(ledger);
	for (int i = 0; i < FILES; i++) {
		char id[16];
		/* Numbers differ from one run to the next too. */
		int file = (i + (int)(round % FILES)) % FILES;
		snprintf(id, sizeof(id), "s%d", file);
		numbers[file] = ledger_add_file(ledger, paths[file], 0, id, file == 3);
	}
	for (size_t i = 0; i < LINES; i++) {
		const struct line *line = &lines[order[i]];
		assert_true(ledger_add(ledger, numbers[line->file], line->offset, &line->usage) >= 0);
		/* Questions in between, so that what comes later meets what was sorted and summed before. */
		if (pick(97) == 0) {
			(void)ledger_active_block(ledger, START_MS, &block);
			ledger_sum_span(ledger, START_MS + pick(3) * 24 * HOUR_MS, START_MS + 48 * HOUR_MS,
					&sums);
			ledger_session(ledger, "s1", START_MS + 61 * HOUR_MS, &session);
		}
	}
	return ledger;
}

static void make_lines(struct line *lines)
{
	static const char *const ids[] = { "m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", NULL };
	static const char *const requests[] = { "r0", "r1", "r2", NULL };
	static const char *const models[] = { "claude-opus-4-6", "claude-haiku-4-5", "nonesuch",
					      "claude-opus-5-5" };
	static const char *const payers[12] = { "s0", "s1", "s2", "s3", "elsewhere" };
	static char names[LINES][16];
	for (size_t i = 0; i < LINES; i++) {
		struct line *line = &lines[i];
		const char *id = ids[pick(9)];
		if (id && pick(3) != 0) {
			snprintf(names[i], sizeof(names[i]), "n%d", pick(400));
			id = names[i];
		}
		line->file = pick(FILES);
		line->offset = (int64_t)i * 10;
		line->usage = record(id, requests[pick(4)], START_MS + (pick(60)) * HOUR_MS + pick(3),
				     pick(5) * 10);
		line->usage.model = slice_of(models[pick(4)]);
		line->usage.sidechain = pick(3) == 0;
		line->usage.has_speed = pick(4) == 0;
		line->usage.faults = pick(5) == 0 ? SCAN_FAULT_NULL : 0;
		line->usage.payer = slice_of(payers[pick(12)]);
		line->usage.payer_is_told = line->usage.payer.data && pick(2) == 0;
	}
}

static void the_order_of_arrival_changes_no_figure(void **state)
{
	(void)state;
	static struct line lines[LINES];
	static size_t order[LINES];
	static char want[65536], got[65536];
	random_state = 20260301;
	print_message("seed %llu\n", (unsigned long long)random_state);
	make_lines(lines);
	for (size_t i = 0; i < LINES; i++)
		order[i] = i;
	for (unsigned round = 0; round < 40; round++) {
		struct ledger *ledger = ledger_with(lines, order, round);
		write_figures(ledger, round == 0 ? want : got, sizeof(got));
		if (round > 0)
			assert_string_equal(got, want);
		/* All of it once more: nothing may change. */
		for (size_t i = 0; i < LINES; i++)
			assert_int_equal(
				ledger_add(ledger,
					   ledger_add_file(ledger, paths[lines[i].file], 0, "", false),
					   lines[i].offset, &lines[i].usage),
				0);
		ledger_free(ledger);
		for (size_t i = LINES - 1; i > 0; i--) {
			size_t j = (size_t)unit_random(&random_state) % (i + 1), kept = order[i];
			order[i] = order[j];
			order[j] = kept;
		}
	}
	assert_true(strlen(want) > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_growing_message_is_one_entry),
		cmocka_unit_test(reading_again_changes_nothing),
		cmocka_unit_test(ids_are_what_they_say),
		cmocka_unit_test(ties_go_by_speed_path_and_position),
		cmocka_unit_test(sidechain_copies_count_once),
		cmocka_unit_test(a_copy_counts_again_when_its_original_moves_on),
		cmocka_unit_test(what_f1_loses_leaves_the_rest_to_the_reference),
		cmocka_unit_test(an_advisor_is_an_entry_beside_the_message),
		cmocka_unit_test(blocks_start_at_the_hour_and_end_with_silence),
		cmocka_unit_test(the_active_block_has_rates),
		cmocka_unit_test(a_line_whose_clock_is_ahead_takes_nothing_over),
		cmocka_unit_test(a_projection_counts_whole_minutes),
		cmocka_unit_test(sessions_have_models_and_subagents),
		cmocka_unit_test(unknown_models_are_named_and_many_are_still_priced),
		cmocka_unit_test(the_order_of_arrival_changes_no_figure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
