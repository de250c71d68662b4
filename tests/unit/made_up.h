/*
 * made_up: what the daemon knows, made up for the tests of the modules that show it: a config with its
 * defaults, an empty ledger, and sessions that a test fills with transcripts and lines. Nothing of it is on
 * disk.
 *
 * Calling sequence: made_up_begin(&m, now_ms) in the set-up, which turns the clock to that moment;
 * made_up_end(&m) in the tear-down.
 */
#ifndef SWATCH_TESTS_MADE_UP_H
#define SWATCH_TESTS_MADE_UP_H

#include "swatchd/billing/billing.h"
#include "swatchd/session/session.h"

#define MADE_UP_TRANSCRIPTS 16

struct made_up {
	struct config config;
	struct ledger *ledger;
	struct billing billing;
	struct sessions sessions;
	struct transcript transcripts[MADE_UP_TRANSCRIPTS];
	char paths[MADE_UP_TRANSCRIPTS][256];
	size_t transcript_count;
};

void made_up_begin(struct made_up *m, int64_t now_ms);
void made_up_end(struct made_up *m);

/* A transcript of session `id`, read to its end and last changed at `modified_ms`; its first one makes the
 * session. */
struct session_transcript *made_up_transcript(struct made_up *m, const char *id, bool subagent,
					      int64_t modified_ms);

/* A line comes: its facts go to the session, and its usage to the ledger. */
void made_up_line(struct made_up *m, struct session_transcript *part, const char *line);

/*
 * An answer of claude-opus-4-6 ($5 and $25 a million tokens in and out) comes. Each `id` is a message of its
 * own. `text` becomes the preview. `context` tokens are read from the prompt cache.
 */
void made_up_answer(struct made_up *m, struct session_transcript *part, const char *id, int64_t at_ms,
		    int64_t context, int64_t output, const char *text);

#endif
