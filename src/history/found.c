#include "history/found.h"

#include <string.h>

#include "base/thread.h"

/* One of the list; its path and a NUL follow. */
struct head {
	int64_t modified_ns, size_bytes;
	size_t root_len, path_bytes;
};

static bool list_one(void *ctx, const struct history_job *job)
{
	struct history_found *found = ctx;
	const struct head head = { job->modified_ns, job->size_bytes, job->root_len, strlen(job->path) + 1 };
	buf_append(&found->list, &head, sizeof(head));
	buf_append(&found->list, job->path, head.path_bytes);
	return !found->list.failed;
}

static void *list_all(void *ctx)
{
	struct history_found *found = ctx;
	found->is_whole = history_walk(found->dirs, list_one, found, &found->unlisted) == 0;
	return NULL;
}

void history_found_start(struct history_found *found, const struct data_dirs *dirs, bool here)
{
	*found = (struct history_found){ .dirs = dirs };
	found->is_running = !here && thread_start(&found->thread, list_all, found) == 0;
	if (!found->is_running)
		(void)list_all(found);
}

bool history_found_wait(struct history_found *found)
{
	if (found->is_running)
		(void)pthread_join(found->thread, NULL);
	found->is_running = false;
	return found->is_whole;
}

bool history_found_next(const struct history_found *found, size_t *at, struct history_job *job)
{
	struct head head;
	if (*at >= found->list.len)
		return false;
	memcpy(&head, found->list.data + *at, sizeof(head));
	*job = (struct history_job){ .path = found->list.data + *at + sizeof(head),
				     .root_len = head.root_len,
				     .modified_ns = head.modified_ns,
				     .size_bytes = head.size_bytes };
	*at += sizeof(head) + head.path_bytes;
	return true;
}

void history_found_release(struct history_found *found)
{
	(void)history_found_wait(found);
	buf_release(&found->list);
	buf_release(&found->unlisted);
}
