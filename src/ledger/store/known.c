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
#include "json/get.h"
#include "json/parse.h"
#include "ledger/files.h"
#include "ledger/store/database.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "ledger/store/roots.h"
#include "ledger/store/schema.h"
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

void store_known_take_look(struct store_known *known, const struct store_look *now)
{
	const struct store_progress *progress = &known->progress;
	if (known->state != STORE_UNSEEN)
		return;
	/* The numbers of devices change when a machine starts anew: the mark tells then. */
	bool is_same = now->dev == progress->dev && now->ino == progress->ino
		       && now->size_bytes == progress->size_bytes
		       && now->modified_ns == progress->modified_ns;
	/* Without an offset its first read did not come to an end: nobody can tell whether it is the same. */
	bool may_be = progress->offset > 0 && now->size_bytes >= progress->offset;
	known->state = may_be && (is_same || mark_holds(known->path, progress)) ? STORE_AS_BEFORE
										: STORE_LOST;
}

enum store_state store_known_state(struct store_known *known)
{
	struct stat st;
	if (known->state != STORE_UNSEEN)
		return known->state;
	if (lstat(known->path, &st) != 0)
		/* Who cannot look does not know that it is gone. */
		known->state = paths_is_gone(errno) ? STORE_LOST : STORE_AS_BEFORE;
	else if (!S_ISREG(st.st_mode))
		known->state = STORE_LOST;
	else
		store_known_take_look(known,
				      &(struct store_look){
					      .dev = (uint64_t)st.st_dev,
					      .ino = (uint64_t)st.st_ino,
					      .size_bytes = st.st_size,
					      .modified_ns = (int64_t)st.st_mtim.tv_sec * NS_IN_S
							     + st.st_mtim.tv_nsec });
	return known->state;
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

/* Keeps it; `path` as on disk. Of several versions of a path all but the last were lost. */
static bool add(struct store_known_list *list, const char *path, struct store_known *known)
{
	if (!array_reserve(&list->all, &list->cap, list->count + 1, sizeof(*list->all)))
		return false;
	struct store_known *other = store_known_find(list, path);
	bool is_last = !other || other->version <= known->version;
	if (is_last && !strmap_put(&list->by_path, path, (void *)(list->count + 1)))
		return false;
	if (other)
		(is_last ? other : known)->state = STORE_LOST;
	known->path = strmap_key(&list->by_path, path);
	list->all[list->count++] = *known;
	return true;
}

/* What is wrong with its lines. Anybody may have written it: then nothing is. */
static void take_faults(const char *text, struct store_progress *progress)
{
	AUTO_JSON *faults = text ? json_parse(text, strlen(text), 2, NULL) : NULL;
	malformed_read(faults, &progress->malformed);
	progress->has_skipped = json_get_bool(faults, STORE_SKIPPED_KEY, false);
}

struct taking {
	struct store_known_list *list;
	const struct store_roots *roots;
	struct store_folders folders;
	enum store_state state;      /* of those that the file takes for transcripts that are there */
};

/* Takes a line of the answer. Returns false when memory ran out. */
static bool take(struct taking *taking, sqlite3_stmt *answer)
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
	const char *root = store_roots_name(taking->roots, path, (size_t)root_len);
	if (!root)
		return true;
	bool is_gone = sqlite3_column_int(answer, 13) != 0;
	AUTO_BUF shown = BUF_INIT;
	store_folders_show(&taking->folders,
			   &(struct store_folders_path){ path, (size_t)root_len, is_gone }, &shown);
	if (shown.failed)
		return false;
	AUTO_FREE char *on_disk = paths_join(root, buf_str(&shown) + root_len);
	take_faults((const char *)sqlite3_column_text(answer, 14), &progress);
	struct store_known known = {
		.id = id,
		.session_id = strdup(session_id),
		.root_len = strlen(root) + 1,
		.version = (unsigned)version,
		.subagent = sqlite3_column_int(answer, 4) != 0,
		.state = is_gone ? STORE_LOST : taking->state,
		.is_there = !is_gone,
		.progress = progress,
		.ledger_file = -1,
	};
	if (on_disk && known.session_id && add(taking->list, on_disk, &known))
		return true;
	free(known.session_id);
	return false;
}

/* What take() needs of each. */
#define COLUMNS \
	"SELECT t.id, t.path, t.root_bytes, s.name, t.subagent, t.version," \
	" t.dev, t.ino, t.size, t.modified_ns, t.offset, t.mark, t.mark_bytes, t.gone, t.faults" \
	" FROM transcript t LEFT JOIN session s ON s.id = t.session"

