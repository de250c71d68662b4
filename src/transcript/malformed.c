#include "transcript/malformed.h"

#include "json/get.h"

static uint32_t add(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

void malformed_note(struct malformed_lines *lines, enum malformed kind)
{
	if (kind != MALFORMED_NOT)
		lines->of[kind] = add(lines->of[kind], 1);
}

void malformed_add(struct malformed_lines *sum, const struct malformed_lines *more)
{
	for (int kind = 0; kind < MALFORMED_KINDS; kind++)
		sum->of[kind] = add(sum->of[kind], more->of[kind]);
}

uint64_t malformed_count(const struct malformed_lines *lines)
{
	uint64_t count = 0;
	for (int kind = 0; kind < MALFORMED_KINDS; kind++)
		count += lines->of[kind];
	return count;
}

const char *malformed_name(enum malformed kind)
{
	static const char *const names[MALFORMED_KINDS] = {
		[MALFORMED_NOT] = "",
		[MALFORMED_DAMAGED] = "damaged",
		[MALFORMED_NEGATIVE] = "negative",
		[MALFORMED_NO_NUMBER] = "noNumber",
		[MALFORMED_TOO_LARGE] = "tooLarge",
	};
	return names[kind];
}

void malformed_write(const struct malformed_lines *lines, struct jsonw *w)
{
	for (int kind = MALFORMED_NOT + 1; kind < MALFORMED_KINDS; kind++)
		jsonw_put_int(w, malformed_name((enum malformed)kind), lines->of[kind]);
}

void malformed_read(struct json_object *counts, struct malformed_lines *out)
{
	*out = (struct malformed_lines){ { 0 } };
	for (int kind = MALFORMED_NOT + 1; kind < MALFORMED_KINDS; kind++) {
		int64_t count = json_get_int(counts, malformed_name((enum malformed)kind), 0);
		if (count > 0)
			out->of[kind] = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	}
}
