/* Transcripts, the cache directory, other programs' files. */
#include "swatch/doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cache/names.h"
#include "cache/read.h"
#include "swatch/ui/human.h"

#define SHOWN_NAMES 5
#define FREE_BYTES_WANTED ((uint64_t)16 << 20)

/* ---- transcripts ---- */

void doctor_check_transcripts(struct doctor *doctor)
{
	size_t there = 0;
	struct stat st;
	for (size_t i = 0; i < doctor->dirs.count; i++)
		there += stat(doctor->dirs.projects[i], &st) == 0 && S_ISDIR(st.st_mode);
	if (there == 0) {
		doctor_add(doctor, "transcripts", DOCTOR_BAD, "no transcripts: %s does not exist",
			   doctor->dirs.count > 0 ? doctor->dirs.projects[doctor->dirs.count - 1]
						  : "a projects directory");
		doctor_remedy(doctor, "they appear with the first Claude Code session; kept elsewhere? set "
				      "CLAUDE_CONFIG_DIR for the daemon, or [watch] paths in the config");
	} else if (doctor->transcript_count == 0) {
		doctor_add(doctor, "transcripts", DOCTOR_NOTE, "no transcripts yet");
	} else {
		doctor_add(
			doctor, "transcripts", DOCTOR_GOOD, "%s in %s, the newest written %s",
			human_counted((int64_t)doctor->transcript_count, "transcript", HUMAN_TEXT),
			human_counted((int64_t)there, "place", HUMAN_TEXT),
			human_ago(doctor->transcripts[0].modified_ns / 1000000, doctor->now_ms, HUMAN_TEXT));
	}
	if (doctor->unread.len > 0) {
		doctor_add(doctor, "transcripts", DOCTOR_BAD, "cannot read %s, so it is not counted",
			   buf_str(&doctor->unread));
		doctor_remedy(doctor, "look at its owner and permissions");
	}
	(void)doctor_add_finding(doctor, "transcripts", FINDING_MALFORMED_COUNTS);
}

/* ---- the cache directory ---- */

/* Names of files, of which the first few are shown. */
struct names {
	size_t count;
	struct buf shown;
};

static void add_name(struct names *names, const char *name)
{
	if (names->count++ < SHOWN_NAMES)
		buf_printf(&names->shown, "%s%s", names->count > 1 ? ", " : "", name);
	else if (names->count == SHOWN_NAMES + 1)
		buf_append_str(&names->shown, ", ...");
}

/* The files in the cache directory, by what is wrong with them. */
struct census {
	struct names open;       /* ours, but others may read them */
	struct names broken;     /* named like ours, but not a JSON object */
	struct names temporary;  /* ours while no daemon runs: a crash left them */
	struct names other;      /* not ours */
};

static void census_release(struct census *census)
{
	buf_release(&census->open.shown);
	buf_release(&census->broken.shown);
	buf_release(&census->temporary.shown);
	buf_release(&census->other.shown);
}

