/*
 * The format language: the first part of the input is a format, the rest what the look is. It is right or
 * wrong, the same to the check as to the rendering; what it renders is shown by a terminal and steers none,
 * fits in the columns, and has colours only where they are wanted.
 */
#include "fuzz.h"
#include "swatch/statusline/format.h"
#include "base/width.h"

static void check_lines(const struct buf *out, const struct statusline_look *look)
{
	const char *at = buf_str(out);
	while (look->columns > 0 && *at) {
		size_t len = strcspn(at, "\n");
		size_t width = width_of(at, len);
		FUZZ_CHECK(width <= look->columns, "%zu columns instead of %zu: %s", width, look->columns,
			   buf_str(out));
		at += len + (at[len] == '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct statusline_facts facts;
	struct buf out = BUF_INIT, fault = BUF_INIT, check_fault = BUF_INIT;
	fuzz_begin();
	struct fuzz_text format = fuzz_take_string(&in);
	struct statusline_look look = { .colour = fuzz_pick(&in, 2) == 1, .columns = fuzz_take_byte(&in) };
	facts_fill_sample(&facts, FUZZ_NOW_MS);
	if (fuzz_pick(&in, 2) == 1) {
		facts_init(&facts, FUZZ_NOW_MS);
		facts_finish(&facts);
	}
	bool good = statusline_format(format.data, &facts, &look, &out, &fault);
	bool checked = statusline_format_check(format.data, &check_fault);
	/* A fault in a branch that is not taken is the check's alone. */
	FUZZ_CHECK(good || !checked, "rendering finds what the check does not: %s", buf_str(&fault));
	FUZZ_CHECK(good || (fault.len > 0 && out.len == 0), "wrong, and nothing says why");
	FUZZ_CHECK(checked || check_fault.len > 0, "wrong, and nothing says why");
	FUZZ_CHECK(out.len <= STATUSLINE_OUTPUT_MAX_BYTES, "%zu bytes", out.len);
	fuzz_check_shown("a line", buf_str(&out), out.len, look.colour);
	fuzz_check_shown("a fault", buf_str(&fault), fault.len, false);
	fuzz_check_shown("a fault", buf_str(&check_fault), check_fault.len, false);
	check_lines(&out, &look);
	buf_release(&out);
	buf_release(&fault);
	buf_release(&check_fault);
	fuzz_text_release(&format);
	return 0;
}
