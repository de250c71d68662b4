/* Rows of a report, as a daemon of any version may send them, as a table of any width: a terminal shows it,
 * and that is all. */
#include "fuzz.h"
#include "json/parse.h"
#include "report/json.h"
#include "swatch/report/table.h"

#define ROWS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct report_request request = { .options.now_ms = FUZZ_NOW_MS };
	struct report report;
	struct buf out = BUF_INIT;
	fuzz_begin();
	request.options.kind = (enum report_kind)fuzz_pick(&in, REPORT_KINDS);
	uint8_t flags = fuzz_take_byte(&in);
	request.breakdown = flags & 1;
	request.recent = flags & 2;
	request.options.active = flags & 4;
	struct table_device device = { .width = fuzz_take_byte(&in),
				       .colour = flags & 8,
				       .utf8 = flags & 16 };
	report_init(&report, request.options.kind);
	while (in.left > 0 && report.row_count < ROWS_MAX) {
		struct fuzz_text text = fuzz_take_string(&in);
		struct json_object *row = json_parse(text.data, text.len, JSON_PARSE_MAX_DEPTH, NULL);
		report_read_row(&report, row);
		/* The last one is the totals too. */
		report_read_totals(&report, row);
		json_object_put(row);
		fuzz_text_release(&text);
	}
	FUZZ_CHECK(report_table_compose(&request, &report, &device, &out), "no memory");
	fuzz_check_shown("the table", buf_str(&out), out.len, device.colour);
	report_release(&report);
	buf_release(&out);
	return 0;
}