static void count_file(const struct doctor *doctor, const char *name, struct census *census)
{
	struct stat st;
	char id[CACHE_SESSION_ID_MAX + 1];
	if (fstatat(doctor->cache_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (strcmp(name, CACHE_ALERTS_FILE) == 0 || strcmp(name, CACHE_AUTOSTART_FILE) == 0
	    || strcmp(name, CACHE_LOCK_FILE) == 0 || strcmp(name, CACHE_SOCKET_FILE) == 0)
		return;
	if (strncmp(name, CACHE_TEMP_PREFIX, strlen(CACHE_TEMP_PREFIX)) == 0) {
		if (!doctor->answer)
			add_name(&census->temporary, name);
		return;
	}
	bool is_fixed = strcmp(name, CACHE_BILLING_FILE) == 0 || strcmp(name, CACHE_SESSIONS_FILE) == 0;
	if (!S_ISREG(st.st_mode) || (!is_fixed && !cache_session_id_of_file(name, id))) {
		add_name(&census->other, name);
		return;
	}
	AUTO_JSON *content = cache_read_json(doctor->cache_fd, name);
	const char *writer = json_get_string(content, "writer");
	if (!content && is_fixed)
		add_name(&census->broken, name);
	else if (!writer || strncmp(writer, CACHE_WRITER_PREFIX, strlen(CACHE_WRITER_PREFIX)) != 0)
		add_name(&census->other, name);
	else if (st.st_mode & 077)
		add_name(&census->open, name);
}

static void take_census(const struct doctor *doctor, struct census *census)
{
	memset(census, 0, sizeof(*census));
	DIR *dir = file_open_directory(doctor->cache_fd, ".", 0);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count_file(doctor, entry->d_name, census);
	if (dir)
		closedir(dir);
}

static bool check_directory(struct doctor *doctor)
{
	const char *path = doctor->invocation->cache_dir;
	struct stat st;
	struct statvfs space;
	if (doctor->cache_fd < 0) {
		bool is_absent = doctor->cache_errno == ENOENT;
		doctor_add(doctor, "cache", is_absent && !doctor->answer ? DOCTOR_NOTE : DOCTOR_BAD, "%s",
			   buf_str(&doctor->cache_error));
		if (is_absent)
			doctor_remedy(doctor, "swatchd makes it when it starts");
		return false;
	}
	bool good = true;
	if (fstat(doctor->cache_fd, &st) == 0 && (st.st_mode & 077)) {
		doctor_add(doctor, "cache", DOCTOR_BAD, "others may look into %s (mode %03o)", path,
			   (unsigned)st.st_mode & 0777);
		doctor_remedy(doctor, "chmod 700 '%s'", path);
		good = false;
	}
	if (faccessat(doctor->cache_fd, ".", W_OK | X_OK, AT_EACCESS) != 0) {
		doctor_add(doctor, "cache", DOCTOR_BAD, "%s cannot be written: %s", path, strerror(errno));
		doctor_remedy(doctor, "chmod 700 '%s', or choose another [cache] directory", path);
		good = false;
	}
	if (fstatvfs(doctor->cache_fd, &space) == 0
	    && (uint64_t)space.f_bavail * space.f_frsize < FREE_BYTES_WANTED) {
		doctor_add(doctor, "cache", DOCTOR_BAD, "the filesystem of %s is full: %s left", path,
			   human_bytes((int64_t)((uint64_t)space.f_bavail * space.f_frsize), HUMAN_TEXT));
		doctor_remedy(doctor, "make room, or choose another [cache] directory");
		good = false;
	}
	return good;
}

void doctor_check_cache(struct doctor *doctor)
{
	const char *path = doctor->invocation->cache_dir;
	struct census census;
	bool good = check_directory(doctor);
	if (doctor->cache_fd < 0)
		return;
	take_census(doctor, &census);
	if (census.open.count > 0) {
		doctor_add(doctor, "cache", DOCTOR_BAD, "others may read %s", buf_str(&census.open.shown));
		doctor_remedy(doctor, "chmod 600 '%s'/*.json", path);
	}
	if (census.broken.count > 0) {
		doctor_add(doctor, "cache", DOCTOR_BAD, "not a JSON object: %s",
			   buf_str(&census.broken.shown));
		doctor_remedy(doctor, "does another program write there too? swatchd writes it again after: "
				      "swatch rescan");
	}
	if (census.temporary.count > 0) {
		doctor_add(doctor, "cache", DOCTOR_NOTE, "left by a swatchd that crashed: %s",
			   buf_str(&census.temporary.shown));
		doctor_remedy(doctor, "nothing needs to be done: swatchd removes it when it starts");
	}
	if (good && census.open.count == 0 && census.broken.count == 0)
		doctor_add(doctor, "cache", DOCTOR_GOOD, "%s is yours alone", path);
	if (census.other.count == 0) {
		doctor_add(doctor, "other files", DOCTOR_GOOD, "none in the cache directory");
	} else {
		doctor_add(doctor, "other files", DOCTOR_NOTE,
			   "%s in the cache directory that swatchd did "
			   "not write: %s",
			   human_counted((int64_t)census.other.count, "file", HUMAN_TEXT),
			   buf_str(&census.other.shown));
		doctor_remedy(doctor, "swatch leaves them alone; if the tool that wrote them is gone, they "
				      "can go too");
	}
	census_release(&census);
}
