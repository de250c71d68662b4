#include "transcript/counts.h"

#include <math.h>

int scan_field(struct slice key, const struct slice *names, int count, unsigned *seen, bool *twice)
{
	for (int i = 0; i < count; i++) {
		if (key.len != names[i].len || key.data[0] != names[i].data[0]
		    || memcmp(key.data, names[i].data, key.len) != 0)
			continue;
		if (*seen & (1U << i))
			*twice = true;
		*seen |= 1U << i;
		return i;
	}
	return -1;
}

static void tell_null(struct walk *w, struct slice key)
{
	if (w->null_seen)
		w->null_seen(w->ctx, key);
}

/* ccusage believes whatever 64 bits hold; here all beyond 2^53 are alike. */
static bool parse_huge(struct slice text, int64_t *out)
{
	uint64_t value = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9'
		    || __builtin_mul_overflow(value, UINT64_C(10), &value)
		    || __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
			return false;
	}
	*out = value > (uint64_t)SCAN_TOKENS_HUGE ? SCAN_TOKENS_HUGE : (int64_t)value;
	return true;
}

/* "100.0" and "1e2" are counts, too, but ccusage does not read them. */
static bool parse_double(struct slice text, int64_t *out)
{
	double value;
	if (!slice_to_double(text, &value) || !(value >= 0. && value <= 9007199254740992.)
	    || value != floor(value))
		return false;
	*out = (int64_t)value;
	return true;
}

/* What is wrong with a value that is no count. */
static enum malformed fault_of(const struct walk_item *item)
{
	double value;
	if (item->kind != WALK_NUMBER)
		return MALFORMED_NO_NUMBER;
	if (item->text.data[0] == '-')
		return MALFORMED_NEGATIVE;
	return slice_to_double(item->text, &value) && value <= 9007199254740992. ? MALFORMED_NO_NUMBER
										 : MALFORMED_TOO_LARGE;
}

static void note_fault(struct scan_counts *counts, enum malformed fault)
{
	if (counts->malformed == MALFORMED_NOT)
		counts->malformed = fault;
}

/* A count, or it spoils the record. Null is left to the caller. */
static bool take_count(struct scan_counts *counts, const struct walk_item *item, int64_t *out)
{
	bool good = item->kind == WALK_NUMBER && slice_to_count(item->text, out);
	if (!good && item->kind == WALK_NUMBER) {
		good = parse_huge(item->text, out);
		if (!good)
			counts->unread = good = parse_double(item->text, out);
	}
	if (!good) {
		counts->bad = true;
		note_fault(counts, fault_of(item));
		return false;
	}
	if (*out > SCAN_TOKENS_MAX) {
		counts->absurd = true;
		note_fault(counts, MALFORMED_TOO_LARGE);
	}
	return true;
}

/* cache_creation []: to ccusage's reader a list of its counts, in their order, is as good. */
static void walk_breakdown_list(struct walk *w, struct scan_counts *counts)
{
	int64_t *places[] = { &counts->tokens.cache_creation_5m, &counts->tokens.cache_creation_1h };
	struct walk_item item;
	size_t index = 0;
	bool first = true;
	while (walk_next_item(w, &first) && walk_value(w, &item)) {
		if (index < 2)
			take_count(counts, &item, places[index]);
		else
			counts->unread = true;
		index++;
	}
}

/* cache_creation {}: its counts are 0 by default. */
static void walk_breakdown(struct walk *w, struct scan_counts *counts)
{
	static const struct slice names[] = {
		SCAN_NAME("ephemeral_5m_input_tokens"), SCAN_NAME("ephemeral_1h_input_tokens"),
	};
	int64_t *places[] = { &counts->tokens.cache_creation_5m, &counts->tokens.cache_creation_1h };
	struct walk_item item;
	struct slice key;
	unsigned seen = 0;
	bool first = true;
	*places[0] = *places[1] = 0;
	counts->has_breakdown = walk_enter(w, '[');
	if (counts->has_breakdown) {
		walk_breakdown_list(w, counts);
		return;
	}
	counts->has_breakdown = walk_enter(w, '{');
	if (!counts->has_breakdown) {
		if (walk_value(w, &item) && item.kind != WALK_NULL)
			counts->unread = true;
		return;
	}
	while (walk_next_key(w, &first, &key)) {
		int field = scan_field(key, names, 2, &seen, &counts->unread);
		if (!walk_value(w, &item))
			return;
		if (item.kind == WALK_NULL) {
			tell_null(w, key);
			counts->unread = counts->unread || field >= 0;
		} else if (field >= 0) {
			take_count(counts, &item, places[field]);
		}
	}
}

/* iterations []: kept whole for usage.c. A null model in one of them does not lose the line. */
static void walk_iterations(struct walk *w, struct scan_counts *counts)
{
	struct walk_item item;
	struct slice key;
	bool first = true;
	if (walk_peek(w) != WALK_ARRAY) {
		walk_value(w, &item);
		return;
	}
	const char *start = w->at;
	walk_enter(w, '[');
	while (walk_next_item(w, &first)) {
		bool first_key = true;
		if (!walk_enter_or_pass(w, '{'))
			continue;
		while (walk_next_key(w, &first_key, &key)) {
			bool is_model = slice_equals(key, "model");
			if (walk_value(w, &item) && item.kind == WALK_NULL && !is_model)
				tell_null(w, key);
		}
	}
	if (!w->bad)
		counts->iterations = (struct slice){ start, (size_t)(w->at - start) };
}

