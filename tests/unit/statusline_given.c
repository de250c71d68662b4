#include "statusline_given.h"

#include "unit.h"

#include "swatch/statusline/format.h"

struct statusline_facts facts;

void take(const char *input, const char *billing, const char *session, bool daemon_lives)
{
	facts_init(&facts, NOW_MS);
	facts.daemon_lives = daemon_lives;
	if (input)
		facts_take_input(&facts, input, strlen(input));
	if (billing)
		facts_take_billing(&facts, billing, strlen(billing));
	if (session)
		facts_take_session(&facts, session, strlen(session));
	facts_finish(&facts);
}

void expect_line_in(const char *format, bool colour, size_t columns, const char *expected)
{
	const struct statusline_look look = { .colour = colour, .columns = columns };
	AUTO_BUF out = BUF_INIT, error = BUF_INIT;
	bool good = statusline_format(format, &facts, &look, &out, &error);
	if (!good)
		fail_msg("%s: %s", format, buf_str(&error));
	assert_string_equal(buf_str(&out), expected);
}

void expect_line(const char *format, const char *expected)
{
	expect_line_in(format, false, 0, expected);
}
