/* Claude Code's own total of a session, and what explains that it is not the ledger's (usage/cost_state.h).
 */
#include <math.h>

#include "unit.h"
#include "ledger/cost_state.h"

#define assert_usd(got, want) assert_true(fabs((got) - (want)) < 1e-9)

static struct cost_state state_of(const char *line)
{
	struct scan_facts facts;
	struct cost_state state;
	assert_true(scan_line(line, strlen(line), &facts, NULL, NULL));
	assert_true(facts.has_cost_state);
	cost_state_take(&facts, &state);
	return state;
}

static void a_line_tells_the_total_and_its_models(void **state)
{
	(void)state;
	struct cost_state s = state_of(
		"{\"type\":\"cost-state\",\"totalCostUSD\":1.5,\"modelUsage\":{"
		"\"claude-opus-4-6[1m]\":{\"inputTokens\":1,\"outputTokens\":2,\"cacheReadInputTokens\":3,"
		"\"cacheCreationInputTokens\":4,\"webSearchRequests\":5,\"costUSD\":1.25,"
		"\"contextWindow\":1000000},"
		"\"claude\\u002dhaiku\":{\"costUSD\":0.25,\"nested\":{\"costUSD\":9}}}}");
	assert_usd(s.total_usd, 1.5);
	assert_int_equal(s.model_count, 2);
	assert_string_equal(s.models[0].name, "claude-opus-4-6[1m]");
	assert_int_equal(s.models[0].input, 1);
	assert_int_equal(s.models[0].output, 2);
	assert_int_equal(s.models[0].cache_read, 3);
	assert_int_equal(s.models[0].cache_creation, 4);
	assert_int_equal(s.models[0].web_searches, 5);
	assert_usd(s.models[0].cost_usd, 1.25);
	assert_string_equal(s.models[1].name, "claude-haiku");
	assert_usd(s.models[1].cost_usd, .25);
}

static void what_is_wrong_in_it_is_passed_over(void **state)
{
	(void)state;
	struct cost_state s = state_of(
		"{\"type\":\"cost-state\",\"totalCostUSD\":1,\"modelUsage\":{\"a\":7,\"\":{\"costUSD\":1},"
		"\"b\":{\"costUSD\":\"1\",\"inputTokens\":-5,\"outputTokens\":1e3},\"c\":null,"
		"\"d\":{\"costUSD\":-1},"
		"\"e\":{\"costUSD\":1e300}}}");
	assert_int_equal(s.model_count, 3);
	for (size_t i = 0; i < s.model_count; i++)
		assert_true(s.models[i].cost_usd == 0. && s.models[i].input == 0 && s.models[i].output == 0);
	assert_int_equal(state_of("{\"type\":\"cost-state\",\"totalCostUSD\":1}").model_count, 0);
	assert_int_equal(
		state_of("{\"type\":\"cost-state\",\"totalCostUSD\":1,\"modelUsage\":[]}").model_count, 0);
	/* Only so many. */
	char line[8192];
	size_t len = (size_t)snprintf(line, sizeof(line),
				      "{\"type\":\"cost-state\",\"totalCostUSD\":1,\"modelUsage\":{");
	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s\"m%d\":{\"costUSD\":0.01}",
					i ? "," : "", i);
	snprintf(line + len, sizeof(line) - len, "}}");
	assert_int_equal(state_of(line).model_count, COST_STATE_MODELS_MAX);
}

/* ---- the gap ---- */

static void add_model(struct ledger_session *session, const char *name, int64_t input, int64_t output,
		      double usd)
{
	struct ledger_model *model = &session->models[session->model_count++];
	model->name = name;
	model->sums = (struct ledger_sums){ .entries = 1,
					    .tokens = { .input = input, .output = output },
					    .cost_usd = usd };
	session->sums.cost_usd += usd;
}

static void add_theirs(struct cost_state *s, const char *name, int64_t input, int64_t output, double usd)
{
	struct cost_state_model *model = &s->models[s->model_count++];
	memset(model, 0, sizeof(*model));
	snprintf(model->name, sizeof(model->name), "%s", name);
	model->input = input;
	model->output = output;
	model->cost_usd = usd;
	s->total_usd += usd;
}

/* The one reason that is expected, or none with NULL. */
static void assert_reason(const struct cost_gap *gap, const char *kind, const char *model, double usd)
{
	assert_int_equal(gap->reason_count, kind ? 1 : 0);
	assert_usd(gap->unexplained_usd, 0.);
	if (!kind)
		return;
	assert_string_equal(cost_gap_kind_name(gap->reasons[0].kind), kind);
	assert_string_equal(gap->reasons[0].model, model);
	assert_usd(gap->reasons[0].usd, usd);
}

