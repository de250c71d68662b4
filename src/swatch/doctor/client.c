/* Which Claude Code writes the transcripts, and whether swatch was tried with it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "swatch/doctor/doctor.h"
#include "transcript/scan.h"
#include "transcript/tried.h"

/* The end of a transcript that is searched for a version. Nearly every line has one. */
#define TAIL_BYTES ((size_t)256 << 10)
#define VERSION_SIZE 32

/* "2.1.332" as three numbers. Returns false when it does not begin so. */
static bool parse_version(const char *text, unsigned out[3])
{
	char *end;
	for (int i = 0; i < 3; i++) {
		if (*text < '0' || *text > '9')
			return false;
		unsigned long number = strtoul(text, &end, 10);
		if (number > 1000000 || (i < 2 && *end != '.'))
			return false;
		out[i] = (unsigned)number;
		text = end + 1;
	}
	return true;
}

static bool is_newer(const unsigned version[3], const unsigned other[3])
{
	for (int i = 0; i < 3; i++)
		if (version[i] != other[i])
			return version[i] > other[i];
	return false;
}

/* The version in the last line that has one. The first line may be cut off. */
static bool find_version(const char *text, size_t len, unsigned out[3])
{
	struct scan_facts facts;
	char version[VERSION_SIZE];
	while (len > 0) {
		const char *before = memrchr(text, '\n', len - 1);
		const char *line = before ? before + 1 : text;
		size_t line_len = (size_t)(text + len - line);
		if (scan_line(line, line_len, &facts, NULL, NULL) && facts.version.data
		    && facts.version.len < VERSION_SIZE) {
			snprintf(version, sizeof(version), "%.*s", (int)facts.version.len,
				 facts.version.data);
			if (parse_version(version, out))
				return true;
		}
		len = before ? (size_t)(before + 1 - text) : 0;
	}
	return false;
}

/* The version that wrote a transcript last. */
static bool read_version(const char *path, unsigned out[3])
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	AUTO_FREE char *text = malloc(TAIL_BYTES);
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	if (size <= 0 || !text)
		return false;
	ssize_t got = pread(fd, text, TAIL_BYTES, size > (off_t)TAIL_BYTES ? size - (off_t)TAIL_BYTES : 0);
	return got > 0 && find_version(text, (size_t)got, out);
}

void doctor_check_client(struct doctor *doctor)
{
	unsigned theirs[3], tried[3];
	/* The list begins with the transcript that was written last. */
	if (doctor->transcript_count == 0 || !read_version(doctor->transcripts[0].path, theirs)
	    || !parse_version(CLAUDE_CODE_TRIED, tried)) {
		doctor_add(doctor, "client", DOCTOR_GOOD,
			   "swatch was tried with Claude Code up to " CLAUDE_CODE_TRIED);
	} else if (is_newer(theirs, tried)) {
		doctor_add(doctor, "client", DOCTOR_NOTE,
			   "Claude Code %u.%u.%u is newer than " CLAUDE_CODE_TRIED
			   ", the newest that swatch was tried with",
			   theirs[0], theirs[1], theirs[2]);
		doctor_remedy(doctor,
			      "swatch status names lines that are new to it; a newer swatch may know them");
	} else {
		doctor_add(doctor, "client", DOCTOR_GOOD,
			   "Claude Code %u.%u.%u; swatch was tried with it up to " CLAUDE_CODE_TRIED,
			   theirs[0], theirs[1], theirs[2]);
	}
}
