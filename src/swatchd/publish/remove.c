/* Which files go: those of sessions that ended or are excluded, and those that an earlier run left behind. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cache/write.h"
#include "swatchd/publish/publish.h"

static void unmark_session(struct publish *publish, struct session *session)
{
	for (struct session **at = &publish->dirty; *at; at = &(*at)->next_dirty) {
		if (*at == session) {
			*at = session->next_dirty;
			break;
		}
	}
	session->file.dirty = session->file.forced = session->file.at_once = false;
}

/* A file could not be removed: a later sweep will find it. */
static void note_kept(struct publish *publish, const char *name, int why)
{
	if (publish->sweep_mono_ms == 0)
		log_warning("cannot remove %s/%s: %s; trying again soon", publish->dir_path, name,
			    strerror(why));
	publish->sweep_mono_ms = clock_mono_ms() + PUBLISH_RETRY_MS;
}

void publish_remove_session(struct publish *publish, struct session *session)
{
	char name[CACHE_NAME_SIZE];
	unmark_session(publish, session);
	publish->list_file.dirty = publish->noted = true;
	if (!session->file.exists || !cache_session_file_name(session->id, name))
		return;
	session->file.exists = false;
	if (cache_remove_own_file(publish->dir_fd, name) < 0)
		note_kept(publish, name, errno);
}

unsigned publish_sweep(struct publish *publish)
{
	DIR *stream = file_open_directory(publish->dir_fd, ".", 0);
	unsigned removed = 0;
	if (!stream) {
		note_kept(publish, "old files", errno);
		return 0;
	}
	publish->sweep_mono_ms = 0;
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(stream))) {
		char id[CACHE_SESSION_ID_MAX + 1];
		if (!cache_session_id_of_file(entry->d_name, id))
			continue;
		const struct session *session = sessions_find(publish->sessions, id);
		if (session && !session->excluded)
			continue;
		int result = cache_remove_own_file(publish->dir_fd, entry->d_name);
		if (result < 0)
			note_kept(publish, entry->d_name, errno);
		removed += result > 0;
	}
	if (errno != 0)
		note_kept(publish, "old files", errno);
	closedir(stream);
	return removed;
}