static void each_gap_has_its_reason(void **state)
{
	(void)state;
	static const struct {
		const char *name, *their_name;
		int64_t input, output, their_input, their_output;
		double usd, their_usd;
		bool later;
		const char *kind;
		double gap_usd;
	} cases[] = {
		{ "m", "m", 10, 10, 10, 10, 1., 1., false, NULL, 0. },
		{ "m-20260101", "m[1m]", 10, 10, 10, 10, 1., 1., false, NULL, 0. },
		{ "m-fast", "m", 10, 10, 10, 10, 1., 1., false, NULL, 0. },
		{ "m", "m", 10, 10, 10, 40, 1., 1.5, false, "missing-finals", .5 },
		{ "m", "m", 10, 10, 90, 40, 1., 1.5, false, "missing-lines", .5 },
		{ "m", "m", 10, 40, 10, 10, 1., .75, true, "later-messages", -.25 },
		{ "m", "m", 10, 40, 10, 10, 1., .75, false, "not-in-total", -.25 },
		{ "m", "m", 10, 10, 10, 10, 1., 1.1, false, "price", .1 },
		{ "m", "m", 10, 10, 10, 10, 1., .9, true, "price", -.1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_session session = { .block_usd_per_hour = NAN };
		struct cost_state s = { 0 };
		struct cost_gap gap;
		add_model(&session, cases[i].name, cases[i].input, cases[i].output, cases[i].usd);
		add_theirs(&s, cases[i].their_name, cases[i].their_input, cases[i].their_output,
			   cases[i].their_usd);
		cost_gap_explain(&s, &session, cases[i].later, &gap);
		assert_usd(gap.gap_usd, cases[i].gap_usd);
		assert_reason(&gap, cases[i].kind, cases[i].their_name, cases[i].gap_usd);
	}
}

static void helpers_unpriced_models_and_searches(void **state)
{
	(void)state;
	struct ledger_session session = { .block_usd_per_hour = NAN };
	struct cost_state s = { 0 };
	struct cost_gap gap;
	add_model(&session, "m", 10, 10, 1.);
	add_theirs(&s, "m", 10, 10, 1.);
	add_theirs(&s, "claude-haiku-4-5", 5, 5, .125);
	cost_gap_explain(&s, &session, false, &gap);
	assert_reason(&gap, "helper-model", "claude-haiku-4-5", .125);
	/* A fee that swatch leaves out. */
	s.model_count = 1;
	s.total_usd = s.models[0].cost_usd = 1.02;
	s.models[0].web_searches = 2;
	cost_gap_explain(&s, &session, false, &gap);
	assert_reason(&gap, "web-search", "m", .02);
	/* Fast and standard requests are one model there. */
	add_model(&session, "m-fast", 10, 10, 3.);
	s.models[0] = (struct cost_state_model){ "m", .input = 20, .output = 20, .cost_usd = 4. };
	s.total_usd = 4.;
	cost_gap_explain(&s, &session, false, &gap);
	assert_reason(&gap, NULL, NULL, 0.);
	/* No price for it here. */
	add_model(&session, "next", 10, 10, 0.);
	session.models[2].unpriced = true;
	add_theirs(&s, "next", 10, 10, 2.);
	cost_gap_explain(&s, &session, false, &gap);
	assert_reason(&gap, "unpriced-model", "next", 2.);
	/* A model that is not in the total at all. */
	session.models[2].unpriced = false;
	session.models[2].sums.cost_usd = .5;
	session.sums.cost_usd += .5;
	s.model_count = 1;
	s.total_usd = 4.;
	cost_gap_explain(&s, &session, false, &gap);
	assert_reason(&gap, "not-in-total", "next", -.5);
}

static void what_nobody_can_tell_stays_unexplained(void **state)
{
	(void)state;
	struct ledger_session session = { .block_usd_per_hour = NAN };
	struct cost_state s = { 0 };
	struct cost_gap gap;
	add_model(&session, "m", 10, 10, 1.);
	s.total_usd = 3.;
	/* Without models in the line, nothing is known about the lines either. */
	cost_gap_explain(&s, &session, false, &gap);
	assert_usd(gap.gap_usd, 2.);
	assert_usd(gap.unexplained_usd, 2.);
	assert_int_equal(gap.reason_count, 0);
	add_theirs(&s, "m", 10, 10, 1.);
	s.total_usd = 3.;
	cost_gap_explain(&s, &session, false, &gap);
	assert_usd(gap.unexplained_usd, 2.);
	for (int i = 0; i < COST_GAP_KINDS; i++)
		assert_non_null(cost_gap_kind_name((enum cost_gap_kind)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_the_total_and_its_models),
		cmocka_unit_test(what_is_wrong_in_it_is_passed_over),
		cmocka_unit_test(each_gap_has_its_reason),
		cmocka_unit_test(helpers_unpriced_models_and_searches),
		cmocka_unit_test(what_nobody_can_tell_stays_unexplained),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
