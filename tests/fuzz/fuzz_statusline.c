/*
 * The whole of a statusline but the files: stdin, billing-shared.json, the session's file and swatch.conf,
 * all of them anything. One line at least comes out, which a terminal shows and is not steered by; so do the
 * panel of subagents, and the tick for the daemon, which is JSON of a bounded size.
 */
#include "fuzz.h"
#include "config/few.h"
#include "swatch/statusline/format.h"
#include "swatch/statusline/input.h"
#include "swatch/statusline/presets.h"
#include "swatch/statusline/subagents.h"
#include "swatch/statusline/tick.h"

/* What the daemon takes. */
#define TICK_MAX_BYTES ((size_t)64 << 10)

/* Where the object ends does not go by the pieces that it comes in. */
static void check_input_end(const struct fuzz_text *input)
{
	struct input_end whole = { 0 }, steps = { 0 };
	size_t took = input_end_take(&whole, input->data, input->len), sum = 0;
	for (size_t i = 0; i < input->len && !steps.found; i++)
		sum += input_end_take(&steps, input->data + i, 1);
	FUZZ_CHECK(whole.found == steps.found && (!whole.found || took == sum),
		   "ends after %zu bytes, byte by byte after %zu", took, sum);
}

static void check_line(const struct config_few *config, const struct statusline_facts *facts,
		       const struct statusline_look *look)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	const struct statusline_preset *preset = statusline_preset_find(buf_str(&config->preset));
	const char *format = preset ? preset->format : statusline_presets[0].format;
	if (config->format.len > 0 && !statusline_format(buf_str(&config->format), facts, look, &out, &error))
		fuzz_check_shown("a format's fault", buf_str(&error), error.len, false);
	fuzz_check_shown("a line of the config's", buf_str(&out), out.len, look->colour);
	buf_clear(&out);
	buf_clear(&error);
	FUZZ_CHECK(statusline_format(format, facts, look, &out, &error), "a preset is wrong: %s",
		   buf_str(&error));
	fuzz_check_shown("a preset's line", buf_str(&out), out.len, look->colour);
	buf_release(&out);
	buf_release(&error);
}

static void check_tick(const struct statusline_facts *facts)
{
	struct buf tick = BUF_INIT;
	statusline_tick_write(facts, &tick);
	size_t len = tick.len;
	if (len > 0) {
		FUZZ_CHECK(len <= TICK_MAX_BYTES, "%zu bytes", len);
		len -= tick.data[len - 1] == '\n';
		FUZZ_CHECK(!memchr(tick.data, '\n', len), "more than a line: %s", tick.data);
		json_object_put(fuzz_check_json("a tick", tick.data, len));
	}
	buf_release(&tick);
}

static void check_subagents(const struct fuzz_text *input, bool colour)
{
	struct buf rows = BUF_INIT;
	statusline_subagents_write(input->data, input->len, FUZZ_NOW_MS, colour, &rows);
	for (const char *row = buf_str(&rows); *row;) {
		size_t len = strcspn(row, "\n");
		struct json_object *object = fuzz_check_json("a subagent's row", row, len), *content;
		FUZZ_CHECK(json_object_object_get_ex(object, "content", &content),
			   "a row without content: %s", row);
		fuzz_check_shown("a subagent's row", json_object_get_string(content),
				 (size_t)json_object_get_string_len(content), colour);
		json_object_put(object);
		row += len + (row[len] == '\n');
	}
	buf_release(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct statusline_facts facts;
	struct config_few config = CONFIG_FEW_INIT;
	fuzz_begin();
	struct fuzz_text input = fuzz_take_text(&in), billing = fuzz_take_text(&in),
			 session = fuzz_take_text(&in);
	struct fuzz_text conf = fuzz_take_text(&in);
	uint8_t flags = fuzz_take_byte(&in);
	struct statusline_look look = { .colour = flags & 1, .columns = fuzz_take_byte(&in) };
	check_input_end(&input);
	config_few_parse(&config, conf.data, conf.len);
	facts_init(&facts, FUZZ_NOW_MS);
	facts_take_input(&facts, input.data, input.len);
	if (look.columns > 0)
		facts.number[FACT_COLUMNS] = (double)look.columns;
	facts.daemon_lives = flags & 2;
	facts_take_billing(&facts, billing.data, billing.len);
	facts_take_session(&facts, session.data, session.len);
	facts_finish(&facts);
	check_line(&config, &facts, &look);
	check_tick(&facts);
	check_subagents(&input, look.colour);
	config_few_release(&config);
	fuzz_text_release(&conf);
	fuzz_text_release(&session);
	fuzz_text_release(&billing);
	fuzz_text_release(&input);
	return 0;
}
