/* Whether the clock is right: nothing that was written so far may be dated in the future. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/scope.h"
#include "base/zone.h"
#include "cache/names.h"
#include "cache/read.h"
#include "swatch/doctor/doctor.h"
#include "swatch/ui/human.h"
#include "transcript/scan.h"

/* The clocks of two machines on one filesystem may differ by this much without harm. */
#define CLOCK_SLACK_MS (2 * CLOCK_MINUTE_MS)
/* 2025-01-01: Claude Code is younger. */
#define CLOCK_EARLIEST_MS INT64_C(1735689600000)

/* How much of the transcripts is read, the ones written last first: half a second's work, from memory. */
#define READ_MAX_BYTES (UINT64_C(1) << 30)
/* Longer lines, which carry pictures, are passed over. */
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define TIME_KEY "\"timestamp\":\""
/* "2026-02-11T20:36": what is compared before a line is read. */
#define MINUTE_LEN 16
/* A time's text may be of any time zone. */
#define ZONE_MAX_MS (14 * CLOCK_HOUR_MS)

/* ---- what transcripts say ---- */

/* The lines that are dated in the future. */
struct future {
	int64_t after_ms;            /* what is later lies in the future */
	char after[CLOCK_RFC3339_SIZE];      /* earlier than that in any time zone */
	size_t lines;
	int64_t latest_ms;
	const char *path;            /* of the transcript with the latest one */
	uint64_t bytes;              /* read so far */
};

/* Whether a line has a time that may lie in the future, in whatever field or text. */
static bool may_be_future(const struct future *future, const char *line, size_t len)
{
	const char *end = line + len, *at = line;
	while ((at = memmem(at, (size_t)(end - at), TIME_KEY, strlen(TIME_KEY)))) {
		at += strlen(TIME_KEY);
		if ((size_t)(end - at) >= MINUTE_LEN && memcmp(at, future->after, MINUTE_LEN) >= 0)
			return true;
	}
	return false;
}

static void take_line(struct future *future, const char *path, const char *line, size_t len)
{
	struct scan_facts facts;
	if (!may_be_future(future, line, len) || !scan_line(line, len, &facts, NULL, NULL)
	    || facts.timestamp_ms <= future->after_ms)
		return;
	future->lines++;
	if (facts.timestamp_ms > future->latest_ms) {
		future->latest_ms = facts.timestamp_ms;
		future->path = path;
	}
}

/* Takes the whole lines of the buffer. Returns how many bytes they have. */
static size_t take_lines(struct future *future, const char *path, const char *text, size_t len, bool skipping)
{
	size_t start = 0;
	for (const char *newline; (newline = memchr(text + start, '\n', len - start)); skipping = false) {
		size_t line_len = (size_t)(newline - text) - start;
		if (!skipping)
			take_line(future, path, text + start, line_len);
		start += line_len + 1;
	}
	return start;
}

/* The last line counts when it is whole, as everywhere. */
static void read_transcript(struct future *future, const char *path, char *buffer)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	size_t have = 0;
	bool skipping = false;
	ssize_t got;
	while (fd >= 0 && future->bytes < READ_MAX_BYTES
	       && (got = read(fd, buffer + have, LINE_MAX_BYTES - have)) > 0) {
		have += (size_t)got;
		future->bytes += (uint64_t)got;
		size_t taken = take_lines(future, path, buffer, have, skipping);
		skipping = taken == 0 && (skipping || have == LINE_MAX_BYTES);
		if (skipping)
			taken = have;
		have -= taken;
		memmove(buffer, buffer + taken, have);
	}
}

static void find_future_lines(const struct doctor *doctor, struct future *future)
{
	AUTO_FREE char *buffer = malloc(LINE_MAX_BYTES);
	*future = (struct future){ .after_ms = doctor->now_ms + CLOCK_SLACK_MS };
	clock_format_rfc3339(doctor->now_ms - ZONE_MAX_MS, future->after);
	/* The list begins with the transcript that was written last. */
	for (size_t i = 0; buffer && i < doctor->transcript_count; i++)
		read_transcript(future, doctor->transcripts[i].path, buffer);
}

