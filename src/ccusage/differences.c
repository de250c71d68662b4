#include "ccusage/differences.h"

#include <string.h>

static const struct {
	const char *name, *text;
} differences[DIFFERENCES] = {
	[DIFFERENCE_LOST_LINE] = { "lost_line",
				   "ccusage loses a line if one of certain fields is null in it,"
				   " or if a space follows "
				   "\"usage\":. If the message has another line, it counts that one." },
	[DIFFERENCE_DAILY_RULES] = { "daily_rules",
				     "'ccusage claude daily' has rules of its own: it also counts the "
				     "messages inside "
				     "agent_progress lines, counts a line without a requestId once for each "
				     "of its times, joins "
				     "a sidechain's copies whatever their times are,"
				     " and keeps the more expensive one of equal "
				     "lines." },
	[DIFFERENCE_OTHER_SESSION] = { "other_session",
				       "ccusage puts these in another session: agents of a workflow,"
				       " or beside the sessions, in one of "
				       "their own, and all entries in a wrong one if a folder named "
				       "'projects' comes earlier in the path." },
	[DIFFERENCE_EARLIEST_PATH] = { "earliest_path",
				       "The message is in several transcripts,"
				       " as after a fork. ccusage puts it in the session whose "
				       "transcript has the earliest path, and swatch in the one that paid." },
	[DIFFERENCE_NEW_LIMIT_MARKER] = { "new_limit_marker",
					  "A limit was hit, and ccusage does not know this form of the "
					  "marker." },
	[DIFFERENCE_NEWER_MODEL] = { "newer_model",
				     "The model or its name came out after ccusage " CCUSAGE_REFERENCE_VERSION
				     ", which counts it as $0." },
	[DIFFERENCE_SIDECHAIN_COPY] = { "sidechain_copy",
					"The message was copied into a sidechain. ccusage joins the two "
					"only if the lines that it "
					"has kept so far have the same time,"
					" and so counts some messages twice." },
	[DIFFERENCE_NO_REQUEST_ID] = { "no_request_id",
				       "ccusage counts a message without a requestId once in every session "
				       "that has it; swatch "
				       "counts it once." },
	[DIFFERENCE_PRICE] = { "price", "pricing.json has another price for the model than ccusage,"
					" or its regional endpoint costs "
					"more than ccusage knows." },
	[DIFFERENCE_MODEL_NAME] = { "model_name",
				    "The model's version stands before its family. ccusage prices such a "
				    "name by likeness, or "
				    "not at all." },
	[DIFFERENCE_CACHE_BREAKDOWN] = { "cache_breakdown",
					 "The line's cache writes for 5 minutes and 1 hour do not add up to "
					 "its own sum. ccusage "
					 "counts the two parts, and swatch counts the sum." },
	[DIFFERENCE_ITERATIONS] = { "iterations", "ccusage leaves out the iterations of a compaction,"
						  " and advisors beside an iteration "
						  "without counts." },
	[DIFFERENCE_PAUSED_RESPONSES] = { "paused_responses",
					  "The message was made of several responses that paused. ccusage "
					  "counts only the last one." },
	[DIFFERENCE_DAMAGED_LINE] = { "damaged_line",
				      "The line is damaged, and a whole record is on it. ccusage loses the "
				      "line." },
	[DIFFERENCE_OTHER_FORM] = { "other_form",
				    "A number, time or version has a form that ccusage does not read,"
				    " or a field is there twice. ccusage loses the line; only its daily "
				    "report"
				    " counts one whose isApiErrorMessage is neither true nor false." },
	[DIFFERENCE_COUNT] = { "count", "The line has more than 4,000,000,000 tokens,"
					" which no model reaches. ccusage believes it, "
					"and swatch ignores the line." },
	[DIFFERENCE_EXTRAS] = { "extras",
				"The message searched the web,"
				" or its region or tier changes its cost. swatch counts that, since "
				"[billing] extras is yes, and ccusage does not." },
	[DIFFERENCE_COST] = { "cost",
			      "The line has a costUSD of 0 or less, or above 1,000,000. ccusage believes it,"
			      " and swatch "
			      "computes the cost from the tokens." },
	[DIFFERENCE_UNFINISHED] = { "unfinished",
				    "The last line of the transcript has no newline yet. ccusage counts it,"
				    " and swatch waits "
				    "for it." },
	[DIFFERENCE_UNPRICED_MODEL] = { "unpriced_model",
					"swatch knows no price for the model and counts $0. ccusage may "
					"know one." },
	[DIFFERENCE_EMPTY_SESSION] = { "empty_session",
				       "The session has no tokens,"
				       " after a failed login for example. ccusage leaves it out." },
	[DIFFERENCE_DELETED_TRANSCRIPT] = { "deleted_transcript",
					    "The transcript was deleted or rewritten. swatch remembers what "
					    "was in it; ccusage counts only what is "
					    "still there." },
	[DIFFERENCE_UNKNOWN] = { "unknown", "The reason is not known." },
};

const char *difference_name(enum difference difference)
{
	return differences[difference].name;
}

const char *difference_text(enum difference difference)
{
	return differences[difference].text;
}

enum difference difference_by_name(const char *name)
{
	for (enum difference difference = 0; name && difference < DIFFERENCE_UNKNOWN; difference++)
		if (strcmp(differences[difference].name, name) == 0)
			return difference;
	return DIFFERENCE_UNKNOWN;
}
