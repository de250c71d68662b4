/*
 * report/grown: what transcripts say beyond the ledger's file: lines since swatchd read them last, new
 * transcripts, rewritten ones.
 *
 * For: summed.c, when no swatchd runs, or one that has not written all. It goes by the rules of the daemon: a
 * ledger of its own takes the new lines, and asks the file about each message that may be there already.
 */
#ifndef SWATCH_SWATCH_REPORT_GROWN_H
#define SWATCH_SWATCH_REPORT_GROWN_H

#include "history/found.h"
#include "ledger/store/archive.h"
#include "ledger/store/left_out.h"
#include "price/load.h"
#include "swatch/report/options.h"
#include "swatch/report/summing.h"

struct report_grown {
	struct ledger *ledger; /* NULL: nothing has grown */
	struct store_archive *archive;
	struct store_left_out *left_out; /* what the file has of messages that changed */
	struct store_known_list known;
	struct prices prices;
};

/*
 * Reads what has grown of the transcripts that were found, and puts it in place of the entries that are
 * there, and finds the sessions' homes. When nothing has grown, `grown->ledger` is NULL, and the entries
 * stay. Returns false when that cannot be done, with the reason in `error` unless memory ran out: somebody
 * has to read all transcripts. `known` to `roots` stay as long as `grown`; release it in every case.
 */
bool report_grown_add(struct report_grown *grown, const struct invocation *invocation,
		      const struct report_request *request, const struct history_found *found,
		      struct store_roots *roots, struct summing *summing, struct buf *error);

void report_grown_release(struct report_grown *grown);

#endif
