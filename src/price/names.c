#include "price/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "claude-"

/* "-20251001", at the end or before "-fast" and its like. */
#define DATE_LEN 9
static bool is_date(const char *text)
{
	size_t digits = text[0] == '-' ? strspn(text + 1, "0123456789") : 0;
	return digits == DATE_LEN - 1 && strchr("-[", text[DATE_LEN]);
}

void model_name_shorten(const char *model, char *out, size_t size)
{
	size_t len = 0;
	if (strncmp(model, PREFIX, strlen(PREFIX)) == 0 && model[strlen(PREFIX)])
		model += strlen(PREFIX);
	for (const char *c = model; *c && len + 1 < size; c++) {
		if (c > model && is_date(c))
			c += DATE_LEN;
		if (!*c || (c > model && *c == '['))
			break;
		out[len++] = *c;
	}
	out[len] = '\0';
}

void model_name_title(const char *model, char *out, size_t size)
{
	static const char *const families[] = { "opus", "sonnet", "haiku", "fable", "mythos", "instant" };
	const char *start = strstr(model, PREFIX);
	const char *family = NULL;
	char version[16] = "";
	size_t len = 0;
	for (size_t i = 0; start && i < sizeof(families) / sizeof(families[0]); i++)
		if (strstr(start, families[i]))
			family = families[i];
	if (!family) {
		snprintf(out, size, "%s", model);
		return;
	}
	/* One- and two-digit numbers make the version; eight digits are a date. */
	for (const char *at = start + strlen(PREFIX); *at && *at != '[';) {
		size_t digits = strspn(at, "0123456789");
		if ((digits == 1 || digits == 2) && (at[-1] == '-' || at[-1] == '.')
		    && len + digits + 1 < sizeof(version))
			len += (size_t)snprintf(version + len, sizeof(version) - len, "%s%.*s",
						len ? "." : "", (int)digits, at);
		at += digits ? digits : 1;
	}
	snprintf(out, size, "%c%s%s", toupper((unsigned char)family[0]), family + 1, version);
}
