/* Rows of a report, as a daemon of any version may send them, as a table of any width: a terminal shows it,
 * and that is all. */
#include "fuzz.h"
#include "swatch/report/table.h"

#define ROWS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct report_request request = { .options.now_ms = FUZZ_NOW_MS };
	struct report_data report = { 0 };
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
	while (in.left > 0 && report.rows.count < ROWS_MAX) {
		struct fuzz_text row = fuzz_take_string(&in);
		text_list_add(&report.rows, row.data, row.len);
		fuzz_text_release(&row);
	}
	/* The last one is the totals too. */
	if (report.rows.count > 0)
		report.totals = strdup(report.rows.texts[report.rows.count - 1]);
	FUZZ_CHECK(report_table_compose(&request, &report, &device, &out), "no memory");
	fuzz_check_shown("the table", buf_str(&out), out.len, device.colour);
	report_data_release(&report);
	buf_release(&out);
	return 0;
}
