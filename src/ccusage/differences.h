/*
 * differences: the known differences between ccusage 20.0.24's counting and swatch's, each with its name.
 *
 * For: reference, which counts as ccusage does; compare, which names the difference for each entry, in verify
 * and in the daemon's audit; swatch-verify(1), which explains them under the same names.
 *
 * Other known differences never show as an entry of a report, and have a name only here and in the manual:
 *
 *   zero_cost_statusline  ccusage's own statusline shows $0.00 for a model that it does not know.
 *   future_block          A block that lies in the future, because some line's clock is ahead, is active as
 * well.
 */
#ifndef SWATCH_CCUSAGE_DIFFERENCES_H
#define SWATCH_CCUSAGE_DIFFERENCES_H

/* The version whose rules we know. Others may count in another way. */
#define CCUSAGE_REFERENCE_VERSION "20.0.24"

/* In the order in which people read about them. */
enum difference {
	/*
	 * ccusage loses a line in which one of certain field names (scan.c has the list) is null, however
	 * deep, and a line in which anything stands between "usage": and its brace. If the message has
	 * another line, it counts that one.
	 */
	DIFFERENCE_LOST_LINE,
	/*
	 * `ccusage claude daily` does not go by the rules of the other reports. It also counts the messages
	 * inside agent_progress lines, which the subagent's own transcript has, too; it counts a line without
	 * a requestId once for each of its times; it joins a sidechain's copies whatever their times are; and
	 * of two lines with equal tokens it keeps the more expensive one.
	 */
	DIFFERENCE_DAILY_RULES,
	/*
	 * Agents make a session of their own where they belong to a workflow, or lie beside the sessions
	 * (2.0.x). And if a folder named "projects" comes earlier in the path, all sessions and projects are
	 * named after the wrong part of it.
	 */
	DIFFERENCE_OTHER_SESSION,
	/*
	 * A message stands in several transcripts, after a fork for example. ccusage files it under the
	 * session whose transcript has the earliest path. Here it belongs to the session that paid, where the
	 * lines tell.
	 */
	DIFFERENCE_EARLIEST_PATH,
	/* ccusage does not recognise the new form of the line that says that a limit was hit. */
	DIFFERENCE_NEW_LIMIT_MARKER,
	/* ccusage counts $0 for a model that came out after it. */
	DIFFERENCE_NEWER_MODEL,
	/*
	 * A sidechain has a copy of a message under another requestId. ccusage joins the two only if the
	 * lines that it has kept so far have the same time, so that a message of several lines can count
	 * twice. Here it counts once.
	 */
	DIFFERENCE_SIDECHAIN_COPY,
	/*
	 * Without a requestId, ccusage tells messages apart by their session, so that a message counts once
	 * in each session that has it, after a fork for example. Here it counts once.
	 */
	DIFFERENCE_NO_REQUEST_ID,
	/* pricing.json has another price, or a regional endpoint costs more than ccusage knows. */
	DIFFERENCE_PRICE,
	/* The version stands before the family: ccusage prices such a name by likeness, or not at all. */
	DIFFERENCE_MODEL_NAME,
	/*
	 * A line splits its cache writes into 5 minutes and 1 hour, and the two parts do not add up to its
	 * own sum. ccusage counts the parts. Here the sum is how many there are, and the part for 1 hour is
	 * taken out of it.
	 */
	DIFFERENCE_CACHE_BREAKDOWN,
	/*
	 * ccusage leaves out the iterations of a compaction, and all advisors beside an iteration without
	 * counts.
	 */
	DIFFERENCE_ITERATIONS,
	/* ccusage leaves out the responses that paused before the one that is at the line's top level. */
	DIFFERENCE_PAUSED_RESPONSES,
	/* A whole record on a damaged line, behind one that was cut off for example. ccusage loses the line.
	 */
	DIFFERENCE_DAMAGED_LINE,
	/*
	 * A number, time, version or repeated field in a form that ccusage does not read: it loses the line.
	 * `ccusage claude daily` does not look at isApiErrorMessage, so it counts a line where only that is
	 * neither true nor false.
	 */
	DIFFERENCE_OTHER_FORM,
	/* A number of tokens that no model can reach: ccusage believes it, swatch refuses the line. */
	DIFFERENCE_COUNT,
	/* [billing] extras = yes: web searches and surcharges, which ccusage leaves out. */
	DIFFERENCE_EXTRAS,
	/* A costUSD of 0, or one that cannot be: ccusage believes it, swatch computes the cost from the
	   tokens. */
	DIFFERENCE_COST,
	/* The last line of a transcript has no newline yet: swatch waits for it. */
	DIFFERENCE_UNFINISHED,
	/* swatch has no price for the model and counts $0; what ccusage counts cannot be foreseen. */
	DIFFERENCE_UNPRICED_MODEL,
	/* A session without any tokens, after a failed login for example: ccusage leaves it out of its
	   sessions. */
	DIFFERENCE_EMPTY_SESSION,
	/* The transcript was deleted or rewritten: the ledger keeps what it saw, and ccusage cannot see it.
	 */
	DIFFERENCE_DELETED_TRANSCRIPT,
	/* None of these. */
	DIFFERENCE_UNKNOWN,
	DIFFERENCES
};

/* "lost_line", ...: what programs read. */
const char *difference_name(enum difference difference);

/* The difference of that name; DIFFERENCE_UNKNOWN when there is none, or `name` is NULL. */
enum difference difference_by_name(const char *name);

/* A sentence or two for people. */
const char *difference_text(enum difference difference);

#endif
