/*
 * What counts of a message that was written many times, held against a slow and simple reading of the rules,
 * to the entry, in any order of arrival.
 *
 * The seeds are printed; SWATCH_TEST_SEED=N runs another one.
 */
#include "base/clock.h"
#include "unit.h"
#include "ledger/ledger.h"

#define ROUNDS 48
/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)

static uint64_t random_state;

static int pick(int count)
{
	return (int)(unit_random(&random_state) % (uint64_t)count);
}

static void start_round(int round)
{
	const char *given = getenv("SWATCH_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 20261123;
	random_state = (seed + (uint64_t)round) * UINT64_C(0x9E3779B97F4A7C15) | 1;
	print_message("seed %llu, round %d\n", (unsigned long long)seed, round);
}

#define RECORDS 400
#define PATHS 5

/* Not in the order of their numbers, and "-" before "/" before letters. */
static const char *const paths[PATHS] = { "/p/d.jsonl", "/p/a.jsonl", "/p-a/x.jsonl",
					  "/p/b/subagents/agent-1.jsonl", "/p/B.jsonl" };
static const char *const path_sessions[PATHS] = { "d", "a", "x", "b", "B" };

struct told {
	int path;
	int64_t offset;
	char id[8], request[16];    /* "": none */
	int64_t time_ms, output;
	bool side, speed;
	bool counts;
};

static int64_t tokens_of(const struct told *t)
{
	return 100 + t->output;
}

/* No sidechain; more tokens; with a speed; the earlier path, the earlier line. */
static bool wins(const struct told *a, const struct told *b)
{
	if (a->side != b->side)
		return !a->side;
	if (tokens_of(a) != tokens_of(b))
		return tokens_of(a) > tokens_of(b);
	if (a->speed != b->speed)
		return a->speed;
	int order = strcmp(paths[a->path], paths[b->path]);
	return order != 0 ? order < 0 : a->offset < b->offset;
}

static bool is_same_request(const struct told *a, const struct told *b)
{
	return a->id[0] && strcmp(a->id, b->id) == 0 && strcmp(a->request, b->request) == 0;
}

static void tell_what_counts(struct told *told)
{
	bool kept[RECORDS];
	for (int i = 0; i < RECORDS; i++) {
		kept[i] = true;
		for (int j = 0; j < RECORDS; j++)
			if (j != i && is_same_request(&told[i], &told[j]) && wins(&told[j], &told[i]))
				kept[i] = false;
	}
	for (int i = 0; i < RECORDS; i++) {
		told[i].counts = kept[i];
		/* A sidechain copy: of the same message at the same time, of which a better one is kept. */
		for (int j = 0; j < RECORDS && told[i].side && told[i].id[0]; j++)
			if (j != i && kept[j] && strcmp(told[i].id, told[j].id) == 0
			    && told[i].time_ms == told[j].time_ms && wins(&told[j], &told[i]))
				told[i].counts = false;
	}
}

/* Every third round has few messages with so many requests that they are a crowd. */
static void make_told(struct told *told, int round)
{
	bool crowded = round % 3 == 2;
	for (int i = 0; i < RECORDS; i++) {
		struct told *t = &told[i];
		memset(t, 0, sizeof(*t));
		t->path = pick(PATHS);
		t->offset = i * 10;
		if (pick(15) != 0)
			snprintf(t->id, sizeof(t->id), "m%d", pick(crowded ? 3 : 60));
		if (pick(5) != 0)
			snprintf(t->request, sizeof(t->request), "r%d", pick(crowded ? 80 : 2));
		t->time_ms = START_MS + pick(3) + pick(2) * 30 * CLOCK_HOUR_MS;
		t->output = pick(3) * 10;
		t->side = pick(3) == 0;
		t->speed = pick(3) == 0;
	}
}

static void add_told(struct ledger *ledger, const struct told *t)
{
	struct scan_usage usage = { .present = true,
				    .timestamp_ms = t->time_ms,
				    .sidechain = t->side,
				    .has_speed = t->speed,
				    .model = { "claude-opus-4-6", 15 },
				    .tokens = { .input = 100, .output = t->output } };
	int file = ledger_add_file(ledger, paths[t->path], 0, path_sessions[t->path], t->path == 3);
	if (t->id[0])
		usage.message_id = (struct slice){ t->id, strlen(t->id) };
	if (t->request[0])
		usage.request_id = (struct slice){ t->request, strlen(t->request) };
	assert_true(ledger_add(ledger, file, t->offset, &usage) >= 0);
}

static void shuffle(int *order, int count)
{
	for (int i = count - 1; i > 0; i--) {
		int j = pick(i + 1), kept = order[i];
		order[i] = order[j];
		order[j] = kept;
	}
}

static bool comes_before(const struct ledger_entry_view *a, const struct ledger_entry_view *b)
{
	if (a->time_ms != b->time_ms)
		return a->time_ms < b->time_ms;
	int order = strcmp(a->path, b->path);
	return order != 0 ? order < 0 : a->offset < b->offset;
}

static void ties_go_by_path_and_position_whatever_comes_first(void **state)
{
	(void)state;
	static struct told told[RECORDS];
	struct ledger_block block;
	int order[RECORDS];
	for (int round = 0; round < ROUNDS; round++) {
		start_round(round);
		make_told(told, round);
		tell_what_counts(told);
		for (int i = 0; i < RECORDS; i++)
			order[i] = i;
		shuffle(order, RECORDS);
		struct ledger *ledger = ledger_new();
		assert_non_null(ledger);
		for (int i = 0; i < RECORDS; i++) {
			add_told(ledger, &told[order[i]]);
			/* A question in between sorts what is there. */
			if (pick(50) == 0)
				(void)ledger_block_at(ledger, 0, &block);
			if (pick(50) == 0)
				add_told(ledger, &told[order[pick(i + 1)]]);
		}
		/* To the entry: which line of which transcript it is that counts, and in which order. */
		struct ledger_entry_view entry, before = { .time_ms = INT64_MIN };
		size_t want = 0;
		for (int i = 0; i < RECORDS; i++)
			want += told[i].counts;
		assert_int_equal(ledger_count(ledger), want);
		for (size_t i = 0; ledger_entry_at(ledger, i, &entry); i++) {
			const struct told *t = &told[entry.offset / 10];
			assert_true(t->counts);
			assert_string_equal(entry.path, paths[t->path]);
			assert_string_equal(entry.session_id, path_sessions[t->path]);
			assert_int_equal(entry.time_ms, t->time_ms);
			assert_int_equal(entry.tokens.output, t->output);
			assert_true(comes_before(&before, &entry));
			before = entry;
		}
		ledger_free(ledger);
	}
}

#define MANY 20000

/* One message.id, twenty thousand requests: one after the other that would take hours. */
static void a_crowd_of_one_message_holds_nothing_up(void **state)
{
	(void)state;
	static const bool sides[] = { false, true };
	for (size_t kind = 0; kind < 4; kind++) {
		bool same_time = kind >= 2;
		struct told t = { .path = 1, .id = "m", .side = sides[kind % 2] };
		struct ledger *ledger = ledger_new();
		assert_non_null(ledger);
		for (int round = 0; round < 2; round++) {
			for (int i = 0; i < MANY; i++) {
				t.offset = (int64_t)round * MANY + i;
				t.time_ms = START_MS + (same_time ? 0 : i + round);
				/* Each better than the one before, and in the second round better than
				 * itself. */
				t.output = i + round;
				snprintf(t.request, sizeof(t.request), "%d", i);
				add_told(ledger, &t);
			}
		}
		/* Copies at one time are one; at times of their own each counts. */
		assert_int_equal(ledger_count(ledger), t.side && same_time ? 1 : MANY);
		ledger_free(ledger);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ties_go_by_path_and_position_whatever_comes_first),
		cmocka_unit_test(a_crowd_of_one_message_holds_nothing_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
