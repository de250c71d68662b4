#include "swatchd/daemon/restart.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cache/read.h"

/* So many files are read at most: somebody else may have filled the directory. */
#define SESSION_FILES_MAX 20000

/* Only our own files tell something. One that cannot be read now is read when its turn to be written comes.
 */
static void take_session(struct daemon *daemon, const char *name, const char *id)
{
	AUTO_JSON *before = cache_read_json(daemon->options.cache_fd, name);
	const char *writer = json_get_string(before, "writer");
	if (!writer || strncmp(writer, CACHE_WRITER_PREFIX, strlen(CACHE_WRITER_PREFIX)) != 0)
		return;
	struct session *session = sessions_add(&daemon->sessions, id);
	if (session)
		session_restore(session, before, clock_wall_ms());
}

void daemon_take_last_sessions(struct daemon *daemon)
{
	DIR *stream = file_open_directory(daemon->options.cache_fd, ".", 0);
	const struct dirent *entry;
	if (!stream) {
		log_warning("cannot look what the last run knew in %s: %s", daemon->options.cache_path,
			    strerror(errno));
		return;
	}
	for (unsigned seen = 0; seen < SESSION_FILES_MAX && (entry = readdir(stream));) {
		char id[CACHE_SESSION_ID_MAX + 1];
		if (!cache_session_id_of_file(entry->d_name, id))
			continue;
		seen++;
		take_session(daemon, entry->d_name, id);
	}
	closedir(stream);
}

void daemon_settle_last_sessions(struct daemon *daemon)
{
	size_t cursor = 0;
	struct session *session;
	while ((session = sessions_each(&daemon->sessions, &cursor)))
		session_note_missed_end(session, daemon->started_ms);
}

void daemon_forget_last_sessions(struct daemon *daemon)
{
	size_t cursor = 0;
	struct session *session;
	while ((session = sessions_each(&daemon->sessions, &cursor)))
		session_resume_forget(session);
}
