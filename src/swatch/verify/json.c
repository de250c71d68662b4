/* The result for programs; swatch-verify(1) explains the members. */
#include "base/clock.h"
#include "json/pretty.h"
#include "json/write.h"
#include "swatch/ui/terminal.h"
#include "swatch/verify/figures.h"
#include "swatch/verify/verify.h"
#include "transcript/scan.h"

static const char *const states[] = { [VERIFY_EQUAL] = "equal", [VERIFY_EXPLAINED] = "explained",
				      [VERIFY_UNEXPLAINED] = "unexplained" };

static void put_tokens(struct jsonw *w, const struct price_tokens *t)
{
	jsonw_key(w, "tokens");
	jsonw_begin_object(w);
	jsonw_put_int(w, "input", t->input);
	jsonw_put_int(w, "output", t->output);
	jsonw_put_int(w, "cacheCreation", price_tokens_created(t));
	jsonw_put_int(w, "cacheRead", t->cache_read);
	jsonw_end_object(w);
}

static void put_usd(struct jsonw *w, const char *key, bool is_counted, double usd)
{
	if (is_counted)
		jsonw_put_double(w, key, usd);
	else
		jsonw_put_null(w, key);
}

static void put_entry(struct jsonw *w, const struct verify *verify, const struct compare_entry *entry)
{
	const struct reference_record *r = entry->record;
	const struct reference_file *file = reference_file_at(verify->reference, r->file);
	struct slice name = reference_model(verify->reference, r);
	char model[PRICE_MODEL_MAX * 4 + 1], time[CLOCK_RFC3339_SIZE];
	scan_unescape(name, model, sizeof(model), PRICE_MODEL_MAX);
	clock_format_rfc3339(r->time_ms, time);
	const char *counted_by = !entry->theirs ? "swatch" : entry->ours ? "both" : "ccusage";
	jsonw_begin_object(w);
	jsonw_put_string(w, "reason", difference_name(entry->reason));
	jsonw_put_string(w, "countedBy", counted_by);
	jsonw_put_string(w, "path", file->path);
	jsonw_put_int(w, "line", r->line);
	jsonw_put_int(w, "offset", r->offset);
	jsonw_put_string(w, "time", time);
	jsonw_put_string(w, "model", name.data ? model : NULL);
	jsonw_put_bool(w, "agentProgress", r->progress);
	jsonw_put_bool(w, "sidechain", r->sidechain);
	jsonw_put_int(w, "advisor", r->advisor);
	put_tokens(w, &r->tokens);
	put_usd(w, "swatchUSD", entry->ours, entry->our_usd);
	put_usd(w, "ccusageUSD", entry->theirs, entry->their_usd);
	if (entry->reason == DIFFERENCE_OTHER_SESSION) {
		jsonw_put_string(w, "ccusageSession", file->session);
		jsonw_put_string(w, "ccusageProject", file->project);
	}
	jsonw_end_object(w);
}

static void put_side(struct jsonw *w, const char *key, const struct verify_report *report,
		     struct json_object *row)
{
	jsonw_key(w, key);
	if (!row) {
		jsonw_null(w);
		return;
	}
	jsonw_begin_object(w);
	jsonw_put_double(w, "costUSD", verify_row_usd(report, row));
	jsonw_put_int(w, "totalTokens", verify_row_tokens(row));
	jsonw_end_object(w);
}

static void put_row(struct jsonw *w, const struct verify *verify, const struct verify_report *report,
		    const struct verify_row *row)
{
	jsonw_begin_object(w);
	jsonw_put_string(w, "row", row->key);
	jsonw_put_string(w, "state", states[row->state]);
	jsonw_put_string(w, "reason",
			 row->reason != DIFFERENCE_UNKNOWN ? difference_name(row->reason) : NULL);
	put_side(w, "swatch", report, row->ours);
	put_side(w, "ccusage", report, row->theirs);
	put_side(w, "expected", report, row->expected);
	jsonw_put_string(w, "difference", row->difference.len > 0 ? buf_str(&row->difference) : NULL);
	jsonw_key(w, "entries");
	jsonw_begin_array(w);
	for (size_t i = 0; i < row->entry_count; i++)
		put_entry(w, verify, &report->entries.list[row->entries[i]]);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

static void put_report(struct jsonw *w, const struct verify *verify, const struct verify_report *report)
{
	jsonw_begin_object(w);
	jsonw_put_string(w, "report", report_kind_name(report->kind));
	jsonw_put_bool(w, "compared", report->is_compared);
	jsonw_put_string(w, "error", report->problem.len > 0 ? buf_str(&report->problem) : NULL);
	jsonw_put_int(w, "rows", (int64_t)report->row_count);
	jsonw_put_int(w, "equal", (int64_t)report->equal);
	jsonw_put_int(w, "explained", (int64_t)report->explained);
	jsonw_put_int(w, "unexplained", (int64_t)report->unexplained);
	jsonw_key(w, "differences");
	jsonw_begin_array(w);
	for (size_t i = 0; i < report->row_count; i++)
		if (report->rows[i].state != VERIFY_EQUAL)
			put_row(w, verify, report, &report->rows[i]);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

static void put_reasons(struct jsonw *w)
{
	jsonw_key(w, "reasons");
	jsonw_begin_object(w);
	for (enum difference reason = 0; reason < DIFFERENCE_UNKNOWN; reason++)
		jsonw_put_string(w, difference_name(reason), difference_text(reason));
	jsonw_end_object(w);
}

bool verify_print_json(const struct verify *verify)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", verify_unexplained(verify) == 0 && !verify->version.is_older);
	jsonw_put_string(&w, "command", verify->command_path);
	jsonw_put_string(&w, "version", *verify->version.text ? verify->version.text : NULL);
	jsonw_put_string(&w, "referenceVersion", CCUSAGE_REFERENCE_VERSION);
	jsonw_put_bool(&w, "isReference", verify->version.is_reference);
	jsonw_put_bool(&w, "writtenMeanwhile", verify->was_written);
	jsonw_put_int(&w, "transcripts", (int64_t)verify->transcripts);
	jsonw_put_int(&w, "messages", (int64_t)ledger_count(verify->ledger));
	jsonw_put_int(&w, "unexplained", (int64_t)verify_unexplained(verify));
	jsonw_key(&w, "reports");
	jsonw_begin_array(&w);
	for (int kind = 0; kind < REPORT_KINDS; kind++)
		put_report(&w, verify, &verify->reports[kind]);
	jsonw_end_array(&w);
	put_reasons(&w);
	jsonw_end_object(&w);
	return terminal_print_json(&text);
}