/* Takes all lines. Returns SQLITE_OK, or SQLite's result. */
static int take_all(struct taking *taking, sqlite3_stmt *answer)
{
	int result = SQLITE_OK;
	while (result == SQLITE_OK && (result = sqlite3_step(answer)) == SQLITE_ROW)
		result = take(taking, answer) ? SQLITE_OK : SQLITE_NOMEM;
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Makes room for all of them at once. Without a count, or memory, it is made as they come. */
static void reserve(sqlite3 *db, struct store_known_list *list)
{
	sqlite3_stmt *question = NULL;
	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM transcript", -1, &question, NULL) == SQLITE_OK
	    && sqlite3_step(question) == SQLITE_ROW) {
		int64_t count = sqlite3_column_int64(question, 0);
		if (count > 0 && count < LEDGER_FILES_MAX
		    && array_reserve(&list->all, &list->cap, (size_t)count, sizeof(*list->all)))
			(void)strmap_reserve(&list->by_path, (size_t)count);
	}
	sqlite3_finalize(question);
}

int store_known_read_unseen(sqlite3 *db, const struct store_roots *roots, struct store_known_list *out)
{
	sqlite3_stmt *answer = NULL;
	struct taking taking = { .list = out, .roots = roots, .state = STORE_UNSEEN };
	int result = store_folders_open(db, &taking.folders);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, COLUMNS, -1, &answer, NULL);
	if (result == SQLITE_OK) {
		/* Each page is needed once. */
		store_database_keep_pages(db, false);
		reserve(db, out);
		result = take_all(&taking, answer);
		store_database_keep_pages(db, true);
	}
	sqlite3_finalize(answer);
	store_folders_release(&taking.folders);
	return result;
}

int store_known_read(sqlite3 *db, const struct data_dirs *dirs, struct store_known_list *out)
{
	struct store_roots roots = { .count = 0 };
	store_roots_find(&roots, dirs);
	int result = store_known_read_unseen(db, &roots, out);
	store_roots_release(&roots);
	for (size_t i = 0; i < out->count; i++)
		(void)store_known_state(&out->all[i]);
	return result;
}

/* Those of one directory; of none that lies below it. */
static int read_below(struct taking *taking, sqlite3_stmt *question, const char *real)
{
	AUTO_BUF first = BUF_INIT;
	AUTO_BUF end = BUF_INIT;
	buf_printf(&first, "%s/", real);
	buf_printf(&end, "%s%c", real, '/' + 1);
	if (first.failed || end.failed)
		return SQLITE_NOMEM;
	(void)sqlite3_bind_text(question, 1, first.data, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(question, 2, end.data, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(question, 3, (int64_t)first.len);
	int result = take_all(taking, question);
	int reset = sqlite3_reset(question);
	return result == SQLITE_OK ? reset : result;
}

/* Links may lead from two directories to one. */
static bool is_first(const struct store_roots *roots, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(roots->all[i].real, roots->all[at].real) == 0)
			return false;
	return true;
}

int store_known_read_there(sqlite3 *db, const struct store_roots *roots, struct store_known_list *out)
{
	sqlite3_stmt *question = NULL;
	struct taking taking = { .list = out, .roots = roots, .state = STORE_AS_BEFORE };
	int result = store_folders_open(db, &taking.folders);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db,
					COLUMNS " WHERE t.path >= ?1 AND t.path < ?2"
						" AND (NOT t.gone OR t.id IN (SELECT transcript FROM hit))"
						" AND t.root_bytes = ?3 ORDER BY t.path, t.version",
					-1, &question, NULL);
	for (size_t i = 0; result == SQLITE_OK && i < roots->count; i++)
		/* A directory that is not there now, perhaps not mounted, has not lost anything. */
		if (is_first(roots, i) && access(roots->all[i].real, F_OK) == 0)
			result = read_below(&taking, question, roots->all[i].real);
	sqlite3_finalize(question);
	store_folders_release(&taking.folders);
	return result;
}

bool store_known_has_grown(struct store_known *known, int64_t size_bytes, int64_t modified_ns)
{
	const struct store_progress *progress = &known->progress;
	if (known->state == STORE_AS_BEFORE && size_bytes == progress->size_bytes
	    && modified_ns == progress->modified_ns)
		return false;
	if (progress->offset == 0 || size_bytes < progress->offset || !mark_holds(known->path, progress))
		known->state = STORE_LOST;
	return known->state == STORE_LOST || size_bytes > progress->offset;
}

struct store_known *store_known_find(const struct store_known_list *list, const char *path)
{
	size_t at = (size_t)(uintptr_t)strmap_get(&list->by_path, path);
	return at > 0 ? &list->all[at - 1] : NULL;
}

void store_known_release(struct store_known_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->all[i].session_id);
	free(list->all);
	strmap_release(&list->by_path);
	*list = (struct store_known_list){ 0 };
}
