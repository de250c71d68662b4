#include "swatch/report/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "swatch/ui/terminal.h"

void text_list_add(struct text_list *list, const char *text, size_t len)
{
	char *copy = NULL;
	if (array_reserve(&list->texts, &list->cap, list->count + 1, sizeof(*list->texts)))
		copy = strndup(text, len);
	if (copy)
		list->texts[list->count++] = copy;
	list->failed = list->failed || !copy;
}

void text_list_release(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->texts[i]);
	free(list->texts);
	memset(list, 0, sizeof(*list));
}

void report_data_set_totals(struct report_data *data, const char *json, size_t len)
{
	free(data->totals);
	data->totals = strndup(json, len);
	data->failed = data->failed || !data->totals;
}

void report_data_set_first_day(struct report_data *data, const char *day)
{
	if (day && strlen(day) == sizeof("2026-11-23") - 1 && strspn(day, "0123456789-") == strlen(day))
		memcpy(data->first_day, day, strlen(day) + 1);
}

void report_data_say_beginning(const struct report_data *data, const char *since, const char *until,
			       struct buf *out)
{
	const char *day = data->first_day;
	char digits[sizeof(data->first_day)];
	snprintf(digits, sizeof(digits), "%.4s%.2s%.2s", day, *day ? day + 5 : "", *day ? day + 8 : "");
	if (*day && ((*since && strcmp(since, digits) < 0) || (*until && strcmp(until, digits) < 0)))
		buf_printf(out, "there is no data from before %s\n", day);
}

bool report_data_is_whole(const struct report_data *data)
{
	return !data->failed && !data->rows.failed && !data->unpriced.failed;
}

void report_say_unpriced(const struct report_data *data)
{
	AUTO_BUF names = BUF_INIT;
	const struct text_list *models = &data->unpriced;
	for (size_t i = 0; i < models->count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", models->texts[i]);
	if (models->count > 0)
		terminal_error("no price for %s; %s tokens count as 0 USD; see swatch-pricing(1)",
			       buf_str(&names), models->count == 1 ? "its" : "their");
}

void report_data_release(struct report_data *data)
{
	text_list_release(&data->rows);
	text_list_release(&data->unpriced);
	free(data->totals);
	memset(data, 0, sizeof(*data));
}
