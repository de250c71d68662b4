#include "ledger/store/known.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"
#include "ledger/files.h"
#include "ledger/store/place.h"
#include "ledger/store/roots.h"
#include "transcript/path.h"

#define MARK_MAX_BYTES 4096
#define NS_IN_S INT64_C(1000000000)

/* ---- on disk ---- */

/* Whether the bytes before the offset are the ones that were read there. */
static bool mark_holds(const char *path, const struct store_progress *progress)
{
	char bytes[MARK_MAX_BYTES];
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	ssize_t got;
	if (fd < 0)
		return false;
	do
		got = pread(fd, bytes, progress->mark_len,
			    (off_t)(progress->offset - (int64_t)progress->mark_len));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)progress->mark_len && strmap_hash(bytes, progress->mark_len) == progress->mark;
}

static enum store_state look(const char *path, const struct store_progress *progress)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		/* Who cannot look does not know that it is gone. */
		return paths_is_gone(errno) ? STORE_LOST : STORE_AS_BEFORE;
	if (!S_ISREG(st.st_mode))
		return STORE_LOST;
	/* Its first read did not come to an end: nobody can tell whether it is still the same. */
	if (progress->offset == 0)
		return STORE_LOST;
	int64_t modified_ns = (int64_t)st.st_mtim.tv_sec * NS_IN_S + st.st_mtim.tv_nsec;
	/* The numbers of devices change when a machine starts anew: the mark tells then. */
	bool is_same = (uint64_t)st.st_dev == progress->dev && (uint64_t)st.st_ino == progress->ino
		       && st.st_size == progress->size_bytes && modified_ns == progress->modified_ns;
	bool has_it = st.st_size >= progress->offset && (is_same || mark_holds(path, progress));
	return has_it ? STORE_AS_BEFORE : STORE_LOST;
}

/* ---- in the file ---- */

/* Whether the line can be ours: anybody may have written anything. */
static bool is_plausible(const char *path, int64_t root_len, const char *session_id, int64_t id,
			 const struct store_progress *progress)
{
	return path && store_place_is_valid(path, root_len)
	       && (!session_id[0] || transcript_session_id_is_valid(session_id, strlen(session_id))) && id > 0
	       && id < LEDGER_FILES_MAX && progress->offset >= 0
	       && progress->mark_len <= MARK_MAX_BYTES && (int64_t)progress->mark_len <= progress->offset
	       && (progress->offset == 0 || progress->mark_len > 0);
}

/* The one of the same path before it was lost, too: it has another version now. */
static bool add(struct store_known_list *list, const struct store_known *known)
{
	struct store_known *before = list->count > 0 ? &list->all[list->count - 1] : NULL;
	if (before && known->path && strcmp(before->path, known->path) == 0)
		before->state = STORE_LOST;
	if (!array_reserve(&list->all, &list->cap, list->count + 1, sizeof(*list->all)) || !known->path
	    || !known->session_id || !strmap_put(&list->by_path, known->path, (void *)(list->count + 1)))
		return false;
	list->all[list->count++] = *known;
	return true;
}

/* Takes a line of the answer. Returns false when memory ran out. */
static bool take(struct store_known_list *list, const struct store_roots *roots, sqlite3_stmt *answer)
{
	const char *path = (const char *)sqlite3_column_text(answer, 1);
	const char *session_id = (const char *)sqlite3_column_text(answer, 3);
	int64_t root_len = sqlite3_column_int64(answer, 2);
	int64_t mark_len = sqlite3_column_int64(answer, 12);
	struct store_progress progress = {
		.dev = (uint64_t)sqlite3_column_int64(answer, 6),
		.ino = (uint64_t)sqlite3_column_int64(answer, 7),
		.size_bytes = sqlite3_column_int64(answer, 8),
		.modified_ns = sqlite3_column_int64(answer, 9),
		.offset = sqlite3_column_int64(answer, 10),
		.mark = (uint64_t)sqlite3_column_int64(answer, 11),
		.mark_len = mark_len >= 0 && mark_len <= MARK_MAX_BYTES ? (size_t)mark_len : SIZE_MAX,
	};
	int64_t id = sqlite3_column_int64(answer, 0), version = sqlite3_column_int64(answer, 5);
	session_id = session_id ? session_id : "";
	if (version < 0 || version > LEDGER_FILES_MAX
	    || !is_plausible(path, root_len, session_id, id, &progress))
		return true;
	const char *root = store_roots_name(roots, path, (size_t)root_len);
	if (!root)
		return true;
	struct store_known known = {
		.id = id,
		.path = paths_join(root, path + root_len),
		.session_id = strdup(session_id),
		.root_len = strlen(root) + 1,
		.version = (unsigned)version,
		.subagent = sqlite3_column_int(answer, 4) != 0,
		.state = sqlite3_column_int(answer, 13) != 0 ? STORE_LOST : look(path, &progress),
		.progress = progress,
		.ledger_file = -1,
	};
	if (add(list, &known))
		return true;
	free(known.path);
	free(known.session_id);
	return false;
}

int store_known_read(sqlite3 *db, const struct data_dirs *dirs, struct store_known_list *out)
{
	sqlite3_stmt *answer = NULL;
	struct store_roots roots = { .count = 0 };
	store_roots_find(&roots, dirs);
	int result = sqlite3_prepare_v2(
		db,
		"SELECT t.id, t.path, t.root_bytes, s.name, t.subagent, t.version,"
		" t.dev, t.ino, t.size, t.modified_ns, t.offset, t.mark, t.mark_bytes, t.gone"
		" FROM transcript t LEFT JOIN session s ON s.id = t.session"
		" ORDER BY t.path, t.version",
		-1, &answer, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(answer)) == SQLITE_ROW)
		result = take(out, &roots, answer) ? SQLITE_OK : SQLITE_NOMEM;
	sqlite3_finalize(answer);
	store_roots_release(&roots);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

const struct store_known *store_known_find(const struct store_known_list *list, const char *path)
{
	size_t at = (size_t)(uintptr_t)strmap_get(&list->by_path, path);
	return at > 0 ? &list->all[at - 1] : NULL;
}

void store_known_release(struct store_known_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->all[i].path);
		free(list->all[i].session_id);
	}
	free(list->all);
	strmap_release(&list->by_path);
	*list = (struct store_known_list){ 0 };
}