/* server_tool_use {}: its web searches. Nothing in it spoils the record. */
static void walk_server_tools(struct walk *w, struct scan_counts *counts)
{
	struct walk_item item;
	struct slice key;
	int64_t searches;
	bool first = true;
	if (!walk_enter(w, '{')) {
		if (walk_value(w, &item) && item.kind == WALK_NULL)
			tell_null(w, (struct slice){ "server_tool_use", strlen("server_tool_use") });
		return;
	}
	while (walk_next_member(w, &first, &key, &item)) {
		if (item.kind == WALK_NULL || !slice_equals(key, "web_search_requests"))
			continue;
		if (item.kind != WALK_NUMBER
		    || (!slice_to_count(item.text, &searches) && !parse_double(item.text, &searches)))
			note_fault(counts, fault_of(&item));
		else if (searches > SCAN_WEB_SEARCHES_MAX)
			note_fault(counts, MALFORMED_TOO_LARGE);
		else
			counts->extras.web_searches = (uint32_t)searches;
	}
}

/* ccusage does not look at these: a repeated one is no fault. */
static void take_extra(struct scan_counts *counts, struct slice key, const struct walk_item *item)
{
	if (item->kind != WALK_STRING)
		return;
	if (slice_equals(key, "service_tier"))
		counts->extras.batch = slice_equals(item->text, "batch");
	else if (slice_equals(key, "inference_geo"))
		counts->extras.us_only = slice_equals(item->text, "us");
}

/* Another speed than these two, "turbo" perhaps, is charged as the usual one. ccusage loses the line. */
static void take_speed(struct scan_counts *counts, const struct walk_item *item)
{
	if (item->kind == WALK_NULL)
		return;
	counts->fast = item->kind == WALK_STRING && slice_equals(item->text, "fast");
	counts->has_speed =
		counts->fast || (item->kind == WALK_STRING && slice_equals(item->text, "standard"));
	if (!counts->has_speed)
		counts->unread = true;
}

enum counts_field { INPUT, OUTPUT, CREATION, READ, SPEED, BREAKDOWN, ITERATIONS, TYPE, MODEL };

static void take_field(struct scan_counts *counts, int field, const struct walk_item *item)
{
	switch (field) {
	case INPUT:
		counts->has_input = take_count(counts, item, &counts->tokens.input);
		break;
	case OUTPUT:
		counts->has_output = take_count(counts, item, &counts->tokens.output);
		break;
	case CREATION:
		counts->has_flat = item->kind != WALK_NULL
				&& take_count(counts, item, &counts->flat_creation);
		break;
	case READ:
		if (item->kind != WALK_NULL)
			take_count(counts, item, &counts->tokens.cache_read);
		break;
	case SPEED:
		take_speed(counts, item);
		break;
	case TYPE:
		if (item->kind == WALK_STRING)
			counts->type = item->text;
		break;
	case MODEL:
		if (item->kind == WALK_STRING && slice_is_text(item->text))
			counts->model = item->text;
		break;
	default:
		break;
	}
}

static void settle_creation(struct scan_counts *counts)
{
	struct price_tokens *t = &counts->tokens;
	counts->reference_5m = counts->has_breakdown ? t->cache_creation_5m : counts->flat_creation;
	counts->reference_1h = counts->has_breakdown ? t->cache_creation_1h : 0;
	if (!counts->has_flat)
		return;
	if (t->cache_creation_1h > counts->flat_creation)
		t->cache_creation_1h = counts->flat_creation;
	t->cache_creation_5m = counts->flat_creation - t->cache_creation_1h;
}

bool scan_counts_walk(struct walk *w, struct scan_counts *out)
{
	static const struct slice names[] = {
		[INPUT] = SCAN_NAME("input_tokens"), [OUTPUT] = SCAN_NAME("output_tokens"),
		[CREATION] = SCAN_NAME("cache_creation_input_tokens"),
		[READ] = SCAN_NAME("cache_read_input_tokens"), [SPEED] = SCAN_NAME("speed"),
		[BREAKDOWN] = SCAN_NAME("cache_creation"), [ITERATIONS] = SCAN_NAME("iterations"),
		[TYPE] = SCAN_NAME("type"), [MODEL] = SCAN_NAME("model"),
	};
	struct walk_item item;
	struct slice key;
	unsigned seen = 0;
	bool first = true;
	memset(out, 0, sizeof(*out));
	if (!walk_enter(w, '{'))
		return false;
	while (walk_next_key(w, &first, &key)) {
		int field = scan_field(key, names, sizeof(names) / sizeof(names[0]), &seen, &out->unread);
		if (field == BREAKDOWN) {
			walk_breakdown(w, out);
			continue;
		}
		if (field == ITERATIONS) {
			walk_iterations(w, out);
			continue;
		}
		if (field < 0 && slice_equals(key, "server_tool_use")) {
			walk_server_tools(w, out);
			continue;
		}
		if (!walk_value(w, &item))
			break;
		if (item.kind == WALK_NULL)
			tell_null(w, key);
		if (field >= 0)
			take_field(out, field, &item);
		else
			take_extra(out, key, &item);
	}
	settle_creation(out);
	return true;
}
