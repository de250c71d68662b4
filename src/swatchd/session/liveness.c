#include "swatchd/session/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef HAVE_SYS_PIDFD_H
#include <sys/pidfd.h>
#endif

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/unused.h"
#include "cache/names.h"
#include "json/get.h"
#include "json/parse.h"

/* A process file is a few hundred bytes. */
#define PROCESS_FILE_MAX_BYTES 65536

struct live_process {
	ev_io ended;             /* on the pidfd */
	struct liveness *liveness;
	char *path;
	pid_t pid;
	uint64_t started;        /* field 22 of /proc/<pid>/stat */
	struct session_status status;
	char session_id[CACHE_SESSION_ID_MAX + 1];
};

struct process_file {
	pid_t pid;
	uint64_t started;
	bool has_started;
	struct session_status status;
	char session_id[CACHE_SESSION_ID_MAX + 1];
};

static bool read_small_file(const char *path, struct buf *out)
{
	return file_read_regular(AT_FDCWD, path, O_NOFOLLOW, PROCESS_FILE_MAX_BYTES, out);
}

static int open_pidfd(pid_t pid)
{
#ifdef HAVE_SYS_PIDFD_H
	return pidfd_open(pid, 0);
#else
	return (int)syscall(SYS_pidfd_open, pid, 0U);
#endif
}

