#include "swatch/doctor/doctor.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "json/pretty.h"
#include "json/write.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

void doctor_add(struct doctor *doctor, const char *name, enum doctor_state state, const char *format, ...)
{
	va_list args;
	/* When the list is full, the newest replaces the last. */
	if (doctor->count == DOCTOR_FINDINGS_MAX)
		doctor->count--;
	struct doctor_finding *finding = &doctor->findings[doctor->count++];
	finding->name = name;
	finding->state = state;
	buf_release(&finding->what);
	buf_release(&finding->remedy);
	va_start(args, format);
	buf_vprintf(&finding->what, format, args);
	va_end(args);
}

void doctor_extend(struct doctor *doctor, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(&doctor->findings[doctor->count - 1].what, format, args);
	va_end(args);
}

void doctor_remedy(struct doctor *doctor, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(&doctor->findings[doctor->count - 1].remedy, format, args);
	va_end(args);
}

size_t doctor_count(const struct doctor *doctor, enum doctor_state state)
{
	size_t count = 0;
	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->findings[i].state == state;
	return count;
}

static void show_finding(struct page *page, const struct doctor_finding *finding)
{
	static const enum page_style styles[] = {
		[DOCTOR_GOOD] = STYLE_PLAIN, [DOCTOR_NOTE] = STYLE_NOTE, [DOCTOR_BAD] = STYLE_BAD,
	};
	static const char *const marks[] = {
		[DOCTOR_GOOD] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_BAD] = "BAD"
	};
	page_line(page, styles[finding->state], PAGE_LABEL_COLUMNS + 6, "%-4s  %-*s%s", marks[finding->state],
		  PAGE_LABEL_COLUMNS, finding->name, buf_str(&finding->what));
	if (finding->remedy.len > 0)
		page_line(page, STYLE_PLAIN, PAGE_LABEL_COLUMNS + 8, "%*s> %s", PAGE_LABEL_COLUMNS + 6, "",
			  buf_str(&finding->remedy));
}

bool doctor_print_page(const struct doctor *doctor)
{
	struct page page;
	size_t bad = doctor_count(doctor, DOCTOR_BAD), notes = doctor_count(doctor, DOCTOR_NOTE);
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_finding *finding = &doctor->findings[i];
		show_finding(&page, finding);
		page.out.failed = page.out.failed || finding->what.failed || finding->remedy.failed;
	}
	page_blank_line(&page);
	if (bad > 0)
		page_line(&page, STYLE_BAD, 0, "%s, %s", human_counted((int64_t)bad, "problem", HUMAN_TEXT),
			  human_counted((int64_t)notes, "note", HUMAN_TEXT));
	else
		page_line(&page, STYLE_GOOD, 0, "all is well, %s",
			  human_counted((int64_t)notes, "note", HUMAN_TEXT));
	return page_print(&page);
}

bool doctor_print_json(const struct doctor *doctor)
{
	static const char *const names[] = {
		[DOCTOR_GOOD] = "good", [DOCTOR_NOTE] = "note", [DOCTOR_BAD] = "bad"
	};
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", doctor_count(doctor, DOCTOR_BAD) == 0);
	jsonw_put_int(&w, "bad", (int64_t)doctor_count(doctor, DOCTOR_BAD));
	jsonw_put_int(&w, "notes", (int64_t)doctor_count(doctor, DOCTOR_NOTE));
	jsonw_key(&w, "checks");
	jsonw_begin_array(&w);
	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_finding *finding = &doctor->findings[i];
		jsonw_begin_object(&w);
		jsonw_put_string(&w, "name", finding->name);
		jsonw_put_string(&w, "state", names[finding->state]);
		jsonw_put_string(&w, "what", buf_str(&finding->what));
		jsonw_put_string(&w, "remedy", finding->remedy.len > 0 ? buf_str(&finding->remedy) : NULL);
		jsonw_end_object(&w);
		out.failed = out.failed || finding->what.failed || finding->remedy.failed;
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return terminal_print_json(&out);
}