/* Returns how many transcripts were written in the future; *furthest is the place of the latest. */
static size_t count_future_files(const struct doctor *doctor, size_t *furthest)
{
	size_t count = 0;
	for (size_t i = 0; i < doctor->transcript_count; i++) {
		if (doctor->transcripts[i].modified_ns / 1000000 <= doctor->now_ms + CLOCK_SLACK_MS)
			continue;
		if (count++ == 0
		    || doctor->transcripts[i].modified_ns > doctor->transcripts[*furthest].modified_ns)
			*furthest = i;
	}
	return count;
}

/* ---- what the cache files say ---- */

/* The latest moment that they say has passed: they also know transcripts that were deleted. */
static int64_t latest_known_ms(const struct doctor *doctor)
{
	int64_t latest_ms = json_get_int(doctor->billing, "lastFetched", 0);
	DIR *dir = doctor->cache_fd >= 0 ? file_open_directory(doctor->cache_fd, ".", 0) : NULL;
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char id[CACHE_SESSION_ID_MAX + 1];
		if (!cache_session_id_of_file(entry->d_name, id))
			continue;
		AUTO_JSON *session = cache_read_json(doctor->cache_fd, entry->d_name);
		int64_t at_ms = json_get_int(json_get_object(session, "transcript"), "lastMessageTime", 0);
		latest_ms = at_ms > latest_ms ? at_ms : latest_ms;
	}
	if (dir)
		closedir(dir);
	return latest_ms;
}

/* ---- the check ---- */

/* That in which days are counted: of [billing] timezone, or the machine's. */
static void check_zone(struct doctor *doctor)
{
	AUTO_BUF why = BUF_INIT;
	const char *zone = doctor->invocation->config.billing_timezone;
	if (*zone)
		(void)zone_set(zone);
	if (zone_is_read(&why))
		return;
	doctor_add(doctor, "clock", DOCTOR_BAD, "%s; days and times are in UTC", buf_message(&why));
	doctor_remedy(doctor, ZONE_REMEDY ", then start swatchd again");
}

void doctor_check_clock(struct doctor *doctor)
{
	check_zone(doctor);
	size_t furthest = 0, files = count_future_files(doctor, &furthest);
	int64_t latest_ms = latest_known_ms(doctor);
	struct future future;
	char date[16];
	find_future_lines(doctor, &future);
	clock_format_local_date(doctor->now_ms, date);
	if (doctor->now_ms < CLOCK_EARLIEST_MS) {
		doctor_add(doctor, "clock", DOCTOR_BAD, "it says %s", date);
	} else if (files > 0) {
		doctor_add(doctor, "clock", DOCTOR_BAD, "%s written in the future, such as %s (%s)",
			   human_counted((int64_t)files, "transcript", HUMAN_TEXT),
			   doctor->transcripts[furthest].path,
			   human_ago(doctor->transcripts[furthest].modified_ns / 1000000, doctor->now_ms,
				     HUMAN_TEXT));
	} else if (future.lines > 0) {
		doctor_add(doctor, "clock", DOCTOR_BAD, "%s dated in the future, the latest in %s (%s)",
			   human_counted((int64_t)future.lines, "line", HUMAN_TEXT), future.path,
			   human_ago(future.latest_ms, doctor->now_ms, HUMAN_TEXT));
	} else if (latest_ms > doctor->now_ms + CLOCK_SLACK_MS) {
		doctor_add(doctor, "clock", DOCTOR_BAD, "messages or figures are dated in the future (%s)",
			   human_ago(latest_ms, doctor->now_ms, HUMAN_TEXT));
	} else {
		doctor_add(doctor, "clock", DOCTOR_GOOD, "%s, nothing is dated in the future",
			   human_stamp(doctor->now_ms, HUMAN_TEXT));
		return;
	}
	doctor_remedy(doctor, "set it: timedatectl set-ntp true (in WSL: sudo hwclock -s); days and blocks "
			      "depend on it");
}