/* Reads when a process started, in clock ticks since boot. */
static bool read_start_time(pid_t pid, uint64_t *out)
{
	char path[64];
	AUTO_BUF text = BUF_INIT;
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (!read_small_file(path, &text))
		return false;
	/* Field 2, the name, may hold blanks and parentheses: count from the last parenthesis. */
	const char *at = strrchr(buf_str(&text), ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	errno = 0;
	char *end;
	unsigned long long value = strtoull(at + 1, &end, 10);
	if (errno != 0 || end == at + 1)
		return false;
	*out = value;
	return true;
}

static bool read_number(struct json_object *object, const char *key, uint64_t *out)
{
	struct json_object *value;
	if (!json_object_object_get_ex(object, key, &value))
		return false;
	if (json_object_is_type(value, json_type_int)) {
		int64_t number = json_object_get_int64(value);
		*out = number < 0 ? 0 : (uint64_t)number;
		return number >= 0;
	}
	if (json_object_is_type(value, json_type_string)) {
		const char *text = json_object_get_string(value);
		char *end;
		errno = 0;
		*out = strtoull(text, &end, 10);
		return errno == 0 && end != text && *end == '\0';
	}
	return false;
}

static bool parse_process_file(const struct buf *text, struct process_file *out)
{
	AUTO_JSON *object = json_parse(buf_str(text), text->len, 16, NULL);
	const char *id = json_get_string(object, "sessionId");
	uint64_t pid = 0;
	memset(out, 0, sizeof(*out));
	if (!id || !cache_session_id_is_valid(id, strlen(id)) || !read_number(object, "pid", &pid) || pid == 0
	    || pid > INT_MAX)
		return false;
	out->pid = (pid_t)pid;
	memcpy(out->session_id, id, strlen(id) + 1);
	out->has_started = read_number(object, "procStart", &out->started);
	session_status_read(object, clock_wall_ms(), &out->status);
	return true;
}

static void drop(struct live_process *process)
{
	struct liveness *liveness = process->liveness;
	char id[CACHE_SESSION_ID_MAX + 1];
	memcpy(id, process->session_id, sizeof(id));
	ev_io_stop(liveness->loop, &process->ended);
	close(process->ended.fd);
	strmap_remove(&liveness->by_file, process->path);
	free(process->path);
	free(process);
	liveness->changed(liveness->ctx, id);
}

static void on_ended(struct ev_loop *loop UNUSED, ev_io *watcher, int revents UNUSED)
{
	drop(watcher->data);
}

/* Starts to follow the process that a file names. */
static void follow(struct liveness *liveness, const char *path, const struct process_file *file)
{
	uint64_t started;
	if (liveness->by_file.used >= LIVENESS_MAX_PROCESSES) {
		if (!liveness->full_reported)
			log_warning("more than %d Claude Code processes: for the others the transcript's "
				    "activity decides", LIVENESS_MAX_PROCESSES);
		liveness->full_reported = true;
		return;
	}
	/* pidfd first, start time after: a pid that is used again in between shows the wrong start time. */
	int fd = open_pidfd(file->pid);
	if (fd < 0) {
		if (errno != ESRCH && errno != EINVAL)
			log_warning("cannot follow process %ld of %s: %s", (long)file->pid, path,
				    strerror(errno));
		return;
	}
	if (!file->has_started || !read_start_time(file->pid, &started) || started != file->started) {
		close(fd);
		return;
	}
	struct live_process *process = calloc(1, sizeof(*process));
	if (process)
		process->path = strdup(path);
	if (!process || !process->path || !strmap_put(&liveness->by_file, path, process)) {
		log_error("cannot follow process %ld of %s: out of memory", (long)file->pid, path);
		if (process)
			free(process->path);
		free(process);
		close(fd);
		return;
	}
	process->liveness = liveness;
	process->pid = file->pid;
	process->started = file->started;
	process->status = file->status;
	memcpy(process->session_id, file->session_id, sizeof(process->session_id));
	ev_io_init(&process->ended, on_ended, fd, EV_READ);
	process->ended.data = process;
	ev_io_start(liveness->loop, &process->ended);
	liveness->changed(liveness->ctx, process->session_id);
}

void liveness_init(struct liveness *liveness, struct ev_loop *loop,
		   void (*changed)(void *ctx, const char *session_id), void *ctx)
{
	memset(liveness, 0, sizeof(*liveness));
	liveness->loop = loop;
	liveness->changed = changed;
	liveness->ctx = ctx;
}

/* The time is that of the last change: Claude Code may write the same again. */
static void take_status(struct live_process *process, const struct session_status *status)
{
	if (session_status_is_same(&process->status, status))
		return;
	process->status = *status;
	process->liveness->changed(process->liveness->ctx, process->session_id);
}

void liveness_note_file(struct liveness *liveness, const char *path)
{
	const char *name = paths_basename(path);
	size_t name_len = strlen(name);
	if (name_len <= strlen(".json") || strcmp(name + name_len - strlen(".json"), ".json") != 0)
		return;
	struct live_process *known = strmap_get(&liveness->by_file, path);
	AUTO_BUF text = BUF_INIT;
	struct process_file file;
	bool is_read = read_small_file(path, &text);
	int why = errno;
	bool good = is_read && parse_process_file(&text, &file);
	if (known && good && known->pid == file.pid && known->started == file.started
	    && strcmp(known->session_id, file.session_id) == 0) {
		take_status(known, &file.status);
		return;
	}
	if (!is_read && !paths_is_gone(why)) {
		log_warning("cannot read %s: %s; its process counts as before", path, strerror(why));
		return;
	}
	/* Half a file changes nothing: its last write is reported too. A missing file ends its process. */
	if (known && (good || !is_read))
		drop(known);
	else if (known)
		return;
	if (good)
		follow(liveness, path, &file);
}

unsigned liveness_count(const struct liveness *liveness, const char *session_id)
{
	unsigned count = 0;
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&liveness->by_file, &cursor))) {
		const struct live_process *process = slot->value;
		if (strcmp(process->session_id, session_id) == 0)
			count++;
	}
	return count;
}

struct session_status liveness_status(const struct liveness *liveness, const char *session_id)
{
	struct session_status first = { .doing = SESSION_UNKNOWN };
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&liveness->by_file, &cursor))) {
		const struct live_process *process = slot->value;
		if (strcmp(process->session_id, session_id) == 0
		    && session_status_is_before(&process->status, &first))
			first = process->status;
	}
	return first;
}

size_t liveness_total(const struct liveness *liveness)
{
	return liveness->by_file.used;
}

void liveness_release(struct liveness *liveness)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	liveness->changed = NULL;
	while ((slot = strmap_each(&liveness->by_file, &cursor))) {
		struct live_process *process = slot->value;
		ev_io_stop(liveness->loop, &process->ended);
		close(process->ended.fd);
		free(process->path);
		free(process);
	}
	strmap_release(&liveness->by_file);
}
